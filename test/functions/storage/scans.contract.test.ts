// Reading in runs, the same in both stores (functions/storage/port.ts): a compartment, everything, look-ups.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resources, Stored } from '../../../functions/storage/port.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { all, create, DAY, draft, dynamo, idsOf, memory, NOW, remove, replace } from './given.ts';

afterAll(stopDynamoDb);

let count = 0;
const fresh = (name: string) => `${name}-${++count}`;

describe.each([
  ['memory', memory],
  ['DynamoDB', () => dynamo()],
  ['DynamoDB, staged', () => dynamo({ transactionRows: 0, batchRows: 25 })],
] as const)('runs of Resources in %s', (_, open) => {
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
});

it('any scan brings from DynamoDB what it brings from memory, page by page', { timeout: 120_000 }, async () => {
  const stores = await Promise.all([memory(), dynamo()]);
  const codes = ['s|a', 's|b', undefined];
  const drafts = Array.from({ length: 120 }, (_, at) => {
    const type = at % 4 ? 'Observation' : 'Encounter';
    const code = type === 'Observation' ? codes[(at * 7) % 3] : undefined;
    const tokens = [`status=${at % 5 ? 'final' : 'amended'}`, ...(code ? [`code=${code}`] : [])];
    // Dates apart, in no order of their own: their order is the same in both stores.
    const date = ((at * 37) % 120) * DAY;
    return draft(type, `r${at}`, { patient: 'p', date, spansDays: (at * 11) % 7 === 0, code, tokens });
  });
  for (const store of stores) for (const one of drafts) await store.commit(create(one), NOW);

  const day = fc.option(fc.integer({ min: -5, max: 125 }), { nil: undefined });
  const asked = fc.record({
    type: fc.constantFrom('Observation', 'Encounter', 'Condition'),
    from: day,
    to: day,
    code: fc.constantFrom('s|a', 's|b', undefined, undefined),
    prune: fc.constantFrom(undefined, [['status=amended']], [['status=final', 'status=x'], ['code=s|a']]),
    limit: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(asked, async ({ from, to, code, type, ...rest }) => {
      const scan = {
        patient: 'p',
        type,
        code: type === 'Observation' ? code : undefined,
        from: from === undefined ? undefined : from * DAY,
        to: to === undefined ? undefined : to * DAY,
        ...rest,
      };
      const [inMemory, inDynamo] = await Promise.all(
        stores.map(async (store) => idsOf(await all((after) => store.scan({ ...scan, after })))),
      );
      expect(inDynamo).toEqual(inMemory);
    }),
    { numRuns: 150 },
  );
});
