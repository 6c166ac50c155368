// Unusual reading is told to the privacy officer once, and to nobody who need not know.
import { beforeEach, describe, expect, it } from 'vitest';
import { type AlertKind, openAlerts } from '../../../functions/abuse/alert.ts';
import { memoryCounters } from '../../../functions/abuse/counters.ts';
import { openFindings } from '../../../functions/abuse/findings.ts';
import { openOfficers } from '../../../functions/abuse/officers.ts';
import { openPersons, openStaffNames } from '../../../functions/abuse/persons.ts';
import { type Look, type WatchDeps, watchReading } from '../../../functions/abuse/reading-watch.ts';
import { unusualRoutes } from '../../../functions/abuse/routes.ts';
import { jsonApi } from '../../../functions/middleware/json-api.ts';
import { memoryRowStore } from '../../../functions/services/row-store.ts';
import { clinic, eventOf, given, hospital, openApi, privacyOfficer, stored } from '../../support/api.ts';
import { handClock, record } from '../audit/given.ts';

const NINE = Date.parse('2026-11-22T09:00:00Z');

const open = () => {
  const clock = handClock(NINE);
  const rows = memoryRowStore();
  const findings = openFindings(rows);
  const api = openApi();
  const told: AlertKind[] = [];
  const mailed: { text: string; facilities: readonly string[] }[] = [];
  const topic = {
    publish: async ({ text, attributes }: { text: string; attributes: Readonly<Record<string, readonly string[]>> }) =>
      void mailed.push({ text, facilities: attributes.facility ?? [] }),
  };
  const { resources } = api.services;
  const officers = openOfficers({
    topic,
    rows,
    resources,
    region: 'tokushima',
    console: 'https://console.example',
    clock,
  });
  const deps: WatchDeps = {
    counters: memoryCounters(),
    findings,
    alert: (kind) => void told.push(kind),
    officers,
    personOf: openPersons(api.services.resources, clock),
    familiesOf: openStaffNames(rows, clock),
    clock,
    limits: { staffPersons: 10, refusedWrites: 20, systemReads: 30 },
  };
  const look = (person: string, more: Parameters<typeof record>[0] = {}, time: number = clock()): Look => ({
    record: record({ patientKey: person, entities: [], ...more }),
    time,
  });
  return {
    clock,
    rows,
    findings,
    api,
    told,
    mailed,
    deps,
    look,
    watch: (...looks: Look[]) => watchReading(deps, looks),
  };
};

let world: ReturnType<typeof open>;
beforeEach(() => {
  world = open();
});

const persons = (n: number, from = 0) => Array.from({ length: n }, (_, i) => `person${from + i}`);

describe('many persons in an hour', () => {
  it('are told when they are as many as the limit, over batches, and once', async () => {
    const { watch, look, told, findings } = world;
    await watch(...persons(9).map((person) => look(person)));
    expect(told).toEqual([]);
    await watch(...persons(3, 8).map((person) => look(person)));
    await watch(...persons(9, 40).map((person) => look(person)));
    expect(told).toEqual(['many-persons']);
    expect((await findings.page('open')).findings).toMatchObject([
      { kind: 'many-persons', account: 'staff-1', facility: '3610000001', start: NINE },
    ]);
  });

  it('are different persons: the same one a hundred times is one', async () => {
    const { watch, look, told } = world;
    await watch(...Array.from({ length: 100 }, () => look('person1')));
    expect(told).toEqual([]);
  });

  it('are counted anew in the next hour, for each account', async () => {
    const { watch, look, told, clock } = world;
    await watch(...persons(8).map((person) => look(person)));
    await watch(...persons(8, 10).map((person) => look(person, { actor: 'staff-2' })));
    clock.advance(3_600_000);
    await watch(...persons(8, 20).map((person) => look(person)));
    expect(told).toEqual([]);
  });

  it('are not counted by what was refused, written, or of the person alone', async () => {
    const { watch, look, told } = world;
    const none = [
      { outcome: '4' as const },
      { action: 'C' as const },
      { count: 0 },
      { actorKind: 'resident' as const },
    ];
    for (const more of none) await watch(...persons(20).map((person) => look(person, more)));
    expect(told).toEqual([]);
  });

  it('are more for a system', async () => {
    const { watch, look, told } = world;
    const system = { actorKind: 'system', actor: 'gateway', role: 'system' } as const;
    await watch(...persons(29).map((person) => look(person, system)));
    expect(told).toEqual([]);
    await watch(...persons(1, 50).map((person) => look(person, system)));
    expect(told).toEqual(['many-persons']);
  });

  it('are not told again when the stream brings a batch again', async () => {
    const { watch, look, told } = world;
    const batch = persons(12).map((person) => look(person));
    await watch(...batch);
    await watch(...batch);
    expect(told).toEqual(['many-persons']);
  });
});

describe('a person', () => {
  const CEL = { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'CEL' }] };
  const seen = async (more: Record<string, unknown>, entities?: (id: string) => string[]) => {
    const { api, look, watch } = world;
    const { id } = await stored(api, given.patient(more));
    const key = api.services.resources.patientKey(id);
    await watch(look(key, { entities: entities?.(id) ?? [`Patient/${id}`] }));
    return { id, key };
  };
  const named = (family: string, familyKana?: string) =>
    world.rows.write([
      { kind: 'put', p: 'tenant#staff', s: 'x', data: { sub: 'staff-1', name: { family, given: 'x', familyKana } } },
    ]);

  it('of public interest is told each day, each account', async () => {
    const { id, key } = await seen({ meta: CEL });
    const { watch, look, told, clock } = world;
    await watch(look(key));
    expect(told).toEqual(['vip']);
    clock.advance(24 * 3_600_000);
    const entities = [`Patient/${id}`];
    await watch(look(key, { entities }), look(key, { entities, actor: 'staff-2' }));
    expect(told).toEqual(['vip', 'vip', 'vip']);
  });

  it('of the same family name is told, whether in kanji or kana', async () => {
    await named('阿波', 'アワ');
    await seen({ name: [{ family: '阿波', given: ['花子'] }] });
    await seen({ name: [{ family: 'あわ', given: ['はなこ'] }] });
    expect(world.told).toEqual(['own-family-name', 'own-family-name']);
  });

  it('of another family name is not', async () => {
    await named('伊予');
    await seen({ name: [{ family: '阿波' }] });
    expect(world.told).toEqual([]);
  });

  it('is found by a record that was shown, where the trail does not name the Patient', async () => {
    const { api, look, watch, told } = world;
    const { id } = await stored(api, given.patient({ meta: CEL }));
    const observation = await stored(api, given.observation(id));
    await watch(look(api.services.resources.patientKey(id), { entities: [`Observation/${observation.id}`] }));
    expect(told).toEqual(['vip']);
  });

  it('is no matter of systems, whose readers are counted elsewhere', async () => {
    const { api, look, watch, told } = world;
    const { id } = await stored(api, given.patient({ meta: CEL }));
    await watch(look(api.services.resources.patientKey(id), { actorKind: 'system', entities: [`Patient/${id}`] }));
    expect(told).toEqual([]);
  });
});

it('the alarm’s line names a kind and a region, and nobody', () => {
  const lines: string[] = [];
  openAlerts({ region: 'tokushima', clock: () => NINE, write: (line) => lines.push(line) })('vip');
  expect(JSON.parse(lines[0]!)).toEqual({
    _aws: {
      Timestamp: NINE,
      CloudWatchMetrics: [
        { Namespace: 'Tsumugi', Dimensions: [['Region']], Metrics: [{ Name: 'PrivacyAlerts', Unit: 'Count' }] },
      ],
    },
    Region: 'tokushima',
    PrivacyAlerts: 1,
    kind: 'vip',
    level: 'WARN',
  });
});

describe('the privacy officer', () => {
  const ask = async (method: string, path: string, body?: object, as = privacyOfficer) => {
    const { findings, api } = world;
    const handler = jsonApi({
      services: api.services,
      authenticate: async () => as,
      routes: unusualRoutes(findings),
      log: () => {},
    });
    const event = { ...eventOf(method, path, { body }), rawPath: path.split('?')[0] };
    if (body) event.headers = { 'content-type': 'application/json' };
    const got = (await handler(event as never, {} as never)) as { statusCode: number; body?: string };
    return { status: got.statusCode, body: JSON.parse(got.body ?? '{}') };
  };

  it('sees the queue, reviews, and finds it under done', async () => {
    await world.watch(...persons(12).map((person) => world.look(person)));
    const { body } = await ask('GET', '/audit/unusual');
    expect(body.findings).toMatchObject([
      { kind: 'many-persons', account: 'staff-1', start: '2026-11-22T09:00:00.000Z' },
    ]);

    const at = `/audit/unusual/${encodeURIComponent(body.findings[0].id)}`;
    expect((await ask('POST', at, { outcome: 'follow-up', note: '上長に確認中' })).status).toBe(200);
    expect((await ask('GET', '/audit/unusual')).body.findings).toHaveLength(1);
    expect((await ask('POST', at, { outcome: 'justified', note: '健診の日' })).status).toBe(200);
    expect((await ask('GET', '/audit/unusual')).body.findings).toEqual([]);
    expect((await ask('GET', '/audit/unusual?state=done')).body.findings).toMatchObject([
      { review: { outcome: 'justified', by: 'privacy-1' } },
    ]);
    expect((await ask('POST', at, { outcome: 'justified', note: 'x' })).status).toBe(404);
  });

  it('is the only one', async () => {
    expect((await ask('GET', '/audit/unusual', undefined, { ...hospital, kind: 'staff', role: 'doctor' })).status).toBe(
      403,
    );
  });
});

describe('writes that were refused', () => {
  it('are told when they are many in an hour, over batches, and once: somebody tries which ids are taken', async () => {
    const { watch, look, told, findings } = world;
    const tried = (n: number, status = 403) =>
      Array.from({ length: n }, () => look('p', { action: 'U', status, outcome: '4', patientKey: undefined }));
    await watch(...tried(19), ...tried(40, 412));
    expect(told).toEqual([]);
    await watch(...tried(1));
    await watch(...tried(30));
    expect(told).toEqual(['refused-writes']);
    expect((await findings.page('open')).findings).toMatchObject([{ kind: 'refused-writes', account: 'staff-1' }]);
  });
});

describe('the privacy officers of facilities', () => {
  /** One person with a record at each of two facilities. */
  const linked = async () => {
    const { resources } = world.api.services;
    const patient = { resourceType: 'Patient', name: [{ family: '阿波', given: ['花子'] }] };
    const a = (await stored(world.api, patient)).id;
    const b = (await stored(world.api, patient, { as: clinic })).id;
    const person = 'person-1';
    const head = (id: string) =>
      ({ kind: 'head', patient: id, person, linked: [a, b], policy: undefined, expectVersion: 0 }) as const;
    await resources.commit([head(a), head(b)], 1);
    return resources.patientKey(a);
  };
  const broken = { purpose: 'BTG', grant: 'case-1', facility: '9886000005', role: 'ambulance' as const };

  it('are told once when the glass is broken: of who has read, and of all whose patient it is', async () => {
    const { watch, look, mailed } = world;
    const key = await linked();
    await watch(look(key, broken), look(key, broken));
    await watch(look(key, broken));
    expect(mailed).toHaveLength(1);
    expect([...mailed[0]!.facilities].sort()).toEqual(['3610000001', '3610000002', '9886000005']);
  });

  it('are sent the number of the case and a link, and nothing of anybody', async () => {
    const { watch, look, mailed } = world;
    const key = await linked();
    await watch(look(key, { ...broken, actor: 'staff-7', reason: '救急搬送中' }));
    expect(mailed[0]!.text).toContain('https://console.example/admin/break-glass/case-1');
    expect(mailed[0]!.text).not.toMatch(new RegExp(`阿波|花子|staff-7|救急|${key}`));
  });

  it('hear again when the mail could not be sent, and not of other purposes', async () => {
    const { watch, look, mailed, deps, clock, rows, api } = world;
    const key = await linked();
    const failing = { publish: async () => Promise.reject(new Error('SNS is away')) };
    const { resources } = api.services;
    const officers = openOfficers({ topic: failing, rows, resources, region: 'x', console: 'https://x', clock });
    await expect(watchReading({ ...deps, officers }, [look(key, broken)])).rejects.toThrow('away');
    await watch(look(key, broken), look(key, { ...broken, purpose: 'TREAT', grant: undefined }));
    expect(mailed).toHaveLength(1);
  });

  it('are told of unusual reading by their own staff', async () => {
    const { watch, look, mailed } = world;
    await watch(...persons(12).map((person) => look(person)));
    expect(mailed).toMatchObject([{ facilities: ['3610000001'] }]);
    expect(mailed[0]!.text).toContain('https://console.example/admin/unusual');
  });
});
