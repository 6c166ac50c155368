// `/me/…`: what residents see and do by themselves. Their records they read through FHIR, their consents too.
import * as z from 'zod/mini';
import type { Cases } from '../break-glass/cases.ts';
import { forbidden, notFound } from '../fhir/outcome.ts';
import type { Context } from '../interactions/contract.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import { actingAs, type Kept } from './acting-for.ts';
import { decidesAlone } from './age.ts';
import { apply } from './applications.ts';
import { readCardNumber } from './card-number.ts';
import { qrOf, STOPS } from './cards.ts';
import { notePerson, stepOf } from './desk-routes.ts';
import { Address, Application, ConsentForm, EmergencyContact, type Evidence, Phone } from './form.ts';
import { isAsked, noticesFor } from './majority.ts';
import { count } from './progress.ts';
import { proxiesOf, revokeProxy } from './proxies.ts';
import { isInForce, proxyOf } from './proxy-right.ts';
import { applicationIdOf, findPerson, needPerson, personIdOf } from './records.ts';
import { residentRow } from './residents.ts';
import type { Desk } from './services.ts';
import { change, rejoin, stopCards, withdraw } from './state.ts';
import { cardView, personView, proxyView } from './view.ts';

const ME = ['resident'] as const;

/** Who signed in was checked with papers when joining. */
const SIGNED_IN: Evidence = { kind: 'electronic', checked: ['other'] };

export const meRoutes = (desk: Desk, cases: Cases): readonly JsonRoute[] => {
  /** The Person that the account is. */
  const self = async ({ actor }: Context) => {
    const row = await residentRow(desk, actor.subject);
    if (row?.person === undefined) throw forbidden('this account is no person’s yet');
    return needPerson(desk.resources, row.person);
  };
  const noteSelf = (context: Context, action: 'R' | 'U', { stored, patient }: Awaited<ReturnType<typeof self>>) =>
    notePerson(desk, context, action, { person: stored.id, patient });

  return [
    /** Never refused: what an app asks first, before it knows whether anybody has joined. */
    route({
      method: 'GET',
      path: '/me/enrolment',
      interaction: 'me-enrolment',
      roles: ME,
      handle: async (context) => {
        const { actor } = context;
        const row = await residentRow(desk, actor.subject);
        const id = row?.person ?? applicationIdOf(desk.resources, actor.subject);
        const found = await findPerson(desk.resources, id);
        if (found) note(context, 'R', `Person/${found.stored.id}`);
        const notices = found ? await noticesFor(desk.resources, found, context.now) : [];
        for (const { patient } of notices) note(context, 'R', `Patient/${patient}`, desk.resources.patientKey(patient));
        return {
          status: 200,
          body: {
            status: found?.enrolment.status ?? 'none',
            ...(found && { since: found.enrolment.at }),
            ...(row?.person !== undefined && { person: row.person, patient: found?.enrolment.patient }),
            patients: actor.patients,
            /** Since the eighteenth birthday: answered by POST /me/majority, or by leaving. */
            ...(found && isAsked(found, context.now) && { asked: 'majority' }),
            /** Who comes of age within a month, and whose proxies' rights end with it. */
            notices,
            /** A minor who sees and consents alone, and may keep something from who acts for her. */
            ...(found && {
              decidesAlone: decidesAlone(found.person.birthDate, desk.region.matureMinorAge, context.now),
            }),
            /** What the region opens where the person has said nothing: docs/consent.md. */
            consentDefault: desk.region.consentDefault ?? 'own-facility',
          },
        };
      },
    }),
    route({
      method: 'GET',
      path: '/me/person',
      interaction: 'me-person',
      roles: ME,
      handle: async (context) => {
        const me = await self(context);
        noteSelf(context, 'R', me);
        return { status: 200, body: { ...personView(desk, me), patients: context.actor.patients } };
      },
    }),
    route({
      method: 'POST',
      path: '/me/application',
      interaction: 'application-create',
      roles: ME,
      body: Application,
      handle: async (context, { body }) => {
        const { person, receipt } = await apply(desk, context.actor.subject, body, context.now);
        note(context, 'C', `Person/${person}`);
        return { status: 201, body: { receipt } };
      },
    }),
    route({
      method: 'GET',
      path: '/me/application',
      interaction: 'application-status',
      roles: ME,
      handle: async (context) => {
        const row = await residentRow(desk, context.actor.subject);
        if (row?.person !== undefined) return { status: 200, body: { status: 'enrolled' } };
        const found = await findPerson(desk.resources, applicationIdOf(desk.resources, context.actor.subject));
        if (!found) throw notFound('an application of this account');
        note(context, 'R', `Person/${found.stored.id}`);
        return { status: 200, body: { status: found.enrolment.status, since: found.enrolment.at } };
      },
    }),
    route({
      method: 'POST',
      path: '/me/contact',
      interaction: 'me-contact',
      roles: ME,
      body: z.strictObject({
        address: z.optional(Address),
        phone: z.optional(Phone),
        emergency: z.optional(z.array(EmergencyContact).check(z.maxLength(5))),
      }),
      handle: async (context, { body }) => {
        const me = await self(context);
        const done = await change(desk, { ...stepOf(context, me.stored.id), office: undefined }, body);
        noteSelf(context, 'U', me);
        await count(desk, done.person);
        return { status: 200, body: done };
      },
    }),
    route({
      method: 'POST',
      path: '/me/withdrawal',
      interaction: 'me-withdraw',
      roles: ME,
      handle: async (context) => {
        const me = await self(context);
        const done = await withdraw(desk, stepOf(context, me.stored.id));
        noteSelf(context, 'U', me);
        await count(desk, done.person);
        return { status: 200, body: done };
      },
    }),
    route({
      method: 'POST',
      path: '/me/return',
      interaction: 'me-return',
      roles: ME,
      body: z.strictObject({ consent: ConsentForm }),
      handle: async (context, { body }) => {
        const me = await self(context);
        const done = await rejoin(desk, stepOf(context, me.stored.id), { ...body, evidence: SIGNED_IN });
        noteSelf(context, 'U', me);
        await count(desk, done.person);
        return { status: 200, body: done };
      },
    }),
    route({
      method: 'GET',
      path: '/me/cards',
      interaction: 'me-cards',
      roles: ME,
      handle: async (context) => {
        const me = await self(context);
        noteSelf(context, 'R', me);
        const { seal, region } = desk;
        // The card that is good, to be shown on a telephone: what the printed one says.
        const cards = cardView(desk, me).map((card) => {
          const number = card.valid ? readCardNumber(card.number) : undefined;
          return number === undefined ? card : { ...card, qr: qrOf(seal, region.name, number) };
        });
        return { status: 200, body: { cards } };
      },
    }),
    route({
      method: 'POST',
      path: '/me/cards/stop',
      interaction: 'me-card-stop',
      roles: ME,
      body: z.strictObject({ why: z.enum(STOPS) }),
      handle: async (context, { body }) => {
        const me = await self(context);
        const done = await stopCards(desk, stepOf(context, me.stored.id), body.why);
        noteSelf(context, 'U', me);
        return { status: 200, body: done };
      },
    }),
    route({
      method: 'GET',
      path: '/me/proxies',
      interaction: 'me-proxies',
      roles: ME,
      handle: async (context) => {
        const me = await self(context);
        noteSelf(context, 'R', me);
        const [forMe, asMe] = await Promise.all([
          proxiesOf(desk.resources, me.patient),
          actingAs(desk.resources, me.stored.id),
        ]);
        for (const { proxy } of asMe)
          note(context, 'R', `RelatedPerson/${proxy.id}`, desk.resources.patientKey(proxy.patient));
        const names = (one: Kept) => ({ name: one.stored.resource().name });
        return {
          status: 200,
          body: {
            actForMe: forMe.map((one) => ({ ...proxyView(one, context.now), ...names(one) })),
            iActFor: asMe.map((one) => ({
              ...proxyView(one, context.now),
              ...(context.actor.minors?.includes(one.proxy.patient) && { decidesAlone: true }),
            })),
          },
        };
      },
    }),
    route({
      method: 'POST',
      path: '/me/proxies/{id}/revocation',
      interaction: 'me-proxy-revoke',
      roles: ME,
      handle: async (context, { params }) => {
        const me = await self(context);
        const stored = await desk.resources.get('RelatedPerson', params.id!);
        const proxy = stored && !stored.deleted ? proxyOf(stored.resource()) : undefined;
        // A child does not dismiss a parent; a proxy may always lay it down.
        const mine = proxy && (proxy.person === me.stored.id || (proxy.patient === me.patient && !isOverMinor(proxy)));
        if (!proxy || !mine || !isInForce(proxy, context.now)) throw notFound('a proxy of this id');
        await revokeProxy(desk, proxy.id, context.now);
        note(context, 'U', `RelatedPerson/${proxy.id}`, desk.resources.patientKey(proxy.patient));
        return { status: 200, body: { id: proxy.id, person: personIdOf(desk.resources, proxy.patient) } };
      },
    }),
    route({
      method: 'GET',
      path: '/me/alerts',
      interaction: 'me-alerts',
      roles: ME,
      handle: async (context) => {
        const keys = context.actor.patients.map((id) => desk.resources.patientKey(id));
        for (const [at, key] of keys.entries()) note(context, 'R', `Patient/${context.actor.patients[at]}`, key);
        return { status: 200, body: { alerts: await cases.alerts(keys) } };
      },
    }),
  ];
};

/** Whom the law or a court has set over somebody is not dismissed by that one; the desk does it on paper. */
const isOverMinor = ({ kind }: { kind: string }) =>
  kind === 'parent' || kind === 'guardian-of-minor' || kind === 'adult-guardian';
