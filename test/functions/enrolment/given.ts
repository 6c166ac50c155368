// A region in memory with its desk: forms of people who do not exist, offices, and both APIs over one store.
import type { APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import { auditOn } from '../../../functions/audit/chain.ts';
import type { AuditRecord } from '../../../functions/audit/port.ts';
import { memoryAuditTable } from '../../../functions/audit/table.ts';
import { trailOn } from '../../../functions/audit/trail.ts';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import { openCases } from '../../../functions/break-glass/cases.ts';
import { openBreakGlass } from '../../../functions/break-glass/open.ts';
import { breakGlassRoutes } from '../../../functions/break-glass/routes.ts';
import type { Actor, Role } from '../../../functions/consent/actor.ts';
import type { Accounts } from '../../../functions/enrolment/accounts.ts';
import { openPatientsOf } from '../../../functions/enrolment/acting-for.ts';
import type { EnrolmentForm } from '../../../functions/enrolment/form.ts';
import { residentRow } from '../../../functions/enrolment/residents.ts';
import { enrolmentRoutes } from '../../../functions/enrolment/routes.ts';
import { openDesk } from '../../../functions/enrolment/services.ts';
import { auditEvents } from '../../../functions/interactions/audit-events.ts';
import type { Region, Services } from '../../../functions/interactions/contract.ts';
import { fhirApi } from '../../../functions/middleware/fhir-api.ts';
import { jsonApi } from '../../../functions/middleware/json-api.ts';
import { memoryRowStore, type RowStore } from '../../../functions/services/row-store.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { eventOf } from '../../support/api.ts';

export const NOW = Date.parse('2026-11-22T09:00:00+09:00');

export const staff = (role: Role, facility: string, facilityType: string, subject = `staff-${role}`): Actor => ({
  kind: 'staff',
  subject,
  role,
  facility,
  facilityType,
  scopes: parseScopes('user/*.cruds'),
  patients: [],
  tokenId: `token-${subject}`,
});

export const municipal = staff('municipal', '9886000006', 'municipality');
export const operator = staff('operator', '9886000007', 'operator');
export const privacy = staff('privacy', '9886000007', 'operator');
export const administrator = staff('admin', '9886000007', 'operator');
export const doctor = staff('doctor', '3610000001', 'hospital');
export const clinicDoctor = staff('doctor', '3610000002', 'clinic', 'staff-clinic-doctor');
export const crew = staff('ambulance', '9886000005', 'fire');
export const pharmacist = staff('pharmacist', '3640000003', 'pharmacy');

/** A signed-in resident; whose records are shown is asked at each call. */
export const resident = (subject: string): Actor => ({
  kind: 'resident',
  subject,
  role: 'resident',
  facility: undefined,
  facilityType: undefined,
  scopes: parseScopes('patient/*.cruds'),
  patients: [],
  tokenId: `token-${subject}`,
});

export const evidence = { kind: 'paper' as const, checked: ['my-number-card' as const], scan: 'file-2026-0001' };

export const form = (more: Partial<EnrolmentForm> = {}): EnrolmentForm => ({
  name: { kanji: { family: '紬木', given: '糸' }, kana: { family: 'ツムギ', given: 'イト' } },
  birthDate: '1951-04-01',
  sex: 'female',
  address: { postcode: '770-0000', text: '徳島県架空市一丁目1-1', municipality: '362018' },
  phone: '090-0000-1234',
  insurance: { insurer: '39360000', symbol: '', number: '01234567', branch: '00' },
  route: 'counter',
  consent: { textVersion: '2026-04' },
  evidence,
  ...more,
});

export interface Answered {
  readonly status: number;
  // Tests read what they expect; a wrong guess is a failed test.
  // biome-ignore lint/suspicious/noExplicitAny: the shape of an answer is what the test is about
  readonly body: any;
}

export interface Stores extends Pick<Services, 'resources' | 'documents' | 'seal'> {
  readonly rows: RowStore;
}

/** Of the demo region: the desk asks whether they are there. */
const withFacilities = (rows: RowStore): RowStore => ({
  ...rows,
  get: async (p, s) =>
    /^auth#facility#(361000000[12]|3640000003|9886000004)$/.test(p)
      ? { p, s, version: 1, data: {}, text: '{}', count: 0 }
      : rows.get(p, s),
});

/** @param stores others than those in memory */
export const openRegion = (settings: Partial<Region> = {}, stores?: Stores) => {
  const time = { now: NOW };
  const clock = () => time.now;
  const recorded: AuditRecord[] = [];
  const logged: unknown[] = [];
  const table = memoryAuditTable();
  const chain = auditOn(table, { clock, environmentId: 'test' });
  const services: Services = {
    ...(stores ?? openMemory(clock)),
    audit: {
      record: async (records) => {
        await chain.record(records);
        recorded.push(...records);
      },
    },
    clock,
    region: {
      name: 'tokushima',
      baseUrl: 'https://api.tokushima.example',
      homeCommunityId: '2.999.36.1',
      consentDefault: 'blanket',
      ...settings,
    },
  };
  const rows = withFacilities(stores?.rows ?? memoryRowStore());
  const cases = openCases(rows);
  const accounts = memoryAccounts();
  const desk = openDesk(services, { rows, accounts });
  const patientsOf = openPatientsOf(services);
  let caller: Actor;
  const authenticate = async () => {
    if (caller.kind !== 'resident') return caller;
    const row = await residentRow(desk, caller.subject);
    return { ...caller, ...(row && !row.disabled ? await patientsOf(row) : { patients: [] }) };
  };
  const log = (line: unknown) => void logged.push(line);
  const routes = [...enrolmentRoutes(desk, cases), ...breakGlassRoutes(cases, trailOn(table))];
  const json = jsonApi({ services, authenticate, routes, log });
  const alerted: string[] = [];
  const alert = () => void alerted.push('break-glass');
  const breakGlass = openBreakGlass({ cases, resources: services.resources, alert });
  const fhir = fhirApi({ services, authenticate, breakGlass, audits: auditEvents(services, trailOn(table)), log });

  const call = async (
    as: Actor,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answered> => {
    caller = as;
    time.now += 1000;
    const toFhir = /^\/fhir(\/|$)/.test(path);
    const event = eventOf(method, toFhir ? path.slice('/fhir'.length) : path, { body, headers });
    if (!toFhir) {
      event.rawPath = path.split('?')[0]!;
      if (body !== undefined) event.headers['content-type'] = 'application/json';
    }
    const handler = (toFhir ? fhir : json) as (event: unknown, context: LambdaContext) => Promise<unknown>;
    const answer = (await handler(event, {} as LambdaContext)) as APIGatewayProxyStructuredResultV2;
    const text = answer.isBase64Encoded
      ? Buffer.from(answer.body ?? '', 'base64').toString('utf8')
      : (answer.body ?? '');
    return { status: answer.statusCode!, body: text && JSON.parse(text) };
  };

  /** Somebody who has joined at the counter. */
  const joined = async (
    more: Partial<EnrolmentForm> = {},
  ): Promise<{ person: string; patient: string; card: { number: string; qr: string } }> => {
    const answer = await call(municipal, 'POST', '/enrolment/people', form(more));
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  /** The account of somebody who has joined. */
  const account = async (person: string, email: string): Promise<Actor> => {
    const answer = await call(municipal, 'POST', `/enrolment/people/${person}/account`, { email, by: 'letter' });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return resident(accounts.subOf(email));
  };
  return { call, joined, account, services, rows, cases, desk, accounts, recorded, logged, alerted, time };
};

/** What the desk needs of Cognito; the real API is spoken in test/e2e/enrolment.test.ts. */
const memoryAccounts = (): Accounts & { subOf(email: string): string; disabled: Set<string> } => {
  const made = new Map<string, string>();
  const disabled = new Set<string>();
  return {
    subOf: (email) => made.get(email)!,
    disabled,
    create: async (email) => {
      made.set(email, `sub-${made.size + 1}`);
      return { sub: made.get(email)!, password: 'First-password-1' };
    },
    renew: async (sub) => ({ sub, password: 'Next-password-2' }),
    disable: async (sub) => void disabled.add(sub),
  };
};
