// Consents beside FHIR: the code that a facility shows, and what residents do with one call. docs/consent.md, "電子オプトイン".
import * as z from 'zod/mini';
import { storedText } from '../fhir/json.ts';
import { forbidden, notFound, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context, Services } from '../interactions/contract.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import { createWrite } from '../interactions/write/draft.ts';
import { indexOf } from '../interactions/write/placing.ts';
import type { RowStore } from '../services/row-store.ts';
import type { Stored, Write } from '../storage/port.ts';
import type { Role } from './actor.ts';
import { commitWithHeads } from './commit.ts';
import { issueQr, qrConsent, redeemQr } from './qr.ts';

type Needs = Pick<Services, 'resources' | 'seal'> & { readonly rows: RowStore };

/** Who looks after people, and so may ask them. */
const CARERS: readonly Role[] = [
  'doctor',
  'dentist',
  'nurse',
  'pharmacist',
  'care-manager',
  'care-staff',
  'support-centre',
];
const ME = ['resident'] as const;

const Offer = z.strictObject({
  /** For who asks, and not for the facility. */
  personal: z.optional(z.boolean()),
});
const Redemption = z.strictObject({
  code: z.string().check(z.minLength(20), z.maxLength(2_000)),
  /** Version of the explanation that the app has shown. */
  explanation: z.string().check(z.regex(/^[A-Za-z0-9.-]{1,40}$/)),
  /** One of the resident's own Patients. @default the first */
  patient: z.optional(z.string()),
});

export const consentRoutes = (needs: Needs): readonly JsonRoute[] => [
  route({
    method: 'POST',
    path: '/enrolment/consent-codes',
    interaction: 'consent-code-issue',
    roles: CARERS,
    body: Offer,
    handle: async ({ actor, now }, { body }) => {
      if (actor.kind !== 'staff' || actor.facility === undefined) throw forbidden('a code is shown by staff');
      const isPersonal = body.personal === true;
      const { code, until } = issueQr(needs.seal, {
        facility: actor.facility,
        subject: actor.subject,
        isPersonal,
        now,
      });
      return { status: 201, body: { code, until: new Date(until).toISOString() } };
    },
  }),
  route({
    method: 'POST',
    path: '/me/consents/qr',
    interaction: 'consent-code-redeem',
    roles: ME,
    body: Redemption,
    handle: async (context, { body }) => {
      const patient = ownPatient(context, body.patient);
      const once = {
        use: (id: string, until: number) =>
          needs.rows.write([{ kind: 'put', p: `qr#${id}`, s: '-', data: {}, expect: 'absent', until }]),
      };
      const offer = await redeemQr(needs.seal, once, body.code, context.now);
      const resource = qrConsent(offer, patient, body.explanation, context.now);
      const write = createWrite(needs, context, { type: 'Consent', resource, method: 'POST' });
      const stored = await written(needs, context, write, 'C');
      return { status: 201, body: view(stored), headers: { location: `/fhir/Consent/${stored.id}` } };
    },
  }),
  route({
    method: 'GET',
    path: '/me/consents',
    interaction: 'consents-list',
    roles: ME,
    handle: async (context) => {
      const all = await own(needs, context);
      for (const { id, patientKey } of all) note(context, 'R', `Consent/${id}`, patientKey);
      return { status: 200, body: { consents: all.map(view) } };
    },
  }),
  ...(['withdrawal', 'resumption'] as const).map((name) =>
    route({
      method: 'POST',
      path: `/me/consents/{id}/${name}`,
      interaction: `consent-${name}`,
      roles: ME,
      handle: async (context, { params }) => {
        const found = (await own(needs, context)).find(({ id }) => id === params.id);
        if (!found) throw notFound(`Consent/${params.id}`);
        const status = name === 'withdrawal' ? 'inactive' : 'active';
        const before = found.resource();
        if (before.status === status) return { status: 200, body: view(found) };
        if (before.status !== 'active' && before.status !== 'inactive')
          throw refuse('conflict', 'the consent was never in force');
        // Whoever has written it down: it is the person's to take back.
        const resource: Resource = { ...before, status };
        const { facility, id, type } = found;
        const write: Write = {
          kind: 'replace',
          previous: found,
          draft: { type, id, text: storedText(resource), index: indexOf(resource), facility, method: 'PUT' },
        };
        return { status: 200, body: view(await written(needs, context, write, 'U')) };
      },
    }),
  ),
];

/** Whose consents are this account's affair: a minor who decides alone has them to herself. */
const decidedFor = ({ patients, minors = [] }: Context['actor']): readonly string[] =>
  patients.filter((id) => !minors.includes(id));

const ownPatient = ({ actor }: Context, named: string | undefined): string => {
  const patients = decidedFor(actor);
  const patient = named ?? patients[0];
  if (patient === undefined || !patients.includes(patient))
    throw forbidden('patient: not a record of the person who is signed in');
  return patient;
};

/** Consents over all records of the resident. */
const own = async ({ resources }: Needs, { actor }: Context): Promise<Stored[]> => {
  const patients = decidedFor(actor);
  const pages = await Promise.all(
    patients.map(async (patient) => (await resources.scan({ patient, type: 'Consent' })).items),
  );
  const keys = new Set(patients.map(resources.patientKey));
  return pages.flat().filter(({ patientKey }) => patientKey !== undefined && keys.has(patientKey));
};

const written = async ({ resources }: Needs, context: Context, write: Write, action: 'C' | 'U'): Promise<Stored> => {
  const { stored } = await commitWithHeads(resources, context.actor, [write], context.now);
  const [one] = stored as [Stored];
  note(context, action, `Consent/${one.id}`, one.patientKey);
  return one;
};

/** What the app shows as a list; the whole Consent is read through FHIR. */
const view = (stored: Stored) => {
  const { status, dateTime, patient, provision } = stored.resource();
  return { id: stored.id, status, dateTime, patient, provision };
};
