// What a line of the chart says: its title and, beside it, how the matter stands. What is usual is not said: a result is final, a
// diagnosis confirmed, a prescription ordered.
import type { Resource } from '../api/client.ts';
import type { Language } from '../i18n/i18n.ts';
import { conceptIn, criticalityIn, intentIn, isStandard, severityIn, statusIn, substanceIn } from './codes.ts';
import { type CodeableConcept, concept, hasCode, type Reference, targetOf, valueText } from './fhir.ts';

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

const partsOf = (resource: Resource, language: Language): readonly string[] => {
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
      ];
    case 'MedicationStatement':
      return [unusual(resource, language, 'active'), dosageOf(resource)];
    case 'MedicationDispense':
    case 'MedicationAdministration':
      return [unusual(resource, language, 'completed'), dosageOf(resource)];
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

export const detailOf = (resource: Resource, language: Language): string =>
  [...new Set(partsOf(resource, language).filter(Boolean))].join(' ');
