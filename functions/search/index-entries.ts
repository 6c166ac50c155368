// All that the store must know about a resource besides its text. Pure: the same resource always gives the same entries.
import type { Resource } from '../fhir/types.ts';
import type { IndexEntries } from '../storage/port.ts';
import { mayHavePatient } from './compartments.ts';
import { dataClass, labels } from './data-class.ts';
import { foldCode, foldIdentifier, tokens } from './extract.ts';
import { lookups } from './lookups.ts';
import { parametersOf } from './parameters.ts';
import { placement } from './placement.ts';
import { work } from './work-lists.ts';

export { placement } from './placement.ts';

/**
 * Parameters whose codes are hashed into each item, so that a search for another code skips it without inflating the body. The
 * planner prunes by these and no others; every code of a resource is there, without its system (`status=active` names none).
 */
const PRUNED: Record<string, readonly string[]> = Object.fromEntries(
  `
  AllergyIntolerance:clinical-status,code Appointment:status,service-type CarePlan:status,category CareTeam:status
  Claim:status,use Communication:status,category CommunicationRequest:status Composition:status,type
  Condition:clinical-status,category,code Consent:status,category Coverage:status,type DeviceRequest:status,code
  DiagnosticReport:status,category,code DocumentReference:status,type,category Encounter:status,class,type EpisodeOfCare:status
  ExplanationOfBenefit:status FamilyMemberHistory:status Goal:lifecycle-status ImagingStudy:status,modality
  Immunization:status,vaccine-code List:status,code Media:status,type MedicationAdministration:status,code
  MedicationDispense:status,code MedicationRequest:status,intent,code MedicationStatement:status,code Observation:status,category,code
  Procedure:status,category,code QuestionnaireResponse:status RequestGroup:status RiskAssessment:method Schedule:active
  ServiceRequest:status,intent,category,code Slot:status Specimen:status,type SupplyRequest:status Task:status,code,business-status`
    .trim()
    .split(/\s+/)
    .map((word) => [word.split(':')[0]!, word.split(':')[1]!.split(',')]),
);

/** Identifiers too, where no row finds them (lookups.ts): conditional creates ask for them within a patient. */
export const prunedParameters = (type: string): readonly string[] => {
  const hasIdentifiers = mayHavePatient(type) && type !== 'Patient' && parametersOf(type).has('identifier');
  return [...(PRUNED[type] ?? []), ...(hasIdentifiers ? ['identifier'] : [])];
};
export const pruneToken = (parameter: string, code: string): string =>
  `${parameter}=${parameter === 'identifier' ? foldIdentifier(code) : foldCode(code)}`;

const pruneTokens = (resource: Resource): string[] => {
  const names = prunedParameters(resource.resourceType);
  const found = names.flatMap((name) => {
    const parameter = parametersOf(resource.resourceType).get(name)!;
    return tokens(parameter, resource, resource, {})
      .flatMap(({ code }) => code ?? [])
      .map((code) => pruneToken(name, code));
  });
  return [...new Set(found)];
};

/**
 * Code systems by which Observations are found through the `byCode` index. The primary code of an Observation is its one coding of
 * these systems. One that has several of them is kept under `SEVERAL_CODES`, which every search by code reads as well: so no match
 * is missed, whichever of its codes is asked for. A code of any other system is found by the scan of the patient's Observations.
 */
export const PRIMARY_SYSTEMS: readonly string[] = [
  'http://loinc.org',
  'http://medis.or.jp/CodeSystem/master-JLAC10-17digits',
  'http://medis.or.jp/CodeSystem/master-nursingObservationKeyCode',
];
export const SEVERAL_CODES = '*';
export const primaryCode = (system: string, code: string): string => `${system}|${foldCode(code)}`;

const primary = (resource: Resource): string | undefined => {
  if (resource.resourceType !== 'Observation') return undefined;
  const codings = tokens(parametersOf('Observation').get('code')!, resource, resource, {});
  const codes = new Set(
    codings.flatMap(({ system, code }) =>
      system && code && PRIMARY_SYSTEMS.includes(system) ? [primaryCode(system, code)] : [],
    ),
  );
  return codes.size > 1 ? SEVERAL_CODES : [...codes][0];
};

export const indexEntries = (resource: Resource): IndexEntries => {
  const placed = placement(resource);
  return {
    ...placed,
    code: primary(resource),
    tokens: pruneTokens(resource),
    work: work(resource),
    lookups: lookups(resource, placed.patient === undefined),
    dataClass: dataClass(resource),
    labels: labels(resource),
  };
};
