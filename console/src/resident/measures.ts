// What people measure at home, the bounds within which a number is believed, and the Observation that it becomes: LOINC and UCUM,
// as the FHIR vital signs (https://hl7.org/fhir/R4/observation-vitalsigns.html) and JP Core have them.
import type { Resource } from '../api/client.ts';
import { codeOf, concept, type Quantity } from '../record/fhir.ts';

export interface Part {
  readonly code: string;
  readonly ja: string;
  readonly en: string;
  readonly unit: string;
  readonly ucum: string;
  /** Nobody alive has another value: refused. */
  readonly possible: readonly [number, number];
  /** Beyond it people are asked once more. */
  readonly usual: readonly [number, number];
  /** Digits after the point. */
  readonly digits: number;
}

export interface Measure {
  readonly id: string;
  readonly ja: string;
  readonly en: string;
  /** Of JP_SimpleObservationCategory_CS. */
  readonly category: 'vital-signs' | 'body-measurement' | 'laboratory' | 'activity';
  readonly profile: 'VitalSigns' | 'BodyMeasurement' | 'Common';
  /** The panel, where there is more than one part. */
  readonly panel?: { readonly code: string; readonly ja: string };
  readonly parts: readonly Part[];
}

const part = (
  code: string,
  [ja, en]: readonly [string, string],
  [unit, ucum]: readonly [string, string],
  possible: Part['possible'],
  usual: Part['usual'],
  digits = 0,
): Part => ({ code, ja, en, unit, ucum, possible, usual, digits });

export const MEASURES: readonly Measure[] = [
  {
    id: 'blood-pressure',
    ja: '血圧',
    en: 'Blood pressure',
    category: 'vital-signs',
    profile: 'VitalSigns',
    panel: { code: '85354-9', ja: '血圧' },
    parts: [
      part('8480-6', ['血圧（上）', 'Systolic'], ['mmHg', 'mm[Hg]'], [50, 300], [85, 180]),
      part('8462-4', ['血圧（下）', 'Diastolic'], ['mmHg', 'mm[Hg]'], [20, 200], [45, 110]),
    ],
  },
  {
    id: 'pulse',
    ja: '脈拍',
    en: 'Pulse',
    category: 'vital-signs',
    profile: 'VitalSigns',
    parts: [part('8867-4', ['脈拍', 'Pulse'], ['回/分', '/min'], [20, 250], [45, 120])],
  },
  {
    id: 'weight',
    ja: '体重',
    en: 'Weight',
    category: 'body-measurement',
    profile: 'BodyMeasurement',
    parts: [part('29463-7', ['体重', 'Weight'], ['kg', 'kg'], [0.5, 400], [2, 150], 1)],
  },
  {
    id: 'glucose',
    ja: '血糖',
    en: 'Glucose',
    category: 'laboratory',
    profile: 'Common',
    parts: [part('41653-7', ['血糖（自己測定）', 'Glucose (glucometer)'], ['mg/dL', 'mg/dL'], [10, 1000], [70, 300])],
  },
  {
    id: 'temperature',
    ja: '体温',
    en: 'Temperature',
    category: 'vital-signs',
    profile: 'VitalSigns',
    parts: [part('8310-5', ['体温', 'Body temperature'], ['℃', 'Cel'], [28, 44], [35, 38.4], 1)],
  },
  {
    id: 'oxygen',
    ja: '酸素（SpO₂）',
    en: 'Oxygen (SpO₂)',
    category: 'vital-signs',
    profile: 'VitalSigns',
    parts: [part('59408-5', ['SpO₂', 'SpO₂'], ['%', '%'], [40, 100], [93, 100])],
  },
  {
    id: 'steps',
    ja: '歩数',
    en: 'Steps',
    category: 'activity',
    profile: 'Common',
    parts: [part('41950-7', ['歩数（1日）', 'Steps in a day'], ['歩', '{steps}/d'], [0, 150_000], [0, 40_000])],
  },
];

export type Fault =
  | { readonly kind: 'missing' | 'no-number' }
  | { readonly kind: 'impossible'; readonly low: number; readonly high: number };

export type Doubt =
  | { readonly kind: 'unusual'; readonly part: Part; readonly value: number }
  | { readonly kind: 'changed'; readonly part: Part; readonly value: number; readonly before: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'old' };

/** `１３５` and `36,5` are numbers too. */
export const numberOf = (typed: string): number | undefined => {
  const plain = typed.normalize('NFKC').trim().replace(',', '.');
  return /^\d{1,6}(\.\d{1,3})?$/.test(plain) ? Number(plain) : undefined;
};

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

export interface Checked {
  /** Beside each part, in order. */
  readonly faults: readonly (Fault | undefined)[];
  readonly turned: boolean;
  readonly when: 'missing' | 'future' | undefined;
  readonly doubts: readonly Doubt[];
  readonly values: readonly number[];
  readonly isGood: boolean;
}

const DAY_MS = 86_400_000;
/** People lose weight, but not a tenth of it between two looks at the scales. */
const CHANGE = 0.1;

export const check = (
  { id, parts }: Measure,
  typed: readonly string[],
  at: number | undefined,
  now: number,
  before: readonly (number | undefined)[] = [],
): Checked => {
  const numbers = parts.map(({ digits }, index) => {
    const value = numberOf(typed[index] ?? '');
    return value === undefined ? undefined : rounded(value, digits);
  });
  const faults = parts.map(({ possible: [low, high] }, index): Fault | undefined => {
    const value = numbers[index];
    if ((typed[index] ?? '').trim() === '') return { kind: 'missing' };
    if (value === undefined) return { kind: 'no-number' };
    return value < low || value > high ? { kind: 'impossible', low, high } : undefined;
  });
  const [upper, lower] = numbers;
  const isPressure = id === 'blood-pressure';
  const turned = isPressure && upper !== undefined && lower !== undefined && upper <= lower;
  const when = at === undefined ? 'missing' : at > now + 5 * 60_000 ? 'future' : undefined;
  const doubts = parts.flatMap((one, index): Doubt[] => {
    const value = numbers[index];
    const last = before[index];
    if (value === undefined || faults[index]) return [];
    if (value < one.usual[0] || value > one.usual[1]) return [{ kind: 'unusual', part: one, value }];
    const isFar = id === 'weight' && last !== undefined && Math.abs(value - last) > last * CHANGE;
    return isFar ? [{ kind: 'changed', part: one, value, before: last }] : [];
  });
  if (isPressure && !turned && upper !== undefined && lower !== undefined && upper - lower < 15)
    doubts.push({ kind: 'close' });
  if (at !== undefined && now - at > 366 * DAY_MS) doubts.push({ kind: 'old' });
  const isGood = faults.every((fault) => fault === undefined) && !turned && when === undefined;
  return { faults, turned, when, doubts, values: isGood ? (numbers as number[]) : [], isGood };
};

const JP = 'http://jpfhir.jp/fhir/core';
const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';

const quantity = ({ unit, ucum }: Part, value: number) => ({ value, unit, system: UCUM, code: ucum });
const coded = ({ code, ja }: { readonly code: string; readonly ja: string }) => ({
  coding: [{ system: LOINC, code }],
  text: ja,
});

export interface Measured {
  readonly patient: string;
  /** RelatedPerson, where somebody acts for the patient. */
  readonly proxy: string | undefined;
  readonly at: string;
  readonly values: readonly number[];
  readonly note: string;
}

export const observationOf = (
  { category, profile, panel, parts }: Measure,
  { patient, proxy, at, values, note }: Measured,
): Resource => {
  const [first] = parts;
  return {
    resourceType: 'Observation',
    meta: { profile: [`${JP}/StructureDefinition/JP_Observation_${profile}`] } as NonNullable<Resource['meta']>,
    status: 'final',
    category: [
      { coding: [{ system: `${JP}/CodeSystem/JP_SimpleObservationCategory_CS`, code: category }] },
      // What other software looks for: height and weight are vital signs there.
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: category === 'body-measurement' ? 'vital-signs' : category,
          },
        ],
      },
    ],
    code: coded(panel ?? first!),
    subject: { reference: `Patient/${patient}` },
    performer: [{ reference: proxy === undefined ? `Patient/${patient}` : `RelatedPerson/${proxy}` }],
    effectiveDateTime: at,
    ...(panel
      ? {
          component: parts.map((one, index) => ({ code: coded(one), valueQuantity: quantity(one, values[index]!) })),
        }
      : { valueQuantity: quantity(first!, values[0]!) }),
    ...(note !== '' && { note: [{ text: note }] }),
  };
};

/** Written at home: by the person or a proxy, and by nobody else. */
export const isHome = (resource: Resource): boolean => {
  const performers = (resource['performer'] as { reference?: string }[] | undefined) ?? [];
  return (
    performers.length > 0 &&
    performers.every(({ reference = '' }) => /(^|\/)(Patient|RelatedPerson)\/[^/]+$/.test(reference))
  );
};

export const measureOf = (resource: Resource): Measure | undefined => {
  const code = codeOf(concept(resource, 'code'));
  return MEASURES.find(({ panel, parts }) => (panel ? panel.code === code : parts[0]!.code === code));
};

/** In the order of the parts. */
export const valuesOf = (measure: Measure, resource: Resource): (number | undefined)[] =>
  measure.parts.map(({ code }) => {
    const components = (resource['component'] as Resource[] | undefined) ?? [];
    const from = measure.panel ? components.find((one) => codeOf(concept(one, 'code')) === code) : resource;
    return (from?.['valueQuantity'] as Quantity | undefined)?.value;
  });
