// The engine against brute force, on Synthea: https://hl7.org/fhir/R4/search.html
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { type Parameter, parametersOf } from '../../../functions/search/parameters.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { dynamo } from '../storage/given.ts';
import { definitionOf, holds, ranges, valuesFor } from './oracle.ts';
import { criterion, dice, obj, parametersFor, varied } from './queries.ts';
import { hasSynthea, NOW, paramsOf, type Searching, searching, synthea } from './support.ts';
import { type Vocabulary, vocabulary } from './vocabulary.ts';

const RUNS = Number(process.env.TSUMUGI_QUERIES ?? 3000);
/** Fewer: each query is a call or more to DynamoDB Local. */
const DYNAMO_RUNS = Math.ceil(RUNS / 10);

const suite = `a search ${hasSynthea ? '' : '(skipped: no shared data) '}in`;
describe.skipIf(!hasSynthea).each([
  ['memory', RUNS],
  ['DynamoDB', DYNAMO_RUNS],
] as const)(`${suite} %s`, (where, runs) => {
  let all: Resource[];
  let engine: Searching;
  let words: Vocabulary;
  const byType = new Map<string, Resource[]>();
  const known = new Map<string, Parameter[]>();

  beforeAll(async () => {
    all = synthea(8).map(varied);
    words = vocabulary(all);
    engine = await searching(
      [...all, ...words.resources],
      () => NOW,
      where === 'DynamoDB' ? await dynamo() : undefined,
    );
    for (const each of all) byType.set(each.resourceType, [...(byType.get(each.resourceType) ?? []), each]);
    for (const [type, of] of byType) known.set(type, parametersFor(type, of));
  });

  afterAll(() => (where === 'DynamoDB' ? stopDynamoDb() : undefined));

  const urlFor = (rolls: readonly number[]): string => {
    const d = dice(rolls);
    const types = [...byType.keys()];
    // Half of the searches are about what there is most of; most values are of one resource, so that several criteria can agree.
    const among = d.next(2) === 0 ? all : byType.get(types[d.next(types.length)]!)!;
    const about = among[d.next(among.length)]!;
    const type = about.resourceType;
    const same = byType.get(type)!;
    const of = [about, about, about, same[d.next(same.length)]!];
    const parameters = known.get(type)!;
    const criteria = Array.from({ length: d.next(4) }, () =>
      criterion(type, parameters[d.next(parameters.length)]!, of, d, words),
    );
    const patients = byType.get('Patient')!;
    const own = (obj(about.subject ?? about.patient).reference as string | undefined)?.split('/')[1];
    const patient = own && d.next(5) > 0 ? own : patients[d.next(patients.length)]!.id;
    const scope = d.next(5);
    const hasPatient = parametersOf(type).has('patient');
    if (scope < 2 && hasPatient) criteria.push(`patient=${patient}`);
    if (scope === 2 && parametersOf(type).has('subject')) criteria.push(`subject=Patient/${patient}`);
    return `${scope === 3 && hasPatient ? `Patient/${patient}/` : ''}${type}?${criteria.filter(Boolean).join('&')}`;
  };

  const expected = (url: string): string[] => {
    const [path = '', query = ''] = url.split(/\?(.*)/s);
    const parts = path.split('/');
    const params = paramsOf(query);
    return byType
      .get(parts.at(-1)!)!
      .filter((resource) => parts.length === 1 || holds(resource, 'patient', `Patient/${parts[1]}`, NOW))
      .filter((resource) => params.every(([key, value]) => holds(resource, key, value, NOW, words)))
      .map(({ resourceType, id }) => `${resourceType}/${id}`)
      .sort();
  };

  it(`finds what brute force finds, page by page, each match once (${runs} queries)`, async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(100_000), { minLength: 40, maxLength: 40 }),
        fc.integer({ min: 1, max: 40 }),
        async (rolls, count) => {
          const url = urlFor(rolls);
          const wanted = expected(url);
          found += wanted.length;
          const got = await engine.all(`${url}&_count=${Math.max(count, Math.ceil(wanted.length / 6))}`);
          expect(got.toSorted(), url).toEqual(wanted);
        },
      ),
      { numRuns: runs, seed: 20261122 },
    );
    expect(found).toBeGreaterThan(runs);
  }, 600_000);

  it(`sorts by date in both directions, what has none last (${Math.ceil(runs / 4)} queries)`, async () => {
    const dates: Record<string, string> = {
      Observation: 'date',
      Encounter: 'date',
      Condition: 'onset-date',
      CarePlan: 'date',
      Claim: 'created',
    };
    const start = (reference: string, name: string): number | undefined => {
      const [type, id] = reference.split('/');
      const resource = byType.get(type!)!.find((each) => each.id === id)!;
      const found = valuesFor(definitionOf(type!, name), resource).flatMap(ranges);
      return found.length > 0 ? Math.min(...found.map(([low]) => low)) : undefined;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(100_000), { minLength: 40, maxLength: 40 }),
        fc.constantFrom(...Object.keys(dates)),
        fc.boolean(),
        fc.integer({ min: 1, max: 30 }),
        async (rolls, type, isDescending, count) => {
          const d = dice(rolls);
          const patients = byType.get('Patient')!;
          const of = byType.get(type)!;
          const parameters = known.get(type)!;
          const more = d.next(2) === 0 ? criterion(type, parameters[d.next(parameters.length)]!, of, d) : undefined;
          const url = `${type}?patient=${patients[d.next(patients.length)]!.id}${more ? `&${more}` : ''}`;
          const name = dates[type]!;
          const got = await engine.all(`${url}&_sort=${isDescending ? '-' : ''}${name}&_count=${Math.max(count, 3)}`);
          expect(got.toSorted(), url).toEqual(expected(url));
          const lows = got
            .map((reference) => start(reference, name))
            .map((low) => low ?? (isDescending ? -Infinity : Infinity));
          const inOrder = lows.toSorted((a, b) => (isDescending ? b - a : a - b) || 0);
          expect(lows, url).toEqual(inOrder);
        },
      ),
      { numRuns: Math.ceil(runs / 4), seed: 20261122 },
    );
  }, 600_000);
});
