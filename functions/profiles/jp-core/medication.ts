// JP Core 1.2.0, medication: what the profiles ask beyond R4. http://jpfhir.jp/fhir/core/1.2.0/group-medication.html
import type { Invariant } from '../rules.ts';

/** Number of the RP group; the resources of one order that are numbered in it; whose order it was. */
const RP = `
  identifier:rpNumber 1
  identifier:rpNumber.system 1 = $M/IdSystem/Medication-RPGroupNumber
  identifier:rpNumber.value 1`;
const IN_RP = `
  identifier 2..*
  identifier:orderInRp 1
  identifier:orderInRp.system 1 = $M/IdSystem/MedicationAdministrationIndex
  identifier:orderInRp.value 1`;
const REQUEST = `
  identifier 1..* by system${RP}
  identifier:requestIdentifier
  identifier:requestIdentifier.system 1 = urn:oid:1.2.392.100495.20.3.11
  identifier:requestIdentifier.value 1`;

const method = (path: string): string => `
  ${path}method.coding by system
  ${path}method.coding:unitDigit1 0..1
  ${path}method.coding:unitDigit1.system 1 = http://jami.jp/CodeSystem/MedicationMethodBasicUsage
  ${path}method.coding:unitDigit2 0..1
  ${path}method.coding:unitDigit2.system 1 = http://jami.jp/CodeSystem/MedicationMethodDetailUsage`;

const DAYS = (path: string): string => `
  ${path}.unit = 日
  ${path}.system = $U
  ${path}.code = d`;

const ORDER = `
  identifier 1..* by system rule jp-inv-local-prescriptionid${RP}
  identifier:requestIdentifier
  identifier:requestIdentifier.system 1 = $J/IdSystem/resourceInstance-identifier
  identifier:requestIdentifier.value 1
  identifier:prescriptionIdentifierCommon 0..1
  identifier:prescriptionIdentifierCommon.system 1 = urn:oid:1.2.392.100495.20.3.11
  identifier:prescriptionIdentifierCommon.value 1
  subject to Patient
  authoredOn 1
  dispenseRequest.extension:expectedRepeatCount 0..1 ext JP_MedicationRequest_DispenseRequest_ExpectedRepeatCount
  dispenseRequest.initialFill.quantity is JP_MedicationSimpleQuantity
  dispenseRequest.quantity is JP_MedicationSimpleQuantity${DAYS('dispenseRequest.expectedSupplyDuration')}
  substitution.allowed type CodeableConcept`;

const ADMINISTERED = `
  dosage.dose is JP_MedicationSimpleQuantity
  dosage.rate by type:$this
  dosage.rate:rateRatio type Ratio is JP_MedicationRatio_DosePerPeriod`;

export const MEDICATION_INVARIANTS: Readonly<Record<string, Invariant>> = {
  'jp-inv-local-prescriptionid': {
    key: 'jp-inv-local-prescriptionid',
    expression:
      "system.all(substring(0,31) != 'urn:oid:1.2.392.100495.20.3.11.' or substring(31).matches('^1(0[1-9]|[1-3][0-9]|4[0-7])([0-9])([0-9]{7})$'))",
    human: 'the system of a facility’s own prescription number is urn:oid:1.2.392.100495.20.3.11.1 and its 10 digits',
    severity: 'error',
  },
};

export const MEDICATION = `
JP_Medication Medication
  status 1
  amount is JP_MedicationRatio_Amount
  ingredient.item type CodeableConcept
  ingredient.strength 1 is JP_MedicationRatio_Amount
  ingredient.strength.denominator ~ {"value":1,"code":"TIME","system":"$M/CodeSystem/MedicationUnitMERIT9Code","unit":"回"}
JP_MedicationRequest MedicationRequest${ORDER}${IN_RP}
  medication type CodeableConcept
  dosageInstruction is JP_MedicationDosage
JP_MedicationRequest_Injection MedicationRequest${ORDER}
  medication type Reference
  dosageInstruction is JP_MedicationDosage_Injection
JP_MedicationDispenseBase MedicationDispense${REQUEST}
  subject 1 to Patient
  quantity 1 is JP_MedicationSimpleQuantity
  daysSupply is JP_MedicationSimpleQuantity
  whenHandedOver 1
  dosageInstruction is JP_MedicationDosageBase
JP_MedicationDispense MedicationDispense < JP_MedicationDispenseBase${IN_RP}
  medication type CodeableConcept
  dosageInstruction is JP_MedicationDosage
JP_MedicationDispense_Injection MedicationDispense < JP_MedicationDispenseBase
  medication type Reference
  dosageInstruction is JP_MedicationDosage_Injection
JP_MedicationAdministrationBase MedicationAdministration${REQUEST}
  extension:requestDepartment 0..1 ext JP_MedicationAdministration_RequestDepartment
  extension:requestAuthoredOn 0..1 ext JP_MedicationAdministration_RequestAuthoredOn
  extension:location 0..1 ext JP_MedicationAdministration_Location
JP_MedicationAdministration MedicationAdministration < JP_MedicationAdministrationBase${IN_RP}
  medication type CodeableConcept
  subject to Patient${method('dosage.')}${ADMINISTERED}
JP_MedicationAdministration_Injection MedicationAdministration < JP_MedicationAdministrationBase
  medication type Reference${method('dosage.')}${ADMINISTERED}
  dosage.rate:rateQuantity type Quantity is hl7:SimpleQuantity
JP_MedicationStatement MedicationStatement
  medication type CodeableConcept
  subject to Patient
  dosage is JP_MedicationDosage
JP_MedicationStatement_Injection MedicationStatement
  medication type Reference
  subject to Patient
  dosage is JP_MedicationDosage_Injection
JP_Immunization Immunization
  extension:dueDateOfNextDose 0..1 ext JP_Immunization_DueDateOfNextDose
  extension:manufacturedDate 0..1 ext JP_Immunization_ManufacturedDate
  extension:certificatedDate 0..1 ext JP_Immunization_CertificatedDate
  doseQuantity is JP_MedicationSimpleQuantity
`;

export const DOSAGE = `
JP_MedicationDosageBase Dosage
  asNeeded type boolean${method('')}
  doseAndRate.dose type Quantity is hl7:SimpleQuantity
  maxDosePerPeriod is JP_MedicationRatio_DosePerPeriod
  maxDosePerAdministration is JP_MedicationSimpleQuantity
  maxDosePerLifetime is JP_MedicationSimpleQuantity
JP_MedicationDosage Dosage < JP_MedicationDosageBase
  extension:periodOfUse 0..1 ext JP_MedicationDosage_PeriodOfUse
  extension:usageDuration 0..1 ext JP_MedicationDosage_UsageDuration
  timing.repeat.bounds by type:$this
  timing.repeat.bounds:boundsDuration type Duration${DAYS('timing.repeat.bounds:boundsDuration')}
  doseAndRate.dose type Quantity is JP_MedicationSimpleQuantity
  doseAndRate.rate by type:$this
  doseAndRate.rate:rateRatio type Ratio is JP_MedicationRatio_DosePerDay
  doseAndRate.rate:rateRange type Range is JP_MedicationRange_UnitOfTime
  doseAndRate.rate:rateQuantity type Quantity is hl7:SimpleQuantity
JP_MedicationDosage_Injection Dosage < JP_MedicationDosageBase
  doseAndRate.dose type Quantity is JP_MedicationSimpleQuantity
  doseAndRate.rate by type:$this
  doseAndRate.rate:rateRatio type Ratio is JP_MedicationRatio_DosePerPeriod
  doseAndRate.rate:rateRange type Range is JP_MedicationRange_UnitOfTime
  doseAndRate.rate:rateQuantity type Quantity is hl7:SimpleQuantity
hl7:SimpleQuantity Quantity
  comparator 0
JP_MedicationQuantity Quantity
  value 1
  code 1
JP_MedicationSimpleQuantity Quantity < JP_MedicationQuantity
  comparator 0
JP_MedicationRange Range
  low is JP_MedicationSimpleQuantity
  high is JP_MedicationSimpleQuantity
JP_MedicationRange_UnitOfTime Range
  low.comparator 0
  high.comparator 0
JP_MedicationRatio_Amount Ratio
  numerator is JP_MedicationQuantity
  denominator is JP_MedicationQuantity
JP_MedicationRatio_DosePerPeriod Ratio
  numerator is JP_MedicationQuantity
JP_MedicationRatio_DosePerDay Ratio < JP_MedicationRatio_DosePerPeriod
  denominator.value = 1${DAYS('denominator')}
JP_MedicationTiming Timing
`;
