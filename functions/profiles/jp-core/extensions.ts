// Extensions of JP Core 1.2.0, and those of HL7 that its profiles name: types of the value, and where each may stand.

const comment = (name: string, context: string): string => `ext ${name} string|CodeableConcept on ${context}`;
const DOSAGE = 'Dosage|MedicationAdministration.dosage';
const below = (element: string): string => `Dosage.${element}|MedicationAdministration.dosage.${element}`;

/** An outcome or a modifier in one of several code systems. */
const coded = (slices: readonly (readonly [name: string, system: string, valueSet: string])[]): string =>
  slices
    .map(
      ([name, system, set]) =>
        `  value.coding:${name} 0..1 vs ${set}\n  value.coding:${name}.system 1 = ${system}\n  value.coding:${name}.code 1`,
    )
    .join('\n');

const MODIFIER = coded([
  [
    'medisExchange',
    'http://medis.or.jp/CodeSystem/master-disease-modExCode',
    'http://medis.or.jp/ValueSet/master-disease-modExCode',
  ],
  [
    'medisRecordNo',
    'http://medis.or.jp/CodeSystem/master-disease-modKeyNumber',
    'http://medis.or.jp/ValueSet/master-disease-modKeyNumber',
  ],
  ['receipt', '$M/CodeSystem/masterZ-disease-modifier', '$M/ValueSet/masterZ-disease-modifier'],
]);

/** A part of a complex extension. */
const part = (path: string, name: string, types: string, cardinality: string): string => `
  ${path}extension:${name} ${cardinality}
  ${path}extension:${name}.url = ${name}
  ${path}extension:${name}.extension 0
  ${path}extension:${name}.value 1 type ${types}`;
const whole = (path: string, name: string): string => `
  ${path}extension:${name} 0..*
  ${path}extension:${name}.url = ${name}
  ${path}extension:${name}.value 0`;

export const EXTENSIONS = `
ext JP_Patient_Race CodeableConcept on Patient
ext JP_Coverage_InsuredPersonNumber string on Coverage
ext JP_Coverage_InsuredPersonSubNumber string on Coverage
ext JP_Coverage_InsuredPersonSymbol string on Coverage
ext JP_Organization_PrefectureNo Coding on Organization
  value vs+ JP_PrefectureNumber_VS
ext JP_Organization_InsuranceOrganizationCategory Coding on Organization
  value vs+ JP_MedicalFeeScoreType_VS
ext JP_Organization_InsuranceOrganizationNo Identifier on Organization
  value.system = $M/IdSystem/MedicalOrganizationID
ext JP_Condition_DiseaseOutcome CodeableConcept on Condition
  value.coding by system
${coded([
  ['hl70241', '$C/HL70241', 'JP_ConditionDiseaseOutcomeHL70241_VS'],
  ['jhsd0006', '$C/JHSD0006', 'JP_ConditionDiseaseOutcomeJHSD0006_VS'],
  ['receipt', '$C/JP_ConditionDiseaseOutcomeReceipt_CS', 'JP_ConditionDiseaseOutcomeReceipt_VS'],
])}
ext JP_Condition_DiseasePrefixModifier CodeableConcept on Condition.code
  value.coding by system
${MODIFIER}
ext JP_Condition_DiseasePostfixModifier CodeableConcept on Condition.code
  value.coding by system
${MODIFIER}
ext JP_Immunization_CertificatedDate date on Immunization
ext JP_Immunization_DueDateOfNextDose date on Immunization
ext JP_Immunization_ManufacturedDate date on Immunization
ext JP_Medication_Ingredient_DrugNo integer on Medication.ingredient
ext JP_Medication_IngredientStrength_StrengthType CodeableConcept on Medication.ingredient.strength
ext JP_MedicationAdministration_Location Reference on MedicationAdministration
  value to Location
ext JP_MedicationAdministration_RequestAuthoredOn dateTime on MedicationAdministration
ext JP_MedicationAdministration_RequestDepartment CodeableConcept on MedicationAdministration
ext JP_MedicationAdministration_Requester Reference on MedicationAdministration
  value to Practitioner
${comment('JP_MedicationAdministration_UncategorizedComment', 'MedicationAdministration')}
${comment('JP_MedicationDispense_Preparation', 'MedicationDispense')}
${comment('JP_MedicationDosage_DosageComment', DOSAGE)}
${comment('JP_MedicationDosage_LineComment', DOSAGE)}
${comment('JP_MedicationDosage_RateComment', 'Dosage.doseAndRate|MedicationAdministration.dosage')}
${comment('JP_MedicationDosage_MethodComment', below('method'))}
${comment('JP_MedicationDosage_RouteComment', below('route'))}
${comment('JP_MedicationDosage_SiteComment', below('site'))}
ext JP_MedicationDosage_Device Reference on ${DOSAGE}
  value to Device
ext JP_MedicationDosage_Line CodeableConcept on ${DOSAGE}
ext JP_MedicationDosage_PeriodOfUse Period on Dosage
  value.start 1
ext JP_MedicationDosage_UsageDuration Duration on Dosage
  value.unit = 日
  value.system = $U
  value.code = d
ext JP_MedicationRequest_DispenseRequest_ExpectedRepeatCount integer on MedicationRequest.dispenseRequest
  value 1
ext JP_MedicationRequest_DispenseRequest_InstructionForDispense CodeableConcept on MedicationRequest.dispenseRequest
ext JP_Observation_Electrocardiogram_DeviceInterpretation boolean on Observation
ext JP_Observation_Electrocardiogram_Duration CodeableConcept|Duration on Observation
ext JP_Observation_Electrocardiogram_NumberOfLead integer on Observation
ext JP_Observation_Electrocardiogram_StressType CodeableConcept on Observation
ext JP_Observation_DentalOral_BodySiteStatus CodeableConcept on Observation.bodySite
ext JP_Observation_DentalOral_ToothRoot CodeableConcept on Observation.bodySite
ext JP_Observation_DentalOral_ToothSurface CodeableConcept on Observation.bodySite
ext JP_Observation_DentalOral_BodyStructure_eCS complex on Observation.bodySite
  extension 1..*${part('', 'structure', 'CodeableConcept', '1')}${part('', 'laterality', 'CodeableConcept', '0..1')}${part('', 'qualifier', 'CodeableConcept', '0..*')}${whole('', 'bodyLandmarkOrientation')}${['landmarkDescription', 'clockFacePosition', 'surfaceOrientation'].map((name) => part('extension:bodyLandmarkOrientation.', name, 'CodeableConcept', '0..*')).join('')}${whole('extension:bodyLandmarkOrientation.', 'distanceFromLandmark')}${part('extension:bodyLandmarkOrientation.extension:distanceFromLandmark.', 'value', 'Quantity', '0..*')}
ext hl7:patient-religion CodeableConcept on Patient
ext hl7:patient-birthPlace Address on Patient
ext hl7:iso21090-EN-representation code on HumanName
  value vs http://hl7.org/fhir/ValueSet/name-v3-representation
ext hl7:encounter-associatedEncounter Reference on Encounter
  value to Encounter
ext hl7:bodySite Reference
  value to BodyStructure
`;
