import * as z from 'zod/mini';
import { refuse } from '../fhir/outcome.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import { byReceipt, confirm, reject, type Waiting, waiting } from './applications.ts';
import { DESK, notePerson } from './desk-routes.ts';
import { Address, Day, Evidence, Insurance, Name, Phone } from './form.ts';
import { count, type Population, progress, recount, setPopulation } from './progress.ts';
import type { Desk } from './services.ts';
import { personView } from './view.ts';

const Confirm = z.strictObject({
  evidence: Evidence,
  insurance: z.optional(Insurance),
  corrections: z.optional(
    z.strictObject({
      name: z.optional(Name),
      birthDate: z.optional(Day),
      sex: z.optional(z.enum(['male', 'female', 'other', 'unknown'])),
      address: z.optional(Address),
      phone: z.optional(Phone),
      insurance: z.optional(Insurance),
    }),
  ),
  differsFrom: z.optional(z.array(z.string()).check(z.maxLength(20))),
});

const people = z.int().check(z.gte(0), z.lte(20_000_000));
const PopulationForm = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(40)),
  asOf: Day,
  bands: z.strictObject({ '0-17': people, '18-39': people, '40-64': people, '65-74': people, '75+': people }),
});

export const applicationRoutes = (desk: Desk): readonly JsonRoute[] => {
  const view = (one: Waiting) => ({ receipt: one.receipt, ...personView(desk, one), consent: one.wishes.consent });
  return [
    route({
      method: 'GET',
      path: '/enrolment/applications',
      interaction: 'application-list',
      query: ['after'],
      roles: DESK,
      handle: async (context, { query }) => {
        const { applications, next } = await waiting(desk, query.after);
        for (const { stored } of applications) note(context, 'R', `Person/${stored.id}`);
        return { status: 200, body: { applications: applications.map(view), ...(next !== undefined && { next }) } };
      },
    }),
    route({
      method: 'GET',
      path: '/enrolment/applications/{receipt}',
      interaction: 'application-read',
      roles: DESK,
      handle: async (context, { params }) => {
        const found = await byReceipt(desk, params.receipt!);
        note(context, 'R', `Person/${found.stored.id}`);
        return { status: 200, body: view(found) };
      },
    }),
    route({
      method: 'POST',
      path: '/enrolment/applications/{receipt}/confirmation',
      interaction: 'application-confirm',
      roles: DESK,
      body: Confirm,
      handle: async (context, { params, body }) => {
        const found = await byReceipt(desk, params.receipt!);
        const { corrections, ...rest } = body;
        const given = Object.fromEntries(Object.entries(corrections ?? {}).filter(([, value]) => value !== undefined));
        const joined = await confirm(desk, found, {
          ...rest,
          corrections: given,
          office: context.actor.facility,
          now: context.now,
        });
        note(context, 'D', `Person/${found.stored.id}`);
        notePerson(desk, context, 'C', joined);
        await count(desk, joined.person);
        return { status: 201, body: joined };
      },
    }),
    route({
      method: 'POST',
      path: '/enrolment/applications/{receipt}/rejection',
      interaction: 'application-reject',
      roles: DESK,
      handle: async (context, { params }) => {
        const found = await byReceipt(desk, params.receipt!);
        await reject(desk, found, context.actor.facility, context.now);
        note(context, 'U', `Person/${found.stored.id}`);
        return { status: 200, body: { receipt: found.receipt, status: 'rejected' } };
      },
    }),
    route({
      method: 'GET',
      path: '/enrolment/progress',
      interaction: 'enrolment-progress',
      roles: [...DESK, 'admin', 'privacy'],
      handle: async ({ actor, now }) => ({
        status: 200,
        body: await progress(desk.rows, now, actor.role === 'operator'),
      }),
    }),
    route({
      method: 'PUT',
      path: '/enrolment/population/{municipality}',
      interaction: 'population-set',
      roles: ['admin', 'operator'],
      body: PopulationForm,
      handle: async (context, { params, body }) => {
        const { municipality = '' } = params;
        if (!/^[0-9]{5}$/.test(municipality))
          throw refuse('invalid', 'the address must have the code of a municipality (5 digits)');
        await setPopulation(desk.rows, municipality, body satisfies Population);
        note(context, 'U', `population/${municipality}`);
        return { status: 200, body };
      },
    }),
    route({
      method: 'POST',
      path: '/enrolment/progress/recount',
      interaction: 'enrolment-recount',
      query: ['after'],
      roles: ['operator', 'admin'],
      handle: async (_context, { query }) => ({ status: 200, body: await recount(desk, query.after) }),
    }),
  ];
};
