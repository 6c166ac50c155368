// JP Core 1.2.0, Observation: what the profiles ask beyond R4. http://jpfhir.jp/fhir/core/1.2.0/group-diagnostic.html
import { HEART_INTERPRETATIONS } from './observation-codes.ts';

const systemSlices = (path: string): string =>
  HEART_INTERPRETATIONS.map(
    ([name, oid]) => `  ${path}:${name} 0..1\n  ${path}:${name}.coding.system 1 = urn:oid:1.2.392.200119.5.2.${oid}`,
  ).join('\n');

/** The second and third category of what concerns teeth. */
const dental = (code: string): string => `
  category 3..*
  category:first.coding.code 1 = exam
  category:second 1
  category:second.coding.system 1 = $L
  category:second.coding.code 1 = LP89803-8
  category:third 1 vs JP_ObservationDetailedDentalCategory_VS
  category:third.coding.system 1 = $C/JP_ObservationDentalCategory_CS
  category:third.coding.code 1 = ${code}
  subject to Patient
  effective type dateTime
  value type CodeableConcept`;

/** A finding by the main code system, or by the simple one. */
const teeth = (kind: string): string => `
  code.coding.system = $L
  code.coding.code 1 = 54570-7
  code.coding.display ~ "Oral/Dental\\u0020Status"
  component.code.coding by system
  component.code.coding.code 1
  component.code.coding:primary 0..1
  component.code.coding:primary.system 1 = $C/JP_Dental${kind}TeethObservation_CS
  component.code.coding:sub 0..1
  component.code.coding:sub.system 1 = $C/JP_DentalSimple${kind}TeethObservation_CS`;

const siteStatus = `  bodySite.extension:bodySiteStatus.value.coding.system = $C/JP_DentalBodySiteStatus_CS
  bodySite.extension:bodySiteStatus.value.coding.code 1 = "0"`;

const imaging = (code: string): string => `
  category:first.coding.code 1 = imaging
  code.coding.system = $L
  code.coding.code = ${code}
  basedOn to ServiceRequest
  partOf to ImagingStudy
  subject to Patient
  effective type dateTime
  performer to Practitioner|PractitionerRole|Organization
  value type string
  derivedFrom to ImagingStudy`;

export const OBSERVATION = `
JP_Observation_Common Observation
  category 1..* by coding.system
  category:first 1..* vs JP_SimpleObservationCategory_VS
  category:first.coding.system 1 = $C/JP_SimpleObservationCategory_CS
  category:first.coding.code 1
JP_Observation_VitalSigns Observation < JP_Observation_Common
  category:first.coding.code 1 = vital-signs
  category:second 0..*
  category:second.coding.system 1 = $C/JP_ObservationVitalSignsCategory_CS
  subject 1 to Patient
  effective type dateTime|Period
JP_Observation_BodyMeasurement Observation < JP_Observation_Common
  category:first.coding.code 1 = body-measurement
  category:second 0..*
  category:second.coding.system 1 ~ $C/JP_ObservationBodyMeasurementCategory_CS
  subject 1 to Patient
  effective type dateTime|Period
JP_Observation_SocialHistory Observation < JP_Observation_Common
  category:first.coding.code 1 = social-history
  subject 1 to Patient
  effective type dateTime|Period
  value type Quantity|CodeableConcept|string
JP_Observation_PhysicalExam Observation < JP_Observation_Common
  category:first.coding.code 1 = exam
  code.coding by system
  code.coding:physicalExamCode 0..1 vs JP_PhysicalExamCode_VS
  code.coding:physicalExamCode.system 1 = $C/JP_PhysicalExamCode_CS
  code.coding:physicalExamCode.code 1 = physical-findings
  code.coding:physicalExamCode.display ~ "Physical\\u0020Findings"
  component.code.coding by system
  component.code.coding:physicalExamCode 0..1 vs JP_PhysicalExamCode_VS
  component.code.coding:physicalExamCode.system 1 = $C/JP_PhysicalExamCode_CS
  component.code.coding:physicalExamCode.code 1 = detailed-physical-findings
  component.code.coding:physicalExamCode.display ~ "Detailed\\u0020Physical\\u0020Findings"
  subject 1 to Patient
  effective type dateTime|Period
JP_Observation_LabResult Observation < JP_Observation_Common
  category:first 1
  category:first.coding.code 1 = laboratory
  basedOn to ServiceRequest
  code.coding 1..*
  code.text 1
  subject 1 to Patient
  effective 1 type dateTime|Period|Timing
  value type Quantity|CodeableConcept|string
  specimen 1
JP_Observation_Microbiology Observation < JP_Observation_Common
  category 2..*
  category:first.coding.code 1 = laboratory
  category:second 1
  category:second.coding.system 1 = $L
  category:second.coding.code 1 = 18725-2
  category:second.coding.display ~ "Microbiology\\u0020studies\\u0020(set)"
  category:third 0..1 vs JP_MicrobiologyCategory_VS
  category:third.coding.system 1 = $C/JP_MicrobiologyCategory_CS
  basedOn to ServiceRequest
  code.coding by system
  code.coding:infectious-agent 0..1 vs JP_Microbiology_InfectiousAgent_VS
  code.coding:infectious-agent.system 1 = urn:oid:1.2.392.100495.10.3.100.5.27.6.1
  code.coding:antimicrobial-drug 0..1 vs JP_Microbiology_AntiMicrobialDrug_VS
  code.coding:antimicrobial-drug.system 1 = urn:oid:1.2.392.100495.10.3.100.5.11.5.2
  code.coding:jlac10 0..1 vs JP_ObservationLabResultCode_VS
  code.coding:jlac10.system 1 = http://medis.or.jp/CodeSystem/master-JLAC10-17digits
  subject 1 to Patient
  effective type dateTime|Period
  value type Quantity|CodeableConcept|string
  hasMember to Observation
JP_Observation_Endoscopy Observation < JP_Observation_Common
  category 2..*
  category:first.coding.code 1 = procedure
  category:second 1
  category:second.coding.system 1 = $L
  category:second.coding.code 1 = LP7796-8
  basedOn to ServiceRequest
  subject 1 to Patient
  effective type dateTime|Period
  value type CodeableConcept
  hasMember to Observation
JP_Observation_Radiology_Findings Observation < JP_Observation_Common${imaging('18782-3')}
  hasMember to Observation
JP_Observation_Radiology_Impression Observation < JP_Observation_Common${imaging('19005-8')}
JP_Observation_Electrocardiogram Observation < JP_Observation_Common
  extension:lead 0..1 ext JP_Observation_Electrocardiogram_NumberOfLead
  extension:deviceInterpretation 0..1 ext JP_Observation_Electrocardiogram_DeviceInterpretation
  extension:duration 0..1 ext JP_Observation_Electrocardiogram_Duration
  extension:stressType 0..1 ext JP_Observation_Electrocardiogram_StressType
  category:first.coding.code 1 ~ procedure
  category:second 0..1
  category:second.coding.system 1 ~ $L
  category:second.coding.code ~ 11524-6
  category:third 0..1
  category:third.coding.system 1 ~ $C/JP_ObservationElectrocardiogramExtraCategory_CS
  code ~ {"coding":[{"system":"$L","code":"11524-6","display":"EKG\\u0020Study"}]}
  interpretation by coding.system
${systemSlices('interpretation')}
  component.interpretation by coding.system
${systemSlices('component.interpretation')}
JP_Observation_DentalOral_ToothExistence Observation < JP_Observation_Common${dental('DO-1-01')}
  subject 1
  code.coding.system = $L
  code.coding.code 1 = 54570-7
  code.coding.display ~ "Oral/Dental\\u0020Status"
  bodySite.extension:bodySiteStatus 0..1 ext JP_Observation_DentalOral_BodySiteStatus
${siteStatus}
  hasMember to Observation
JP_Observation_DentalOral_ToothTreatmentCondition Observation < JP_Observation_Common${dental('DO-1-02')}${teeth('Present')}
  category:first.coding.display ~ exam
JP_Observation_DentalOral_MissingToothCondition Observation < JP_Observation_Common${dental('DO-1-03')}${teeth('Missing')}
  identifier 1..*
JP_Observation_DentalOral_eCS Observation < JP_Observation_Common${dental('DO-1-04')}
  subject 1
  code.coding.system = $L
  code.coding.code 1 = 57133-1
  code.coding.display ~ "Referral\\u0020note"
  bodySite.extension 2..*
  bodySite.extension:bodySiteStatus 1 ext JP_Observation_DentalOral_BodySiteStatus
${siteStatus}
  bodySite.extension:includedStructure 1..* ext JP_Observation_DentalOral_BodyStructure_eCS
  bodySite.extension:includedStructure.extension:structure.url = structure
  bodySite.extension:includedStructure.extension:structure.value vs JP_DentalBodySite_VS
  bodySite.extension:includedStructure.extension:qualifier.url = qualifier
  bodySite.extension:includedStructure.extension:qualifier.value.coding by system
  bodySite.extension:includedStructure.extension:qualifier.value.coding:root vs JP_DentalRootBodyStructure_VS
  bodySite.extension:includedStructure.extension:qualifier.value.coding:root.system 1 = $C/JP_DentalRootBodyStructure_CS
  bodySite.extension:includedStructure.extension:qualifier.value.coding:surface vs JP_DentalSurfaceBodyStructure_VS
  bodySite.extension:includedStructure.extension:qualifier.value.coding:surface.system 1 = $C/JP_DentalSurfaceBodyStructure_CS
`;
