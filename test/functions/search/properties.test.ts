// The engine against brute force, on Synthea: https://hl7.org/fhir/R4/search.html
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TypedValue } from '../../../functions/fhir/path/typed-value.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { type Parameter, parametersOf } from '../../../functions/search/parameters.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { dynamo } from '../storage/given.ts';
import { definitionOf, holds, ranges, valuesFor } from './oracle.ts';
import { hasSynthea, NOW, paramsOf, type Searching, searching, synthea } from './support.ts';

const RUNS = Number(process.env.SEARCH_RUNS ?? 3000);
/** Fewer: each query is a call or more to DynamoDB Local. */
const DYNAMO_RUNS = Math.ceil(RUNS / 10);

type Json = Record<string, unknown>;
const obj = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);
const escaped = (text: string) => text.replace(/([\\,|$])/g, '\\$1');

/** Numbers that decide how a query is made of a resource: drawn by fast-check, so that a failure shrinks. */
interface Dice {
  readonly next: (below: number) => number;
}
const dice = (rolls: readonly number[]): Dice => {
  let at = 0;
  return { next: (below) => (rolls[at++ % rolls.length] ?? 0) % below };
};

const PREFIXES = ['', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'];

const dateText = ({ type, value }: TypedValue): string | undefined => {
  if (type === 'Period') return (obj(value).start ?? obj(value).end) as string | undefined;
  return typeof value === 'string' ? value : undefined;
};

const dateValue = (found: TypedValue, { next }: Dice): string | undefined => {
  const text = dateText(found);
  if (!text) return undefined;
  const lengths = [4, 7, 10, 16, 19, 99].filter((length) => length <= text.length || length === 99);
  const length = lengths[next(lengths.length)]!;
  const zone = text.match(/Z$|[+-]\d\d:\d\d$/)?.[0] ?? '';
  const cut = text.slice(0, length);
  return PREFIXES[next(PREFIXES.length)] + (length >= 16 && length < text.length ? cut + zone : cut);
};

const amountValue = (value: unknown, { next }: Dice): string => {
  const number = Number(value) * [1, 1, 1, 0.9, 1.04, 2][next(6)]!;
  const text = [String(number), number.toFixed(1), number.toFixed(0), number.toExponential(1)][next(4)]!;
  return PREFIXES[next(PREFIXES.length)] + text;
};

const quantityValue = (value: Json, d: Dice): string | undefined => {
  if (value.value === undefined) return undefined;
  const system = value.system as string | undefined;
  const code = (value.code ?? value.unit ?? value.currency) as string | undefined;
  const number = amountValue(value.value, d);
  return [number, `${number}|${system ?? ''}|${code ?? ''}`, `${number}||${code ?? ''}`][d.next(3)];
};

const coded = (system: unknown, code: unknown, { next }: Dice): string | undefined => {
  if (typeof code !== 'string') return undefined;
  const plain = escaped(next(8) === 0 ? code.toUpperCase() : code);
  if (typeof system !== 'string') return next(4) === 0 ? `|${plain}` : plain;
  return [plain, `${escaped(system)}|${plain}`, `${escaped(system)}|`, `|${plain}`, `http://other|${plain}`][next(5)];
};

const tokenValue = ({ type, value }: TypedValue, d: Dice): string | undefined => {
  const json = obj(value);
  if (type === 'CodeableConcept') {
    const coding = obj(first(json.coding));
    return coded(coding.system, coding.code, d);
  }
  if (type === 'Coding') return coded(json.system, json.code, d);
  if (type === 'Identifier' || type === 'ContactPoint') return coded(json.system, json.value, d);
  return typeof value === 'object' ? undefined : escaped(String(value));
};

const textOf = ({ value }: TypedValue, { next }: Dice): string | undefined => {
  const json = obj(value);
  const words = [value, json.family, first(json.given), json.city, first(json.line), json.postalCode].filter(
    (word) => typeof word === 'string',
  );
  return words.length > 0 ? (words[next(words.length)] as string) : undefined;
};

const stringValue = (found: TypedValue, d: Dice): string | undefined => {
  const text = textOf(found, d);
  if (!text || !/^[\p{Script=Latin}\d .,'-]+$/u.test(text)) return undefined;
  const cut = [...text].slice(0, 1 + d.next(text.length)).join('');
  return escaped([cut, text, cut.toUpperCase()][d.next(3)]!);
};

const referenceValue = ({ value }: TypedValue, { next }: Dice): string | undefined => {
  const text = typeof value === 'string' ? value : (obj(value).reference as string | undefined);
  if (!text || text.startsWith('#')) return undefined;
  const id = text.split('/').at(-1)!;
  return /^[A-Z]\w+\/[^/]+$/.test(text) && next(2) === 0 ? id : escaped(text);
};

const valueFor = (kind: string, found: TypedValue, d: Dice): string | undefined => {
  if (kind === 'date') return dateValue(found, d);
  if (kind === 'number') return amountValue(found.value, d);
  if (kind === 'quantity') return quantityValue(obj(found.value), d);
  if (kind === 'token') return tokenValue(found, d);
  if (kind === 'string') return stringValue(found, d);
  if (kind === 'reference') return referenceValue(found, d);
  return typeof found.value === 'string' ? escaped(found.value) : undefined;
};

const MODIFIERS: Record<string, readonly string[]> = {
  token: ['not', 'text'],
  string: ['exact', 'contains'],
  uri: ['below', 'above'],
};

/** Two values of the components, most often of one resource. */
const compositeCriterion = (type: string, { name }: Parameter, of: Resource[], d: Dice): string | undefined => {
  const pair = [
    'code',
    name.endsWith('quantity') ? 'value-quantity' : name.endsWith('concept') ? 'value-concept' : 'value-date',
  ];
  const prefix = name.startsWith('component') || name.startsWith('combo') ? (d.next(2) === 0 ? 'component-' : '') : '';
  const one = of[d.next(of.length)]!;
  const parts = pair.map((part) => {
    const definition = definitionOf(type, prefix + part);
    const found = definition ? valuesFor(definition, d.next(6) === 0 ? of[d.next(of.length)]! : one) : [];
    return found.length > 0 ? valueFor(definition.type, found[d.next(found.length)]!, d) : undefined;
  });
  return parts.every(Boolean) ? `${name}=${encodeURIComponent(parts.join('$'))}` : undefined;
};

const criterion = (type: string, parameter: Parameter, of: Resource[], d: Dice): string | undefined => {
  const { name, kind } = parameter;
  if (kind === 'special' || !definitionOf(type, name)) return undefined;
  if (kind === 'composite') return compositeCriterion(type, parameter, of, d);
  if (d.next(12) === 0) return `${name}:missing=${d.next(2) === 0}`;
  const modifier = d.next(4) === 0 ? MODIFIERS[kind]?.[d.next(2)] : undefined;
  const values = [0, 1].slice(d.next(3) === 0 ? 0 : 1).flatMap(() => {
    const found = valuesFor(definitionOf(type, name), of[d.next(of.length)]!);
    if (found.length === 0) return [];
    const one = found[d.next(found.length)]!;
    if (modifier === 'text')
      return (obj(one.value).text as string | undefined)?.slice(0, 6).replace(/[\\,|$]/g, '') ?? [];
    return valueFor(kind, one, d) ?? [];
  });
  if (values.length === 0 || values.includes('')) return undefined;
  return `${name}${modifier ? `:${modifier}` : ''}=${encodeURIComponent(values.join(','))}`;
};

/** Parameters that say something about these resources, three times out of four. */
const parametersFor = (type: string, of: Resource[]): Parameter[] =>
  [...parametersOf(type).values()].filter(
    ({ name }) =>
      !name.startsWith('_') &&
      definitionOf(type, name) &&
      of.some((each) => valuesFor(definitionOf(type, name), each).length > 0),
  );

/**
 * What Synthea never writes: dates of every precision, open and long periods, days without a zone, several codings of one code, codes
 * of a system without index, numbers with comparators, patients as performers.
 */
const varied = (resource: Resource, i: number): Resource => {
  const date = resource.effectiveDateTime;
  const turn = i % 11;
  if (resource.resourceType !== 'Observation' || typeof date !== 'string') return resource;
  const { effectiveDateTime: _, ...rest } = resource;
  const code = obj(resource.code);
  const loinc = obj(first(code.coding));
  const coding = (...more: Json[]) => ({ ...resource, code: { ...code, coding: [...more, loinc] } });
  if (turn < 3) return { ...resource, effectiveDateTime: date.slice(0, [4, 7, 10][turn]) };
  if (turn === 3) return { ...rest, resourceType: 'Observation', effectivePeriod: { start: date } };
  if (turn === 4) return { ...rest, resourceType: 'Observation', effectivePeriod: { end: date.slice(0, 7) } };
  if (turn === 5)
    return { ...rest, resourceType: 'Observation', effectivePeriod: { start: date, end: date.slice(0, 10) } };
  if (turn === 6)
    return { ...rest, resourceType: 'Observation', effectiveTiming: { event: [date, '2019-05-01T10:00:00Z'] } };
  if (turn === 7) return coding({ system: 'http://loinc.org', code: '8302-2' });
  if (turn === 8) return coding({ system: 'http://local.example', code: 'H' });
  if (turn === 9)
    return { ...resource, code: { ...code, coding: [{ system: 'http://local.example', code: '8302-2' }] } };
  return { ...rest, resourceType: 'Observation' };
};

const suite = `a search ${hasSynthea ? '' : '(skipped: no shared data) '}in`;
describe.skipIf(!hasSynthea).each([
  ['memory', RUNS],
  ['DynamoDB', DYNAMO_RUNS],
] as const)(`${suite} %s`, (where, runs) => {
  let all: Resource[];
  let engine: Searching;
  const byType = new Map<string, Resource[]>();
  const known = new Map<string, Parameter[]>();

  beforeAll(async () => {
    all = synthea(8).map(varied);
    engine = await searching(all, () => NOW, where === 'DynamoDB' ? await dynamo() : undefined);
    for (const each of all) byType.set(each.resourceType, [...(byType.get(each.resourceType) ?? []), each]);
    for (const [type, of] of byType) known.set(type, parametersFor(type, of));
  }, 240_000);

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
      criterion(type, parameters[d.next(parameters.length)]!, of, d),
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
      .filter((resource) => params.every(([key, value]) => holds(resource, key, value, NOW)))
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
