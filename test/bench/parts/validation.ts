// What the check of a resource costs: R4 alone, and with the JP Core profile that its region may ask for.
import type { Resource } from '../../../functions/fhir/types.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { profileIssues, requiredProfiles } from '../../../functions/profiles/profiles.ts';
import { CODES, observation, patient } from './data.ts';

export interface ValidationCost {
  readonly what: string;
  readonly bytes: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p95: number;
}

const ROUNDS = 2_000;
const WARM = 1_000;

/** Each on its own resource, parsed from text as a request's body is. */
const costOf = (
  what: string,
  resourceOf: (at: number) => Resource,
  check: (resource: Resource) => readonly unknown[],
) => {
  const texts = Array.from({ length: 50 }, (_, at) => JSON.stringify(resourceOf(at)));
  if (check(resourceOf(0)).length > 0) throw new Error(`${what}: not valid, so not all of it is checked`);
  const times = new Float64Array(ROUNDS);
  for (let at = -WARM; at < ROUNDS; at++) {
    const resource = JSON.parse(texts[(at + WARM) % texts.length]!) as Resource;
    const from = performance.now();
    check(resource);
    if (at >= 0) times[at] = performance.now() - from;
  }
  times.sort();
  const bytes = Buffer.byteLength(texts[0]!);
  return { what, bytes, median: times[ROUNDS / 2]!, p95: times[Math.floor(ROUNDS * 0.95)]! };
};

export const validationCosts = (): ValidationCost[] => {
  const lab = (at: number) => observation('p', CODES[at % CODES.length]!, '2024-01-01T09:00:00+09:00', at);
  const person = (at: number) => patient(`p-${at}`, at);
  const japanese = (at: number): Resource => ({
    ...lab(at),
    category: [
      {
        coding: [
          { system: 'http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS', code: 'laboratory' },
        ],
      },
    ],
  });
  const jp = (resource: Resource) => [
    ...validate(resource),
    ...profileIssues(resource, { required: requiredProfiles(true, resource) }),
  ];
  return [
    costOf('Observation, R4', lab, (resource) => validate(resource)),
    costOf('Observation, R4 and JP Core', japanese, jp),
    costOf('Patient, R4', person, (resource) => validate(resource)),
    costOf('Patient, R4 and JP Core', person, jp),
  ];
};

if (import.meta.main) for (const cost of validationCosts()) console.log(JSON.stringify(cost));
