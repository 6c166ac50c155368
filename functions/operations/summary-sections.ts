// What a patient summary holds, section by section: https://hl7.org/fhir/uv/ips/ (codes re-typed; the guide itself is not copied).
import type { Resource } from '../fhir/types.ts';

/** Resources of one type that belong to a section, newest first. */
export interface Part {
  readonly type: string;
  readonly keeps: (resource: Resource) => boolean;
  /** No more than these. */
  readonly most: number;
  /** Codes of `category`, one of which each has: the store skips the others. */
  readonly categories?: readonly string[];
}

export interface Section {
  /** LOINC. */
  readonly code: string;
  readonly display: string;
  readonly title: string;
  readonly parts: readonly Part[];
}

type Json = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const codesOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value])
    .filter(isNode)
    .flatMap(({ coding }) => (Array.isArray(coding) ? coding : []))
    .filter(isNode)
    .flatMap(({ code }) => (typeof code === 'string' ? [code] : []));
const has = (value: unknown, ...codes: string[]) => codesOf(value).some((code) => codes.includes(code));
const isOneOf = (value: unknown, ...codes: string[]) => typeof value === 'string' && codes.includes(value);

const isTrue = ({ verificationStatus }: Resource) => !has(verificationStatus, 'entered-in-error', 'refuted');
const isPast = ({ clinicalStatus }: Resource) => has(clinicalStatus, 'inactive', 'remission', 'resolved');
const isCurrent = (resource: Resource) => isTrue(resource) && !isPast(resource);

const FINAL = ['final', 'amended', 'corrected', 'preliminary'];
const observed = (most: number, ...categories: string[]): Part => ({
  type: 'Observation',
  keeps: ({ status, category }) => isOneOf(status, ...FINAL) && has(category, ...categories),
  most,
  categories,
});

/** The first three are required; an empty one says why (`emptyReason`): IPS 2 has no code for what is not known any more. */
export const SECTIONS: readonly Section[] = [
  {
    code: '11450-4',
    display: 'Problem list - Reported',
    title: 'Problems',
    parts: [{ type: 'Condition', keeps: isCurrent, most: 100 }],
  },
  {
    code: '48765-2',
    display: 'Allergies and adverse reactions Document',
    title: 'Allergies and Intolerances',
    parts: [{ type: 'AllergyIntolerance', keeps: isCurrent, most: 100 }],
  },
  {
    code: '10160-0',
    display: 'History of Medication use Narrative',
    title: 'Medication Summary',
    parts: [
      {
        type: 'MedicationStatement',
        keeps: ({ status }) => isOneOf(status, 'active', 'intended', 'on-hold'),
        most: 50,
      },
      {
        type: 'MedicationRequest',
        keeps: ({ status, intent }) => isOneOf(status, 'active', 'on-hold') && !isOneOf(intent, 'proposal', 'option'),
        most: 100,
      },
    ],
  },
  {
    code: '11369-6',
    display: 'History of Immunization note',
    title: 'Immunizations',
    parts: [{ type: 'Immunization', keeps: ({ status }) => status === 'completed', most: 100 }],
  },
  {
    code: '30954-2',
    display: 'Relevant diagnostic tests/laboratory data note',
    title: 'Results',
    parts: [
      { type: 'DiagnosticReport', keeps: ({ status }) => isOneOf(status, ...FINAL, 'appended'), most: 20 },
      observed(100, 'laboratory', 'imaging'),
    ],
  },
  {
    code: '47519-4',
    display: 'History of Procedures Document',
    title: 'Procedures',
    parts: [{ type: 'Procedure', keeps: ({ status }) => isOneOf(status, 'completed', 'in-progress'), most: 50 }],
  },
  {
    code: '46264-8',
    display: 'History of medical device use',
    title: 'Medical Devices',
    parts: [{ type: 'DeviceUseStatement', keeps: ({ status }) => isOneOf(status, 'active', 'completed'), most: 50 }],
  },
  {
    code: '8716-3',
    display: 'Vital signs note',
    title: 'Vital Signs',
    parts: [observed(50, 'vital-signs')],
  },
  {
    code: '11348-0',
    display: 'History of Past illness note',
    title: 'Past Illness',
    parts: [{ type: 'Condition', keeps: (resource) => isTrue(resource) && isPast(resource), most: 50 }],
  },
  {
    code: '29762-2',
    display: 'Social history note',
    title: 'Social History',
    parts: [observed(20, 'social-history')],
  },
  {
    code: '18776-5',
    display: 'Plan of care note',
    title: 'Plan of Care',
    parts: [{ type: 'CarePlan', keeps: ({ status }) => status === 'active', most: 20 }],
  },
];

const label = (value: unknown): string | undefined => {
  if (!isNode(value)) return undefined;
  if (typeof value.text === 'string') return value.text;
  const codings = (Array.isArray(value.coding) ? value.coding : []).filter(isNode);
  const shown = codings.find(({ display }) => typeof display === 'string')?.display ?? codings[0]?.code;
  return typeof shown === 'string' ? shown : typeof value.display === 'string' ? value.display : undefined;
};

const NAMES = ['code', 'medicationCodeableConcept', 'medicationReference', 'vaccineCode', 'device'];

/** One line of a section's narrative: what, and when. */
export const lineOf = (resource: Resource): string => {
  const what = NAMES.map((name) => label(resource[name])).find((text) => text !== undefined);
  const title = typeof resource.title === 'string' ? resource.title : undefined;
  const date = Object.entries(resource).find(
    ([name, value]) => /(DateTime|recordedDate|authoredOn)$/.test(name) && typeof value === 'string',
  )?.[1] as string | undefined;
  const text = what ?? title ?? resource.resourceType;
  return date === undefined ? text : `${text} (${date.slice(0, 10)})`;
};
