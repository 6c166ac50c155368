// Value sets that JP Core 1.2.0 requires and that are short enough to be re-typed. Larger ones (ICD-10, JLAC10, 標準病名 …) are
// checked where the region has loaded them.
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const CODES = 'http://jpfhir.jp/fhir/core/CodeSystem';
const LOINC = 'http://loinc.org';

/** Upper and lower jaw, right and left: 1 to 8, A to H where a tooth is one too many; milk teeth 1 to 5, A to E. */
const teeth = (): string[] =>
  [...'12345678'].flatMap((quarter) => {
    const count = Number(quarter) <= 4 ? 8 : 5;
    return [...'12345678'.slice(0, count), ...'ABCDEFGH'.slice(0, count)].map((tooth) => `10${quarter}${tooth}`);
  });

/** Name below http://jpfhir.jp/fhir/core/ValueSet/ (or whole) → system and codes. */
export const VALUE_SETS: Readonly<
  Record<string, () => readonly (readonly [system: string, codes: readonly string[]])[]>
> = {
  JP_SimpleObservationCategory_VS: () => [
    [
      `${CODES}/JP_SimpleObservationCategory_CS`,
      words(`sdoh functional-status disability-status cognitive-status social-history vital-signs body-measurement imaging
        laboratory procedure survey exam therapy activity`),
    ],
  ],
  JP_DiagnosticReportCategory_VS: () => [
    [LOINC, words('LP29684-5 LP7839-6 LP7796-8 LP29693-6 LP29708-2 LP31759-1 LP7819-8')],
  ],
  JP_DICOMModality_VS: () => [
    [
      'http://dicom.nema.org/resources/ontology/DCM',
      words(`AR AU BDUS BI BMD CR CT DG DX ECG EPS ES GM HC HD IO IVOCT IVUS KER KO LEN LS MG MR NM OAM OCT OP OPM OPT OPV OSS OT
        PR PT PX REG RF RG RTDOSE RTIMAGE RTPLAN RTRECORD RTSTRUCT SEG SM SMR SR SRF TG US VA XA XC`),
    ],
  ],
  JP_DocumentCodes_Endoscopy_VS: () => [
    [`${CODES}/JP_DocumentCodes_CS`, words('18751-8 18746-8 28018-0 28016-4 18744-3 19805-1')],
  ],
  JP_ObservationDetailedDentalCategory_VS: () => [
    [`${CODES}/JP_ObservationDentalCategory_CS`, words('DO-1-01 DO-1-02 DO-1-03 DO-1-04')],
  ],
  JP_MicrobiologyCategory_VS: () => [
    [
      `${CODES}/JP_MicrobiologyCategory_CS`,
      words(
        'gram-stain afb-stains others aoes organism-panels organism growth susceptibility-panels susceptibility-measurements',
      ),
    ],
  ],
  JP_PhysicalExamCode_VS: () => [
    [`${CODES}/JP_PhysicalExamCode_CS`, words('physical-findings detailed-physical-findings')],
  ],
  JP_ConditionDiseaseOutcomeHL70241_VS: () => [[`${CODES}/HL70241`, [...'DRNWSFU']]],
  JP_ConditionDiseaseOutcomeJHSD0006_VS: () => [[`${CODES}/JHSD0006`, [...'IMCO']]],
  JP_ConditionDiseaseOutcomeReceipt_VS: () => [[`${CODES}/JP_ConditionDiseaseOutcomeReceipt_CS`, [...'1234']]],
  JP_DentalBodySite_VS: () => [[`${CODES}/JP_DentalBodySite_CS`, teeth()]],
  JP_DentalRootBodyStructure_VS: () => [[`${CODES}/JP_DentalRootBodyStructure_CS`, [...'12345678']]],
  JP_DentalSurfaceBodyStructure_VS: () => [
    [`${CODES}/JP_DentalSurfaceBodyStructure_CS`, words('TP-13 TP-14 TP-15 TP-16 TP-17 TP-18')],
  ],
  'http://hl7.org/fhir/ValueSet/name-v3-representation': () => [
    ['http://terminology.hl7.org/CodeSystem/v3-EntityNameUse', words('ABC IDE SYL')],
  ],
};
