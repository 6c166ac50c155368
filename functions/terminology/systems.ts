// One name for each code and identifier system. Japanese systems went by OID until JP Core 1.1 and by URL since 1.2, and both are in
// use: we store the URL, and with it what the source wrote. http://jpfhir.jp/fhir/core/1.2.0/guide-urlmap.html
import { CANONICAL } from '../fhir/canonical.ts';
import type { Resource } from '../fhir/types.ts';

/** On a Coding, Identifier or Quantity whose `system` we replaced: `valueUri` is the system as it came. */
export const ORIGINAL_SYSTEM = `${CANONICAL}:extension:original-system`;

const MHLW = 'http://jpfhir.jp/fhir/core/mhlw';
const MEDIS = 'http://medis.or.jp/CodeSystem/master';
const JAMI = 'http://jami.jp/CodeSystem';
const INSTITUTION = 'http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no';

/** OIDs by the canonical URL that took their place. */
const URLS: Readonly<Record<string, readonly string[]>> = {
  // Identifiers.
  [`${MHLW}/IdSystem/MedicalOrganizationID`]: ['1.2.392.100495.20.3.23'],
  [`${MHLW}/IdSystem/medicalRegistrationNumber`]: ['1.2.392.100495.20.3.31'],
  [`${MHLW}/IdSystem/InsurerNumber`]: ['1.2.392.100495.20.3.61'],
  [`${MHLW}/IdSystem/InsuredPersonSymbol`]: ['1.2.392.100495.20.3.62'],
  [`${MHLW}/IdSystem/InsuredPersonNumber`]: ['1.2.392.100495.20.3.63'],
  [`${MHLW}/IdSystem/PublicPayerNumber`]: ['1.2.392.100495.20.3.71'],
  [`${MHLW}/IdSystem/PublicInsuredPersonNumber`]: ['1.2.392.100495.20.3.72'],
  [`${MHLW}/IdSystem/Medication-RPGroupNumber`]: ['1.2.392.100495.20.3.81'],
  [`${MHLW}/IdSystem/MedicationAdministrationIndex`]: ['1.2.392.100495.20.3.82'],
  // Codes.
  [`${MHLW}/CodeSystem/PrefectureNo-2digits`]: ['1.2.392.100495.20.3.21'],
  [`${MHLW}/CodeSystem/MedicationFeeScoreType`]: ['1.2.392.100495.20.3.22'],
  [`${MEDIS}-JLAC10-17digits`]: ['1.2.392.200119.4.504'],
  [`${MEDIS}-disease-keyNumber`]: ['1.2.392.200119.4.101.2'],
  [`${MEDIS}-disease-exCode`]: ['1.2.392.200119.4.101.6'],
  [`${MEDIS}-disease-modKeyNumber`]: ['1.2.392.200119.4.201.2'],
  [`${MEDIS}-disease-modExCode`]: ['1.2.392.200119.4.201.5'],
  [`${MHLW}/CodeSystem/ICD10-2013-full`]: ['2.16.840.1.113883.6.3', '2.16.840.1.113883.6.3.1'],
  [`${MEDIS}-HOT13`]: ['1.2.392.200119.4.402.1'],
  [`${MEDIS}-HOT9`]: ['1.2.392.200119.4.403.1', '1.2.392.100495.20.2.74'],
  [`${MEDIS}-HOT7`]: ['1.2.392.200119.4.403.2'],
  'http://capstandard.jp/iyaku.info/CodeSystem/YJ-code': ['1.2.392.100495.20.2.73', '1.2.392.100495.20.1.73'],
  [`${MHLW}/CodeSystem/MedicationGeneralOrderCode`]: ['1.2.392.100495.20.2.81', '1.2.392.100495.20.1.81'],
  [`${JAMI}/MedicationUsage`]: ['1.2.392.200250.2.2.20.20', '1.2.392.200250.2.2.20'],
  [`${JAMI}/MedicationUsageAdditional`]: ['1.2.392.200250.2.2.20.22'],
  [`${JAMI}/MedicationMethodBasicUsage`]: ['1.2.392.200250.2.2.20.30'],
  [`${JAMI}/MedicationBodySiteExternal`]: ['1.2.392.200250.2.2.20.32'],
  [`${JAMI}/MedicationMethodDetailUsage`]: ['1.2.392.200250.2.2.20.40'],
  'http://jami.jp/SS-MIX2/CodeSystem/ClinicalDepartment': ['1.2.392.200250.2.2.2'],
  [`${MEDIS}-nursingObservationKeyCode`]: ['1.2.392.200119.4.804'],
  [`${MHLW}/CodeSystem/MedicationUnitMERIT9Code`]: ['1.2.392.100495.20.2.101'],
  'http://jpfhir.jp/fhir/core/CodeSystem/route-codes': ['1.2.392.100495.20.2.34'],
};

const URL_OF_OID = new Map(Object.entries(URLS).flatMap(([url, oids]) => oids.map((oid) => [oid, url] as const)));

/** URLs that JP Core's page on Organization prints; the profile fixes another one, and the profile wins (domain 3.5, traps). */
const MISPRINTS = new Map(
  ['core/CodeSystem/insurance-medical-institution-no', 'core/CodeSystem/medicalInstitutionCode']
    .concat('core/mhlw/CodeSystem/insurance-medical-institution-no', 'core/mhlw/CodeSystem/medicalInstitutionCode')
    .map((path) => [`http://jpfhir.jp/fhir/${path}`, INSTITUTION]),
);

const OID = /^(?:urn:oid:)?([0-2](?:\.(?:0|[1-9]\d*)){2,})$/i;

/**
 * The name under which a system is stored, indexed and sought. An OID that has no URL (patient numbers and staff ids with their
 * facility, licences with their prefecture, a region's own ids) is written `urn:oid:…`; every other name stays as it is.
 */
export const canonicalSystem = (system: string): string => {
  const first = system.charCodeAt(0) | 0x20;
  if (first === 0x68) return MISPRINTS.get(system) ?? system; // h: nearly all
  const oid = OID.exec(system)?.[1];
  return oid === undefined ? system : (URL_OF_OID.get(oid) ?? `urn:oid:${oid}`);
};

/** Every name that a definition of the system may have as its `url`, the canonical one first. */
export const spellingsOf = (system: string): readonly string[] => {
  const canonical = canonicalSystem(system);
  const oids = (URLS[canonical] ?? []).map((oid) => `urn:oid:${oid}`);
  return [...new Set([canonical, ...oids, system])];
};

type Node = Record<string, unknown>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Once it is signed, not a letter of it may change: https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.signature */
const isSigned = ({ resourceType, signature }: Node) => resourceType === 'Bundle' && signature !== undefined;

const walk = (value: unknown, visit: (node: Node) => void): void => {
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') walk(item, visit);
  } else if (isNode(value) && !isSigned(value)) {
    if (typeof value.system === 'string') visit(value);
    for (const key in value) if (typeof value[key] === 'object') walk(value[key], visit);
  }
};

const replaceSystem = (node: Node): void => {
  const before = node.system as string;
  const system = canonicalSystem(before);
  if (system === before || (node.extension !== undefined && !Array.isArray(node.extension))) return;
  node.system = system;
  const note = { url: ORIGINAL_SYSTEM, valueUri: before };
  node.extension = [...((node.extension as unknown[] | undefined) ?? []), note];
};

const restoreSystem = (node: Node): void => {
  const { extension } = node;
  const last = Array.isArray(extension) ? extension.at(-1) : undefined;
  if (!isNode(last) || last.url !== ORIGINAL_SYSTEM || typeof last.valueUri !== 'string') return;
  node.system = last.valueUri;
  const rest = (extension as unknown[]).slice(0, -1);
  if (rest.length > 0) node.extension = rest;
  else delete node.extension;
};

/**
 * Puts canonical systems into every Coding, Identifier and Quantity, and beside each the one that it replaced. In place: nothing is
 * copied, and where there is nothing to replace nothing is touched. A resource that comes back as it was read stays as it is.
 */
export const canonicalise = <T extends Resource>(resource: T): T => {
  walk(resource, replaceSystem);
  return resource;
};

/** The resource as its source wrote it: undoes `canonicalise`, in place. */
export const original = <T extends Resource>(resource: T): T => {
  walk(resource, restoreSystem);
  return resource;
};
