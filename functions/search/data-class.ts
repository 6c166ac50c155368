// The class of data that consent rules speak of, and the labels that stand outside the compressed body (domain 4.4 and 6.3).
import type { Coding, Resource } from '../fhir/types.ts';
import { DELIVERY, DELIVERY_CODES } from '../terminology/labels.ts';

const CLASSES: Record<string, string> = {
  basic: `Patient Person RelatedPerson Practitioner PractitionerRole Organization OrganizationAffiliation Location
    HealthcareService Endpoint Coverage Group`,
  clinical: `AllergyIntolerance AdverseEvent BodyStructure ClinicalImpression Condition DetectedIssue Device DeviceRequest
    DeviceUseStatement DiagnosticReport Encounter EpisodeOfCare FamilyMemberHistory GuidanceResponse Immunization
    ImmunizationEvaluation ImmunizationRecommendation Medication MedicationAdministration MedicationDispense MedicationRequest
    MedicationStatement MolecularSequence NutritionOrder Observation Procedure RiskAssessment ServiceRequest Specimen Substance
    SupplyDelivery SupplyRequest VisionPrescription BiologicallyDerivedProduct RequestGroup`,
  document: 'Binary Bundle Composition DocumentManifest DocumentReference ImagingStudy List Media',
  care: 'CarePlan CareTeam Communication CommunicationRequest Flag Goal QuestionnaireResponse',
};
const CLASS_OF = new Map(
  Object.entries(CLASSES).flatMap(([name, types]) => types.split(/\s+/).map((type) => [type, name] as const)),
);

/** What residents write themselves is their home record. */
const WRITTEN_AT_HOME: Record<string, readonly string[]> = {
  Observation: ['performer'],
  QuestionnaireResponse: ['author', 'source'],
  MedicationStatement: ['informationSource'],
  // Emergency data of people whom no facility knows. Not the asserter: a hospital writes down what patients say.
  AllergyIntolerance: ['recorder'],
  Condition: ['recorder'],
};

const references = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).flatMap((each) =>
    typeof each?.reference === 'string' ? [each.reference as string] : [],
  );

const isByResident = (resource: Resource): boolean => {
  const writers = (WRITTEN_AT_HOME[resource.resourceType] ?? []).flatMap((name) => references(resource[name]));
  return writers.length > 0 && writers.every((writer) => /(^|\/)(Patient|RelatedPerson)\/[^/]+$/.test(writer));
};

/** `basic`, `clinical`, `document`, `care`, `home` or `admin` (everything else: schedules, tasks, claims, consents, terminology). */
export const dataClass = (resource: Resource): string =>
  isByResident(resource) ? 'home' : (CLASS_OF.get(resource.resourceType) ?? 'admin');

/** The classes that resources of a type may be of. */
export const classesOf = (type: string): readonly string[] => [
  CLASS_OF.get(type) ?? 'admin',
  ...(type in WRITTEN_AT_HOME ? ['home'] : []),
];

const written = ({ system = '', code = '' }: Coding) => `${system}|${code}`;

/** `system|code` of every security label and of the delivery tags. */
export const labels = ({ meta }: Resource): string[] => {
  const security = Array.isArray(meta?.security) ? meta.security : [];
  const tags = Array.isArray(meta?.tag) ? meta.tag : [];
  const delivery = tags.filter(({ system, code }) => system === DELIVERY && DELIVERY_CODES.includes(code ?? ''));
  return [...new Set([...security, ...delivery].filter(({ code }) => code).map(written))];
};
