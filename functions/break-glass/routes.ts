// The privacy officer's queue: `/admin/break-glass` (docs/enrolment.md, "Break-glass").
import * as z from 'zod/mini';
import type { AuditTrail } from '../audit/trail.ts';
import { notFound, refuse } from '../fhir/outcome.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import { type Case, type Cases, OUTCOMES } from './cases.ts';

const OFFICER = ['privacy'] as const;

const ReviewForm = z.strictObject({
  outcome: z.enum(OUTCOMES),
  note: z.string().check(z.trim(), z.minLength(1, 'must say what was found'), z.maxLength(1000)),
});

/** `keys` are of use to nobody outside. */
const view = ({ keys: _, ...one }: Case, now: number) => ({
  ...one,
  open: one.until > now,
  overdue: isWaiting(one) && one.due < now,
});

const isWaiting = ({ reviews }: Pick<Case, 'reviews'>): boolean => {
  const last = reviews.at(-1)?.outcome;
  return last === undefined || last === 'follow-up';
};

/** What was looked at under a case, newest first: references, never what they hold. */
const seenUnder = async (trail: Pick<AuditTrail, 'search'>, { id, from, until, subject }: Case) => {
  const { records, more } = await trail.search({ from, to: until, actor: subject });
  const seen = records
    .filter(({ record }) => record.grant === id)
    .map(({ time, record: { interaction, entities, count, status, reason } }) => ({
      at: time,
      ...{ interaction, entities, count, status, reason },
    }));
  return { seen, ...(more && { more }) };
};

export const breakGlassRoutes = (cases: Cases, trail: Pick<AuditTrail, 'search'>): readonly JsonRoute[] => [
  route({
    method: 'GET',
    path: '/admin/break-glass',
    interaction: 'break-glass-list',
    query: ['state', 'after'],
    roles: OFFICER,
    handle: async (context, { query }) => {
      const which = query.state ?? 'open';
      if (which !== 'open' && which !== 'done') throw refuse('invalid', 'state is open or done', 'state');
      const { cases: found, next } = await cases.page(which, query.after);
      for (const one of found) note(context, 'R', `break-glass/${one.id}`, one.patientKey);
      const shown = found.map((one) => view(one, context.now));
      return {
        status: 200,
        body: {
          cases: shown,
          overdue: shown.filter(({ overdue }) => overdue).length,
          ...(next !== undefined && { next }),
        },
      };
    },
  }),
  route({
    method: 'GET',
    path: '/admin/break-glass/{id}',
    interaction: 'break-glass-read',
    roles: OFFICER,
    handle: async (context, { params }) => {
      const found = await cases.get(params.id!);
      if (!found) throw notFound('a case of this id');
      note(context, 'R', `break-glass/${found.value.id}`, found.value.patientKey);
      const seen = await seenUnder(trail, found.value);
      return { status: 200, body: { ...view(found.value, context.now), ...seen } };
    },
  }),
  route({
    method: 'POST',
    path: '/admin/break-glass/{id}/review',
    interaction: 'break-glass-review',
    roles: OFFICER,
    body: ReviewForm,
    handle: async (context, { params, body }) => {
      const found = await cases.get(params.id!);
      if (!found) throw notFound('a case of this id');
      if (!isWaiting(found.value)) throw refuse('conflict', 'this case is closed');
      // Nobody reviews what he did himself.
      if (found.value.subject === context.actor.subject) throw refuse('forbidden', 'this case is your own');
      const { outcome, note: text } = body;
      const review = { by: context.actor.subject, at: context.now, outcome, note: text };
      if (!(await cases.review(found, review))) throw refuse('conflict', 'this case was reviewed meanwhile');
      note(context, 'U', `break-glass/${found.value.id}`, found.value.patientKey);
      return { status: 200, body: view({ ...found.value, reviews: [...found.value.reviews, review] }, context.now) };
    },
  }),
];
