// One promise (functions/storage/port.ts), kept by both stores; the DynamoDB one also when every larger commit is staged.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resources, Stored } from '../../../functions/storage/port.ts';
import { WriteRefused } from '../../../functions/storage/write-refused.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { all, create, DAY, draft, dynamo, idsOf, memory, NOW, remove, replace } from './given.ts';

afterAll(stopDynamoDb);

let count = 0;
const fresh = (name: string) => `${name}-${++count}`;

describe.each([
  ['memory', memory],
  ['DynamoDB', () => dynamo()],
  ['DynamoDB, staged', () => dynamo({ transactionRows: 0 })],
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

  describe('scan', () => {
    let patient: string;
    const ids: Record<string, string> = {};
    beforeAll(async () => {
      patient = (await newPatient()).id;
      const put = async (name: string, type: string, date: number, over: object = {}) => {
        ids[name] = serverId(type, patient, date, 'spansDays' in over);
        await resources.commit(create(draft(type, ids[name], { patient, date, ...over })), NOW);
      };
      await put('hb1', 'Observation', 1 * DAY, { code: 'l|hb', tokens: ['code=l|hb', 'status=final'] });
      await put('hb3', 'Observation', 3 * DAY, { code: 'l|hb', tokens: ['code=l|hb', 'status=amended'] });
      await put('na2', 'Observation', 2 * DAY, { code: 'l|na', tokens: ['code=l|na', 'status=final'] });
      await put('hbLong', 'Observation', 2 * DAY, { code: 'l|hb', spansDays: true, tokens: ['code=l|hb'] });
      await put('stay', 'Encounter', 1 * DAY, { spansDays: true });
      await put('visit', 'Encounter', 4 * DAY);
      await resources.commit(create(draft('Observation', fresh('other'), { patient: 'someone else', date: DAY })), NOW);
    });
    const names = (items: readonly Stored[]) =>
      items.map(({ id }) => (id === patient ? 'patient' : Object.keys(ids).find((name) => ids[name] === id)));
    const scan = async (over: object) => names((await resources.scan({ patient, ...over })).items);

    it('brings a type, newest clinical date first', async () => {
      expect(await scan({ type: 'Observation' })).toEqual(['hb3', 'na2', 'hbLong', 'hb1']);
      expect(await scan({ type: 'Encounter' })).toEqual(['visit', 'stay']);
      expect(await scan({ type: 'Condition' })).toEqual([]);
      expect(await scan({ type: 'Patient' })).toEqual(['patient']);
    });

    it('brings the whole compartment, the Patient first', async () => {
      const found = await scan({});
      expect(found[0]).toBe('patient');
      expect(found.toSorted()).toEqual(['hb1', 'hb3', 'hbLong', 'na2', 'patient', 'stay', 'visit']);
    });

    it('keeps to dates, both ends included, and always brings what spans days', async () => {
      expect(await scan({ type: 'Observation', from: 2 * DAY, to: 3 * DAY })).toEqual(['hb3', 'na2', 'hbLong']);
      expect(await scan({ type: 'Observation', to: 1 * DAY })).toEqual(['hbLong', 'hb1']);
      expect(await scan({ type: 'Observation', from: 3 * DAY })).toEqual(['hb3', 'hbLong']);
      expect(await scan({ type: 'Encounter', from: 9 * DAY, to: 10 * DAY })).toEqual(['stay']);
    });

    it('keeps to a primary code', async () => {
      expect(await scan({ type: 'Observation', code: 'l|hb' })).toEqual(['hb3', 'hbLong', 'hb1']);
      expect(await scan({ type: 'Observation', code: 'l|hb', from: 2 * DAY })).toEqual(['hb3', 'hbLong']);
      expect(await scan({ type: 'Observation', code: 'l|k' })).toEqual([]);
    });

    it('prunes by tokens: AND over the lists, OR within', async () => {
      expect(await scan({ type: 'Observation', prune: [['status=final']] })).toEqual(['na2', 'hb1']);
      expect(await scan({ type: 'Observation', prune: [['status=final', 'status=amended'], ['code=l|hb']] })).toEqual([
        'hb3',
        'hb1',
      ]);
    });

    it('goes on behind any item', async () => {
      for (const over of [
        { type: 'Observation' },
        {},
        { type: 'Observation', code: 'l|hb' },
        { type: 'Observation', to: 3 * DAY },
      ]) {
        const { items } = await resources.scan({ patient, ...over });
        for (const [at, item] of items.entries()) {
          expect(await scan({ ...over, after: item.position })).toEqual(names(items.slice(at + 1)));
        }
      }
    });

    it('reads little more than the limit, and misses nothing over the pages', async () => {
      for (const limit of [1, 2, 3]) {
        for (const over of [
          { type: 'Observation' },
          {},
          { type: 'Observation', from: DAY },
          { type: 'Observation', prune: [['code=l|hb']] },
        ]) {
          const whole = await scan(over);
          expect(names(await all((after) => resources.scan({ patient, ...over, limit, after })))).toEqual(whole);
        }
      }
    });

    it('knows what an item may have', async () => {
      const { items } = await resources.scan({ patient, type: 'Observation', code: 'l|na' });
      expect(items[0]?.mayHave('status=final')).toBe(true);
      expect(items[0]?.mayHave('status=amended')).toBe(false);
    });
  });

  describe('several patients', () => {
    it('shows a resource in each compartment, until it leaves one', async () => {
      const [a, b, c] = [await newPatient(), await newPatient(), await newPatient()];
      const id = serverId('Appointment', a.id, 5 * DAY);
      const of = (others: Stored[], date = 5 * DAY) =>
        draft('Appointment', id, {
          patient: a.id,
          otherPatients: others.map((one) => one.id),
          date,
          tokens: ['status=booked'],
        });
      const seen = async () =>
        Promise.all(
          [a, b, c].map(
            async ({ id: patient }) => (await resources.scan({ patient, type: 'Appointment' })).items.length,
          ),
        );

      let [current] = await resources.commit(create(of([b])), NOW);
      expect(await seen()).toEqual([1, 1, 0]);
      [current] = await resources.commit(replace(current!, of([b, c], 6 * DAY)), NOW);
      expect(await seen()).toEqual([1, 1, 1]);
      expect((await resources.scan({ patient: c.id, type: 'Appointment', to: 5 * DAY })).items).toEqual([]);
      expect(
        (await resources.scan({ patient: c.id, type: 'Appointment', prune: [['status=booked']] })).items[0]?.version,
      ).toBe(2);
      [current] = await resources.commit(replace(current!, of([c])), NOW);
      expect(await seen()).toEqual([1, 0, 1]);
      await resources.commit(remove(current!), NOW);
      expect(await seen()).toEqual([0, 0, 0]);
    });
  });

  describe('lookup', () => {
    const rows = (key: string, sortPrefix?: string) => resources.lookup({ bucket: 'identifier', key, sortPrefix });
    const identified = (id: string, ...values: [string, string, string?][]) =>
      draft('Patient', id, {
        lookups: values.map(([key, sort, card]) => ({
          bucket: 'identifier' as const,
          key,
          sort,
          ...(card && { card }),
        })),
      });

    it('follows create, update and delete', async () => {
      const [id, one, two] = [fresh('p'), fresh('value'), fresh('value')];
      const [first] = await resources.commit(create(identified(id, [one, 'sys', '{"n":1}'])), NOW);
      expect((await rows(one)).rows).toEqual([{ type: 'Patient', id, sort: 'sys', card: '{"n":1}' }]);

      const [second] = await resources.commit(
        replace(first!, identified(id, [one, 'sys', '{"n":2}'], [two, 'sys'])),
        NOW,
      );
      expect((await rows(one)).rows[0]?.card).toBe('{"n":2}');
      expect((await rows(two)).rows).toEqual([{ type: 'Patient', id, sort: 'sys', card: undefined }]);

      const [third] = await resources.commit(replace(second!, identified(id, [two, 'sys'])), NOW);
      expect((await rows(one)).rows).toEqual([]);

      await resources.commit(remove(third!), NOW);
      expect((await rows(two)).rows).toEqual([]);
    });

    it('keeps to a prefix, in order, and takes texts of any length', async () => {
      const value = fresh('value');
      const long = 'x'.repeat(5000);
      for (const sort of ['b2', 'a1', 'b1', long, '']) {
        await resources.commit(create(identified(fresh('p'), [value, sort])), NOW);
        await resources.commit(create(identified(fresh('p'), [long, sort])), NOW);
      }

      expect((await rows(value)).rows.map(({ sort }) => (sort.length === 5000 ? 'long' : sort))).toEqual([
        '',
        'a1',
        'b1',
        'b2',
        'long',
      ]);
      expect((await rows(value, 'b')).rows.map(({ sort }) => sort)).toEqual(['b1', 'b2']);
      expect((await rows(value, 'xxx')).rows.map(({ sort }) => sort)).toEqual([long]);
      expect((await rows(long, 'b')).rows).toHaveLength(2);
      expect((await rows(`${long}x`)).rows).toEqual([]);
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

  describe('walk', () => {
    it('meets every resource of a type once, with or without a patient', async () => {
      const own = await open();
      const ids = Array.from({ length: 40 }, () => fresh('basic'));
      await own.commit(
        create(...ids.map((id, at) => draft('Basic', id, at % 2 ? { patient: `p${at % 7}` } : {}))),
        NOW,
      );
      const organizations = Array.from({ length: 20 }, () => fresh('org'));
      await own.commit(
        create(...organizations.map((id) => draft('Organization', id, { tokens: ['active=true'] }))),
        NOW,
      );
      const [gone] = await own.commit(create(draft('Organization', fresh('gone'))), NOW);
      await own.commit(remove(gone!), NOW);

      const walked = (type: string | undefined, prune?: string[][]) => all((after) => own.walk({ type, prune, after }));
      expect(idsOf(await walked('Basic')).sort()).toEqual(ids.toSorted());
      expect(idsOf(await walked('Organization')).sort()).toEqual(organizations.toSorted());
      expect(await walked('Organization', [['active=false']])).toEqual([]);
      expect(idsOf(await walked(undefined)).sort()).toEqual([...ids, ...organizations].toSorted());

      const some = await walked('Organization');
      const rest = await all((after) => own.walk({ type: 'Organization', after: after ?? some[11]!.position }));
      expect(idsOf(rest)).toEqual(idsOf(some.slice(12)));
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
