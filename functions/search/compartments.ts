// Which compartments hold a resource. https://hl7.org/fhir/R4/compartmentdefinition.html
// The inclusion criteria are R4's CompartmentDefinitions (4.0.1), a type and its search parameters a word each.
import type { Resource } from '../fhir/types.ts';
import { pointers } from './extract.ts';
import type { Leaf } from './leaf.ts';
import { parametersOf } from './parameters.ts';

const table = (text: string): ReadonlyMap<string, readonly string[]> =>
  new Map(
    text
      .trim()
      .split(/\s+/)
      .map((word) => [word.split(':')[0]!, word.split(':')[1]!.split(',')] as const),
  );

const PATIENT = table(`
  Account:subject AdverseEvent:subject AllergyIntolerance:patient,recorder,asserter Appointment:actor AppointmentResponse:actor
  AuditEvent:patient Basic:patient,author BodyStructure:patient CarePlan:patient,performer CareTeam:patient,participant
  ChargeItem:subject Claim:patient,payee ClaimResponse:patient ClinicalImpression:subject Communication:subject,sender,recipient
  CommunicationRequest:subject,sender,recipient,requester Composition:subject,author,attester Condition:patient,asserter
  Consent:patient Coverage:policy-holder,subscriber,beneficiary,payor CoverageEligibilityRequest:patient
  CoverageEligibilityResponse:patient DetectedIssue:patient DeviceRequest:subject,performer DeviceUseStatement:subject
  DiagnosticReport:subject DocumentManifest:subject,author,recipient DocumentReference:subject,author Encounter:patient
  EnrollmentRequest:subject EpisodeOfCare:patient ExplanationOfBenefit:patient,payee FamilyMemberHistory:patient Flag:patient
  Goal:patient Group:member ImagingStudy:patient Immunization:patient ImmunizationEvaluation:patient
  ImmunizationRecommendation:patient Invoice:subject,patient,recipient List:subject,source MeasureReport:patient Media:subject
  MedicationAdministration:patient,performer,subject MedicationDispense:subject,patient,receiver MedicationRequest:subject
  MedicationStatement:subject MolecularSequence:patient NutritionOrder:patient Observation:subject,performer Patient:link
  Person:patient Procedure:patient,performer Provenance:patient QuestionnaireResponse:subject,author RelatedPerson:patient
  RequestGroup:subject,participant ResearchSubject:individual RiskAssessment:subject Schedule:actor
  ServiceRequest:subject,performer Specimen:subject SupplyDelivery:patient SupplyRequest:subject VisionPrescription:patient`);

const ENCOUNTER = table(`
  CarePlan:encounter CareTeam:encounter ChargeItem:context Claim:encounter ClinicalImpression:encounter Communication:encounter
  CommunicationRequest:encounter Composition:encounter Condition:encounter DeviceRequest:encounter DiagnosticReport:encounter
  DocumentManifest:related-ref DocumentReference:encounter Encounter:{def} ExplanationOfBenefit:encounter Media:encounter
  MedicationAdministration:context MedicationRequest:encounter NutritionOrder:encounter Observation:encounter Procedure:encounter
  QuestionnaireResponse:encounter RequestGroup:encounter ServiceRequest:encounter VisionPrescription:encounter`);

const PRACTITIONER = table(`
  Account:subject AdverseEvent:recorder AllergyIntolerance:recorder,asserter Appointment:actor AppointmentResponse:actor
  AuditEvent:agent Basic:author CarePlan:performer CareTeam:participant ChargeItem:enterer,performer-actor
  Claim:enterer,provider,payee,care-team ClaimResponse:requestor ClinicalImpression:assessor Communication:sender,recipient
  CommunicationRequest:sender,recipient,requester Composition:subject,author,attester Condition:asserter
  CoverageEligibilityRequest:enterer,provider CoverageEligibilityResponse:requestor DetectedIssue:author
  DeviceRequest:requester,performer DiagnosticReport:performer DocumentManifest:subject,author,recipient
  DocumentReference:subject,author,authenticator Encounter:practitioner,participant EpisodeOfCare:care-manager
  ExplanationOfBenefit:enterer,provider,payee,care-team Flag:author Group:member Immunization:performer Invoice:participant
  Linkage:author List:source Media:subject,operator MedicationAdministration:performer MedicationDispense:performer,receiver
  MedicationRequest:requester MedicationStatement:source MessageHeader:receiver,author,responsible,enterer
  NutritionOrder:provider Observation:performer Patient:general-practitioner PaymentNotice:provider
  PaymentReconciliation:requestor Person:practitioner Practitioner:{def} PractitionerRole:practitioner Procedure:performer
  Provenance:agent QuestionnaireResponse:author,source RequestGroup:participant,author ResearchStudy:principalinvestigator
  RiskAssessment:performer Schedule:actor ServiceRequest:performer,requester Specimen:collector SupplyDelivery:supplier,receiver
  SupplyRequest:requester VisionPrescription:prescriber`);

const RELATED_PERSON = table(`
  AdverseEvent:recorder AllergyIntolerance:asserter Appointment:actor AppointmentResponse:actor Basic:author CarePlan:performer
  CareTeam:participant ChargeItem:enterer,performer-actor Claim:payee Communication:sender,recipient
  CommunicationRequest:sender,recipient,requester Composition:author Condition:asserter Coverage:policy-holder,subscriber,payor
  DocumentManifest:author,recipient DocumentReference:author Encounter:participant ExplanationOfBenefit:payee Invoice:recipient
  MedicationAdministration:performer MedicationStatement:source Observation:performer Patient:link Person:link
  Procedure:performer Provenance:agent QuestionnaireResponse:author,source RelatedPerson:{def} RequestGroup:participant
  Schedule:actor ServiceRequest:performer SupplyRequest:requester`);

const DEVICE = table(`
  Account:subject Appointment:actor AppointmentResponse:actor AuditEvent:agent ChargeItem:enterer,performer-actor
  Claim:procedure-udi,item-udi,detail-udi,subdetail-udi Communication:sender,recipient CommunicationRequest:sender,recipient
  Composition:author DetectedIssue:author DeviceRequest:device,subject,requester,performer DeviceUseStatement:device
  DiagnosticReport:subject DocumentManifest:subject,author DocumentReference:subject,author
  ExplanationOfBenefit:procedure-udi,item-udi,detail-udi,subdetail-udi Flag:author Group:member Invoice:participant
  List:subject,source Media:subject MedicationAdministration:device MessageHeader:target Observation:subject,device
  Provenance:agent QuestionnaireResponse:author RequestGroup:author RiskAssessment:performer Schedule:actor
  ServiceRequest:performer,requester Specimen:subject SupplyRequest:requester`);

const COMPARTMENTS = new Map([
  ['Patient', PATIENT],
  ['Encounter', ENCOUNTER],
  ['Practitioner', PRACTITIONER],
  ['RelatedPerson', RELATED_PERSON],
  ['Device', DEVICE],
]);

/** https://hl7.org/fhir/R4/compartmentdefinition.html: all five that R4 defines. */
export const COMPARTMENT_TYPES: readonly string[] = [...COMPARTMENTS.keys()];

export const isCompartment = (type: string): boolean => COMPARTMENTS.has(type);

export interface Owner {
  readonly type: string;
  readonly id: string;
}

const pointsTo = (resource: Resource, names: readonly string[], type: string): string[] =>
  names
    .flatMap((name) => parametersOf(resource.resourceType).get(name) ?? [])
    .flatMap((parameter) => pointers(parameter, resource, resource))
    .flatMap((found) => (found.type === type && found.id !== undefined ? [found.id] : []));

/** True when the compartment holds the resource; a compartment holds its owner. */
export const isInCompartment = (owner: Owner, resource: Resource): boolean => {
  if (resource.resourceType === owner.type && resource.id === owner.id) return true;
  const names = COMPARTMENTS.get(owner.type)?.get(resource.resourceType) ?? [];
  return pointsTo(resource, names, owner.type).includes(owner.id);
};

/**
 * Types that are in patients' compartments, but whose patients come and go with every update (members of a group, links of a
 * person): they are kept in the registry, because a resource may not move from one patient to another.
 */
export const NEVER_WITH_PATIENT: readonly string[] = ['Group', 'Person'];

/**
 * Parameters by whose values a resource is kept with a patient: those of R4's compartment, and `patient` and `subject` of types
 * that it forgets (Task, Device, GuidanceResponse, …), since what is about a patient belongs under that patient's rules.
 * `patient` and `subject` come first: the first patient is the one it is about.
 */
const placing = (type: string): string[] => {
  if (NEVER_WITH_PATIENT.includes(type)) return [];
  const known = parametersOf(type);
  const names = ['patient', 'subject', 'beneficiary', 'individual', ...(PATIENT.get(type) ?? [])];
  return [...new Set(names)].filter((name) => known.get(name)?.kind === 'reference');
};

const memo = <T>(make: (type: string) => T) => {
  const made = new Map<string, T>();
  return (type: string): T => {
    if (!made.has(type)) made.set(type, make(type));
    return made.get(type)!;
  };
};
const placingOf = memo(placing);

/** Ids of the patients that a resource is kept with, the one it is about first. A Patient's own id is not among them. */
export const patientsOf = (resource: Resource): string[] => [
  ...new Set(pointsTo(resource, placingOf(resource.resourceType), 'Patient')),
];

const pathOf = ({ steps }: Leaf) => steps.map(({ name }) => name).join('/');
const placingPaths = memo(
  (type) => new Set(placingOf(type).flatMap((name) => parametersOf(type).get(name)!.leaves.map(pathOf))),
);

/** True when whatever this parameter finds for a patient is kept with that patient: one partition answers it. */
export const isKeptWithPatient = (type: string, leaves: readonly Leaf[]): boolean =>
  leaves.every((leaf) => placingPaths(type).has(pathOf(leaf)));

/** True for types of which all that is kept with a patient is in that patient's compartment: no need to read it to know. */
export const isAlwaysInCompartment = memo((type) => {
  const known = parametersOf(type);
  // A Binary is kept with the patient of its securityContext (interactions/write/placing.ts), and in no compartment.
  if (!PATIENT.has(type)) return false;
  const paths = new Set((PATIENT.get(type) ?? []).flatMap((name) => known.get(name)?.leaves.map(pathOf) ?? []));
  return [...placingPaths(type)].every((path) => paths.has(path));
});

/** True for types that may be kept with a patient. */
export const mayHavePatient = (type: string): boolean => type === 'Patient' || placingOf(type).length > 0;
