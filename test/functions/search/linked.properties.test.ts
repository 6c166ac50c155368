// Chains, `_has` and includes against brute force, on Synthea: https://hl7.org/fhir/R4/search.html#chaining, #has, #include
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { type Parameter, parametersOf } from '../../../functions/search/parameters.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { dynamo } from '../storage/given.ts';
import { linkedOracle } from './linked-oracle.ts';
import { criterion, type Dice, dice, obj, parametersFor, varied } from './queries.ts';
import { hasSynthea, NOW, paramsOf, reference, type Searching, searching, synthea } from './support.ts';

const RUNS = Math.ceil(Number(process.env.TSUMUGI_QUERIES ?? 3000) / 3);
/** Fewer: each query is a call or more to DynamoDB Local. */
const DYNAMO_RUNS = Math.ceil(RUNS / 20);

const suite = `chains, _has and includes ${hasSynthea ? '' : '(skipped: no shared data) '}in`;
describe.skipIf(!hasSynthea).each([
  ['memory', RUNS],
  ['DynamoDB', DYNAMO_RUNS],
] as const)(`${suite} %s`, (where, runs) => {
  let all: Resource[];
  let engine: Searching;
  let oracle: ReturnType<typeof linkedOracle>;
  const byType = new Map<string, Resource[]>();
  const known = new Map<string, Parameter[]>();
  const references = new Map<string, Parameter[]>();

  beforeAll(async () => {
    all = synthea(6).map(varied);
    engine = await searching(all, () => NOW, where === 'DynamoDB' ? await dynamo() : undefined);
    oracle = linkedOracle(all, NOW);
    for (const each of all) byType.set(each.resourceType, [...(byType.get(each.resourceType) ?? []), each]);
    for (const [type, of] of byType) {
      known.set(type, parametersFor(type, of));
      references.set(
        type,
        known.get(type)!.filter(({ kind }) => kind === 'reference'),
      );
    }
  });

  afterAll(() => (where === 'DynamoDB' ? stopDynamoDb() : undefined));

  const pick = <T>(of: readonly T[], { next }: Dice): T | undefined => of[next(of.length || 1)];

  /** A criterion that this resource most often meets. */
  const plain = (about: Resource, d: Dice): string | undefined => {
    const same = byType.get(about.resourceType)!;
    const parameter = pick(known.get(about.resourceType)!, d);
    return parameter && criterion(about.resourceType, parameter, [about, about, about, pick(same, d)!], d);
  };

  /** Steps over references, forwards and backwards, that lead from this resource to another; then a criterion on that. */
  const linked = (about: Resource, d: Dice, levels: number): string | undefined => {
    if (levels === 0) return plain(about, d);
    if (d.next(2) === 0) {
      const parameter = pick(references.get(about.resourceType)!, d);
      const to = parameter && pick(oracle.pointsAt(about, parameter.name), d);
      const target = to && oracle.byKey.get(to);
      const rest = target && linked(target, d, levels - 1);
      const type = target && d.next(3) > 0 ? `:${target.resourceType}` : '';
      return rest && `${parameter!.name}${type}.${rest}`;
    }
    const key = `${about.resourceType}/${about.id}`;
    const ways = [...references].flatMap(([type, parameters]) =>
      parameters
        .filter(({ name }) => oracle.pointingAt(key, type, name).length > 0)
        .map(({ name }) => ({ type, name })),
    );
    const way = pick(ways, d);
    const source = way && pick(oracle.pointingAt(key, way.type, way.name), d);
    const rest = source && linked(source, d, levels - 1);
    return rest && `_has:${way!.type}:${way!.name}:${rest}`;
  };

  const urlFor = (rolls: readonly number[]): string => {
    const d = dice(rolls);
    const among = d.next(2) === 0 ? all : pick([...byType.values()], d)!;
    const about = pick(among, d)!;
    const type = about.resourceType;
    const tries = Array.from({ length: 6 }, () => linked(about, d, 1 + d.next(3)));
    const criteria = [tries.find(Boolean), d.next(3) === 0 ? linked(about, d, 1) : undefined];
    if (d.next(2) === 0) criteria.push(plain(about, d));
    const own = (obj(about.subject ?? about.patient).reference as string | undefined)?.split('/')[1];
    if (own && d.next(2) === 0 && parametersOf(type).has('patient')) criteria.push(`patient=${own}`);
    return `${type}?${criteria.filter(Boolean).join('&')}`;
  };

  const split = (url: string) => {
    const [type = '', query = ''] = url.split(/\?(.*)/s);
    return { type, params: paramsOf(query) };
  };
  const expected = (url: string): Resource[] => {
    const { type, params } = split(url);
    return byType.get(type)!.filter((resource) => params.every(([key, value]) => oracle.meets(resource, key, value)));
  };
  const keys = (of: readonly Resource[]) => of.map(({ resourceType, id }) => `${resourceType}/${id}`).sort();
  const rolls = fc.array(fc.nat(100_000), { minLength: 60, maxLength: 60 });

  it(`chains and _has find what brute force finds (${runs} queries)`, async () => {
    let found = 0;
    let links = 0;
    await fc.assert(
      fc.asyncProperty(rolls, async (rolled) => {
        const url = urlFor(rolled);
        const wanted = keys(expected(url));
        found += wanted.length;
        links += /_has:|\.\w/.test(decodeURIComponent(url.split('=')[0]!)) ? 1 : 0;
        const got = await engine.all(`${url}&_count=${Math.max(20, Math.ceil(wanted.length / 3))}`);
        expect(got.toSorted(), url).toEqual(wanted);
      }),
      { numRuns: runs, seed: 20261122 },
    );
    expect(found).toBeGreaterThan(runs);
    expect(links).toBeGreaterThan(runs / 2);
  }, 1_200_000);

  it(`a denied resource is as if it were not there (${Math.ceil(runs / 2)} queries)`, async () => {
    // A third of everything is denied; the reference evaluator never sees it.
    const permit = ({ id }: { id: string }) => [...id].reduce((sum, each) => sum + each.charCodeAt(0), 0) % 3 > 0;
    const permitted = all.filter((each) => permit({ id: each.id! }));
    const blind = linkedOracle(permitted, NOW);
    let hidden = 0;
    await fc.assert(
      fc.asyncProperty(rolls, async (rolled) => {
        const url = urlFor(rolled);
        const { type, params } = split(url);
        const wanted = keys(
          permitted
            .filter(({ resourceType }) => resourceType === type)
            .filter((resource) => params.every(([key, value]) => blind.meets(resource, key, value))),
        );
        hidden += expected(url).filter((each) => permit({ id: each.id! })).length - wanted.length;
        const got = await engine.all(`${url}&_count=${Math.max(20, Math.ceil(wanted.length / 3))}`, { permit });
        expect(got.toSorted(), url).toEqual(wanted);
      }),
      { numRuns: Math.ceil(runs / 2), seed: 20261122 },
    );
    expect(hidden).toBeGreaterThan(runs / 20);
  }, 1_200_000);

  const includeFor = (about: Resource, d: Dice): [string, string] | undefined => {
    const iterate = d.next(3) === 0 ? ':iterate' : '';
    if (d.next(3) > 0) {
      const type = d.next(4) === 0 ? 'Encounter' : about.resourceType;
      const parameter = pick(references.get(type)!, d);
      const target = d.next(4) === 0 && parameter?.targets[0] ? `:${parameter.targets[0]}` : '';
      return parameter && [`_include${iterate}`, `${type}:${parameter.name}${target}`];
    }
    const type = pick([...references.keys()], d)!;
    const parameter = pick(references.get(type)!, d);
    return parameter && [`_revinclude${iterate}`, `${type}:${parameter.name}`];
  };

  it(`includes are what brute force includes, each once (${Math.ceil(runs / 2)} queries)`, async () => {
    let found = 0;
    let whole = 0;
    await fc.assert(
      fc.asyncProperty(rolls, async (rolled) => {
        const d = dice(rolled);
        const about = pick(all, d)!;
        const includes = [0, 1, 2].flatMap(() => {
          const one = includeFor(about, d);
          return one ? [one] : [];
        });
        const patient = obj(about.subject ?? about.patient).reference as string | undefined;
        const scope =
          patient && d.next(2) === 0 && parametersOf(about.resourceType).has('patient')
            ? `patient=${patient.split('/')[1]}`
            : `_id=${about.id}`;
        const url = `${about.resourceType}?${scope}`;
        const asked = includes.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
        const page = await engine.page([url, ...asked, '_count=30'].join('&'));
        const got = page.included.map(reference);
        const matches = page.matches.map((stored) => oracle.byKey.get(reference(stored))!);
        const wanted = oracle.comesWith(matches, includes);
        expect(new Set(got).size, url).toBe(got.length);
        found += got.length;
        if (page.outcome.length === 0) whole++;
        if (page.outcome.length > 0) for (const each of got) expect(wanted).toContain(each);
        else expect(got.toSorted(), [url, ...asked].join('&')).toEqual(wanted);
      }),
      { numRuns: Math.ceil(runs / 2), seed: 20261122 },
    );
    expect(found).toBeGreaterThan(runs / 4);
    expect(whole).toBeGreaterThan(runs / 3);
  }, 1_200_000);
});
