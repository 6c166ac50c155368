import type { APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import { expect } from 'vitest';
import { openFindings } from '../../functions/abuse/findings.ts';
import { unusualRoutes } from '../../functions/abuse/routes.ts';
import { reportRoutes } from '../../functions/audit/reports.ts';
import { breakGlassRoutes } from '../../functions/break-glass/routes.ts';
import type { Actor } from '../../functions/consent/actor.ts';
import { policyOver } from '../../functions/consent/head-writes.ts';
import { consentRoutes } from '../../functions/consent/routes.ts';
import { openPatientsOf } from '../../functions/enrolment/acting-for.ts';
import { residentRow } from '../../functions/enrolment/residents.ts';
import { enrolmentRoutes } from '../../functions/enrolment/routes.ts';
import { certificateRoutes } from '../../functions/federation/certificate-routes.ts';
import { openCircuits } from '../../functions/federation/circuits.ts';
import { contractRoutes } from '../../functions/federation/contract-routes.ts';
import { openContracts } from '../../functions/federation/contracts.ts';
import { pairingRoutes } from '../../functions/federation/pairing-routes.ts';
import { openPairings } from '../../functions/federation/pairings.ts';
import { openXuaKeys } from '../../functions/federation/xua-key.ts';
import { notFound } from '../../functions/fhir/outcome.ts';
import { fhirFaces } from '../../functions/identity/fhir-faces.ts';
import { linkChanges } from '../../functions/identity/link-changes.ts';
import { identityRoutes } from '../../functions/identity/routes.ts';
import { sealedContinuations } from '../../functions/ihe/continuations.ts';
import { iheFaces } from '../../functions/ihe/faces.ts';
import { routes as fhirRoutes } from '../../functions/interactions/routes.ts';
import { identityApi } from '../../functions/middleware/identity-api.ts';
import { iheApi } from '../../functions/middleware/ihe-api.ts';
import { isNumber } from '../../functions/search/extract.ts';
import type { Stored } from '../../functions/storage/port.ts';
import { tenantRoutes } from '../../functions/tenants/routes.ts';
import { usageRoutes } from '../../functions/tenants/usage.ts';
import {
  crew,
  doctor,
  evidence,
  municipal,
  openRegion,
  operator,
  privacy,
  resident,
} from '../functions/enrolment/given.ts';
import { openDesk as openTenants } from '../functions/tenants/desk.ts';
import { clinic, eventOf, hospital } from '../support/api.ts';

/** Of a record that is closed to everybody here: who it is, and what ails her. */
export const NAMES = ['隠事', 'カクシゴト', '秘密町', '090-0000-7777'];
export const AILS = 'kakushigoto';

export const HOSPITAL = '1.2.392.100495.20.3.51.13610000001';
export const CLINIC = '1.2.392.100495.20.3.51.13610000002';
const known = async (system: string) => [HOSPITAL, CLINIC].some((oid) => system === `urn:oid:${oid}`);

export const her = {
  name: { kanji: { family: '隠事', given: '花' }, kana: { family: 'カクシゴト', given: 'ハナ' } },
  birthDate: '1951-04-01',
  address: { postcode: '770-0009', text: '徳島県架空市秘密町1-1', municipality: '362018' },
  phone: '090-0000-7777',
  insurance: { insurer: '39360000', symbol: '', number: '07777777', branch: '00' },
};
export const somebody = (family: string, kana: string, number: string) => ({
  name: { kanji: { family, given: '太郎' }, kana: { family: kana, given: 'タロウ' } },
  birthDate: '1980-01-01',
  insurance: { insurer: '39360000', symbol: '', number, branch: '00' },
});
export const noClinic = { textVersion: '2026-04', except: ['3610000002'] };

/** Everything that the entries put together, over one store. */
export const open = async () => {
  const region = openRegion({ consentDefault: 'implicit' });
  const { services, rows, cases, desk } = region;
  const office = await openTenants();
  const trail = { search: async () => ({ records: [], more: false }), each: async function* () {} };
  const routes = [
    ...tenantRoutes({ ...office.needs, resources: services.resources }),
    ...usageRoutes({
      ...{ rows: office.needs.rows, counted: rows, yen: undefined },
      accounts: async () => ({ staff: 0, residents: 0 }),
    }),
    ...breakGlassRoutes(cases, trail as never),
    ...enrolmentRoutes(desk, cases),
    ...consentRoutes({ ...services, rows }),
    ...identityRoutes({ ...services, policyOver: (of, writes) => policyOver(services.resources, of, writes) }),
    ...reportRoutes({ ...services, trail: trail as never }),
    ...unusualRoutes(openFindings(rows)),
    ...pairingRoutes({
      ...services,
      pairings: openPairings({ ...services, rows }),
      contracts: openContracts({ rows, clock: services.clock }),
      ask: async () => Promise.reject(notFound('another region')),
    }),
    ...certificateRoutes({
      keys: openXuaKeys({
        // The walk sends no form that is whole, so no key is made.
        kms: async () => Promise.reject(notFound('a key')),
        ...{ keyId: 'data', rows, community: services.region.homeCommunityId, clock: services.clock },
      }),
      ...{ clock: services.clock, community: services.region.homeCommunityId },
    }),
    ...contractRoutes({
      circuits: openCircuits({ rows, clock: services.clock }),
      contracts: openContracts({ rows, clock: services.clock }),
      // There are none: nobody is told anything.
      exchange: { tell: async () => Promise.reject(notFound('a link contract with this community')) },
      peers: { assertAllowed: () => {} },
      ...services,
    }),
  ];
  const patientsOf = openPatientsOf(services);
  let caller: Actor = clinic;
  const authenticate = async () => {
    if (caller.kind !== 'resident') return caller;
    const row = await residentRow(desk, caller.subject);
    return { ...caller, ...(row ? await patientsOf(row) : { patients: [] }) };
  };
  const log = () => {};
  const faces = fhirFaces(services, known);
  const json = identityApi({ services, authenticate, faces, routes, log });
  let serial = 0;
  const ihe = iheApi({
    services,
    authenticate,
    log,
    faces: iheFaces({
      fhir: fhirRoutes(services),
      pix: faces,
      knowsDomain: known,
      isNumber,
      linkChanges: linkChanges(services),
      clock: services.clock,
      seal: services.seal,
      continuations: sealedContinuations(rows, services),
      region: services.region,
      newId: () => `n${serial++}`,
      onFault: () => {},
    }),
  });
  const ask = async (as: Actor, { method, path, body, type }: Step) => {
    caller = as;
    region.time.now += 3_000; // more than anything is remembered for
    const event = eventOf(method, path, { body, asText: true });
    event.rawPath = path.split('?')[0]!;
    if (body !== undefined)
      event.headers['content-type'] =
        type ?? (path.startsWith('/fhir/') ? 'application/fhir+json' : 'application/json');
    const handler = (path.startsWith('/ihe/') ? ihe : json) as (event: unknown, to: LambdaContext) => Promise<unknown>;
    const answer = (await handler(event, {} as LambdaContext)) as APIGatewayProxyStructuredResultV2;
    const text = answer.isBase64Encoded ? Buffer.from(answer.body ?? '', 'base64').toString() : (answer.body ?? '');
    return { status: answer.statusCode!, text };
  };
  return { ...region, routes, ask };
};
export type Region = Awaited<ReturnType<typeof open>>;

export interface Step {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
}

/** The ids of a person who may not be known: of her own, or of nobody. */
export interface Ids {
  readonly person: string;
  readonly patient: string;
  /** The hospital's record of her, and what it wrote. */
  readonly record: string;
  readonly note: string;
  readonly consent: string;
  readonly proxy: string;
  readonly paired: string;
  readonly pair: string;
  readonly glass: string;
  readonly receipt: string;
  readonly card: string;
  readonly code: string;
}

const done = async <T extends { status: number; body: unknown }>(answer: Promise<T>): Promise<T['body'] & object> => {
  const { status, body } = await answer;
  if (status > 299) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body as T['body'] & object;
};

/** One who has joined, whom the clinic may not see: with a chart, a proxy, a pairing, a broken glass, an application of her sister. */
export const closed = async (region: Region): Promise<Ids> => {
  const { call, joined, account, ask, services } = region;
  const json = async (as: Actor, method: string, path: string, body?: object) => {
    const { status, text } = await ask(as, { method, path, ...(body && { body }) });
    if (status > 299) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text);
  };
  const { person, patient, card } = await joined({ ...her, consent: noClinic });
  const me = await account(person, 'her@example.test');
  const record = await done(
    call(hospital, 'POST', '/fhir/Patient', {
      resourceType: 'Patient',
      identifier: [{ system: `urn:oid:${HOSPITAL}`, value: 'P-77' }],
      name: [{ family: '隠事', given: ['花'] }],
      birthDate: her.birthDate,
      telecom: [{ system: 'phone', value: her.phone }],
    }),
  );
  const own = await done(
    call(clinic, 'POST', '/fhir/Patient', {
      resourceType: 'Patient',
      identifier: [{ system: `urn:oid:${CLINIC}`, value: 'C-5' }],
      birthDate: her.birthDate,
    }),
  );
  const link = (a: string, b: string) =>
    json(operator, 'POST', '/identity/links', { patients: [a, b], reason: 'papers' });
  const { id: pair } = await link(patient, (record as { id: string }).id);
  await link(patient, (own as { id: string }).id);
  const note = await done(
    call(doctor, 'POST', '/fhir/Observation', {
      resourceType: 'Observation',
      status: 'final',
      code: { text: AILS },
      subject: { reference: `Patient/${(record as { id: string }).id}` },
    }),
  );
  const son = await joined(somebody('別', 'ベツ', '00000002'));
  const proxy = await json(municipal, 'POST', `/enrolment/people/${person}/proxies`, {
    by: son.person,
    kind: 'family',
    basis: '同居の家族',
    until: '2027-03-31',
    evidence,
  });
  const offered = await json(me, 'POST', '/me/pairings', { label: 'diary' });
  await json(hospital, 'POST', '/identity/pairing', { code: offered.code });
  const { pairings } = await json(me, 'GET', '/me/pairings');
  const { code } = await json(me, 'POST', '/me/pairings', { label: 'another' });
  const { consents } = await json(me, 'GET', '/me/consents');
  const { receipt } = await json(resident('sister'), 'POST', '/me/application', {
    ...{ ...her, insurance: { ...her.insurance, number: '00000009' } },
    ...{ sex: 'female', route: 'app', consent: noClinic },
  });
  await call(crew, 'GET', `/fhir/Patient/${(record as { id: string }).id}`, undefined, {
    'x-purpose': 'BTG',
    'x-purpose-reason': encodeURIComponent('救急搬送中で意識がなく確認できない'),
  });
  const { cases } = await json(privacy, 'GET', '/admin/break-glass');
  const [head] = await services.resources.heads([patient]);
  expect(head!.linked.length).toBe(4);
  return {
    ...{ person, patient, pair, receipt, code },
    record: (record as { id: string }).id,
    note: (note as { id: string }).id,
    consent: consents[0].id,
    proxy: proxy.id,
    paired: pairings[0].patient,
    glass: cases[0].id,
    card: card.number,
  };
};

/** What the region keeps of her, with versions: nothing of it may have changed. */
export const kept = async ({ services: { resources } }: Region, its: Ids) => {
  const refs = [
    ['Person', its.person],
    ...[its.patient, its.record, its.paired].map((id) => ['Patient', id]),
    ['Consent', its.consent],
    ['RelatedPerson', its.proxy],
    ['Observation', its.note],
    ['Linkage', its.pair],
  ].map(([type, id]) => ({ type: type!, id: id! }));
  const stored = await resources.getMany(refs);
  const told = (one: Stored | undefined) => one && `${one.type}/${one.id} ${one.version} ${one.deleted}`;
  return JSON.stringify([stored.map(told), await resources.heads([its.patient, its.record, its.paired])]);
};
