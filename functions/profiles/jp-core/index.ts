// JP Core 1.2.0 as rules: the constraining facts of http://jpfhir.jp/fhir/core/1.2.0/, re-typed in our own notation (../text.ts).
// A table is parsed when a profile is first asked for, a profile compiled when it is first used.
import type { Resource } from '../../fhir/types.ts';
import type { Profile, ValueSetTest } from '../rules.ts';
import { expand, parseProfiles } from '../text.ts';
import { EXTENSIONS } from './extensions.ts';
import { DOSAGE, MEDICATION, MEDICATION_INVARIANTS } from './medication.ts';
import { OBSERVATION } from './observation.ts';
import { PEOPLE_AND_PLACES, PROBLEMS, REPORTS } from './others.ts';
import { VALUE_SETS } from './value-sets.ts';

export const JP_CORE_VERSION = '1.2.0';

export const JP_CORE = 'http://jpfhir.jp/fhir/core/StructureDefinition';

let parsed: ReadonlyMap<string, Profile> | undefined;

/** All profiles and extensions of the tables, by canonical. */
export const jpCoreProfiles = (): ReadonlyMap<string, Profile> => {
  parsed ??= new Map(
    [OBSERVATION, MEDICATION, DOSAGE, EXTENSIONS, PEOPLE_AND_PLACES, PROBLEMS, REPORTS]
      .flatMap((table) => parseProfiles(table, JP_CORE_VERSION, MEDICATION_INVARIANTS))
      .map((profile) => [profile.url, profile]),
  );
  return parsed;
};

const VALUE_SET = 'http://jpfhir.jp/fhir/core/ValueSet/';
const tests = new Map<string, ValueSetTest>();

/** A value set that is short enough to be in the tables. */
export const jpCoreValueSet = (url: string): ValueSetTest | undefined => {
  const known = tests.get(url);
  if (known) return known;
  const made = VALUE_SETS[url.startsWith(VALUE_SET) ? url.slice(VALUE_SET.length) : url]?.();
  if (!made) return undefined;
  const systems = new Map(made.map(([system, codes]) => [expand(system), new Set(codes)]));
  const test: ValueSetTest = (system, code) =>
    system === undefined
      ? [...systems.values()].some((codes) => codes.has(code))
      : systems.get(system)?.has(code) === true;
  tests.set(url, test);
  return test;
};

/** The profile that every resource of a type must meet where a region asks for JP Core, whatever it claims. */
const GENERAL: Readonly<Record<string, string>> = {
  DiagnosticReport: 'JP_DiagnosticReport_Common',
  Observation: 'JP_Observation_Common',
  ServiceRequest: 'JP_ServiceRequest_Common',
  Specimen: 'JP_Specimen_Common',
};
/** Orders and doses have one profile for medicine by name, and one for injections, whose Medication is a resource of its own. */
const WITH_INJECTION = new Set([
  'MedicationAdministration',
  'MedicationDispense',
  'MedicationRequest',
  'MedicationStatement',
]);
const PLAIN = new Set(
  `AllergyIntolerance CarePlan Condition Consent Coverage Device DocumentReference Encounter FamilyMemberHistory Immunization Location
  Medication Organization Patient Practitioner PractitionerRole Procedure RelatedPerson ResearchStudy ResearchSubject`.split(
    /\s+/,
  ),
);

/** Undefined: JP Core has no profile that fits every resource of the type. */
export const generalJpProfile = (resource: Resource): string | undefined => {
  const { resourceType: type } = resource;
  if (WITH_INJECTION.has(type))
    return `${JP_CORE}/JP_${type}${resource.medicationReference === undefined ? '' : '_Injection'}`;
  const name = GENERAL[type] ?? (PLAIN.has(type) ? `JP_${type}` : undefined);
  return name && `${JP_CORE}/${name}`;
};
