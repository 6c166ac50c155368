// Work lists, the same in both stores (functions/storage/port.ts).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resources, WorkEntry, WorkQuery } from '../../../functions/storage/port.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { create, draft, dynamo, memory, NOW, remove, replace } from './given.ts';

afterAll(stopDynamoDb);

const OWNER = 'Organization/o';
const task = (status: string, date: string, over: Partial<WorkEntry> = {}): WorkEntry => ({
  list: 'owner',
  owner: OWNER,
  status,
  date,
  index: 1,
  ...over,
});
const visit = (status: string, date: string, over: Partial<WorkEntry> = {}): WorkEntry => ({
  list: 'location',
  owner: 'Location/l',
  status,
  date,
  index: 2,
  byDate: true,
  ...over,
});

describe.each([
  ['memory', memory],
  ['DynamoDB', () => dynamo()],
] as const)('work lists in %s', (_, open) => {
  let resources: Resources;
  const ids = new Map<string, string>();
  const put = async (name: string, type: string, work: WorkEntry[], patient: string | undefined = 'p') => {
    const id = resources.allocate(type, { patient, otherPatients: [], date: undefined, spansDays: false });
    ids.set(id, name);
    const [stored] = await resources.commit(create(draft(type, id, { patient, work })), NOW);
    return stored!;
  };
  const listed = async (over: Partial<WorkQuery> & Pick<WorkQuery, 'type'>, limit?: number) => {
    const asked = { list: 'owner', owner: OWNER, index: 1 as const, ...over };
    const found: (string | undefined)[] = [];
    let after: string | undefined;
    do {
      const page = await resources.workList({ ...asked, after, limit });
      found.push(...page.items.map(({ stored }) => ids.get(stored.id)));
      after = page.next;
    } while (after !== undefined);
    return found;
  };
  const visits = (over: Partial<WorkQuery> = {}, limit?: number) =>
    listed({ type: 'Appointment', list: 'location', owner: 'Location/l', index: 2, byDate: true, ...over }, limit);

  beforeAll(async () => {
    resources = await open();
    await put('requested1', 'Task', [task('requested', '2026-11-01T00:00:00.000Z')]);
    await put('requested2', 'Task', [task('requested', '2026-11-02T00:00:00.000Z')], 'q');
    await put('done', 'Task', [task('completed', '2026-11-01T00:00:00.000Z')]);
    await put('long', 'Task', [task('requested', '2026-10-01T00:00:00.000Z', { spansDays: true })]);
    await put('another’s', 'Task', [task('requested', '2026-11-01T00:00:00.000Z', { owner: 'Organization/x' })]);
    await put('asked for', 'Task', [task('requested', '2026-11-01T00:00:00.000Z', { list: 'requester', index: 2 })]);
    await put('monday', 'Appointment', [visit('booked', '2026-11-23T01:00:00.000Z')]);
    await put('tuesday', 'Appointment', [visit('booked', '2026-11-24T01:00:00.000Z')], 'q');
    await put('cancelled', 'Appointment', [visit('cancelled', '2026-11-23T02:00:00.000Z')]);
    await put('weeks', 'Appointment', [visit('booked', '2026-11-01T00:00:00.000Z', { spansDays: true })]);
  });

  it('hold one owner’s items of all patients, by status and then by date', async () => {
    expect(await listed({ type: 'Task' })).toEqual(['done', 'requested1', 'requested2', 'long']);
    expect(await listed({ type: 'Task', status: 'requested' })).toEqual(['requested1', 'requested2', 'long']);
    expect(await listed({ type: 'Task', owner: 'Organization/x' })).toEqual(['another’s']);
    expect(await listed({ type: 'ServiceRequest' })).toEqual([]);
  });
  it('of the second role are found by the second index, also of an item that has no first', async () => {
    expect(await listed({ type: 'Task', list: 'requester', index: 2 })).toEqual(['asked for']);
  });
  it('are narrowed by date within a status; long periods are found whenever they start before the end', async () => {
    const from = '2026-11-02T00:00:00.000Z';
    expect(await listed({ type: 'Task', status: 'requested', from })).toEqual(['requested2', 'long']);
    expect(await listed({ type: 'Task', status: 'requested', to: '2026-11-01T23:00:00.000Z' })).toEqual([
      'requested1',
      'long',
    ]);
    expect(await listed({ type: 'Task', status: 'requested', to: '2026-09-01T00:00:00.000Z' })).toEqual([]);
  });
  it('that are by date are narrowed by date whatever the status is', async () => {
    expect(await visits()).toEqual(['monday', 'cancelled', 'tuesday', 'weeks']);
    const day = { from: '2026-11-23T00:00:00.000Z', to: '2026-11-23T23:59:59.999Z' };
    expect(await visits(day)).toEqual(['monday', 'cancelled', 'weeks']);
  });
  it.each([1, 2, 3])('come page by page, %i at a time', async (limit) => {
    expect(await listed({ type: 'Task' }, limit)).toEqual(['done', 'requested1', 'requested2', 'long']);
    expect(await visits({ from: '2026-11-23T00:00:00.000Z' }, limit)).toEqual([
      'monday',
      'cancelled',
      'tuesday',
      'weeks',
    ]);
  });
  it('show an item as it is now, where it is now, and no deleted one', async () => {
    const was = await put('moving', 'Task', [task('draft', '2026-11-05T00:00:00.000Z', { owner: 'Organization/m' })]);
    const mine = { type: 'Task', owner: 'Organization/m' };
    const now = draft('Task', was.id, {
      patient: 'p',
      work: [task('accepted', '2026-11-05T00:00:00.000Z', { owner: 'Organization/m' })],
    });
    const [changed] = await resources.commit(replace(was, now), NOW + 1);
    expect(await listed({ ...mine, status: 'draft' })).toEqual([]);
    expect(await listed({ ...mine, status: 'accepted' })).toEqual(['moving']);
    const { items } = await resources.workList({ ...mine, list: 'owner', index: 1 });
    expect(items[0]!.stored.version).toBe(2);
    await resources.commit(remove(changed!), NOW + 2);
    expect(await listed(mine)).toEqual([]);
  });
  it('of what is kept with no patient are rows of the registry, bounded by their sort text', async () => {
    const row = (sort: string) => [{ bucket: 'work' as const, key: 'Slot.schedule|Schedule/s', sort }];
    for (const day of ['01', '02', '03'])
      await resources.commit(create(draft('Slot', `slot${day}`, { lookups: row(`2026-11-${day}^free`) })), NOW);
    const found = await resources.lookup({
      bucket: 'work',
      key: 'Slot.schedule|Schedule/s',
      sortFrom: '2026-11-02',
      sortTo: '2026-11-02',
    });
    expect(found.rows.map(({ id }) => id)).toEqual(['slot02']);
    const open = { bucket: 'work' as const, key: 'Slot.schedule|Schedule/s', sortFrom: '2026-11-02' };
    expect((await resources.lookup(open)).rows.map(({ id }) => id)).toEqual(['slot02', 'slot03']);
  });
});
