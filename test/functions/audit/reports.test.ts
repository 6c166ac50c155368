// GET /audit/affected: the exact persons of a leak, for the privacy officer.
import { beforeEach, describe, expect, it } from 'vitest';
import { auditOn } from '../../../functions/audit/chain.ts';
import { csvField } from '../../../functions/audit/csv.ts';
import { leakReport } from '../../../functions/audit/leak-report.ts';
import { reportRoutes } from '../../../functions/audit/reports.ts';
import { memoryAuditTable } from '../../../functions/audit/table.ts';
import { trailOn } from '../../../functions/audit/trail.ts';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import { jsonApi } from '../../../functions/middleware/json-api.ts';
import { type Api, eventOf, given, hospital, NOW, openApi, privacyOfficer, stored } from '../../support/api.ts';
import { handClock, record } from './given.ts';

const doctor: Actor = {
  ...hospital,
  kind: 'staff',
  role: 'doctor',
  subject: 'staff-7',
  scopes: parseScopes('user/*.cruds'),
};

/** The FHIR API and the reports over one trail. */
const open = () => {
  const clock = handClock(NOW);
  const table = memoryAuditTable();
  const trail = trailOn(table);
  const audit = auditOn(table, { clock, environmentId: 'test' });
  const api = openApi({ audit, clock });
  let actor: Actor = privacyOfficer;
  const handler = jsonApi({
    services: { clock, audit, region: api.services.region },
    authenticate: async () => actor,
    routes: reportRoutes({ ...api.services, trail }),
    log: () => {},
  });
  const ask = async (path: string, as: Actor = privacyOfficer) => {
    actor = as;
    const event = { ...eventOf('GET', path, {}), rawPath: path.split('?')[0] };
    const {
      statusCode,
      body = '',
      headers,
    } = (await handler(event as never, {} as never)) as {
      statusCode: number;
      body?: string;
      headers: Record<string, string>;
    };
    return {
      status: statusCode,
      text: body,
      headers,
      body: body.startsWith('{') ? JSON.parse(body.split('\n')[0]!) : {},
    };
  };
  return { api, clock, trail, audit, ask };
};

let world: ReturnType<typeof open>;
let patients: string[];
const HOUR = 3_600_000;
const since = (ms: number) => new Date(ms).toISOString();

/** Twelve patients of the hospital; the doctor sees the first eight within an hour, and two of them again a day later. */
beforeEach(async () => {
  world = open();
  const { api, clock } = world;
  patients = [];
  for (let i = 0; i < 12; i += 1)
    patients.push((await stored(api, given.patient({ identifier: [{ value: `${i}` }] }))).id);
  await stored(api, given.observation(patients[0]!));
  clock.advance(HOUR);
  for (const id of patients.slice(0, 8)) await look(api, id);
  await api.send('GET', `/Observation?patient=${patients[0]}`, { as: doctor });
  await api.send('GET', '/Patient/nobody', { as: doctor });
  clock.advance(24 * HOUR);
  for (const id of patients.slice(7, 9)) await look(api, id);
});
const look = (api: Api, id: string) => api.send('GET', `/Patient/${id}`, { as: doctor });

const WINDOW = () => `from=${since(NOW)}&to=${since(NOW + 2 * HOUR)}`;

describe('the persons affected', () => {
  it('are exactly those that the account saw in that time, with how much, what, and when', async () => {
    const { body } = await world.ask(`/audit/affected?account=staff-7&${WINDOW()}`);

    expect(body.persons).toBe(8);
    expect(body.affected.map(({ patient }: { patient: string }) => patient).sort()).toEqual(
      patients.slice(0, 8).sort(),
    );
    const first = body.affected.find(({ patient }: { patient: string }) => patient === patients[0]);
    expect(first).toMatchObject({
      source: '3610000001',
      accesses: 2,
      changes: 0,
      resources: 2,
      classes: ['basic', 'clinical'],
      accounts: ['staff-7'],
      first: since(NOW + HOUR),
    });
  });

  it('of a later time are others', async () => {
    const { body } = await world.ask(`/audit/affected?account=staff-7&from=${since(NOW + 20 * HOUR)}`);
    expect(body.affected.map(({ patient }: { patient: string }) => patient).sort()).toEqual(
      patients.slice(7, 9).sort(),
    );
  });

  it('of a facility are those that any of its accounts saw or changed', async () => {
    const { body } = await world.ask(`/audit/affected?facility=3610000001&from=${since(NOW - HOUR)}`);
    expect(body.persons).toBe(12);
    expect(body.affected.flatMap(({ accounts }: { accounts: string[] }) => accounts)).toContain('system-hospital');
  });

  it('of an account that saw nobody are none', async () => {
    expect((await world.ask(`/audit/affected?account=other&${WINDOW()}`)).body).toMatchObject({
      persons: 0,
      affected: [],
    });
  });

  it('come in pages that together have each of them once', async () => {
    const seen: string[] = [];
    let next: string | undefined;
    for (let page = 0; page < 5; page += 1) {
      const more = next === undefined ? '' : `&cursor=${encodeURIComponent(next)}`;
      const { body } = await world.ask(`/audit/affected?account=staff-7&${WINDOW()}&count=3${more}`);
      seen.push(...body.affected.map(({ patient }: { patient: string }) => patient));
      next = body.next;
      if (next === undefined) break;
    }
    expect(seen.sort()).toEqual(patients.slice(0, 8).sort());
  });

  it('come as CSV and as NDJSON', async () => {
    const asCsv = await world.ask(`/audit/affected?account=staff-7&${WINDOW()}&format=csv`);
    expect(asCsv.headers['content-type']).toBe('text/csv; charset=utf-8');
    const [head, ...rows] = asCsv.text.trimEnd().split('\r\n');
    expect(head).toBe('\uFEFFpatient,person,source,first,last,accesses,changes,resources,classes,accounts');
    expect(rows).toHaveLength(8);

    const ndjson = await world.ask(`/audit/affected?account=staff-7&${WINDOW()}&format=ndjson`);
    expect(
      ndjson.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).accesses)
        .sort(),
    ).toEqual([1, 1, 1, 1, 1, 1, 1, 2]);
    expect(ndjson.headers['x-total-persons']).toBe('8');
  });

  it('are named in the trail as shown to who made the report', async () => {
    await world.ask(`/audit/affected?account=staff-7&${WINDOW()}&count=5`);
    const { records } = await world.trail.search({ from: NOW, to: NOW + 100 * HOUR, actor: 'privacy-1' });
    expect(records).toHaveLength(5);
    expect(records[0]!.record).toMatchObject({ interaction: 'audit-affected', action: 'R', role: 'privacy' });
  });
});

describe('the report is refused', () => {
  it.each(['doctor', 'admin', 'operator', 'resident'] as const)(
    'to a %s, and the attempt is recorded',
    async (role) => {
      const as = { ...doctor, role, subject: 'curious' };
      expect((await world.ask(`/audit/affected?account=staff-7&${WINDOW()}`, as)).status).toBe(403);
      const { records } = await world.trail.search({ from: NOW, to: NOW + 100 * HOUR, actor: 'curious' });
      expect(records).toMatchObject([{ record: { status: 403, count: 0 } }]);
    },
  );

  it.each([
    ['without who', `from=${since(NOW)}`, 400],
    ['without when', 'account=a', 400],
    ['for a time without its zone', 'account=a&from=2026-11-22T09:00:00', 400],
    ['for a time that ends before it begins', `account=a&from=${since(NOW)}&to=${since(NOW - 1)}`, 400],
    ['for more than 400 days', 'account=a&from=2024-01-01T00:00:00Z', 422],
    ['with a cursor of another', `account=a&from=${since(NOW)}&cursor=abc`, 400],
    ['for an account of another form', `account=a%22&from=${since(NOW)}`, 400],
  ])('%s', async (_, query, status) => {
    expect((await world.ask(`/audit/affected?${query}`)).status).toBe(status);
  });

  it('with the cursor of another account or another officer', async () => {
    const { body } = await world.ask(`/audit/affected?account=staff-7&${WINDOW()}&count=3`);
    const cursor = encodeURIComponent(body.next);
    expect((await world.ask(`/audit/affected?account=staff-8&${WINDOW()}&cursor=${cursor}`)).status).toBe(400);
    const other = { ...privacyOfficer, subject: 'privacy-2' };
    expect((await world.ask(`/audit/affected?account=staff-7&${WINDOW()}&cursor=${cursor}`, other)).status).toBe(400);
  });

  it('when there is more than one answer can be made from', async () => {
    await expect(
      leakReport(world.trail, { from: NOW, to: NOW + 2 * HOUR, account: 'staff-7' }, 5),
    ).rejects.toMatchObject({
      refusal: 'tooCostly',
    });
  });
});

it('what was refused, and what of nobody, affects nobody', async () => {
  const clock = handClock(NOW);
  const table = memoryAuditTable();
  const audit = auditOn(table, { clock, environmentId: 'x' });
  await audit.record([record({ outcome: '4', status: 403 }), record({ patientKey: undefined }), record({ count: 0 })]);
  expect(await leakReport(trailOn(table), { from: NOW, to: NOW, account: 'staff-1' })).toMatchObject({
    persons: [],
    records: 3,
  });
});

it.each([
  ['=1+1', `"'=1+1"`],
  ['+81', `"'+81"`],
  ['-1', `"'-1"`],
  ['@cmd', `"'@cmd"`],
  ['＝cmd', `"'＝cmd"`],
  ['\t=1', `"'\t=1"`],
  ['a,b', '"a,b"'],
  ['say "x"', '"say ""x"""'],
  ['two\nlines', '"two\nlines"'],
  ['plain', 'plain'],
])('a field of CSV is text, and never a formula: %s', (text, field) => {
  expect(csvField(text)).toBe(field);
});
