// Work lists against brute force: whatever owners, kinds of date and statuses there are and are asked for, all pages of a list are
// what matching every resource finds, in both stores.
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { matchesAll } from '../../../functions/search/match.ts';
import { parse } from '../../../functions/search/parse.ts';
import type { Resources } from '../../../functions/storage/port.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { dynamo } from '../storage/given.ts';
import { BASE, given, NOW, paramsOf, searching } from './support.ts';

afterAll(stopDynamoDb);

const OWNERS = ['Organization/a', 'Organization/b', 'Practitioner/a', 'Practitioner/c', 'Patient/p0'];
const ROOMS = ['Location/x', 'Location/y', 'Practitioner/a', 'Practitioner/c', 'Patient/p1'];
const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03T09:00:00+09:00', '2026-11', '2026-12-01'];
const STATUSES = ['requested', 'accepted', 'completed'];

const to = (reference: string) => ({ reference });
const pick = <T>(from: readonly T[], at: number): T => from[at % from.length]!;
const population = Array.from({ length: 260 }, (_, i): Resource => {
  const kind = i % 5;
  const subject = i % 7 === 0 ? undefined : to(`Patient/p${i % 4}`);
  const day = i % 11 === 0 ? undefined : pick(DAYS, i * 3);
  const status = pick(STATUSES, Math.floor(i / 2));
  const owners = (all: readonly string[]) =>
    Array.from({ length: i % 4 }, (_, at) => to(pick(all, i * 7 + at * (1 + (i % 3)))));
  if (kind === 0)
    return given('Task', `r${i}`, {
      ...(subject && { for: subject }),
      ...(day && { authoredOn: day }),
      status,
      ...(i % 3 && { owner: to(pick(OWNERS, i)) }),
      ...(i % 4 && { requester: to(pick(OWNERS, i * 3)) }),
    });
  if (kind === 1)
    return given('ServiceRequest', `r${i}`, {
      subject: subject ?? to('Group/g'),
      ...(day && { authoredOn: day }),
      status,
      performer: owners(OWNERS),
      requester: to(pick(OWNERS, i * 5)),
    });
  if (kind === 2)
    return given('Appointment', `r${i}`, {
      status,
      ...(day?.includes('T') && { start: day }),
      participant: [...(subject ? [{ actor: subject }] : []), ...owners(ROOMS).map((actor) => ({ actor }))],
    });
  if (kind === 3)
    return given('Encounter', `r${i}`, {
      ...(subject && { subject }),
      status,
      serviceProvider: to(pick(OWNERS, i).replace('Practitioner', 'Organization')),
      ...(day && { period: { start: day, ...(i % 2 && { end: pick(DAYS, i) }) } }),
    });
  return given('Slot', `r${i}`, {
    schedule: to(`Schedule/${i % 2}`),
    status,
    ...(day?.includes('T') && { start: day }),
  });
});

const KINDS: readonly (readonly [string, readonly string[], string, readonly string[]])[] = [
  ['Task', ['owner', 'requester'], 'authored-on', OWNERS],
  ['ServiceRequest', ['performer', 'requester'], 'authored', OWNERS],
  ['Appointment', ['location', 'practitioner', 'actor'], 'date', ROOMS],
  ['Encounter', ['service-provider'], 'date', ['Organization/a', 'Organization/b']],
  ['Slot', ['schedule'], 'start', ['Schedule/0', 'Schedule/1']],
];

const search = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    list: fc.nat(2),
    owners: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
    statuses: fc.option(fc.subarray([...STATUSES, 'REQUESTED'], { minLength: 1 }), { nil: undefined }),
    dates: fc.array(fc.tuple(fc.constantFrom('', 'ge', 'gt', 'le', 'lt', 'sa', 'eb', 'ne'), fc.constantFrom(...DAYS)), {
      maxLength: 2,
    }),
    count: fc.integer({ min: 1, max: 30 }),
  })
  .map(({ kind: [type, lists, date, from], list, owners, statuses, dates, count }) => {
    const wanted = owners.map((at) => pick(from, at)).join(',');
    const criteria = [
      `${pick(lists, list)}=${wanted}`,
      ...(statuses ? [`status=${statuses.join(',')}`] : []),
      ...dates.map(([prefix, day]) => `${date}=${prefix}${encodeURIComponent(day)}`),
    ];
    return { type, criteria: criteria.join('&'), count };
  });

describe.each([
  ['memory', async (): Promise<Resources | undefined> => undefined, 1500],
  ['DynamoDB', (): Promise<Resources | undefined> => dynamo(), 80],
] as const)('a work list in %s', (_, open, runs) => {
  it('is what matching every resource finds, over all its pages and each once', { timeout: 240_000 }, async () => {
    const { all } = await searching(population, () => NOW, await open());
    await fc.assert(
      fc.asyncProperty(search, async ({ type, criteria, count }) => {
        const asked = {
          type,
          compartment: undefined,
          handling: 'strict' as const,
          now: NOW,
          baseUrls: [`${BASE}/fhir`],
        };
        const query = parse({ ...asked, params: paramsOf(criteria), facility: undefined });
        const wanted = population
          .filter((one) => one.resourceType === type && matchesAll(query.criteria, one, {}))
          .map(({ id }) => `${type}/${id}`);
        expect((await all(`${type}?${criteria}&_count=${count}`)).toSorted()).toEqual(wanted.toSorted());
      }),
      { numRuns: runs },
    );
  });
});
