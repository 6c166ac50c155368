// What the International Patient Summary (HL7 IPS 2.0.0, FHIR R4) asks of a document, as our own table. Facts re-typed from the profiles
// of GitHub `HL7/fhir-ips`, `input/fsh/profiles` (CompositionUvIps at 00a4aaa4, BundleUvIps at 0582ab83, PatientUvIps at 1318abf9 and
// the profiles of the entries), its invariants ips-comp-1, ips-pat-1, bdl-ips-1, and `input/pagecontent/Empty-Sections-and-Missing-Data.md`
// (0a4b9cc0); that they are R4's 2.0.0 is said by its `sushi-config.yaml` (0221db68). The guide itself is not copied.
import type { Resource } from '../../../functions/fhir/types.ts';
import type { Entry } from '../../support/api.ts';

type Json = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []);
const codes = (value: unknown, system: string): unknown[] =>
  list(value)
    .flatMap(({ coding }) => list(coding))
    .filter((coding) => coding.system === system)
    .map(({ code }) => code);

const LOINC = 'http://loinc.org';
const DATA_ABSENT = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';
/** In IPS 1 it said that nothing is known; removed in 2. */
const REMOVED = 'http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips';

/** Sections by LOINC code: how often, and what their entries may be. */
const SECTIONS: Readonly<Record<string, readonly [occurs: '1..1' | '0..1', ...types: string[]]>> = {
  '10160-0': ['1..1', 'MedicationStatement', 'MedicationRequest', 'MedicationAdministration', 'MedicationDispense'],
  '48765-2': ['1..1', 'AllergyIntolerance'],
  '11450-4': ['1..1', 'Condition'],
  '47519-4': ['0..1', 'Procedure'],
  '11369-6': ['0..1', 'Immunization'],
  '46264-8': ['0..1', 'DeviceUseStatement'],
  '30954-2': ['0..1', 'Observation', 'DiagnosticReport', 'Media'],
  '8716-3': ['0..1', 'Observation'],
  '11348-0': ['0..1', 'Condition'],
  '47420-5': ['0..1', 'Condition', 'ClinicalImpression'],
  '18776-5': ['0..1', 'CarePlan'],
  '29762-2': ['0..1', 'Observation'],
  '10162-6': ['0..1', 'Observation'],
  '42348-3': ['0..1', 'Consent'],
  '104605-1': ['0..1', 'Flag'],
  '81338-6': ['0..1'],
};

/** There with a value, or with the reason why not. */
const has = (resource: Json, name: string): boolean => {
  const [value, more] = [resource[name], resource[`_${name}`]];
  if (value !== undefined) return !Array.isArray(value) || value.length > 0;
  return isNode(more) && list(more.extension).some(({ url }) => url === DATA_ABSENT);
};
const choice =
  (...names: string[]) =>
  (resource: Json) =>
    names.filter((name) => has(resource, name)).length === 1;
const some = (name: string) => (resource: Json) => has(resource, name);
const reference = (name: string) => (resource: Json) =>
  list(resource[name]).length === 1 && typeof list(resource[name])[0]!.reference === 'string';
const not =
  (name: string, ...wrong: string[]) =>
  (resource: Json) =>
    !wrong.includes(`${resource[name]}`);
const isResult = ({ category }: Json) =>
  codes(category, 'http://terminology.hl7.org/CodeSystem/observation-category').includes('laboratory');
const ofResults = (rule: (resource: Json) => boolean) => (resource: Json) => !isResult(resource) || rule(resource);

/** Minimum cardinalities and invariants of the profiles, where they are tighter than R4. */
const RULES: Readonly<Record<string, Readonly<Record<string, (resource: Json) => boolean>>>> = {
  Patient: {
    'name 1..*': some('name'),
    'ips-pat-1': ({ name }) => list(name).every((one) => ['family', 'given', 'text'].some((part) => has(one, part))),
    'birthDate 1..1': some('birthDate'),
  },
  AllergyIntolerance: {
    'code 1..1': some('code'),
    'patient.reference 1..1': reference('patient'),
    'not entered in error': ({ verificationStatus }) =>
      !JSON.stringify(verificationStatus ?? '').includes('entered-in-error'),
  },
  Condition: { 'code 1..1': some('code'), 'subject.reference 1..1': reference('subject') },
  MedicationStatement: {
    'effective[x] 1..1': choice('effectiveDateTime', 'effectivePeriod'),
    'subject.reference 1..1': reference('subject'),
    'not entered in error': not('status', 'entered-in-error'),
  },
  MedicationRequest: {
    'subject.reference 1..1': reference('subject'),
    'not entered in error': not('status', 'entered-in-error'),
  },
  Immunization: {
    'vaccineCode 1..1': some('vaccineCode'),
    'occurrence[x] 1..1': choice('occurrenceDateTime', 'occurrenceString'),
    'patient.reference 1..1': reference('patient'),
  },
  Procedure: {
    'code 1..1': some('code'),
    'performed[x] 1..1': choice(
      'performedDateTime',
      'performedPeriod',
      'performedString',
      'performedAge',
      'performedRange',
    ),
    'subject.reference 1..1': reference('subject'),
  },
  DiagnosticReport: {
    'category 1..*': some('category'),
    'category 0..1': ({ category }) => list(category).length <= 1,
    'effective[x] 1..1': choice('effectiveDateTime', 'effectivePeriod'),
    'subject.reference 1..1': reference('subject'),
    'status but entered-in-error': not('status', 'entered-in-error'),
  },
  DeviceUseStatement: {
    'timing[x] 1..1': choice('timingDateTime', 'timingPeriod', 'timingTiming'),
    'subject.reference 1..1': reference('subject'),
  },
  Observation: {
    'status but entered-in-error': not('status', 'entered-in-error'),
    'subject.reference 1..1': reference('subject'),
    'effective[x] 1..1, of results': ofResults(choice('effectiveDateTime', 'effectivePeriod')),
    'performer 1..*, of results': ofResults(some('performer')),
  },
  Organization: { 'name 1..1': some('name') },
  Practitioner: { 'name 1..*': some('name') },
};

const sectionFaults = (section: Json, typeAt: (reference: unknown) => string | undefined): string[] => {
  const [code] = codes(section.code, LOINC);
  const [occurs, ...types] = SECTIONS[`${code}`] ?? [];
  const at = `section ${code}`;
  const entries = list(section.entry);
  const div = isNode(section.text) ? section.text.div : undefined;
  return [
    ...(occurs ? [] : [`${at}: is none of IPS`]),
    ...(section.title ? [] : [`${at}: title 1..1`]),
    ...(typeof div === 'string' && /<div xmlns=/.test(div) ? [] : [`${at}: text 1..1`]),
    ...(section.section ? [`${at}: section 0..0`] : []),
    ...(occurs === '1..1' && entries.length === 0 && !section.emptyReason ? [`${at}: ips-comp-1`] : []),
    ...(entries.length > 0 && section.emptyReason ? [`${at}: cmp-2`] : []),
    ...entries.flatMap(({ reference: to }) => {
      const type = typeAt(to);
      if (type === undefined) return [`${at}: entry ${to} is not in the document`];
      return types.length === 0 || types.includes(type) ? [] : [`${at}: entry is a ${type}`];
    }),
  ];
};

/** Where a document is not as IPS wants it; nothing where it is. */
export const ipsFaults = (bundle: Resource & { readonly entry?: readonly Entry[] }): string[] => {
  const entries = bundle.entry ?? [];
  const byUrl = new Map(entries.map(({ fullUrl, resource }) => [fullUrl, resource]));
  const typeAt = (url: unknown) => byUrl.get(url as string)?.resourceType;
  const composition = (entries[0]?.resource ?? {}) as Json;
  const count = (type: string) => entries.filter(({ resource }) => resource?.resourceType === type).length;
  const refs = (name: string) => list(composition[name]).map((one) => typeAt(one.reference));
  const sections = list(composition.section);
  const of = (code: string) => sections.filter(({ code: own }) => codes(own, LOINC).includes(code)).length;
  const wants: Record<string, boolean> = {
    'Bundle.identifier 1..1': isNode(bundle.identifier),
    'Bundle.type = document': bundle.type === 'document',
    'Bundle.timestamp 1..1': typeof bundle.timestamp === 'string',
    'Bundle.entry.fullUrl 1..1': entries.every(({ fullUrl }) => fullUrl !== undefined),
    'Bundle.entry.search, request, response 0..0': entries.every((one) => !one.search && !one.request && !one.response),
    'the first entry is the Composition': composition.resourceType === 'Composition',
    'bdl-ips-1': count('Composition') === 1,
    'Bundle.entry:patient 1..1': count('Patient') === 1,
    'Composition.type = LOINC 60591-5': codes(composition.type, LOINC).includes('60591-5'),
    'Composition.status': composition.status === 'final',
    'Composition.date': typeof composition.date === 'string',
    'Composition.title': typeof composition.title === 'string',
    'Composition.identifier, supported': isNode(composition.identifier),
    'Composition.subject 1..1, the Patient of the document': refs('subject').join() === 'Patient',
    'Composition.author 1..*, in the document': refs('author').length > 0 && refs('author').every(Boolean),
    'Composition.custodian, supported, in the document': refs('custodian').join() === 'Organization',
    'no code of the removed absent-unknown-uv-ips': !JSON.stringify(bundle).includes(REMOVED),
    ...Object.fromEntries(
      Object.entries(SECTIONS).map(([code, [occurs]]) => [
        `section ${code} ${occurs}`,
        occurs === '1..1' ? of(code) === 1 : of(code) <= 1,
      ]),
    ),
  };
  return [
    ...Object.entries(wants).flatMap(([rule, isKept]) => (isKept ? [] : [rule])),
    ...sections.flatMap((section) => sectionFaults(section, typeAt)),
    ...entries.flatMap(({ resource }) =>
      Object.entries(RULES[resource?.resourceType ?? ''] ?? {}).flatMap(([rule, isKept]) =>
        isKept(resource as unknown as Json) ? [] : [`${resource!.resourceType}.${rule}`],
      ),
    ),
  ];
};
