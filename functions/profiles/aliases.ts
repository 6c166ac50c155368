// JP Core 1.1 named many systems by OID that 1.2.0 names by URL. Both are in use and mean the same, so a profile that asks for
// one is met by the other. http://jpfhir.jp/fhir/core/1.2.0/guide-urlmap.html
const MHLW = 'http://jpfhir.jp/fhir/core/mhlw';
const MEDIS = 'http://medis.or.jp/CodeSystem/master';

const URL_OF: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    '1.2.392.100495.20.3.21': `${MHLW}/CodeSystem/PrefectureNo-2digits`,
    '1.2.392.100495.20.3.22': `${MHLW}/CodeSystem/MedicationFeeScoreType`,
    '1.2.392.100495.20.3.23': `${MHLW}/IdSystem/MedicalOrganizationID`,
    '1.2.392.100495.20.3.31': `${MHLW}/IdSystem/medicalRegistrationNumber`,
    '1.2.392.100495.20.3.61': `${MHLW}/IdSystem/InsurerNumber`,
    '1.2.392.100495.20.3.81': `${MHLW}/IdSystem/Medication-RPGroupNumber`,
    '1.2.392.100495.20.3.82': `${MHLW}/IdSystem/MedicationAdministrationIndex`,
    '1.2.392.100495.20.2.101': `${MHLW}/CodeSystem/MedicationUnitMERIT9Code`,
    '1.2.392.200119.4.504': `${MEDIS}-JLAC10-17digits`,
    '1.2.392.200119.4.101.2': `${MEDIS}-disease-keyNumber`,
    '1.2.392.200119.4.101.6': `${MEDIS}-disease-exCode`,
    '1.2.392.200119.4.201.2': `${MEDIS}-disease-modKeyNumber`,
    '1.2.392.200119.4.201.5': `${MEDIS}-disease-modExCode`,
    '1.2.392.200250.2.2.20.30': 'http://jami.jp/CodeSystem/MedicationMethodBasicUsage',
    '1.2.392.200250.2.2.20.40': 'http://jami.jp/CodeSystem/MedicationMethodDetailUsage',
    '2.16.840.1.113883.6.3': `${MHLW}/CodeSystem/ICD10-2013-full`,
  }).map(([oid, url]) => [`urn:oid:${oid}`, url]),
);

/** The URL of a system that was written as an OID; anything else as it is. */
export const systemUrl = (system: string): string =>
  system.startsWith('urn:oid:') ? (URL_OF[system] ?? system) : system;
