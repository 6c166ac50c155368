// The table in functions/storage/keys.ts, row by row: trips, read units as DynamoDB reports them, write units as computed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeWriteUnits } from '../../../functions/storage/capacity.ts';
import { openDynamo, openStore } from '../../../functions/storage/dynamo.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { planWrites } from '../../../functions/storage/plan.ts';
import type { Draft, Resources, Stored, Write } from '../../../functions/storage/port.ts';
import type { Store } from '../../../functions/storage/store.ts';
import { sweepTransactions } from '../../../functions/storage/sweep.ts';
import { openTransactions } from '../../../functions/storage/transactions.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';
import { metered, type Spent } from '../../support/dynamodb-faults.ts';
import { create, DAY, draft, NOW, remove, replace, secrets } from './given.ts';

let resources: Resources;
let store: Store;
let spent: Spent & { reset(): void };
let person: Stored;
let now = NOW;
const charted: Stored[] = [];

/** A laboratory result of about the size that Synthea's have. */
const result = (id: string, date: number, over: Partial<Draft['index']> = {}): Draft =>
  draft(
    'Observation',
    id,
    {
      patient: person.id,
      date,
      code: `http://loinc.org|${2000 + ((date / DAY) % 10)}-0`,
      tokens: [
        'status=final',
        'category=laboratory',
        `code=http://loinc.org|${date}`,
        'code=',
        `subject=Patient/${person.id}`,
      ],
      ...over,
    },
    {
      status: 'final',
      category: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
      ],
      code: { coding: [{ system: 'http://loinc.org', code: '2339-0', display: 'Glucose [Mass/volume] in Blood' }] },
      subject: { reference: `Patient/${person.id}` },
      encounter: { reference: `Encounter/${id}` },
      effectiveDateTime: new Date(date * 1000).toISOString(),
      issued: new Date(date * 1000).toISOString(),
      valueQuantity: { value: date / 7, unit: 'mg/dL', system: 'http://unitsofmeasure.org', code: 'mg/dL' },
    },
  );
const serverId = (type: string, date = 0, patient: string | undefined = person?.id) =>
  resources.allocate(type, { patient, otherPatients: [], date, spansDays: false });

beforeAll(async () => {
  const client = await dynamoClient();
  spent = metered(client);
  const options = {
    client,
    tables: await createTables(client),
    keys: secrets,
    documents: openMemory().documents,
    clock: () => now,
    limits: { batchRows: 25 },
  };
  store = openStore(options);
  resources = openDynamo(options);
  const id = serverId('Patient', 0, undefined);
  [person] = (await resources.commit(create(draft('Patient', id, {}, { gender: 'female' })), NOW)) as [Stored];
  for (let at = 0; at < 150; at += 1) {
    const [one] = await resources.commit(create(result(serverId('Observation', at * DAY), at * DAY)), NOW);
    charted.push(one!);
  }
  for (let at = 0; at < 40; at += 1) {
    const encounter = draft(
      'Encounter',
      serverId('Encounter', at * DAY),
      { patient: person.id, date: at * DAY },
      { status: 'finished' },
    );
    await resources.commit(create(encounter), NOW);
  }
});
afterAll(stopDynamoDb);

const costs = async (work: () => Promise<unknown>): Promise<{ trips: number; units: number }> => {
  spent.reset();
  await work();
  return { trips: spent.trips, units: spent.units };
};

describe('reads', () => {
  it('read: 1 trip, 1 RRU', async () => {
    expect(await costs(() => resources.get('Observation', charted[7]!.id))).toEqual({ trips: 1, units: 1 });
    expect(await costs(() => resources.get('Patient', person.id))).toEqual({ trips: 1, units: 1 });
  });

  it('read by a client-assigned id: 2 trips, 2 RRU, and 1 of each from then on', async () => {
    await resources.commit(create(draft('Condition', 'chosen', { patient: person.id })), NOW);

    expect(await costs(() => resources.get('Condition', 'chosen'))).toEqual({ trips: 2, units: 2 });
    expect(await costs(() => resources.get('Condition', 'chosen'))).toEqual({ trips: 1, units: 1 });
  });

  it('read of a client-assigned Patient, or of a registry type: 1 trip, 1 RRU', async () => {
    await resources.commit(create(draft('Patient', 'chosen'), draft('Organization', 'chosen')), NOW);

    expect(await costs(() => resources.get('Patient', 'chosen'))).toEqual({ trips: 1, units: 1 });
    expect(await costs(() => resources.get('Organization', 'chosen'))).toEqual({ trips: 1, units: 1 });
  });

  it('vread: 1 trip, ≤ 2 RRU; history: 2 requests at once, ≤ 2 RRU; many: 1 trip, 1 RRU each', async () => {
    const { id } = charted[3]!;
    // DynamoDB counts a unit for a row that is not there, DynamoDB Local does not.
    const vread = await costs(() => resources.getVersion('Observation', id, 1));
    expect(vread.trips).toBe(1);
    expect(vread.units).toBeLessThanOrEqual(2);
    const history = await costs(() => resources.history('Observation', id, { limit: 20 }));
    expect(history.units).toBeLessThanOrEqual(2);
    const refs = charted.slice(0, 20).map(({ type, id }) => ({ type, id }));
    expect(await costs(() => resources.getMany(refs))).toEqual({ trips: 1, units: 20 });
  });

  it('heads: 1 trip, 1 RRU each', async () => {
    const patients = ['head-1', 'head-2', 'head-3'];
    const policy = JSON.stringify({
      rules: Array.from({ length: 20 }, (_, at) => ({ is: 'permit', who: [`f${at}`] })),
    });
    await resources.commit(
      patients.map((patient) => ({ kind: 'head', patient, expectVersion: 0, person: 'x', linked: patients, policy })),
      NOW,
    );

    expect(await costs(() => resources.heads(patients.slice(0, 1)))).toEqual({ trips: 1, units: 1 });
    expect(await costs(() => resources.heads(patients))).toEqual({ trips: 1, units: 3 });
  });

  it('chart search by code: 1 trip, ≤ 2 RRU', async () => {
    const cost = await costs(() =>
      resources.scan({ patient: person.id, type: 'Observation', code: 'http://loinc.org|2003-0' }),
    );
    expect(cost.trips).toBe(1);
    expect(cost.units).toBeLessThanOrEqual(2);
  });

  it('chart search by another token, 150 Observations: 1 trip, a unit for each 4 KB', async () => {
    const cost = await costs(() =>
      resources.scan({ patient: person.id, type: 'Observation', prune: [['category=laboratory']] }),
    );
    expect(cost.trips).toBe(1);
    expect(cost.units).toBeLessThanOrEqual(17); // 150 × some 420 bytes
  });

  it('the newest 20, or a span of dates: 2 Queries at once', async () => {
    const newest = await costs(() => resources.scan({ patient: person.id, type: 'Observation', limit: 20 }));
    expect(newest).toMatchObject({ trips: 2 });
    expect(newest.units).toBeLessThanOrEqual(5);
    const span = { patient: person.id, type: 'Observation', from: 10 * DAY, to: 20 * DAY };
    expect((await costs(() => resources.scan(span))).units).toBeLessThanOrEqual(4);
  });

  it('the whole compartment, 191 resources: 1 trip', async () => {
    const cost = await costs(() => resources.scan({ patient: person.id }));
    expect(cost.trips).toBe(1);
    expect(cost.units).toBeLessThanOrEqual(20);
  });

  it('a work list of 30, by status or by date: the index, then the rows, an RRU each', async () => {
    for (let at = 0; at < 30; at += 1) {
      const date = new Date(at * DAY * 1000).toISOString();
      const entry = { list: 'location', owner: 'Location/l', status: 'booked', date, byDate: true, index: 1 } as const;
      const id = serverId('Appointment', at * DAY);
      const one = draft('Appointment', id, { patient: person.id, date: at * DAY, work: [entry] });
      await resources.commit(create(one), NOW);
    }
    const list = { type: 'Appointment', list: 'location', owner: 'Location/l', index: 1, byDate: true } as const;
    const whole = await costs(() => resources.workList(list));
    expect(whole.trips).toBe(2);
    expect(whole.units).toBeLessThanOrEqual(30 + 2);
    const one = await costs(() => resources.workList({ ...list, from: '1970-01-05', to: '1970-01-06' }));
    // Two ranges of the index side by side, what lies on the day and long periods; then the one that is there.
    expect(one.trips).toBe(3);
    expect(one.units).toBeLessThanOrEqual(1 + 2 * 0.5);
  });

  it('a look-up: 1 trip, 1 RRU', async () => {
    const cost = await costs(() => resources.lookup({ bucket: 'identifier', key: 'v', sortPrefix: 's' }));
    expect(cost.trips).toBe(1);
    expect(cost.units).toBeLessThanOrEqual(1);
  });
});

describe('writes', () => {
  const planned = async (writes: readonly Write[]) => (await planWrites(store, writes, NOW)).changes;
  const transaction = async (writes: readonly Write[]) => computeWriteUnits(await planned(writes), 'transaction').total;

  it('create of an Observation: 1 trip, 2 WRU', async () => {
    const write = create(result(serverId('Observation', 5 * DAY), 5 * DAY));
    expect(computeWriteUnits(await planned(write), 'plain').total).toBe(2);
    expect(await costs(() => resources.commit(write, NOW))).toEqual({ trips: 1, units: 2 });
  });

  it('create of another type: 1 trip, 1 WRU; on a work list one more', async () => {
    const plain = create(draft('Condition', serverId('Condition'), { patient: person.id, date: 0 }));
    expect(await costs(() => resources.commit(plain, NOW))).toEqual({ trips: 1, units: 1 });
    const work = [{ list: 'owner', owner: 'Organization/x', status: 'requested', date: '2026-11-22' }];
    const task = create(draft('Task', serverId('Task'), { patient: person.id, date: 0, work }));
    expect(computeWriteUnits(await planned(task), 'plain').total).toBe(2);
    expect(await costs(() => resources.commit(task, NOW))).toEqual({ trips: 1, units: 2 });
  });

  it('a head alone: 1 trip, 1 WRU; a Consent with two heads: 1 trip, 6 WRU', async () => {
    const head = (patient: string, expectVersion = 0) =>
      ({ kind: 'head', patient, expectVersion, person: undefined, linked: [patient], policy: undefined }) as const;
    expect(computeWriteUnits(await planned([head('head-4')]), 'plain').total).toBe(1);
    expect(await costs(() => resources.commit([head('head-4')], NOW))).toMatchObject({ trips: 1 });

    const consent = draft('Consent', serverId('Consent'), { patient: person.id, date: 0 });
    const both = [...create(consent), head('head-4', 1), head('head-5')];
    expect(await transaction(both)).toBe(6);
    expect(await costs(() => resources.commit(both, NOW))).toMatchObject({ trips: 1 });
  });

  it('create under a client-assigned id: 1 trip, 4 WRU (Observation 6)', async () => {
    const condition = create(draft('Condition', 'mine', { patient: person.id }));
    expect(await transaction(condition)).toBe(4);
    expect(await costs(() => resources.commit(condition, NOW))).toMatchObject({ trips: 1 });
    expect(await transaction(create(result('mine', 0)))).toBe(6);
  });

  it('registering a Patient with 5 look-ups: 1 trip, 14 WRU', async () => {
    const lookups = ['a', 'b', 'c', 'd', 'e'].map((key) => ({ bucket: 'identifier' as const, key, sort: 's' }));
    const patient = create(draft('Patient', serverId('Patient', 0, undefined), { lookups }));
    expect(await transaction(patient)).toBe(14);
    expect(await costs(() => resources.commit(patient, NOW))).toMatchObject({ trips: 1 });
  });

  it('update: 1 trip, 6 WRU for an Observation, 4 for others; a changed code 2 more', async () => {
    const [previous] = charted as [Stored];
    expect(await transaction(replace(previous, result(previous.id, 0)))).toBe(6);
    expect(await transaction(replace(previous, result(previous.id, 0, { code: 's|other' })))).toBe(8);
    expect(await transaction(replace(person, draft('Patient', person.id)))).toBe(4);
    expect(await costs(() => resources.commit(replace(previous, result(previous.id, 0)), NOW))).toMatchObject({
      trips: 1,
    });
  });

  it('update that moves the date: 10 WRU for an Observation; delete: 6', async () => {
    const previous = charted[1]!;
    // the new row and its index entry, the stub and the index entry that goes, the old version: all twice
    expect(await transaction(replace(previous, result(previous.id, 900 * DAY)))).toBe(10);
    expect(await transaction(remove(previous))).toBe(6);
  });

  it('100 rows go as one transaction; 101 are staged, 25 rows a call', async () => {
    const of = (rows: number) =>
      create(
        ...Array.from({ length: rows }, (_, at) =>
          draft('Condition', serverId('Condition', at), { patient: person.id, date: at }),
        ),
      );
    expect(await costs(() => resources.commit(of(100), NOW))).toMatchObject({ trips: 1 });
    // 5 calls to stage and 5 to roll forward; 4 to begin and decide, 4 to finish
    const staged = await costs(() => resources.commit(of(101), NOW));
    expect(staged.trips).toBe(18);
  });
});

describe('5,000 entries for one person', () => {
  const entries = (count: number, patient: string) =>
    create(
      ...Array.from({ length: count }, (_, at) =>
        draft(
          'Observation',
          serverId('Observation', at * 60, patient),
          { patient, date: at * 60, code: `s|${at % 40}` },
          { at },
        ),
      ),
    );

  it('costs 4 WRU for each Observation in its partition: 20 s at 1,000 a second', async () => {
    const { changes } = await planWrites(store, entries(5000, 'many'), NOW);
    const { partitions, total } = computeWriteUnits(changes, 'staged');

    expect([...partitions.values()]).toEqual([20_000]);
    expect(total).toBe(20_000);
  });

  it('costs 2 WRU more under client-assigned ids, spread over the registry', async () => {
    const chosen = Array.from({ length: 5000 }, (_, at) =>
      draft('Observation', `c${at}`, { patient: 'many', date: at, code: 's|c' }),
    );
    const { changes } = await planWrites(store, create(...chosen), NOW);
    const { partitions, total } = computeWriteUnits(changes, 'staged');

    expect(Math.max(...partitions.values())).toBe(20_000);
    expect(total).toBe(30_000);
    expect([...partitions.values()].filter((one) => one === 2)).toHaveLength(5000);
  });

  it('(2,000 here) are there all at once, before they are rolled forward and after', { timeout: 300_000 }, async () => {
    const patient = 'very many';
    await resources.commit(entries(2000, patient), NOW);
    const count = async () => {
      let found = 0;
      let after: string | undefined;
      do {
        const page = await resources.scan({ patient, type: 'Observation', after });
        found += page.items.length;
        after = page.next;
      } while (after);
      return found;
    };

    expect(await count()).toBe(2000);
    now += 10 * 60_000;
    await sweepTransactions(store, openTransactions(store));
    expect(await count()).toBe(2000);
    expect((await resources.scan({ patient, type: 'Observation', code: 's|7' })).items).toHaveLength(50);
  });
});
