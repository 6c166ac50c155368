// The identity desk as JSON addresses: `/identity` for operators and municipal offices, `/me/pairings` for residents. docs/identity.md.
import * as z from 'zod/mini';
import { notFound, refuse } from '../fhir/outcome.ts';
import type { Context, Services } from '../interactions/contract.ts';
import { type JsonAnswer, type JsonRoute, note, route } from '../interactions/json-route.ts';
import {
  confirm,
  type Decision,
  different,
  link,
  merge,
  needPair,
  needPatient,
  queue,
  split,
  unlink,
  unmerge,
} from './desk.ts';
import { difference, sideOf } from './difference.ts';
import { endPairing, facilityOf, offer, PAIRING, pairings, parseLabel, redeem } from './pairing.ts';
import type { Pair } from './pairs.ts';
import { groupsOf, patientsOf } from './persons.ts';
import { resolve } from './resolve.ts';
import type { IdentityServices } from './store.ts';

const DESK = ['operator', 'municipal'] as const;
/** Who brings a code: software of a facility. */
const PARTNERS = ['system'] as const;

const Id = z.string().check(z.regex(/^[A-Za-z0-9\-.]{1,64}$/));
const Reason = z.string().check(z.minLength(1), z.maxLength(500));
const Two = z.strictObject({ patients: z.tuple([Id, Id]), reason: Reason });
const Because = z.strictObject({ reason: Reason });

export const identityRoutes = (services: IdentityServices & Pick<Services, 'seal'>): JsonRoute[] => {
  const { resources } = services;
  const decides = ({ actor }: Context, reason?: string): Decision => ({ by: actor.subject, reason });
  const touch = (context: Context, action: 'R' | 'U', ...patients: readonly string[]) => {
    for (const id of new Set(patients)) note(context, action, `Patient/${id}`, resources.patientKey(id));
  };
  const told = ({ id, patients, ruling: { undo: _undo, before: _before, ...ruling } }: Pair) => ({
    id,
    patients,
    ...ruling,
  });
  const answer = (context: Context, pair: Pair, ...more: readonly string[]): JsonAnswer => {
    touch(context, 'U', ...pair.patients, ...more);
    return { status: 200, body: told(pair) };
  };

  return [
    route({
      method: 'GET',
      path: '/identity/reviews',
      interaction: 'identity-reviews',
      query: ['after'],
      roles: DESK,
      handle: async (context, { query }) => {
        const bind = `identity-reviews|${context.actor.subject}`;
        const after = query.after === undefined ? undefined : services.seal.open(query.after, bind);
        if (query.after !== undefined && typeof after !== 'string')
          throw refuse('invalid', 'after is not a cursor of this list', 'after');
        const { pairs, next } = await queue(services, after as string | undefined);
        touch(context, 'R', ...pairs.flatMap(({ patients }) => patients));
        return {
          status: 200,
          body: {
            reviews: pairs.map((one) => ({ ...told(one), persons: one.persons, records: one.records })),
            ...(next !== undefined && { next: services.seal.seal(next, bind) }),
          },
        };
      },
    }),
    route({
      method: 'GET',
      path: '/identity/pairs/{id}',
      interaction: 'identity-pair',
      roles: DESK,
      handle: async (context, { params }) => {
        const pair = await needPair(services, params.id!);
        const [a, b] = await Promise.all(pair.patients.map((id) => needPatient(services, id)));
        touch(context, 'R', ...pair.patients);
        return {
          status: 200,
          body: {
            ...told(pair),
            sides: [a!, b!].map((stored) => sideOf(stored.resource(), stored.facility)),
            difference: difference(a!.resource(), b!.resource()),
          },
        };
      },
    }),
    route({
      method: 'GET',
      path: '/identity/patients/{id}/person',
      interaction: 'identity-person',
      roles: DESK,
      handle: async (context, { params }) => {
        const [group] = await groupsOf(services, [params.id!]);
        if (!group) throw notFound('a Patient with this id');
        const patients = patientsOf(group.person.resource());
        touch(context, 'R', ...patients);
        const records = group.members.map(({ id, stored }) => ({ patient: id, facility: stored.facility }));
        return { status: 200, body: { person: group.person.id, records } };
      },
    }),
    route({
      method: 'POST',
      path: '/identity/patients/{id}/resolve',
      interaction: 'identity-resolve',
      roles: DESK,
      handle: async (context, { params }) => {
        await needPatient(services, params.id!);
        const outcome = await resolve(services, params.id!, context.actor.subject);
        touch(context, 'U', params.id!);
        return { status: 200, body: { outcome } };
      },
    }),
    route({
      method: 'POST',
      path: '/identity/links',
      interaction: 'identity-link',
      roles: DESK,
      body: Two,
      handle: async (context, { body }) =>
        answer(context, await link(services, body.patients, decides(context, body.reason))),
    }),
    route({
      method: 'POST',
      path: '/identity/differences',
      interaction: 'identity-different',
      roles: DESK,
      body: Two,
      handle: async (context, { body }) =>
        answer(context, await different(services, body.patients, decides(context, body.reason))),
    }),
    route({
      method: 'POST',
      path: '/identity/pairs/{id}/unlink',
      interaction: 'identity-unlink',
      roles: DESK,
      body: Because,
      handle: async (context, { params, body }) => {
        const { pair, patients } = await unlink(services, params.id!, decides(context, body.reason));
        return answer(context, pair, ...patients);
      },
    }),
    route({
      method: 'POST',
      path: '/identity/pairs/{id}/confirm',
      interaction: 'identity-confirm',
      roles: DESK,
      body: Because,
      handle: async (context, { params, body }) =>
        answer(context, await confirm(services, params.id!, decides(context, body.reason))),
    }),
    route({
      method: 'POST',
      path: '/identity/persons/{id}/split',
      interaction: 'identity-split',
      roles: DESK,
      body: z.strictObject({ patients: z.array(Id).check(z.minLength(1), z.maxLength(50)), reason: Reason }),
      handle: async (context, { params, body }) => {
        const { person, patients } = await split(services, params.id!, body.patients, decides(context, body.reason));
        touch(context, 'U', ...patients);
        return { status: 200, body: { person } };
      },
    }),
    route({
      method: 'POST',
      path: '/identity/merges',
      interaction: 'identity-merge',
      roles: DESK,
      body: z.strictObject({ kept: Id, replaced: Id, reason: Reason }),
      handle: async (context, { body }) =>
        answer(context, await merge(services, body.kept, body.replaced, decides(context, body.reason))),
    }),
    route({
      method: 'POST',
      path: '/identity/pairs/{id}/unmerge',
      interaction: 'identity-unmerge',
      roles: DESK,
      body: Because,
      handle: async (context, { params, body }) =>
        answer(context, await unmerge(services, params.id!, decides(context, body.reason))),
    }),

    route({
      method: 'POST',
      path: '/identity/pairing',
      interaction: 'pairing-redeem',
      roles: PARTNERS,
      body: z.strictObject({ code: z.string().check(z.minLength(12), z.maxLength(40)) }),
      handle: async (context, { body }) => {
        const { id, value, owner } = await redeem(services, body.code, facilityOf(context.actor.facility));
        touch(context, 'U', owner);
        note(context, 'C', `Patient/${id}`, resources.patientKey(id));
        return { status: 201, body: { system: PAIRING, value } };
      },
    }),
    route({
      method: 'POST',
      path: '/me/pairings',
      interaction: 'pairing-offer',
      roles: ['resident'],
      body: z.strictObject({ label: z.string().check(z.minLength(1)), patient: z.optional(Id) }),
      handle: async (context, { body }) => {
        const own = context.actor.patients;
        const patient = body.patient ?? own[0];
        if (patient === undefined || !own.includes(patient)) throw notFound('a record of yours with this id');
        const made = await offer(services, patient, parseLabel(body.label));
        touch(context, 'U', patient);
        return { status: 201, body: made };
      },
    }),
    route({
      method: 'GET',
      path: '/me/pairings',
      interaction: 'pairing-list',
      roles: ['resident'],
      handle: async (context) => {
        const list = await pairings(services, context.actor.patients);
        touch(context, 'R', ...context.actor.patients);
        return { status: 200, body: { pairings: list } };
      },
    }),
    route({
      method: 'DELETE',
      path: '/me/pairings/{id}',
      interaction: 'pairing-end',
      roles: ['resident'],
      handle: async (context, { params }) => {
        await endPairing(services, params.id!, context.actor.patients);
        touch(context, 'U', params.id!, ...context.actor.patients);
        return { status: 204 };
      },
    }),
  ];
};
