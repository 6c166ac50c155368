// The search parameters that JP Core 1.2.0 defines on its own extensions, re-typed as lines of the compiled table
// (infra/build/search-parameters.ts): https://jpfhir.jp/fhir/core/1.2.0/
const CORE = 'http://jpfhir.jp/fhir/core';
const at = (extension: string) => `extension[url=${CORE}/Extension/StructureDefinition/${extension}]`;

export interface Japanese {
  readonly type: string;
  readonly code: string;
  readonly url: string;
  readonly kind: 'string' | 'date' | 'token';
  /** The way from the resource to the values, and their type (functions/search/leaf.ts). */
  readonly leaf: string;
}

const defined = (type: string, code: string, name: string, kind: Japanese['kind'], leaf: string): Japanese => ({
  type,
  code,
  url: `${CORE}/SearchParameter/${name}`,
  kind,
  leaf,
});

/** Names in kana: the representation is syllabic, and the name is the usual one. */
const KANA =
  'name[use=usual][extension.url=http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation][extension.valueCode=SYL]/text:string';

export const JAPANESE: readonly Japanese[] = [
  defined(
    'Coverage',
    'jp-insured-personnumber',
    'JP_Coverage_InsuredPersonNumber_SP',
    'string',
    `${at('JP_Coverage_InsuredPersonNumber')}/valueString:string`,
  ),
  defined(
    'Coverage',
    'jp-insured-personsubnumber',
    'JP_Coverage_InsuredPersonSubNumber_SP',
    'string',
    `${at('JP_Coverage_InsuredPersonSubNumber')}/valueString:string`,
  ),
  defined(
    'Coverage',
    'jp-insured-personsymbol',
    'JP_Coverage_InsuredPersonSymbol_SP',
    'string',
    `${at('JP_Coverage_InsuredPersonSymbol')}/valueString:string`,
  ),
  defined(
    'MedicationRequest',
    'jp-medication-start',
    'JP_MedicationRequest_Start_SP',
    'date',
    `dosageInstruction/${at('JP_MedicationDosage_PeriodOfUse')}/valuePeriod/start:dateTime`,
  ),
  defined(
    'Organization',
    'jp-insurance-organizationcategory',
    'JP_Organization_InsuranceOrganizationCategory_SP',
    'token',
    `${at('JP_Organization_InsuranceOrganizationCategory')}/valueCoding:Coding`,
  ),
  defined(
    'Organization',
    'jp-insurance-organizationno',
    'JP_Organization_InsuranceOrganizationNo_SP',
    'token',
    `${at('JP_Organization_InsuranceOrganizationNo')}/valueIdentifier:Identifier`,
  ),
  defined(
    'Organization',
    'jp-prefectureno',
    'JP_Organization_PrefectureNo_SP',
    'token',
    `${at('JP_Organization_PrefectureNo')}/valueCoding:Coding`,
  ),
  defined('Patient', 'jp-kana-sort', 'JP_Patient_KanaSort_SP', 'string', KANA),
];
