// Reading FHIR R4 resources for people's eyes. Everything may be missing: what is shown is what is there.
import type { Resource } from '../api/client.ts';

export interface Coding {
  readonly system?: string;
  readonly code?: string;
  readonly display?: string;
}

export interface CodeableConcept {
  readonly coding?: readonly Coding[];
  readonly text?: string;
}

export interface Reference {
  readonly reference?: string;
  readonly display?: string;
}

export interface Quantity {
  readonly value?: number;
  readonly unit?: string;
  readonly code?: string;
  readonly system?: string;
  readonly comparator?: string;
}

interface Period {
  readonly start?: string;
  readonly end?: string;
}

interface Extension {
  readonly url: string;
  readonly valueCode?: string;
}

export interface HumanName {
  readonly use?: string;
  readonly text?: string;
  readonly family?: string;
  readonly given?: readonly string[];
  readonly extension?: readonly Extension[];
}

const at = <T>(resource: Resource, element: string): T | undefined => resource[element] as T | undefined;

/** The text that its author wrote, else what a code is called, else the code. */
export const conceptText = (concept: CodeableConcept | undefined): string => {
  const coding = concept?.coding ?? [];
  return concept?.text ?? coding.find(({ display }) => display)?.display ?? coding[0]?.code ?? '';
};

export const concept = (resource: Resource, element: string): CodeableConcept | undefined =>
  at<CodeableConcept>(resource, element);

export const codeOf = (concept: CodeableConcept | undefined): string | undefined =>
  concept?.coding?.find(({ code }) => code)?.code;

export const hasCode = (found: CodeableConcept | readonly CodeableConcept[] | undefined, ...codes: string[]): boolean =>
  [found ?? []]
    .flat()
    .some((one) => (one as CodeableConcept).coding?.some(({ code }) => code !== undefined && codes.includes(code)));

/** UCUM as it stands in a record, and as people write it. https://ucum.org/ucum */
const UNITS: Readonly<Record<string, string>> = {
  'mm[Hg]': 'mmHg',
  Cel: '℃',
  cel: '℃',
  '{beats}/min': '/min',
  '10*3/uL': '×10³/µL',
  '10*6/uL': '×10⁶/µL',
  '10*4/uL': '×10⁴/µL',
  '/uL': '/µL',
  uL: 'µL',
  'ug/dL': 'µg/dL',
  'ug/mL': 'µg/mL',
  'uU/mL': 'µU/mL',
  'm[IU]/L': 'mIU/L',
  'u[IU]/mL': 'µIU/mL',
  '[IU]/L': 'IU/L',
  'kg/m2': 'kg/m²',
  'mL/min/{1.73_m2}': 'mL/min/1.73m²',
  'mL/min/1.73m2': 'mL/min/1.73m²',
  '{score}': '',
  '1': '',
};

/** An annotation says what is counted, and is no unit: `{steps}`. */
export const unitText = (unit: string | undefined): string =>
  unit === undefined ? '' : (UNITS[unit] ?? unit.replace(/^\{([^}]*)\}$/, '$1'));

export const quantityText = ({ comparator = '', value, unit, code }: Quantity): string => {
  const shown = unitText(unit ?? code);
  return value === undefined ? '' : `${comparator}${value}${shown && ` ${shown}`}`;
};

/** `Patient/abc` of a reference, absolute or relative. */
export const targetOf = (reference: Reference | undefined): string | undefined =>
  /([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/.exec(reference?.reference ?? '')?.[1];

/** Whose record a resource belongs to. */
export const subjectOf = (resource: Resource): string | undefined =>
  resource.resourceType === 'Patient'
    ? `Patient/${resource.id}`
    : targetOf(
        at<Reference>(resource, 'subject') ??
          at<Reference>(resource, 'patient') ??
          at<Reference>(resource, 'beneficiary'),
      );

/** When it happened, or was written down: what a time line sorts by. */
export const dateOf = (resource: Resource): string | undefined => {
  for (const element of DATES) {
    const value = resource[element];
    if (typeof value === 'string') return value;
    if (value && typeof value === 'object') {
      const { start, end } = value as Period;
      if (start ?? end) return start ?? end;
    }
  }
  return undefined;
};

const DATES = [
  'effectiveDateTime',
  'effectiveInstant',
  'effectivePeriod',
  'performedDateTime',
  'performedPeriod',
  'occurrenceDateTime',
  'occurrencePeriod',
  'whenHandedOver',
  'whenPrepared',
  'onsetDateTime',
  'onsetPeriod',
  'period',
  'authoredOn',
  'started',
  'start',
  'recordedDate',
  'dateAsserted',
  'date',
  'sent',
  'issued',
  'created',
];

/** As a number of milliseconds; a year or a month begins it. Undefined: no date is known. */
export const timeOf = (value: string | undefined): number | undefined => {
  if (!value) return undefined;
  const full = /^\d{4}$/.test(value) ? `${value}-01-01` : /^\d{4}-\d{2}$/.test(value) ? `${value}-01` : value;
  const time = Date.parse(full.length === 10 ? `${full}T00:00:00+09:00` : full);
  return Number.isNaN(time) ? undefined : time;
};

const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';

const representation = ({ extension = [] }: HumanName): string | undefined =>
  extension.find(({ url }) => url === REPRESENTATION)?.valueCode;

const fullName = ({ text, family, given = [] }: HumanName): string =>
  text ?? [family, ...given].filter(Boolean).join(' ');

/** Kanji and kana as JP Core marks them (IDE, SYL); a name without a mark counts as what it is written in. */
const bothNames = (
  patient: Resource,
): { readonly kanji: HumanName | undefined; readonly kana: HumanName | undefined } => {
  const names = (at<HumanName[]>(patient, 'name') ?? []).filter(({ use }) => use !== 'old');
  const isKana = (name: HumanName) =>
    representation(name) === 'SYL' ||
    (representation(name) === undefined && /^[\p{Script=Katakana}\p{Script=Hiragana}ー\s]+$/u.test(fullName(name)));
  const kana = names.find(isKana);
  const kanji = names.find((name) => representation(name) === 'IDE') ?? names.find((name) => name !== kana);
  return { kanji, kana };
};

export const namesOf = (patient: Resource): { readonly kanji: string; readonly kana: string } => {
  const { kanji, kana } = bothNames(patient);
  return { kanji: kanji ? fullName(kanji) : kana ? fullName(kana) : '', kana: kana ? fullName(kana) : '' };
};

/** By which people are told apart when they are called: kana, where it is known. */
export const nameParts = (patient: Resource): HumanName | undefined => {
  const { kanji, kana } = bothNames(patient);
  return kana ?? kanji;
};

export interface Amount {
  readonly value: number;
  readonly unit: string;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** A numeric result with its reference range; undefined: the result is no number. */
export const amountOf = (observation: Resource): Amount | undefined => {
  const quantity = at<Quantity>(observation, 'valueQuantity');
  if (quantity?.value === undefined) return undefined;
  const [range] = at<{ low?: Quantity; high?: Quantity }[]>(observation, 'referenceRange') ?? [];
  return {
    value: quantity.value,
    unit: unitText(quantity.unit ?? quantity.code),
    low: range?.low?.value,
    high: range?.high?.value,
  };
};

/** LOINC: systolic, diastolic. */
export const SYSTOLIC = '8480-6';
export const DIASTOLIC = '8462-4';

/** `137/93 mmHg`, as everybody writes it; undefined: it is none, or says more than that. */
const pressureText = (components: readonly Resource[]): string | undefined => {
  const of = (code: string) =>
    amountOf(components.find((one) => hasCode(concept(one, 'code'), code)) ?? { resourceType: 'none' });
  const [upper, lower] = [of(SYSTOLIC), of(DIASTOLIC)];
  return components.length === 2 && upper && lower && upper.unit === lower.unit
    ? `${upper.value}/${lower.value} ${upper.unit}`.trim()
    : undefined;
};

/** Any result of an Observation as text; of several components each with its name. */
export const valueText = (observation: Resource, textOf = conceptText): string => {
  const quantity = at<Quantity>(observation, 'valueQuantity');
  if (quantity) return quantityText(quantity);
  const components = at<Resource[]>(observation, 'component');
  const pressure = components && pressureText(components);
  if (pressure) return pressure;
  if (components?.length)
    return components.map((one) => `${conceptText(concept(one, 'code'))} ${valueText(one, textOf)}`.trim()).join(', ');
  const coded = concept(observation, 'valueCodeableConcept');
  if (coded) return textOf(coded);
  for (const element of ['valueString', 'valueDateTime', 'valueTime', 'valueInteger', 'valueBoolean'])
    if (observation[element] !== undefined) return String(observation[element]);
  return '';
};

export type Flag = 'high' | 'low' | undefined;

/** By the laboratory's own interpretation, else by the range that it gives. */
export const flagOf = (observation: Resource): Flag => {
  const said = at<CodeableConcept[]>(observation, 'interpretation');
  if (hasCode(said, 'H', 'HH', 'HU')) return 'high';
  if (hasCode(said, 'L', 'LL', 'LU')) return 'low';
  const amount = amountOf(observation);
  if (amount?.high !== undefined && amount.value > amount.high) return 'high';
  if (amount?.low !== undefined && amount.value < amount.low) return 'low';
  return undefined;
};
