// JP Core 1.2.0, people, places, problems, reports and images: what the profiles ask beyond R4.

const CONDITION_CODES = [
  [
    'medisExchange',
    'http://medis.or.jp/CodeSystem/master-disease-exCode',
    'http://medis.or.jp/ValueSet/master-disease-exCode',
  ],
  [
    'medisRecordNo',
    'http://medis.or.jp/CodeSystem/master-disease-keyNumber',
    'http://medis.or.jp/ValueSet/master-disease-keyNumber',
  ],
  ['receipt', '$M/CodeSystem/masterB-disease', '$M/ValueSet/masterB-disease'],
  ['icd10', '$M/CodeSystem/ICD10-2013-full', '$M/ValueSet/ICD10-2013-full'],
] as const;

const PROCEDURE_CODES = [
  ['medical', '$C/JP_ProcedureCodesMedical_CS', 'Medical'],
  ['stem7', '$C/JP_ProcedureCodesSTEM7_CS', 'STEM7'],
  ['dental', '$M/CodeSystem/masterH-dentalProcedure', 'Dental'],
  ['nurse', 'http://medis.or.jp/CodeSystem/master-nursingAction-16digits', 'Nurse'],
  ['ichi', '$C/JP_Undefined_CS', 'ICHI'],
] as const;

export const PEOPLE_AND_PLACES = `
JP_HumanName HumanName
  extension:nameRepresentationUse 0..1 ext hl7:iso21090-EN-representation
JP_Patient Patient
  extension:birthPlace 0..1 ext hl7:patient-birthPlace
  identifier 1..*
  identifier.value 1
  name is JP_HumanName
JP_Practitioner Practitioner
  name is JP_HumanName
  qualification by code
  qualification:narcoticPrescriptionLicenseNumber 0..47
  qualification:narcoticPrescriptionLicenseNumber.code vs JP_MedicalLicenseCertificate_VS ~ {"coding":[{"system":"$C/JP_MedicalLicenseCertificate_CS","code":"narcotics-practitioner"}]}
  qualification:medicalRegistrationNumber 0..1
  qualification:medicalRegistrationNumber.identifier.system = $M/IdSystem/medicalRegistrationNumber
  qualification:medicalRegistrationNumber.code vs JP_MedicalLicenseCertificate_VS ~ {"coding":[{"system":"$C/JP_MedicalLicenseCertificate_CS","code":"medical-registration"}]}
JP_PractitionerRole PractitionerRole
JP_RelatedPerson RelatedPerson
JP_Organization Organization
  extension:prefectureNo 0..1 ext JP_Organization_PrefectureNo
  extension:organizationCategory 0..1 ext JP_Organization_InsuranceOrganizationCategory
  extension:organizationNo 0..1 ext JP_Organization_InsuranceOrganizationNo
  identifier by system
  identifier:medicalInstitutionCode.system 1 = $J/IdSystem/insurance-medical-institution-no
  identifier:insurerNumber.system 1 = $M/IdSystem/InsurerNumber
  contact.name is JP_HumanName
JP_Location Location
JP_Device Device
JP_Coverage Coverage
  identifier by system
  identifier:insuranceIdentifier 0..1
  identifier:insuranceIdentifier.system 1 = http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID
  identifier:insuranceIdentifier.value 1
  identifier:insuranceCsvIdentifier 0..1
  identifier:insuranceCsvIdentifier.system 1 = $J/IdSystem/JP_Coverage_id
  identifier:insuranceCsvIdentifier.value 1
JP_Encounter Encounter
  extension:associatedEncounter 0..1 ext hl7:encounter-associatedEncounter
JP_Consent Consent
JP_ResearchStudy ResearchStudy
JP_ResearchSubject ResearchSubject
`;

export const PROBLEMS = `
JP_AllergyIntolerance AllergyIntolerance
JP_CarePlan CarePlan
JP_FamilyMemberHistory FamilyMemberHistory
JP_Condition Condition
  subject to Patient
JP_Condition_Diagnosis Condition < JP_Condition
  extension:diseaseOutcome 0..1 ext JP_Condition_DiseaseOutcome
  code.coding by system
${CONDITION_CODES.map(
  ([name, system, set]) =>
    `  code.coding:${name} 0..1 vs ${set}\n  code.coding:${name}.system 1 = ${system}\n  code.coding:${name}.code 1`,
).join('\n')}
JP_Procedure Procedure
  subject to Patient
  code.coding by system
${PROCEDURE_CODES.map(
  ([name, system, set]) =>
    `  code.coding:${name} 0..1 vs JP_ProcedureCodes${set}_VS\n  code.coding:${name}.system 1 = ${system}`,
).join('\n')}
JP_ServiceRequest_Common ServiceRequest
  subject to Patient|Location
  performer to Practitioner|PractitionerRole|Organization|Patient|Device|RelatedPerson|CareTeam
JP_Specimen_Common Specimen
JP_DocumentReference DocumentReference
JP_Binary Binary
`;

const category = (code: string): string => `
  category 1..* by $this
  category:first 1 vs JP_DiagnosticReportCategory_VS
  category:first.coding.system = $L
  category:first.coding.code 1 = ${code}`;

const documentCode = (name: string, code: string, display: string): string => `
  code.coding by system
  code.coding:${name} 0..1
  code.coding:${name}.system 1 = $C/JP_DocumentCodes_CS
  code.coding:${name}.code 1 = ${code}
  code.coding:${name}.display ~ ${display}`;

const wholeCode = (code: string, display: string): string =>
  `\n  code ~ {"coding":[{"system":"$C/JP_DocumentCodes_CS","code":"${code}","display":"${display}"}]}`;

export const REPORTS = `
JP_DiagnosticReport_Common DiagnosticReport
JP_DiagnosticReport_LabResult DiagnosticReport < JP_DiagnosticReport_Common${category('LP29693-6')}${documentCode('laboratoryCode', '11502-2', '検体検査報告書')}
  subject to Patient
JP_DiagnosticReport_Microbiology DiagnosticReport < JP_DiagnosticReport_Common${category('LP7819-8')}${wholeCode('18725-2', '微生物学的検査報告書')}
  effective type dateTime
JP_DiagnosticReport_Radiology DiagnosticReport < JP_DiagnosticReport_Common${category('LP29684-5')}${documentCode('radiologyReportCode', '18748-4', '画像検査報告書')}
  category:second 0..* vs JP_DICOMModality_VS
  category:second.coding.system = http://dicom.nema.org/resources/ontology/DCM
  effective type dateTime
  performer to Practitioner
  resultsInterpreter to Practitioner
JP_DiagnosticReport_Endoscopy DiagnosticReport < JP_DiagnosticReport_Common${category('LP7796-8')}
  code vs+ JP_DocumentCodes_Endoscopy_VS
  subject to Patient
  effective type dateTime
  performer to Practitioner
  resultsInterpreter to Practitioner|PractitionerRole|Organization
JP_DiagnosticReport_DentalOral DiagnosticReport < JP_DiagnosticReport_Common${category('LP31759-1')}${wholeCode('32453-3', '口腔診査報告書')}
  basedOn to CarePlan|ServiceRequest
  subject to Patient
  effective type dateTime
JP_ImagingStudy_Radiology ImagingStudy
  modality vs JP_DICOMModality_VS
  procedureCode vs http://playbook.radlex.org/playbook/SearchRadlexAction
  series.modality vs JP_DICOMModality_VS
JP_ImagingStudy_Endoscopy ImagingStudy < JP_ImagingStudy_Radiology
  subject to Patient
  referrer to Practitioner
  interpreter to Practitioner
  reasonReference to DiagnosticReport
JP_Media_Endoscopy Media
  subject to Patient
  operator to Practitioner
`;
