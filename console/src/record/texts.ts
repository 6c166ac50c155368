// What a line of the chart says: its title and, beside it, how the matter stands. What is usual is not said: a result is final, a
// diagnosis confirmed, a prescription ordered.
import type { Resource } from '../api/client.ts';
import { dayText } from '../i18n/format.ts';
import type { Language } from '../i18n/i18n.ts';
import { conceptIn, criticalityIn, intentIn, isStandard, severityIn, statusIn, substanceIn } from './codes.ts';
import {
  type CodeableConcept,
  concept,
  dateOf,
  hasCode,
  namesOf,
  type Reference,
  targetOf,
  timeOf,
  valueText,
} from './fhir.ts';

export type Known = ReadonlyMap<string, Resource>;

const all = (resource: Resource, element: string): CodeableConcept[] =>
  [resource[element] ?? []].flat() as CodeableConcept[];

/** The one that says most: a code of its own before one that says only what kind of thing this is. */
const telling = (language: Language, concepts: readonly CodeableConcept[]): string =>
  conceptIn(language, concepts.find((one) => !isStandard(one)) ?? concepts[0]);

const medicine = (resource: Resource, known: Known, language: Language): string => {
  const inline = conceptIn(language, concept(resource, 'medicationCodeableConcept'));
  if (inline) return inline;
  const reference = resource['medicationReference'] as Reference | undefined;
  const target = known.get(targetOf(reference) ?? '');
  return (target && conceptIn(language, concept(target, 'code'))) ?? reference?.display ?? '';
};

export const titleOf = (resource: Resource, known: Known, language: Language): string => {
  const of = (element: string) => conceptIn(language, concept(resource, element));
  const category = () => telling(language, all(resource, 'category'));
  switch (resource.resourceType) {
    case 'MedicationRequest':
    case 'MedicationStatement':
    case 'MedicationDispense':
    case 'MedicationAdministration':
      return medicine(resource, known, language);
    case 'Encounter':
      return (
        of('serviceType') ||
        telling(language, all(resource, 'type')) ||
        telling(language, all(resource, 'reasonCode')) ||
        classOf(resource, language)
      );
    case 'DocumentReference':
    case 'Composition':
      return String(resource['title'] ?? resource['description'] ?? '') || of('type');
    case 'Immunization':
      return of('vaccineCode');
    case 'CarePlan':
      return String(resource['title'] ?? '') || category();
    case 'CareTeam':
      return String(resource['name'] ?? '') || category();
    case 'Communication':
      return category() || of('topic');
    case 'Goal':
      return of('description');
    default:
      return of('code') || of('type');
  }
};

/** `Encounter.class` is a Coding. */
const classOf = (resource: Resource, language: Language): string => {
  const coding = resource['class'] as NonNullable<CodeableConcept['coding']>[number] | undefined;
  return coding ? conceptIn(language, { coding: [coding] }) : '';
};

/** The status in words, unless it is what one would think anyway. */
const unusual = (resource: Resource, language: Language, ...usual: string[]): string =>
  usual.includes(String(resource['status'] ?? usual[0])) ? '' : statusIn(language, resource['status']);

const dosageOf = (resource: Resource): string =>
  ((resource['dosageInstruction'] ?? resource['dosage'] ?? []) as { text?: string }[])
    .map(({ text }) => text)
    .filter(Boolean)
    .join(' / ');

interface Bounds {
  readonly boundsPeriod?: { readonly end?: string };
  readonly boundsDuration?: { readonly value?: number; readonly code?: string; readonly unit?: string };
}

/** The last day of what was prescribed or handed over, where the record says so. */
export const lastDayOf = (resource: Resource): string | undefined => {
  const [dosage] = (resource['dosageInstruction'] ?? []) as { timing?: { repeat?: Bounds } }[];
  const { boundsPeriod, boundsDuration } = dosage?.timing?.repeat ?? {};
  if (boundsPeriod?.end) return boundsPeriod.end;
  const request = resource['dispenseRequest'] as { expectedSupplyDuration?: Bounds['boundsDuration'] } | undefined;
  const supply = boundsDuration ?? request?.expectedSupplyDuration ?? (resource['daysSupply'] as typeof boundsDuration);
  const start = timeOf(dateOf(resource));
  const isDays = supply?.code === 'd' || supply?.unit === '日' || (supply?.code === undefined && supply?.unit === 'd');
  if (supply?.value === undefined || !isDays || start === undefined) return undefined;
  // In Japan, where a day begins nine hours earlier than the date in UTC says.
  return new Date(start + (supply.value - 1) * 86_400_000 + 9 * 3_600_000).toISOString().slice(0, 10);
};

const untilOf = (resource: Resource, language: Language): string => {
  const last = lastDayOf(resource);
  if (last === undefined) return '';
  return language === 'ja' ? `〜${dayText(language, last)}` : `until ${dayText(language, last)}`;
};

/** Who prescribed, where a name stands beside the reference or the person is among the resources. */
const prescriberOf = (resource: Resource, known: Known): string => {
  const requester = resource['requester'] as Reference | undefined;
  const found = known.get(targetOf(requester) ?? '');
  if (found?.resourceType === 'Practitioner') return namesOf(found).kanji;
  return requester?.display ?? '';
};

interface Reaction {
  readonly manifestation?: readonly CodeableConcept[];
  readonly severity?: string;
}

const reactionText = (language: Language, { manifestation = [], severity }: Reaction): string =>
  [manifestation.map((one) => conceptIn(language, one)).join(', '), severityIn(language, severity)]
    .filter(Boolean)
    .join(' ');

const verification = (resource: Resource, language: Language): string => {
  const said = concept(resource, 'verificationStatus');
  return hasCode(said, 'confirmed') ? '' : conceptIn(language, said);
};

const partsOf = (resource: Resource, language: Language, known: Known): readonly string[] => {
  const of = (element: string) => conceptIn(language, concept(resource, element));
  switch (resource.resourceType) {
    case 'Observation':
      return [
        valueText(resource, (one) => conceptIn(language, one)),
        of('dataAbsentReason'),
        unusual(resource, language, 'final'),
      ];
    case 'AllergyIntolerance':
      return [
        hasCode(concept(resource, 'clinicalStatus'), 'active') ? '' : of('clinicalStatus'),
        verification(resource, language),
        ((resource['reaction'] as Reaction[] | undefined) ?? [])
          .map((reaction) => reactionText(language, reaction))
          .filter(Boolean)
          .join(', '),
        ((resource['category'] as string[] | undefined) ?? []).map((one) => substanceIn(language, one)).join(', '),
        criticalityIn(language, resource['criticality']),
      ];
    case 'Condition':
      return [verification(resource, language), of('clinicalStatus'), of('severity')];
    case 'MedicationRequest':
      return [
        unusual(resource, language, 'active'),
        resource['intent'] === 'order' ? '' : intentIn(language, resource['intent']),
        dosageOf(resource),
        untilOf(resource, language),
        prescriberOf(resource, known),
      ];
    case 'MedicationStatement':
      return [unusual(resource, language, 'active'), dosageOf(resource)];
    case 'MedicationDispense':
    case 'MedicationAdministration':
      return [unusual(resource, language, 'completed'), dosageOf(resource), untilOf(resource, language)];
    case 'Encounter':
      return [classOf(resource, language), unusual(resource, language, 'finished')];
    case 'Procedure':
    case 'Immunization':
    case 'QuestionnaireResponse':
      return [unusual(resource, language, 'completed')];
    case 'ServiceRequest':
      return [
        unusual(resource, language, 'completed'),
        resource['intent'] === 'order' ? '' : intentIn(language, resource['intent']),
      ];
    case 'CarePlan':
      return [
        unusual(resource, language, 'active'),
        ((resource['activity'] as { detail?: { description?: string } }[] | undefined) ?? [])
          .map(({ detail }) => detail?.description)
          .filter(Boolean)
          .join(' / '),
      ];
    case 'CareTeam':
      return [
        unusual(resource, language, 'active'),
        ((resource['participant'] as { member?: Reference }[] | undefined) ?? [])
          .map(({ member }) => member?.display)
          .filter(Boolean)
          .join(', '),
      ];
    case 'Communication':
      return [
        ((resource['payload'] as { contentString?: string }[] | undefined) ?? [])
          .map(({ contentString }) => contentString)
          .filter(Boolean)
          .join(' '),
      ];
    case 'Goal':
      return [statusIn(language, resource['lifecycleStatus']), of('achievementStatus')];
    case 'DiagnosticReport':
      return [unusual(resource, language, 'final'), String(resource['conclusion'] ?? '')];
    case 'Composition':
      return [unusual(resource, language, 'final')];
    case 'DocumentReference':
      return [unusual(resource, language, 'current')];
    default:
      return [];
  }
};

export const detailOf = (resource: Resource, language: Language, known: Known = new Map()): string =>
  [...new Set(partsOf(resource, language, known).filter(Boolean))].join(' ');
