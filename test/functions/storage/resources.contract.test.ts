// One promise (functions/storage/port.ts), kept by both stores; the DynamoDB one also when every larger commit is staged.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resources } from '../../../functions/storage/port.ts';
import { WriteRefused } from '../../../functions/storage/write-refused.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { create, DAY, draft, dynamo, idsOf, memory, NOW, remove, replace } from './given.ts';

afterAll(stopDynamoDb);

let count = 0;
const fresh = (name: string) => `${name}-${++count}`;

describe.each([
  ['memory', memory],
  ['DynamoDB', () => dynamo()],
  ['DynamoDB, staged', () => dynamo({ transactionRows: 0, batchRows: 25 })],
] as const)('Resources in %s', (store, open) => {
  let resources: Resources;
  beforeAll(async () => {
    resources = await open();
  });

  const serverId = (type: string, patient?: string, date?: number, spansDays = false) =>
    resources.allocate(type, { patient, otherPatients: [], date, spansDays });
  const newPatient = async () => {
    const id = serverId('Patient');
    const [stored] = await resources.commit(create(draft('Patient', id, {}, { gender: 'female' })), NOW);
    return stored!;
  };

  describe('create and read', () => {
    it('answers what it stored, complete', async () => {
      const patient = await newPatient();
      const one = draft(
        'Observation',
        serverId('Observation', patient.id, NOW / 1000),
        { patient: patient.id, date: NOW / 1000, labels: ['s|R', 't|x'], dataClass: 'clinical' },
        { meta: { profile: ['p'] }, status: 'final', valueQuantity: { value: 1 } },
      );
      const [written] = await resources.commit(create(one), NOW);

      const read = await resources.get('Observation', one.id);

      for (const stored of [written!, read!]) {
        expect(JSON.parse(stored.text())).toEqual({
          resourceType: 'Observation',
          id: one.id,
          meta: { versionId: '1', lastUpdated: '2026-11-22T03:00:00.000Z', profile: ['p'] },
          status: 'final',
          valueQuantity: { value: 1 },
        });
        expect(stored).toMatchObject({
          version: 1,
          lastUpdated: NOW,
          deleted: false,
          method: 'PUT',
          facility: '3610000001',
          dataClass: 'clinical',
          labels: ['s|R', 't|x'],
          patientKey: patient.patientKey,
        });
      }
    });

    it('keeps the text of decimals', async () => {
      const id = fresh('o');
      await resources.commit(create({ ...draft('Observation', id, { patient: 'p' }), text: '{"a":1.00}' }), NOW);

      const read = (await resources.get('Observation', id))!;

      expect(read.text()).toContain('"a":1.00');
      expect(JSON.stringify(read.resource())).toContain('"a":1.00');
    });

    it('finds client-assigned ids with and without a patient, children before their Patient', async () => {
      const [patient, child, organization, task] = [fresh('pat'), fresh('obs'), fresh('org'), fresh('task')];
      await resources.commit(create(draft('Observation', child, { patient, date: 0 })), NOW);
      await resources.commit(
        create(draft('Patient', patient), draft('Organization', organization), draft('Task', task)),
        NOW,
      );

      const found = await resources.getMany([
        { type: 'Observation', id: child },
        { type: 'Patient', id: patient },
        { type: 'Organization', id: organization },
        { type: 'Task', id: task },
        { type: 'Task', id: 'nowhere' },
      ]);

      expect(found.map((one) => one?.id)).toEqual([child, patient, organization, task, undefined]);
      expect(found[0]?.patientKey).toBe(resources.patientKey(patient));
      expect(found[2]?.patientKey).toBeUndefined();
    });

    it('answers undefined for what is not there', async () => {
      expect(await resources.get('Patient', 'nobody')).toBeUndefined();
      expect(await resources.get('Observation', serverId('Observation', 'nobody', 0))).toBeUndefined();
      expect(await resources.get('Organization', serverId('Organization'))).toBeUndefined();
      expect(await resources.getVersion('Patient', 'nobody', 1)).toBeUndefined();
      expect((await resources.history('Observation', 'nothing', { limit: 5 })).items).toEqual([]);
    });

    it('never takes an id twice', async () => {
      const [id, organization] = [fresh('o'), fresh('org')];
      await resources.commit(
        create(draft('Observation', id, { patient: 'p1' }), draft('Organization', organization)),
        NOW,
      );

      for (const again of [
        draft('Observation', id, { patient: 'p1' }),
        draft('Observation', id, { patient: 'p2', date: 5 }),
        draft('Observation', id),
        draft('Organization', organization),
      ]) {
        const refused = resources.commit(create(draft('Patient', fresh('p')), again), NOW);
        await expect(refused).rejects.toMatchObject({ reason: 'exists', at: 1, refusal: 'conflict' });
        await expect(refused).rejects.toBeInstanceOf(WriteRefused);
      }
    });

    it('holds a body that is too large for an item', async () => {
      const id = fresh('big');
      const noise = Array.from({ length: 400_000 }, (_, at) =>
        String.fromCharCode(33 + ((at * at * 7919 + at) % 90)),
      ).join('');
      const text = noise + Array.from({ length: 60_000 }, () => Math.random().toString(36)).join('');
      await resources.commit(create(draft('DocumentReference', id, { patient: 'p1' }, { description: text })), NOW);

      expect((await resources.get('DocumentReference', id))?.resource().description).toBe(text);
    });
  });

  describe('update', () => {
    it('makes the next version, and keeps the one before', async () => {
      const id = fresh('o');
      const [first] = await resources.commit(
        create(draft('Observation', id, { patient: 'p1', date: 0 }, { v: 1 })),
        NOW,
      );
      const [second] = await resources.commit(
        replace(first!, draft('Observation', id, { patient: 'p1', date: 0 }, { v: 2 })),
        NOW + 1000,
      );
      const [third] = await resources.commit(
        replace(second!, draft('Observation', id, { patient: 'p1' }, { v: 3 })),
        NOW + 2000,
      );

      expect(third).toMatchObject({ version: 3, lastUpdated: NOW + 2000 });
      const versions = await Promise.all(
        [1, 2, 3, 4].map((version) => resources.getVersion('Observation', id, version)),
      );
      expect(versions.map((one) => one?.resource().v)).toEqual([1, 2, 3, undefined]);
      expect(versions.map((one) => one?.lastUpdated)).toEqual([NOW, NOW + 1000, NOW + 2000, undefined]);
      expect(versions[0]?.text()).toContain(`"id":"${id}","meta":{"versionId":"1"`);
    });

    it('lets one of two writers win, and tells the other', async () => {
      const id = fresh('o');
      const [first] = await resources.commit(create(draft('Observation', id, { patient: 'p1', date: 0 })), NOW);
      const attempts = await Promise.allSettled(
        [1, 2, 3, 4, 5, 6].map((v) =>
          resources.commit(replace(first!, draft('Observation', id, { patient: 'p1' }, { v })), NOW),
        ),
      );

      const lost = attempts.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      expect(lost).toHaveLength(5);
      for (const reason of lost) expect(['stale', 'unavailable']).toContain(reason.refusal);
      expect((await resources.get('Observation', id))?.version).toBe(2);
    });

    it('moves with its clinical date, to and fro, and is found by its id all the while', async () => {
      const patient = (await newPatient()).id;
      const id = serverId('Observation', patient, 10 * DAY);
      const at = (date: number, over = {}) =>
        draft('Observation', id, { patient, date, code: 's|c', ...over }, { date });
      let [current] = await resources.commit(create(at(10 * DAY)), NOW);

      for (const [date, spansDays] of [
        [20 * DAY, false],
        [5 * DAY, false],
        [5 * DAY, true],
        [10 * DAY, false],
        [11 * DAY, false],
      ] as const) {
        [current] = await resources.commit(replace(current!, at(date, { spansDays })), NOW);
        expect((await resources.get('Observation', id))?.resource().date).toBe(date);
        for (const code of [undefined, 's|c']) {
          const around = await resources.scan({ patient, type: 'Observation', from: date - 1, to: date + 1, code });
          expect(idsOf(around.items)).toEqual([id]);
        }
        expect(idsOf((await resources.scan({ patient, type: 'Observation' })).items)).toEqual([id]);
        expect(idsOf((await resources.scan({ patient })).items).sort()).toEqual([patient, id].sort());
      }
      expect((await resources.scan({ patient, type: 'Observation', from: 19 * DAY, to: 21 * DAY })).items).toEqual([]);
      const { items } = await resources.history('Observation', id, { limit: 10 });
      expect(items.map((one) => one.resource().date)).toEqual([11, 10, 5, 5, 20, 10].map((day) => day * DAY));
      expect(idsOf(items)).toEqual(Array(6).fill(id));
    });

    it('refuses another patient', async () => {
      const id = fresh('o');
      const [first] = await resources.commit(create(draft('Observation', id, { patient: 'p1' })), NOW);

      for (const patient of ['p2', undefined]) {
        await expect(
          resources.commit(replace(first!, draft('Observation', id, { patient })), NOW),
        ).rejects.toMatchObject({
          refusal: 'unprocessable',
        });
      }
    });
  });

  describe('delete', () => {
    it('leaves a deletion, which no search shows, and can be followed by a new version', async () => {
      const patient = (await newPatient()).id;
      const id = fresh('o');
      const of = (v: number) => draft('Observation', id, { patient, date: 0, code: 's|c' }, { v });
      const [first] = await resources.commit(create(of(1)), NOW);
      const [gone] = await resources.commit(remove(first!), NOW + 1);

      expect(gone).toMatchObject({ version: 2, deleted: true, method: 'DELETE', lastUpdated: NOW + 1 });
      expect(gone!.text()).toBe('');
      expect(await resources.get('Observation', id)).toMatchObject({ deleted: true, version: 2, id });
      expect((await resources.scan({ patient, type: 'Observation' })).items).toEqual([]);
      expect((await resources.scan({ patient, type: 'Observation', code: 's|c' })).items).toEqual([]);

      const [back] = await resources.commit(replace(gone!, of(3)), NOW + 2);
      expect(back).toMatchObject({ version: 3, deleted: false });
      expect(idsOf((await resources.scan({ patient, type: 'Observation', code: 's|c' })).items)).toEqual([id]);
      const { items } = await resources.history('Observation', id, { limit: 10 });
      expect(items.map((one) => [one.version, one.deleted])).toEqual([
        [3, false],
        [2, true],
        [1, false],
      ]);
      expect(await resources.getVersion('Observation', id, 2)).toMatchObject({ deleted: true });
    });

    it('does not set the id free', async () => {
      const [id, organization] = [fresh('o'), fresh('org')];
      const stored = await resources.commit(
        create(draft('Observation', id, { patient: 'p1' }), draft('Organization', organization)),
        NOW,
      );
      await resources.commit(stored.flatMap(remove), NOW);

      for (const again of [draft('Observation', id, { patient: 'p1' }), draft('Organization', organization)]) {
        await expect(resources.commit(create(again), NOW)).rejects.toMatchObject({ reason: 'exists' });
      }
    });
  });

  describe('history', () => {
    it('pages newest first, since a time', async () => {
      const id = fresh('org');
      let [current] = await resources.commit(create(draft('Organization', id, {}, { v: 1 })), NOW);
      for (let v = 2; v <= 7; v += 1) {
        [current] = await resources.commit(replace(current!, draft('Organization', id, {}, { v })), NOW + v * 1000);
      }

      const pages: number[][] = [];
      let after: string | undefined;
      do {
        const page = await resources.history('Organization', id, { limit: 3, after });
        pages.push(page.items.map((one) => one.resource().v as number));
        after = page.next;
      } while (after);

      expect(pages).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
      const since = await resources.history('Organization', id, { limit: 9, since: NOW + 5000 });
      expect(since.items.map((one) => one.version)).toEqual([7, 6, 5]);
    });
  });

  describe('commit', () => {
    it('takes all of its writes, or none', async () => {
      const [a, b, patient] = [fresh('o'), fresh('o'), fresh('p')];
      const [first] = await resources.commit(create(draft('Observation', a, { patient, date: 0 })), NOW);
      await resources.commit(replace(first!, draft('Observation', a, { patient })), NOW);

      const refused = resources.commit(
        [
          ...create(draft('Observation', b, { patient, date: 0 })),
          ...replace(first!, draft('Observation', a, { patient })),
        ],
        NOW,
      );

      await expect(refused).rejects.toMatchObject({ reason: 'changed', at: 1, refusal: 'stale' });
      expect(await resources.get('Observation', b)).toBeUndefined();
      expect((await resources.get('Observation', a))?.version).toBe(2);
      await resources.commit(create(draft('Observation', b, { patient, date: 0 })), NOW);
    });

    it('answers in the order of the writes', async () => {
      const patient = fresh('p');
      const drafts = Array.from({ length: 30 }, (_, at) =>
        draft('Observation', fresh('o'), { patient, date: at * DAY }),
      );
      const stored = await resources.commit(create(...drafts), NOW);

      expect(idsOf(stored)).toEqual(drafts.map(({ id }) => id));
      expect(idsOf((await resources.scan({ patient, type: 'Observation' })).items)).toEqual(
        drafts.map(({ id }) => id).reverse(),
      );
    });

    it('does nothing for nothing', async () => {
      expect(await resources.commit([], NOW)).toEqual([]);
    });
  });

  it.runIf(store === 'memory')('logs changes, newest first', async () => {
    const own = await open();
    const [first] = await own.commit(create(draft('Organization', 'org')), NOW);
    await own.commit(create(draft('Patient', 'p')), NOW + 1);
    await own.commit(remove(first!), NOW + 2);

    const { changes } = await own.changes({ limit: 10 });
    expect(changes.map(({ type, version }) => [type, version])).toEqual([
      ['Organization', 2],
      ['Patient', 1],
      ['Organization', 1],
    ]);
    const page = await own.changes({ type: 'Organization', limit: 1 });
    expect((await own.changes({ type: 'Organization', limit: 1, after: page.next })).changes[0]?.version).toBe(1);
    expect((await own.changes({ limit: 10, since: NOW + 1 })).changes).toHaveLength(2);
  });
});
