// What waits for one facility, person, place or schedule: one read of its list, whichever patients it is about (docs/search.md).
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { matching, search } from '../../../functions/search/search.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import type { Resources } from '../../../functions/storage/port.ts';
import { context, given, NOW, paramsOf, region, requestOf, searching, store } from './support.ts';

const to = (reference: string) => ({ reference });
const of = (patient: string) => to(`Patient/${patient}`);

const resources: Resource[] = [
  given('Task', 't1', { for: of('p'), owner: to('Organization/o'), status: 'requested', authoredOn: '2026-11-01' }),
  given('Task', 't2', { for: of('q'), owner: to('Organization/o'), status: 'accepted', authoredOn: '2026-11-02' }),
  given('Task', 't3', { for: of('q'), requester: to('Organization/o'), status: 'requested', authoredOn: '2026-11-03' }),
  given('Task', 'nobodys', { owner: to('Organization/o'), status: 'requested' }),
  given('Task', 'resident', { for: of('p'), owner: of('p'), status: 'requested' }),
  given('ServiceRequest', 's1', {
    subject: of('p'),
    performer: [to('Organization/x'), to('Organization/o')],
    requester: to('Practitioner/d'),
    status: 'active',
  }),
  given('ServiceRequest', 's2', { subject: of('q'), performer: [to('Organization/o')], status: 'completed' }),
  given('Appointment', 'a1', {
    status: 'booked',
    start: '2026-11-22T01:00:00Z',
    participant: [{ actor: of('p') }, { actor: to('Location/room') }, { actor: to('Practitioner/d') }],
  }),
  given('Appointment', 'a2', {
    status: 'cancelled',
    start: '2026-11-23T01:00:00Z',
    participant: [{ actor: of('q') }, { actor: to('Practitioner/e') }, { actor: to('Practitioner/d') }],
  }),
  given('Appointment', 'meeting', {
    status: 'booked',
    start: '2026-11-22T02:00:00Z',
    participant: [{ actor: to('Location/room') }],
  }),
  given('Slot', 'slot1', { schedule: to('Schedule/s'), status: 'free', start: '2026-11-22T01:00:00Z' }),
  given('Slot', 'slot2', { schedule: to('Schedule/s'), status: 'busy', start: '2026-11-23T01:00:00Z' }),
  given('Slot', 'slot3', { schedule: to('Schedule/other'), status: 'free', start: '2026-11-22T01:00:00Z' }),
  given('Encounter', 'ward', {
    subject: of('p'),
    serviceProvider: to('Organization/o'),
    status: 'in-progress',
    period: { start: '2026-11-01' },
  }),
  given('Encounter', 'visit', {
    subject: of('q'),
    serviceProvider: to('Organization/o'),
    status: 'finished',
    period: { start: '2026-11-22T01:00:00Z', end: '2026-11-22T02:00:00Z' },
  }),
  given('DocumentReference', 'letter', { subject: of('p'), custodian: to('Organization/o'), status: 'current' }),
  given('Communication', 'c1', { subject: of('p'), recipient: [to('Organization/x'), to('Organization/o')] }),
  given('Communication', 'c2', { subject: of('q'), recipient: [of('q'), to('Organization/o')] }),
  given('CarePlan', 'due', {
    subject: of('p'),
    status: 'active',
    careTeam: [to('CareTeam/team')],
    activity: [{ detail: { performer: [to('Organization/o')], scheduledPeriod: { start: '2026-11-20' } } }],
  }),
  given('CarePlan', 'later', {
    subject: of('q'),
    status: 'active',
    activity: [{ detail: { performer: [to('Organization/o')], scheduledPeriod: { start: '2026-12-20' } } }],
  }),
  ...['p', 'q'].map((id) => given('Patient', id)),
];

const watched = async () => {
  const { resources: real, seal } = openMemory(() => NOW);
  await store(real, resources);
  const calls: string[] = [];
  const spy =
    <K extends 'workList' | 'walk' | 'lookup' | 'scan'>(name: K) =>
    (query: Parameters<Resources[K]>[0]) => {
      calls.push(name);
      return (real[name] as (asked: typeof query) => ReturnType<Resources[K]>)(query);
    };
  const spied: Resources = {
    ...real,
    workList: spy('workList'),
    walk: spy('walk'),
    lookup: spy('lookup'),
    scan: spy('scan'),
  };
  const services = { resources: spied, seal, clock: () => NOW, region };
  return { calls, ask: search(services), matching: matching(services) };
};

describe('a work list answers', () => {
  it.each([
    ['Task?owner=Organization/o', ['nobodys', 't1', 't2']],
    ['Task?owner=Organization/o&status=requested', ['nobodys', 't1']],
    ['Task?owner=Organization/o&status=REQUESTED,accepted', ['nobodys', 't1', 't2']],
    ['Task?owner=Organization/o&status:not=requested', ['t2']],
    ['Task?owner=Organization/o&status=requested&authored-on=ge2026-11-01', ['t1']],
    ['Task?owner:Organization=o&patient=Patient/q', ['t2']],
    ['Task?requester=Organization/o', ['t3']],
    ['Task?owner=Patient/p', ['resident']],
    ['ServiceRequest?performer=Organization/o', ['s1', 's2']],
    ['ServiceRequest?performer=Organization/x,Organization/o', ['s1', 's2']],
    ['ServiceRequest?performer=Organization/o,Organization/x&status=active', ['s1']],
    ['ServiceRequest?requester=Practitioner/d', ['s1']],
    ['Appointment?location=Location/room&date=2026-11-22', ['a1', 'meeting']],
    ['Appointment?location=room&date=ge2026-11-23', []],
    ['Appointment?practitioner=Practitioner/d', ['a1', 'a2']],
    ['Appointment?practitioner=d,e', ['a1', 'a2']],
    ['Appointment?actor=Practitioner/d&status=booked', ['a1']],
    ['Appointment?actor=Location/room', ['a1', 'meeting']],
    ['Slot?schedule=Schedule/s', ['slot1', 'slot2']],
    ['Slot?schedule=s&start=ge2026-11-22&start=lt2026-11-23&status=free', ['slot1']],
    ['Slot?schedule=s,other&start=2026-11-22', ['slot1', 'slot3']],
    ['Encounter?service-provider=Organization/o&date=2026-11-22', ['visit']],
    ['Encounter?service-provider=Organization/o&date=ge2026-11-22', ['visit', 'ward']],
    ['DocumentReference?custodian=Organization/o', ['letter']],
    ['Communication?recipient=Organization/o', ['c1', 'c2']],
    ['CarePlan?performer=Organization/o&status=active&activity-date=le2026-11-30', ['due']],
    ['CarePlan?care-team=CareTeam/team', ['due']],
    ['Task?owner=Organization/o&_sort=-authored-on', ['t2', 't1', 'nobodys']],
  ])('%s', async (url, wanted) => {
    const { ask, calls } = await watched();
    const { matches, outcome } = await ask(context(), requestOf(url));
    const found = matches.map(({ id }) => id);
    expect(url.includes('_sort') ? found : found.toSorted()).toEqual(
      url.includes('_sort') ? wanted : wanted.toSorted(),
    );
    expect(calls).not.toContain('walk');
    expect(outcome).toEqual([]);
  });
});

it('a search for owners of several kinds, or elsewhere, still finds all', async () => {
  const { all } = await searching(resources);
  expect((await all('Appointment?actor=Location/room,Practitioner/e')).toSorted()).toEqual([
    'Appointment/a1',
    'Appointment/a2',
    'Appointment/meeting',
  ]);
  expect(await all('Task?owner=o')).toHaveLength(3);
});

it('pages of a list follow one another, none lost and none twice', async () => {
  const many = Array.from({ length: 230 }, (_, i) =>
    given('Task', `m${i}`, {
      ...(i % 5 > 0 && { for: of(`p${i % 9}`) }),
      owner: to('Organization/o'),
      status: i % 3 ? 'requested' : 'accepted',
      authoredOn: `2026-11-${String((i % 28) + 1).padStart(2, '0')}`,
    }),
  );
  const { all } = await searching(many);
  for (const url of ['Task?owner=Organization/o&_count=7', 'Task?owner=Organization/o&_sort=authored-on&_count=50']) {
    const found = await all(url);
    expect(found).toHaveLength(230);
    expect(new Set(found).size).toBe(230);
  }
  expect(await all('Task?owner=Organization/o&status=requested&authored-on=ge2026-11-10&_count=10')).toHaveLength(
    many.filter((task) => task.status === 'requested' && String(task.authoredOn) >= '2026-11-10').length,
  );
});

it('a conditional interaction never relies on a list, which trails the writes', async () => {
  const { matching, calls } = await watched();
  const found = await matching(context(), 'Task', paramsOf('owner=Organization/o&status=accepted'), () => true);
  expect(found.map(({ id }) => id)).toEqual(['t2']);
  expect(calls).not.toContain('workList');
});
