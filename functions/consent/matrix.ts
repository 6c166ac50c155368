// Who may do what, as data: the role × data matrix of domain.md 6.3. A region may narrow it, code may not widen it.
// The one reader is decide.ts; the tests hold every cell against a table that is written by hand.
import type { Actor, Role } from './actor.ts';

/** Columns. The first six are `Stored.dataClass`; the others are set by resource type, whatever class it was stored with. */
export type Area = 'basic' | 'clinical' | 'document' | 'care' | 'home' | 'admin' | 'directory' | 'enrolment' | 'audit';

/** What speaks of no patient: who and what there is in the region, and definitions. Everybody who is let in may read it. */
const DIRECTORY =
  `Organization OrganizationAffiliation Practitioner PractitionerRole Location HealthcareService Endpoint Schedule Slot
  InsurancePlan ActivityDefinition CapabilityStatement CatalogEntry ChargeItemDefinition CodeSystem CompartmentDefinition ConceptMap
  DeviceDefinition EffectEvidenceSynthesis EventDefinition Evidence EvidenceVariable ExampleScenario GraphDefinition
  ImplementationGuide Library Measure MedicationKnowledge MessageDefinition NamingSystem ObservationDefinition OperationDefinition
  PlanDefinition Questionnaire ResearchDefinition ResearchElementDefinition RiskEvidenceSynthesis SearchParameter SpecimenDefinition
  StructureDefinition StructureMap TerminologyCapabilities TestReport TestScript ValueSet`.split(/\s+/);

/** Types that stand apart from their data class. */
export const AREA_OF_TYPE: Readonly<Record<string, Area>> = {
  ...Object.fromEntries(DIRECTORY.map((type) => [type, 'directory'])),
  AuditEvent: 'audit',
  Consent: 'enrolment',
  Person: 'enrolment',
};

/** Everything in the column, certain types, or documents with certain type codes (`system|code`). */
export type Grant = '*' | { readonly types: readonly string[] } | { readonly codes: readonly string[] };
type Cells = Partial<Readonly<Record<Area, Grant>>>;

export interface Rules {
  /** Of any facility, where consent lets it. */
  readonly read: Cells;
  /** Of the own facility only. What may be written may also be read there. */
  readonly write: Cells;
  /** The role may do nothing without one of these purposes of use. */
  readonly purposes?: readonly string[];
  /** May see the emergency set where consent says no, for a while and with a reason. */
  readonly breaksGlass?: boolean;
}

const types = (...names: string[]): Grant => ({ types: names });
const codes = (...tokens: string[]): Grant => ({ codes: tokens });

const NOTES = types('DocumentReference', 'Composition', 'Binary');
const DISEASE_AND_DRUG = types(
  'Condition',
  'Medication',
  'MedicationAdministration',
  'MedicationDispense',
  'MedicationRequest',
  'MedicationStatement',
);
/** The emergency set of domain.md 6.4, as far as types tell it. */
const EMERGENCY = types(
  'AllergyIntolerance',
  'Condition',
  'Device',
  'DeviceUseStatement',
  'Encounter',
  'Immunization',
  'Medication',
  'MedicationDispense',
  'MedicationRequest',
  'MedicationStatement',
  'Observation',
);
const EMERGENCY_CARE = types('CareTeam', 'Flag', 'QuestionnaireResponse');
const ADL = types('ClinicalImpression', 'Observation');
const DISCHARGE_AND_CARE_PLAN = codes('http://loinc.org|18842-5', 'http://loinc.org|18776-5');
const ADVANCE_DIRECTIVES = codes('http://loinc.org|42348-3');

const DIRECTORY_ONLY: Cells = { directory: '*' };
/** `admin`: tasks, appointments, claims and the like: about a patient, and under consent as the chart is. */
const CHART: Cells = { basic: '*', clinical: '*', document: '*', care: '*', home: '*', admin: '*', directory: '*' };
const ALL_OWN: Cells = { ...CHART, enrolment: '*' };
const CARE_READ: Cells = {
  basic: '*',
  clinical: DISEASE_AND_DRUG,
  document: DISCHARGE_AND_CARE_PLAN,
  care: '*',
  home: '*',
  directory: '*',
};
const CARE_WRITE: Cells = { clinical: ADL, care: '*', admin: types('Appointment', 'Task') };
/** Enrolment only: what the office itself has taken down, never a record of a facility. */
const ENROLMENT_DESK: Rules = { read: DIRECTORY_ONLY, write: { basic: '*', enrolment: '*' } };

const doctor: Rules = { read: CHART, write: ALL_OWN, breaksGlass: true };

export const MATRIX: Readonly<Record<Exclude<Role, 'system'>, Rules>> = {
  doctor,
  dentist: doctor,
  nurse: {
    read: CHART,
    write: {
      clinical: types('ClinicalImpression', 'Encounter', 'Observation'),
      document: NOTES,
      care: '*',
      admin: types('Appointment', 'Task'),
    },
    breaksGlass: true,
  },
  pharmacist: {
    read: { ...CHART, document: NOTES },
    write: {
      clinical: types('Medication', 'MedicationDispense', 'MedicationStatement'),
      document: NOTES,
      care: types('Communication'),
      admin: types('Task'),
    },
    breaksGlass: true,
  },
  laboratory: {
    read: { basic: '*', directory: '*' },
    write: {
      clinical: types('DiagnosticReport', 'Observation', 'Specimen'),
      document: types('Binary', 'DocumentReference', 'ImagingStudy', 'Media'),
      admin: types('Task'),
    },
  },
  'care-manager': { read: CARE_READ, write: CARE_WRITE },
  'care-staff': { read: CARE_READ, write: CARE_WRITE },
  'support-centre': {
    read: { basic: '*', clinical: DISEASE_AND_DRUG, care: '*', home: '*', directory: '*' },
    write: { care: '*', admin: types('Appointment', 'Task') },
  },
  ambulance: {
    read: {
      basic: '*',
      clinical: EMERGENCY,
      document: ADVANCE_DIRECTIVES,
      care: EMERGENCY_CARE,
      home: '*',
      directory: '*',
    },
    write: { clinical: types('Encounter', 'Observation', 'Procedure'), document: NOTES, care: types('Communication') },
    purposes: ['ETREAT', 'BTG'],
    breaksGlass: true,
  },
  municipal: ENROLMENT_DESK,
  operator: ENROLMENT_DESK,
  privacy: { read: { audit: '*', directory: '*' }, write: {} },
  admin: { read: DIRECTORY_ONLY, write: DIRECTORY_ONLY },
  /** Own records only (decide.ts). */
  resident: {
    read: { ...CHART, enrolment: '*', audit: '*' },
    write: { home: '*', enrolment: types('Consent') },
  },
};

const NOTHING: Rules = { read: {}, write: {} };

/** A facility's software reads what that kind of facility may know, and writes all of the facility's own. */
const system = (as: Exclude<Role, 'system'>): Rules => {
  const { read, purposes } = MATRIX[as];
  return { read, write: ALL_OWN, ...(purposes && { purposes }) };
};

/** As whom a kind of facility's software reads. */
const SYSTEM_ROLES: Readonly<Record<string, Exclude<Role, 'system'>>> = {
  hospital: 'doctor',
  clinic: 'doctor',
  'dental-clinic': 'dentist',
  'home-nursing': 'nurse',
  pharmacy: 'pharmacist',
  laboratory: 'laboratory',
  care: 'care-manager',
  'support-centre': 'support-centre',
  fire: 'ambulance',
};
const OFFICE: Rules = { ...ENROLMENT_DESK, write: { ...ENROLMENT_DESK.write, directory: '*' } };

const SYSTEMS: Readonly<Record<string, Rules>> = {
  ...Object.fromEntries(Object.entries(SYSTEM_ROLES).map(([type, role]) => [type, system(role)])),
  municipality: OFFICE,
  operator: OFFICE,
};

export const systemRole = (facilityType: string | undefined): Role | undefined => SYSTEM_ROLES[facilityType ?? ''];

/** What a region takes away: a column of a role, or all of it but some types. Nothing can be given. */
export type Narrow = Partial<Readonly<Record<Role, { readonly read?: Less; readonly write?: Less }>>> & {
  readonly contracts?: Contracts;
};
/** Facilities that have not agreed to see the records of others, or to show their own. */
export interface Contracts {
  readonly noView: ReadonlySet<string>;
  readonly noDisclose: ReadonlySet<string>;
}
type Less = Partial<Readonly<Record<Area, false | { readonly types: readonly string[] }>>>;

export const rulesOf = ({ role, facilityType }: Pick<Actor, 'role' | 'facilityType'>, narrow?: Narrow): Rules => {
  const rules = role === 'system' ? (SYSTEMS[facilityType ?? ''] ?? NOTHING) : MATRIX[role];
  const less = [narrow?.[role], role === 'system' ? narrow?.[systemRole(facilityType) ?? 'system'] : undefined];
  return less.some(Boolean) ? narrowed(rules, less) : rules;
};

const known = new WeakMap<object, Map<Rules, Rules>>();

/** Made once for each narrowing: the decision is asked for every record. */
const narrowed = (rules: Rules, less: readonly (Narrow[Role] | undefined)[]): Rules => {
  let made = rules;
  for (const one of less) {
    if (!one) continue;
    const own = known.get(one) ?? new Map<Rules, Rules>();
    known.set(one, own);
    const next = own.get(made) ?? {
      ...made,
      read: cellsWithout(made.read, one.read),
      write: cellsWithout(made.write, one.write),
    };
    own.set(made, next);
    made = next;
  }
  return made;
};

const cellsWithout = (cells: Cells, less: Less | undefined): Cells => {
  if (!less) return cells;
  const left: Partial<Record<Area, Grant>> = { ...cells };
  for (const [area, kept] of Object.entries(less) as [Area, Less[Area]][]) {
    const grant = left[area];
    if (grant === undefined || kept === undefined) continue;
    if (kept === false) delete left[area];
    else if (grant === '*') left[area] = kept;
    else if ('types' in grant) left[area] = types(...grant.types.filter((type) => kept.types.includes(type)));
    else if (!['Composition', 'DocumentReference'].some((type) => kept.types.includes(type))) delete left[area];
  }
  return left;
};

/** Owner of what belongs to no facility: residents' own records, and Patients of residents without any facility. */
export const REGION_OWNER = '0000000000';

/** Not to be delivered to anyone, not to be told to the patient: JP-CLINS `JP_ehrshrs_indication`, by code under any system. */
export const UNDELIVERED = 'UNDELIVERED';
export const UNINFORMED = 'UNINFORMED';

/** Labels that need a permit naming them; without one they stay with the source facility. */
export const SENSITIVE: ReadonlySet<string> = new Set([
  ...['ABORT', 'BH', 'DVD', 'ETH', 'ETHUD', 'GDIS', 'HIV', 'MH', 'OPIOIDUD', 'PSY', 'PSYTHPN', 'SCA', 'SDV', 'SEX'].map(
    (code) => `http://terminology.hl7.org/CodeSystem/v3-ActCode|${code}`,
  ),
  ...['STD', 'SUD', 'SUICIDE', 'TBOO', 'VIO'].map((code) => `http://terminology.hl7.org/CodeSystem/v3-ActCode|${code}`),
  ...['R', 'V'].map((code) => `http://terminology.hl7.org/CodeSystem/v3-Confidentiality|${code}`),
]);
