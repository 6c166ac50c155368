// `/enrolment/…`: what a municipal office or the operator's secretariat does for residents (docs/enrolment.md).
import * as z from 'zod/mini';
import { notFound } from '../fhir/outcome.ts';
import type { Context } from '../interactions/contract.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import { STOPS } from './cards.ts';
import { findDuplicates } from './duplicates.ts';
import { enrol } from './enrol.ts';
import { ChangeForm, CheckForm, ConsentForm, Day, Email, EnrolmentForm, Evidence } from './form.ts';
import { assertNotToCome } from './plausible.ts';
import { count } from './progress.ts';
import { grantProxy, proxiesOf, revokeProxy } from './proxies.ts';
import { ProxyForm } from './proxy.ts';
import { findPerson, needPerson, personIdOf } from './records.ts';
import { closeAccount, giveAccount, renewAccount } from './residents.ts';
import type { Desk } from './services.ts';
import { change, death, reissueCard, rejoin, type Step, stopCards, withdraw } from './state.ts';
import { personView, proxyView } from './view.ts';

export const DESK = ['municipal', 'operator'] as const;

const PERSON = '/enrolment/people/{person}';

export const stepOf = ({ actor, now }: Context, person: string): Step => ({ person, office: actor.facility, now });

/** Notes the person and, by it, the resident who may ask who looked. */
export const notePerson = (
  { resources }: Pick<Desk, 'resources'>,
  context: Context,
  action: 'C' | 'R' | 'U' | 'D',
  { person, patient }: { readonly person: string; readonly patient: string | undefined },
): void => note(context, action, `Person/${person}`, patient === undefined ? undefined : resources.patientKey(patient));

export const deskRoutes = (desk: Desk): readonly JsonRoute[] => {
  const changed = async (context: Context, done: { person: string; patient: string }) => {
    notePerson(desk, context, 'U', done);
    await count(desk, done.person);
  };
  return [
    route({
      method: 'POST',
      path: '/enrolment/check',
      interaction: 'enrolment-check',
      roles: DESK,
      body: CheckForm,
      handle: async (context, { body }) => {
        const duplicates = await findDuplicates(desk.resources, body);
        for (const one of duplicates) notePerson(desk, context, 'R', one);
        return { status: 200, body: { duplicates } };
      },
    }),
    route({
      method: 'POST',
      path: '/enrolment/people',
      interaction: 'enrolment-create',
      roles: DESK,
      body: EnrolmentForm,
      handle: async (context, { body }) => {
        const { route: by, consent, evidence, differsFrom, ...who } = body;
        const { facility } = context.actor;
        const joined = await enrol(desk, {
          ...{ who, route: by, consent, evidence, differsFrom },
          office: facility,
          now: context.now,
        });
        notePerson(desk, context, 'C', joined);
        await count(desk, joined.person);
        return { status: 201, body: joined };
      },
    }),
    route({
      method: 'GET',
      path: PERSON,
      interaction: 'enrolment-read',
      roles: DESK,
      handle: async (context, { params }) => {
        const found = await findPerson(desk.resources, params.person!);
        if (!found) throw notFound('an enrolment of this id');
        notePerson(desk, context, 'R', { person: found.stored.id, patient: found.enrolment.patient });
        return { status: 200, body: personView(desk, found) };
      },
    }),
    route({
      method: 'POST',
      path: `${PERSON}/changes`,
      interaction: 'enrolment-change',
      roles: DESK,
      body: ChangeForm,
      handle: async (context, { params, body }) => {
        const done = await change(desk, stepOf(context, params.person!), body);
        await changed(context, done);
        return { status: 200, body: done };
      },
    }),
    route({
      method: 'POST',
      path: `${PERSON}/withdrawal`,
      interaction: 'enrolment-withdraw',
      roles: DESK,
      body: z.strictObject({ evidence: Evidence }),
      handle: async (context, { params, body }) => {
        const done = await withdraw(desk, stepOf(context, params.person!), body.evidence);
        await changed(context, done);
        return { status: 200, body: done };
      },
    }),
    route({
      method: 'POST',
      path: `${PERSON}/return`,
      interaction: 'enrolment-return',
      roles: DESK,
      body: z.strictObject({ consent: ConsentForm, evidence: Evidence }),
      handle: async (context, { params, body }) => {
        const done = await rejoin(desk, stepOf(context, params.person!), body);
        await changed(context, done);
        return { status: 200, body: done };
      },
    }),
    route({
      method: 'POST',
      path: `${PERSON}/death`,
      interaction: 'enrolment-death',
      roles: DESK,
      body: z.strictObject({ on: Day, evidence: Evidence }),
      handle: async (context, { params, body }) => {
        assertNotToCome(body.on, context.now, 'on');
        const { account, ...done } = await death(desk, stepOf(context, params.person!), body.on, body.evidence);
        if (account !== undefined) await closeAccount(desk, account, context.now);
        await changed(context, done);
        return { status: 200, body: done };
      },
    }),
    route({
      method: 'POST',
      path: `${PERSON}/cards`,
      interaction: 'card-reissue',
      roles: DESK,
      body: z.strictObject({ why: z.enum(STOPS) }),
      handle: async (context, { params, body }) => {
        const done = await reissueCard(desk, stepOf(context, params.person!), body.why);
        notePerson(desk, context, 'U', done);
        return { status: 201, body: done };
      },
    }),
    route({
      method: 'POST',
      path: `${PERSON}/cards/stop`,
      interaction: 'card-stop',
      roles: DESK,
      body: z.strictObject({ why: z.enum(STOPS) }),
      handle: async (context, { params, body }) => {
        const done = await stopCards(desk, stepOf(context, params.person!), body.why);
        notePerson(desk, context, 'U', done);
        return { status: 200, body: done };
      },
    }),
    route({
      method: 'POST',
      path: `${PERSON}/account`,
      interaction: 'resident-account-create',
      roles: DESK,
      body: z.strictObject({ email: Email, by: z.enum(['letter', 'mail']) }),
      handle: async (context, { params, body }) => {
        const { sub: _, ...done } = await giveAccount(desk, stepOf(context, params.person!), body.email, body.by);
        notePerson(desk, context, 'U', done);
        return { status: 201, body: done };
      },
    }),
    route({
      method: 'POST',
      path: `${PERSON}/account/password`,
      interaction: 'resident-account-renew',
      roles: DESK,
      body: z.strictObject({ evidence: Evidence }),
      handle: async (context, { params }) => {
        const done = await renewAccount(desk, stepOf(context, params.person!));
        notePerson(desk, context, 'U', done);
        return { status: 200, body: done };
      },
    }),
    route({
      method: 'GET',
      path: `${PERSON}/proxies`,
      interaction: 'proxy-list',
      roles: DESK,
      handle: async (context, { params }) => {
        const { stored, patient } = await needPerson(desk.resources, params.person!);
        notePerson(desk, context, 'R', { person: stored.id, patient });
        const proxies = await proxiesOf(desk.resources, patient);
        return { status: 200, body: { proxies: proxies.map((one) => proxyView(one, context.now)) } };
      },
    }),
    route({
      method: 'POST',
      path: `${PERSON}/proxies`,
      interaction: 'proxy-grant',
      roles: DESK,
      body: ProxyForm,
      handle: async (context, { params, body }) => {
        const done = await grantProxy(desk, stepOf(context, params.person!), body);
        note(context, 'C', `RelatedPerson/${done.id}`, desk.resources.patientKey(done.patient));
        return { status: 201, body: done };
      },
    }),
    route({
      method: 'POST',
      path: '/enrolment/proxies/{id}/revocation',
      interaction: 'proxy-revoke',
      roles: DESK,
      body: z.strictObject({ evidence: Evidence }),
      handle: async (context, { params }) => {
        const proxy = await revokeProxy(desk, params.id!, context.now);
        note(context, 'U', `RelatedPerson/${proxy.id}`, desk.resources.patientKey(proxy.patient));
        return { status: 200, body: { id: proxy.id, person: personIdOf(desk.resources, proxy.patient) } };
      },
    }),
  ];
};
