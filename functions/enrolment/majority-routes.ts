import * as z from 'zod/mini';
import { refuse } from '../fhir/outcome.ts';
import { type JsonRoute, route } from '../interactions/json-route.ts';
import { DESK, notePerson, stepOf } from './desk-routes.ts';
import { Evidence } from './form.ts';
import { comingOfAge, goesOn, isAsked } from './majority.ts';
import { findPerson, needPerson } from './records.ts';
import { residentRow } from './residents.ts';
import type { Desk } from './services.ts';
import { personView } from './view.ts';

export const majorityRoutes = (desk: Desk): readonly JsonRoute[] => [
  route({
    method: 'GET',
    path: '/enrolment/majorities',
    interaction: 'majority-list',
    query: ['month'],
    roles: DESK,
    handle: async (context, { query }) => {
      const { month = '' } = query;
      if (!/^20\d\d-(0[1-9]|1[0-2])$/.test(month)) throw refuse('invalid', 'month must be YYYY-MM', 'month');
      const all = await comingOfAge(desk.resources, month, context.now);
      for (const { found, patient } of all) notePerson(desk, context, 'R', { person: found.stored.id, patient });
      return {
        status: 200,
        body: {
          people: all.map(({ found, proxies }) => ({
            ...personView(desk, found),
            proxies,
            asked: isAsked(found, context.now),
          })),
        },
      };
    },
  }),
  // Who has no account answers on paper.
  route({
    method: 'POST',
    path: '/enrolment/people/{person}/majority',
    interaction: 'enrolment-majority',
    roles: DESK,
    body: z.strictObject({ evidence: Evidence }),
    handle: async (context, { params, body }) => {
      const found = await needPerson(desk.resources, params.person!);
      if (!isAsked(found, context.now)) throw refuse('conflict', 'nothing is asked of this person');
      const done = await goesOn(desk, stepOf(context, params.person!), body.evidence);
      notePerson(desk, context, 'U', done);
      return { status: 200, body: done };
    },
  }),
  route({
    method: 'POST',
    path: '/me/majority',
    interaction: 'me-majority',
    roles: ['resident'],
    handle: async (context) => {
      const row = await residentRow(desk, context.actor.subject);
      const me = row?.person === undefined ? undefined : await findPerson(desk.resources, row.person);
      if (!me || !isAsked(me, context.now)) throw refuse('conflict', 'nothing is asked of this account');
      const done = await goesOn(desk, stepOf(context, me.stored.id));
      notePerson(desk, context, 'U', done);
      return { status: 200, body: done };
    },
  }),
];
