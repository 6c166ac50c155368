// Where a resource is kept, and so which searches find it with one Query: its patient, and its place in clinical time.
import type { Resource } from '../fhir/types.ts';
import type { Placement } from '../storage/port.ts';
import { patientsOf } from './compartments.ts';
import { outer, type Span } from './dates.ts';
import { spans } from './extract.ts';
import { parametersOf } from './parameters.ts';

const DAY_MS = 86_400_000;

/**
 * The date parameter by which a type is ordered in time; what follows only orders resources that lack the first. The planner
 * narrows a scan by the first alone (plan.ts): a resource without it matches no such search, so it may be kept anywhere.
 */
const DATES: Record<string, readonly string[]> = Object.fromEntries(
  `
  Account:period AdverseEvent:date AllergyIntolerance:date,onset,last-date Appointment:date AuditEvent:date Basic:created
  CarePlan:date CareTeam:date ChargeItem:occurrence,entered-date Claim:created ClaimResponse:created ClinicalImpression:date
  Communication:sent,received CommunicationRequest:authored,occurrence Composition:date Condition:onset-date,recorded-date
  Consent:date CoverageEligibilityRequest:created CoverageEligibilityResponse:created DetectedIssue:identified
  DeviceRequest:authored-on,event-date DiagnosticReport:date,issued DocumentManifest:created DocumentReference:date,period
  Encounter:date EpisodeOfCare:date ExplanationOfBenefit:created FamilyMemberHistory:date Flag:date Goal:start-date,target-date
  ImagingStudy:started Immunization:date ImmunizationEvaluation:date ImmunizationRecommendation:date Invoice:date List:date
  MeasureReport:date,period Media:created MedicationAdministration:effective-time MedicationDispense:whenhandedover,whenprepared
  MedicationRequest:authoredon MedicationStatement:effective NutritionOrder:datetime Observation:date Procedure:date
  Provenance:recorded,when QuestionnaireResponse:authored RequestGroup:authored ResearchSubject:date RiskAssessment:date
  Schedule:date ServiceRequest:authored,occurrence Slot:start Specimen:collected SupplyRequest:date Task:authored-on,modified,period
  VisionPrescription:datewritten`
    .trim()
    .split(/\s+/)
    .map((word) => [word.split(':')[0]!, word.split(':')[1]!.split(',')]),
);

/** Name of the parameter whose dates are the clinical dates of the type. */
export const mainDate = (type: string): string | undefined => DATES[type]?.[0];

/** All clinical time of a resource, from its earliest to its latest date. */
export const clinicalSpan = (resource: Resource): Span | undefined => {
  for (const name of DATES[resource.resourceType] ?? []) {
    const parameter = parametersOf(resource.resourceType).get(name);
    const span = parameter && outer(spans(parameter, resource, resource));
    if (span) return span;
  }
  return undefined;
};

/** Years that fit into a server-assigned id and a sort key (docs/architecture.md, "Ids"). */
const EARLIEST = Date.UTC(1900, 0, 2);
const LATEST = Date.UTC(2900, 0, 1);

/** The second at which a date is kept. */
export const placedAt = (ms: number): number => Math.floor(Math.min(Math.max(ms, EARLIEST), LATEST) / 1000);

/** A period may end before it starts, where one date names a zone and the other a day: no bound holds for that either. */
const isWithinDay = ({ low, high }: Span): boolean => high >= low && high - low <= DAY_MS;

/** When a resource is kept; a Patient has no time. */
export const placedDate = (resource: Resource): Pick<Placement, 'date' | 'spansDays'> => {
  const span = resource.resourceType === 'Patient' ? undefined : clinicalSpan(resource);
  if (!span) return { date: undefined, spansDays: false };
  const start = Number.isFinite(span.low) ? span.low : span.high;
  const isOutside = start < EARLIEST || start > LATEST;
  return { date: placedAt(start), spansDays: isOutside || !isWithinDay(span) };
};

export const placement = (resource: Resource): Placement => {
  const patients = patientsOf(resource);
  // A Patient stands in the partition of its own alone. Another that it names by `link` has a Patient in the very place where a
  // pointer would stand; who is one person with whom is told by the heads, and by $everything.
  if (resource.resourceType === 'Patient') return { patient: resource.id, otherPatients: [], ...placedDate(resource) };
  const [patient] = patients;
  return { patient, otherPatients: patients.filter((id) => id !== patient), ...placedDate(resource) };
};
