// Two records side by side, for whoever decides whether they are one person: what a counter has on its forms, and nothing clinical.
import type { Resource } from '../fhir/types.ts';
import { cardOf } from './matching/card.ts';
import { compare } from './matching/compare.ts';
import { grade, matchGrade, probability } from './matching/grade.ts';

const SHOWN = [
  'identifier',
  'name',
  'gender',
  'birthDate',
  'telecom',
  'address',
  'deceasedBoolean',
  'deceasedDateTime',
] as const;

export interface Side {
  readonly patient: string;
  readonly facility: string;
  readonly shown: Readonly<Record<string, unknown>>;
}

export const sideOf = (patient: Resource, facility: string): Side => ({
  patient: patient.id ?? '',
  facility,
  shown: Object.fromEntries(SHOWN.flatMap((name) => (patient[name] === undefined ? [] : [[name, patient[name]]]))),
});

export const difference = (a: Resource, b: Resource) => {
  const { score, ...agreement } = compare(cardOf(a), cardOf(b));
  const pair = { score, ...agreement };
  return {
    score: Math.round(score * 10) / 10,
    probability: probability(pair),
    grade: grade(pair),
    matchGrade: matchGrade(pair),
    agreement,
    differs: SHOWN.filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name])),
  };
};
