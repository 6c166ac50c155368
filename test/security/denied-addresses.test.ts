// The addresses beside the FHIR API (its own walk: functions/interactions/denied.test.ts): /admin, /audit, /enrolment, /identity, /me,
// $match, $ihe-pix, /ihe. Who may come in stands here a second time, typed by hand; who may not, or may and asks for somebody of
// whom he may not know, is answered exactly as if there were nobody. A new address fails until it is in the table.
import { readdirSync, readFileSync } from 'node:fs';
import type { APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { openFindings } from '../../functions/abuse/findings.ts';
import { unusualRoutes } from '../../functions/abuse/routes.ts';
import { reportRoutes } from '../../functions/audit/reports.ts';
import { breakGlassRoutes } from '../../functions/break-glass/routes.ts';
import type { Actor, Role } from '../../functions/consent/actor.ts';
import { policyOver } from '../../functions/consent/head-writes.ts';
import { consentRoutes } from '../../functions/consent/routes.ts';
import { openPatientsOf } from '../../functions/enrolment/acting-for.ts';
import { residentRow } from '../../functions/enrolment/residents.ts';
import { enrolmentRoutes } from '../../functions/enrolment/routes.ts';
import { fhirFaces } from '../../functions/identity/fhir-faces.ts';
import { identityRoutes } from '../../functions/identity/routes.ts';
import { sealedContinuations } from '../../functions/ihe/continuations.ts';
import { iheFaces } from '../../functions/ihe/faces.ts';
import { writePixQuery } from '../../functions/ihe/hl7v3/pix.ts';
import { writeQuery } from '../../functions/ihe/hl7v3/query.ts';
import { writeEnvelope } from '../../functions/ihe/soap/envelope.ts';
import { routes as fhirRoutes } from '../../functions/interactions/routes.ts';
import { identityApi } from '../../functions/middleware/identity-api.ts';
import { iheApi } from '../../functions/middleware/ihe-api.ts';
import type { Stored } from '../../functions/storage/port.ts';
import { tenantRoutes } from '../../functions/tenants/routes.ts';
import {
  administrator,
  clinicDoctor,
  crew,
  doctor,
  evidence,
  municipal,
  openRegion,
  operator,
  pharmacist,
  privacy,
  resident,
  staff,
} from '../functions/enrolment/given.ts';
import { openDesk as openTenants } from '../functions/tenants/desk.ts';
import { clinic, eventOf, hospital } from '../support/api.ts';

/** Of a record that is closed to everybody here: who it is, and what ails her. */
const NAMES = ['隠事', 'カクシゴト', '秘密町', '090-0000-7777'];
const AILS = 'kakushigoto';

const HOSPITAL = '1.2.392.100495.20.3.51.13610000001';
const CLINIC = '1.2.392.100495.20.3.51.13610000002';
const known = async (system: string) => [HOSPITAL, CLINIC].some((oid) => system === `urn:oid:${oid}`);

const her = {
  name: { kanji: { family: '隠事', given: '花' }, kana: { family: 'カクシゴト', given: 'ハナ' } },
  birthDate: '1951-04-01',
  address: { postcode: '770-0009', text: '徳島県架空市秘密町1-1', municipality: '362018' },
  phone: '090-0000-7777',
  insurance: { insurer: '39360000', symbol: '', number: '07777777', branch: '00' },
};
const somebody = (family: string, kana: string, number: string) => ({
  name: { kanji: { family, given: '太郎' }, kana: { family: kana, given: 'タロウ' } },
  birthDate: '1980-01-01',
  insurance: { insurer: '39360000', symbol: '', number, branch: '00' },
});
const noClinic = { textVersion: '2026-04', except: ['3610000002'] };

/** Everything that the entries put together, over one store. */
const open = async () => {
  const region = openRegion({ consentDefault: 'implicit' });
  const { services, rows, cases, desk } = region;
  const office = await openTenants();
  const trail = { search: async () => ({ records: [], more: false }), each: async function* () {} };
  const routes = [
    ...tenantRoutes({ ...office.needs, resources: services.resources }),
    ...breakGlassRoutes(cases, trail as never),
    ...enrolmentRoutes(desk, cases),
    ...consentRoutes({ ...services, rows }),
    ...identityRoutes({ ...services, policyOver: (of, writes) => policyOver(services.resources, of, writes) }),
    ...reportRoutes({ ...services, trail: trail as never }),
    ...unusualRoutes(openFindings(rows)),
  ];
  const patientsOf = openPatientsOf(services);
  let caller: Actor = clinic;
  const authenticate = async () => {
    if (caller.kind !== 'resident') return caller;
    const row = await residentRow(desk, caller.subject);
    return { ...caller, patients: row ? await patientsOf(row) : [] };
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
type Region = Awaited<ReturnType<typeof open>>;

interface Step {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
}

/** The ids of a person who may not be known: of her own, or of nobody. */
interface Ids {
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
const closed = async (region: Region): Promise<Ids> => {
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
const kept = async ({ services: { resources } }: Region, its: Ids) => {
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

const DESK = ['municipal', 'operator'] as const;
const CARERS = ['doctor', 'dentist', 'nurse', 'pharmacist', 'care-manager', 'care-staff', 'support-centre'] as const;
const OFFICE = ['admin', 'operator', 'privacy'] as const;
const EVERYBODY = [...CARERS, 'laboratory', 'ambulance', 'municipal', ...OFFICE, 'resident', 'system'] as const;

interface Address {
  readonly roles: readonly Role[];
  /** What is asked of her by who may come in. @default the address with her ids in it, without a body */
  readonly steps?: (its: Ids) => readonly Omit<Step, 'method' | 'path'>[];
}
const to = (roles: readonly Role[], ...bodies: ((its: Ids) => unknown)[]): Address => ({
  roles,
  ...(bodies.length > 0 && { steps: (its) => bodies.map((body) => ({ body: body(its) })) }),
});
const why = () => ({ reason: 'x' });
const because = () => ({ why: 'lost' });
const papers = () => ({ evidence });
const wish = () => ({ consent: noClinic });

/** `METHOD path`, who may come in, and what they send. */
const WALK: Readonly<Record<string, Address>> = {
  'GET /me/account': to(EVERYBODY),
  'POST /me/sign-out': to(EVERYBODY.filter((role) => role !== 'resident' && role !== 'system')),
  'POST /admin/facilities': to(['admin'], () => ({})),
  'GET /admin/facilities': to(OFFICE),
  'GET /admin/facilities/{code}': to(OFFICE),
  'PATCH /admin/facilities/{code}': to(['admin'], () => ({})),
  'POST /admin/staff': to(['admin'], () => ({})),
  'GET /admin/staff': to(OFFICE),
  'GET /admin/staff/{id}': to(OFFICE),
  'POST /admin/staff/{id}/disable': to(['admin']),
  'POST /admin/staff/{id}/enable': to(['admin']),
  'PUT /admin/staff/{id}/places': to(['admin'], () => ({})),
  'POST /admin/staff/{id}/move': to(['admin'], () => ({})),
  'POST /admin/staff/{id}/second-factor/reset': to(['admin']),
  'POST /admin/staff/{id}/invitation': to(['admin']),
  'POST /admin/systems': to(['admin'], () => ({})),
  'GET /admin/systems': to(OFFICE),
  'GET /admin/systems/{clientId}': to(OFFICE),
  'PATCH /admin/systems/{clientId}': to(['admin'], () => ({})),
  'POST /admin/systems/{clientId}/keys': to(['admin'], () => ({})),
  'DELETE /admin/systems/{clientId}/keys/{kid}': to(['admin']),
  'POST /admin/systems/{clientId}/disable': to(['admin']),
  'POST /admin/systems/{clientId}/enable': to(['admin']),
  'GET /admin/matrix': to(OFFICE),
  'PUT /admin/matrix': to(['admin'], () => ({})),
  'GET /admin/review/{kind}': to(['admin', 'privacy']),
  'POST /admin/review/{kind}': to(['admin'], () => ({ keep: [], disable: [] })),
  'GET /admin/reviews': to(['admin', 'privacy']),
  'POST /admin/import/facilities': to(['admin']),
  'POST /admin/import/staff': to(['admin']),
  'GET /admin/break-glass': to(['privacy']),
  'GET /admin/break-glass/{id}': to(['privacy']),
  'POST /admin/break-glass/{id}/review': to(['privacy'], () => ({ outcome: 'justified', note: 'x' })),

  'POST /enrolment/check': to(DESK, () => ({ ...her, sex: 'female' })),
  'POST /enrolment/people': to(DESK, () => ({ ...her, sex: 'female', route: 'counter', consent: noClinic, evidence })),
  'GET /enrolment/people/{person}': to(DESK),
  'POST /enrolment/people/{person}/changes': to(DESK, papers),
  'POST /enrolment/people/{person}/withdrawal': to(DESK, papers),
  'POST /enrolment/people/{person}/return': to(DESK, () => ({ consent: noClinic, evidence })),
  'POST /enrolment/people/{person}/death': to(DESK, () => ({ on: '2026-01-01', evidence })),
  'POST /enrolment/people/{person}/cards': to(DESK, because),
  'POST /enrolment/people/{person}/cards/stop': to(DESK, because),
  'POST /enrolment/people/{person}/account': to(DESK, () => ({ email: 'x@example.test', by: 'letter' })),
  'POST /enrolment/people/{person}/account/password': to(DESK, papers),
  'GET /enrolment/people/{person}/proxies': to(DESK),
  'POST /enrolment/people/{person}/proxies': to(DESK, () => ({})),
  'POST /enrolment/proxies/{id}/revocation': to(DESK, papers),
  'POST /enrolment/scans': to(DESK),
  'GET /enrolment/people/{person}/scan': to(DESK),
  'GET /enrolment/applications': to(DESK),
  'GET /enrolment/applications/{receipt}': to(DESK),
  'POST /enrolment/applications/{receipt}/confirmation': to(DESK, papers),
  'POST /enrolment/applications/{receipt}/rejection': to(DESK, why),
  'GET /enrolment/progress': to([...DESK, 'admin', 'privacy']),
  'PUT /enrolment/population/{municipality}': to(['admin', 'operator'], () => ({})),
  'POST /enrolment/progress/recount': to(['admin', 'operator']),
  // Who holds the card is told whose it is: a number that is no card's is the question here.
  'POST /enrolment/cards/lookup': to(
    [...CARERS, 'laboratory', 'ambulance', ...DESK, 'system'],
    () => ({ card: '123456789012' }),
    ({ person }) => ({ card: person }),
    ({ patient }) => ({ card: patient }),
  ),
  'POST /enrolment/consent-codes': to(CARERS, () => ({})),

  'GET /me/enrolment': to(['resident']),
  'GET /me/person': to(['resident']),
  'POST /me/application': to(['resident'], () => ({ ...her, sex: 'female', route: 'app', consent: noClinic })),
  'GET /me/application': to(['resident']),
  'POST /me/contact': to(['resident'], () => ({ phone: '090-0000-0001' })),
  'POST /me/withdrawal': to(['resident']),
  'POST /me/return': to(['resident'], wish),
  'GET /me/cards': to(['resident']),
  'POST /me/cards/stop': to(['resident'], because),
  'GET /me/proxies': to(['resident']),
  'POST /me/proxies/{id}/revocation': to(['resident']),
  'GET /me/alerts': to(['resident']),
  'POST /me/consents/qr': to(['resident'], ({ patient, code }) => ({
    code: code.repeat(3),
    explanation: '1',
    patient,
  })),
  'GET /me/consents': to(['resident']),
  'POST /me/consents/{id}/withdrawal': to(['resident']),
  'POST /me/consents/{id}/resumption': to(['resident']),
  'GET /me/pairings': to(['resident']),
  'POST /me/pairings': to(
    ['resident'],
    ({ patient }) => ({ label: 'x', patient }),
    ({ record }) => ({ label: 'x', patient: record }),
  ),
  'DELETE /me/pairings/{id}': to(['resident']),

  'GET /identity/reviews': to(DESK),
  'GET /identity/pairs/{id}': to(DESK),
  'GET /identity/patients/{id}/person': to(DESK),
  'POST /identity/patients/{id}/resolve': to(DESK),
  'POST /identity/links': to(DESK, ({ patient, record }) => ({ patients: [patient, record], reason: 'x' })),
  'POST /identity/differences': to(DESK, ({ patient, record }) => ({ patients: [patient, record], reason: 'x' })),
  'POST /identity/pairs/{id}/unlink': to(DESK, why),
  'POST /identity/pairs/{id}/confirm': to(DESK, why),
  'POST /identity/persons/{id}/split': to(DESK, ({ record }) => ({ patients: [record], reason: 'x' })),
  'POST /identity/merges': to(DESK, ({ patient, record }) => ({ kept: patient, replaced: record, reason: 'x' })),
  'POST /identity/pairs/{id}/unmerge': to(DESK, why),
  'POST /identity/pairing': to(['system'], () => ({ code: 'ABCD-EFGH-JKMN' })),

  'GET /audit/affected': to(['privacy']),
  'GET /audit/unusual': to(['privacy']),
  'POST /audit/unusual/{id}': to(['privacy'], () => ({ outcome: 'justified', note: 'x' })),
};

const NAMED: Readonly<Record<string, (its: Ids) => readonly string[]>> = {
  '{person}': ({ person, patient }) => [person, patient],
  '{receipt}': ({ receipt }) => [receipt],
  '{code}': () => ['3610000002'],
  '{clientId}': () => ['system-clinic'],
  '{kid}': () => ['1'],
  '{kind}': () => ['staff'],
  '{municipality}': () => ['362018'],
};
/** What `{id}` stands for depends on the address: all that there are of her are tried. */
const anyOf = ({ person, patient, record, note, consent, proxy, paired, pair, glass }: Ids) => [
  ...[person, patient, record, note, consent, proxy, paired, pair, glass],
];
const pathsOf = (path: string, its: Ids): string[] => {
  const segment = /\{[a-zA-Z]+\}/.exec(path)?.[0];
  if (segment === undefined) return [path];
  return (NAMED[segment] ?? anyOf)(its).flatMap((value) =>
    pathsOf(path.replace(segment, encodeURIComponent(value)), its),
  );
};
const stepsOf = (address: string, its: Ids): Step[] => {
  const [method = '', path = ''] = address.split(' ');
  const bodies = WALK[address]!.steps?.(its) ?? [{}];
  return pathsOf(path, its).flatMap((at) => bodies.map((body) => ({ method, path: at, ...body })));
};

/** Under /fhir and /ihe, by whoever the matrix lets search Patients: her demographics, her numbers. */
const FACES = ({ record }: Ids): Step[] => {
  const self = { device: '1.2.3.1', now: 0, newId: () => 'x1' };
  const receiver = { device: '1.2.3' };
  const v3 = (face: string, action: string, body: ReturnType<typeof writePixQuery>): Step => ({
    method: 'POST',
    path: `/ihe/${face}`,
    body: writeEnvelope({ action: `urn:hl7-org:v3:${action}`, messageId: 'urn:uuid:1', body }),
    type: 'application/soap+xml; charset=UTF-8',
  });
  const v2 = (type: string, ...rest: string[]): Step => ({
    method: 'POST',
    path: '/ihe/hl7v2',
    body: [`MSH|^~\\&|EMR|C|TSUMUGI|T|20261122||${type}|M1|P|2.5||||||UNICODE UTF-8`, ...rest].join('\r'),
    type: 'application/hl7-v2+er7',
  });
  const match = (more: object): Step => ({
    method: 'POST',
    path: '/fhir/Patient/$match',
    body: {
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: { resourceType: 'Patient', ...more } }],
    },
  });
  const name = [{ family: '隠事', given: ['花'] }];
  const pix = (source: string) => ({
    method: 'GET',
    path: `/fhir/Patient/$ihe-pix?sourceIdentifier=${encodeURIComponent(source)}`,
  });
  const v2pix = (number: string, oid: string) =>
    v2('QBP^Q23^QBP_Q21', `QPD|IHE PIX Query|T|${number}^^^&${oid}&ISO`, 'RCP|I');
  return [
    match({ name, birthDate: her.birthDate }),
    match({ name, telecom: [{ system: 'phone', value: her.phone }] }),
    match({ identifier: [{ system: `urn:oid:${HOSPITAL}`, value: 'P-77' }] }),
    pix(`urn:oid:${HOSPITAL}|P-77`),
    v2pix('P-77', HOSPITAL),
    v2('QBP^Q22^QBP_Q21', 'QPD|Q22^Find Candidates^HL7|T|@PID.5.1.1^隠事~@PID.7^19510401', 'RCP|I'),
    v2('ADT^A08', 'EVN||1', `PID|||P-77^^^&${HOSPITAL}&ISO||X^Y`),
    v2('ADT^A40', 'EVN||1', `PID|||P-77^^^&${HOSPITAL}&ISO||X^Y`, `MRG|C-9^^^&${HOSPITAL}&ISO`),
    v3('pix', 'PRPA_IN201309UV02', writePixQuery(self, receiver, { authority: { oid: HOSPITAL }, value: 'P-77' })),
    v3(
      'pdq',
      'PRPA_IN201305UV02',
      writeQuery({
        self,
        receiver,
        query: {
          ...{ identifiers: [], addresses: [], phones: [], domains: [], gender: 'female' as const },
          names: [{ family: '隠事', given: [] }],
          birthDate: her.birthDate,
        },
      }),
    ),
    match({ id: record, name, birthDate: her.birthDate }),
  ];
};

/** What an answer says, without what is drawn by chance or told by the clock. */
const shapeOf = (text: string): unknown => {
  const shape = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shape);
    if (typeof value !== 'object' || value === null) return typeof value === 'string' ? 'text' : value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shape(one)]));
  };
  try {
    return shape(JSON.parse(text));
  } catch {
    return text.replace(/[0-9]{14}(\.[0-9]+)?([+-][0-9]{4})?/g, 'time').replace(/\bn[0-9]+\b/g, 'number');
  }
};

const nurse = staff('nurse', '3610000002', 'clinic');
const as = (role: Role): Actor =>
  role === 'system'
    ? clinic
    : role === 'resident'
      ? resident('nobody')
      : ([administrator, municipal, operator, privacy, clinicDoctor, crew, pharmacist, nurse].find(
          (one) => one.role === role,
        ) ?? staff(role, '3610000002', 'clinic'));

describe('the addresses beside the FHIR API', () => {
  it('are all here, with who may come in', async () => {
    const { routes } = await open();
    const roles = (of: readonly Role[]) => [...new Set(of)].sort().join(' ');
    expect(Object.fromEntries(routes.map((one) => [`${one.method} ${one.path}`, roles(one.roles)]))).toEqual(
      Object.fromEntries(Object.entries(WALK).map(([address, one]) => [address, roles(one.roles)])),
    );
  });

  /** Tables of routes that entries put together, and where each is walked. */
  it('are put together of tables that are all walked', () => {
    const tables = readdirSync('functions/entries').flatMap((file) => [
      ...readFileSync(`functions/entries/${file}`, 'utf8').matchAll(/\b([a-z]\w*Routes|routes|\w+Faces)\(/g),
    ]);
    expect([...new Set(tables.map(([, name]) => name))].sort()).toEqual([
      'breakGlassRoutes',
      'consentRoutes',
      'enrolmentRoutes',
      'fhirFaces',
      'identityRoutes',
      'iheFaces',
      'reportRoutes',
      'routes', // functions/interactions/denied.test.ts
      'tenantRoutes',
      'unusualRoutes',
    ]);
  });
});

describe('who is denied finds nothing', () => {
  it('at an address that is not for the role', async () => {
    const region = await open();
    const its = await closed(region);
    const before = await kept(region, its);
    for (const [address, { roles }] of Object.entries(WALK))
      for (const role of EVERYBODY.filter((one) => !roles.includes(one)))
        for (const step of stepsOf(address, its).slice(0, 3)) {
          const { status, text } = await region.ask(as(role), step);
          const what = `${role}: ${address}`;
          expect(status, what).toBe(403);
          for (const secret of [...NAMES, AILS]) expect(text, what).not.toContain(secret);
        }
    expect(await kept(region, its)).toBe(before);
  });

  /** Nobody of these may know of her: a resident, a facility that she has denied, and its staff; an administrator. */
  it('at an address that is: the answer is that of a region in which she does not exist', async () => {
    const region = await open();
    const its = await closed(region);
    const without = await open();
    const strangers = async (of: Region) => {
      const { person } = await of.joined(somebody('他人', 'タニン', '00000003'));
      const { patient } = await of.joined(somebody('余人', 'ヨジン', '00000004'));
      return { me: await of.account(person, 'stranger@example.test'), spare: patient };
    };
    without.time.now = region.time.now;
    const [here, there] = [await strangers(region), await strangers(without)];
    const before = await kept(region, its);
    for (const role of ['resident', 'system', 'doctor', 'nurse', 'ambulance', 'admin'] as const) {
      const steps = [
        ...Object.entries(WALK).flatMap(([address, { roles }]) => (roles.includes(role) ? stepsOf(address, its) : [])),
        ...(role === 'resident' || role === 'admin' ? [] : FACES(its)),
      ].filter(
        ({ path }) => (role === 'system' || !path.startsWith('/ihe/')) && path !== '/enrolment/progress/recount', // how many have joined in all is no secret to the office
      );
      expect(steps.length, role).toBeGreaterThan(2);
      for (const step of steps) {
        const what = `${role}: ${step.method} ${step.path} ${JSON.stringify(step.body ?? '')}`;
        const mine = await region.ask(role === 'resident' ? here.me : as(role), step);
        const theirs = await without.ask(role === 'resident' ? there.me : as(role), step);
        const asked = decodeURIComponent(step.path) + JSON.stringify(step.body ?? '');
        for (const secret of [...NAMES, AILS, ...Object.values(its)])
          if (!asked.includes(secret)) expect(mine.text, what).not.toContain(secret);
        expect([mine.status, shapeOf(mine.text)], what).toEqual([theirs.status, shapeOf(theirs.text)]);
      }
    }
    // By its own number the clinic finds its own record, and not what the hospital calls her.
    const linked = await region.ask(clinic, {
      method: 'GET',
      path: `/fhir/Patient/$ihe-pix?sourceIdentifier=${encodeURIComponent(`urn:oid:${CLINIC}|C-5`)}`,
    });
    expect(linked.status).toBe(200);
    for (const secret of ['P-77', its.record, its.patient, its.paired]) expect(linked.text).not.toContain(secret);
    expect(await kept(region, its)).toBe(before);
  });

  it('of what ails her: not the desk that has enrolled her, nor the privacy officer, whatever they ask', async () => {
    const region = await open();
    const its = await closed(region);
    for (const role of [...DESK, 'privacy'] as const)
      for (const [address, { roles }] of Object.entries(WALK))
        for (const step of roles.includes(role) ? stepsOf(address, its) : []) {
          const { status, text } = await region.ask(as(role), step);
          expect(status, `${role}: ${address} ${text}`).not.toBe(500);
          expect(text, `${role}: ${address}`).not.toContain(AILS);
          if (role === 'privacy') for (const name of NAMES) expect(text, address).not.toContain(name);
        }
  });
});
