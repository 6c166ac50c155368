// The emergency set of domain.md 6.4: all that breaking the glass opens. Data, but for what a date or a code must tell.
// "Last 3 of Hb, …" and "last ECG" are a matter of the list that is shown, not of one record: here every result of these codes counts.
import type { Subject } from './policy.ts';

/** Who it is, whom to call, what harms, what is wrong, what is implanted. */
const WHOLE = new Set([
  'AllergyIntolerance',
  'CareTeam',
  'Condition',
  'Device',
  'DeviceUseStatement',
  'Flag',
  'Patient',
  'RelatedPerson',
]);

/** Current drugs: of the last 90 days. */
const DRUGS = new Set([
  'Medication',
  'MedicationAdministration',
  'MedicationDispense',
  'MedicationRequest',
  'MedicationStatement',
]);
const DRUG_MS = 90 * 86_400_000;

/** Blood group, Hb, creatinine, eGFR, K, glucose, pregnancy, ADL (Barthel), ECG. */
const LOINC = new Set(
  `882-1 883-9 10331-7 718-7 2160-0 38483-4 33914-3 48642-3 48643-1 62238-1 98979-8 2823-3 6298-4 2339-0 2345-7 1558-6 82810-3 11449-6
   83254-3 96761-2 11524-6 34534-8`
    .trim()
    .split(/\s+/)
    .map((code) => `http://loinc.org|${code}`),
);
/** The same by the first five characters of JLAC10: blood count, creatinine, eGFR, K, glucose, ABO, Rh. */
const JLAC10 = /\|(2A990|2A030|3C015|8A065|3H015|3D010|5H010|5H020)/;

/** Advance directives, discharge summaries. */
const DOCUMENTS = new Set(['42348-3', '64298-3', '18842-5'].map((code) => `http://loinc.org|${code}`));

/** Infections are told only where a consent names them. */
const INFECTIONS = new Set(['HIV', 'STD'].map((code) => `http://terminology.hl7.org/CodeSystem/v3-ActCode|${code}`));

export const isInEmergencySet = (subject: Subject, named: readonly string[]): boolean => {
  const { type, labels, facts, now } = subject;
  if (labels?.some((label) => INFECTIONS.has(label) && !named.includes(label))) return false;
  if (WHOLE.has(type)) return true;
  if (DRUGS.has(type)) {
    const span = facts?.span();
    return !span || span.high > now - DRUG_MS;
  }
  const codes = () => subject.codes ?? facts?.codes() ?? [];
  if (type === 'Observation') return codes().some((code) => LOINC.has(code) || JLAC10.test(code));
  if (type === 'DocumentReference' || type === 'Composition') return codes().some((code) => DOCUMENTS.has(code));
  return false;
};
