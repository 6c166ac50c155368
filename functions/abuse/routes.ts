// The privacy officer's queue of unusual reading: GET /audit/unusual, POST /audit/unusual/{id}.
import * as z from 'zod/mini';
import { notFound, refuse } from '../fhir/outcome.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import { type Findings, type Kept, OUTCOMES } from './findings.ts';

const ReviewForm = z.strictObject({
  outcome: z.enum(OUTCOMES),
  note: z.string().check(z.trim(), z.minLength(1, 'must say what was found'), z.maxLength(1000)),
});

/** Which person it was, the trail says to who asks it: AuditEvent?agent:identifier=… */
const view = ({ person: _, start, ...rest }: Kept) => ({ ...rest, start: new Date(start).toISOString() });

export const unusualRoutes = (findings: Findings): readonly JsonRoute[] => [
  route({
    method: 'GET',
    path: '/audit/unusual',
    interaction: 'unusual-list',
    query: ['state', 'after'],
    roles: ['privacy'],
    handle: async (context, { query }) => {
      const state = query.state ?? 'open';
      if (state !== 'open' && state !== 'done') throw refuse('invalid', 'state is open or done', 'state');
      const { findings: found, next } = await findings.page(state, query.after);
      for (const one of found) note(context, 'R', 'unusual-reading', one.person);
      return { status: 200, body: { findings: found.map(view), ...(next !== undefined && { next }) } };
    },
  }),
  route({
    method: 'POST',
    path: '/audit/unusual/{id}',
    interaction: 'unusual-review',
    roles: ['privacy'],
    body: ReviewForm,
    handle: async (context, { params, body }) => {
      const review = { by: context.actor.subject, at: context.now, ...body };
      const found = await findings.review(params.id!, review);
      if (!found) throw notFound('an unusual reading of this id that waits for review');
      note(context, 'U', 'unusual-reading', found.person);
      return { status: 200, body: view(found) };
    },
  }),
];
