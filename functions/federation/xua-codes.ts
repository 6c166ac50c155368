// What an XUA assertion says of a person's role and purpose, in the codes that we write and in those that others write.
// https://profiles.ihe.net/ITI/TF/Volume2/ITI-40.html
import { TRAVELLING_ROLES, type TravellingRole } from './assertion.ts';

interface Coded {
  readonly code: string;
  readonly codeSystem: string;
}

interface Written extends Coded {
  readonly displayName: string;
}

/** Our own list, as in our own protocol (assertion.ts). */
const ROLES = 'urn:tsumugi:role';
const SNOMED_CT = '2.16.840.1.113883.6.96';
/** Occupations by SNOMED CT, re-typed; those of whom more than one role could be meant are not there. */
const BY_SNOMED: Readonly<Record<string, TravellingRole>> = {
  '112247003': 'doctor',
  '158965000': 'doctor',
  '309343006': 'doctor',
  '106289002': 'dentist',
  '106292003': 'nurse',
  '46255001': 'pharmacist',
  '159282002': 'laboratory',
  '397897005': 'ambulance',
};

/** https://terminology.hl7.org/CodeSystem-v3-ActReason.html */
export const ACT_REASON = '2.16.840.1.113883.5.8';
/** eHealth Exchange's own, which older XSPA software sends. */
const BY_NHIN: Readonly<Record<string, string>> = { TREATMENT: 'TREAT', EMERGENCY: 'ETREAT' };
const NHIN_PURPOSES = '2.16.840.1.113883.3.18.7.1';

/** The one of them that we write: other communities' software does not know our own list. */
const SNOMED_OF: Partial<Readonly<Record<TravellingRole, Omit<Written, 'codeSystem'>>>> = {
  doctor: { code: '309343006', displayName: 'Physician' },
  dentist: { code: '106289002', displayName: 'Dentist' },
  nurse: { code: '106292003', displayName: 'Professional nurse' },
  pharmacist: { code: '46255001', displayName: 'Pharmacist' },
  laboratory: { code: '159282002', displayName: 'Laboratory technician' },
  ambulance: { code: '397897005', displayName: 'Paramedic' },
};

export const codedRole = (role: TravellingRole): Written => {
  const found = SNOMED_OF[role];
  return found ? { ...found, codeSystem: SNOMED_CT } : { code: role, codeSystem: ROLES, displayName: role };
};
export const codedPurpose = (code: string): Coded => ({ code, codeSystem: ACT_REASON });

/** Undefined: none that asks other regions. */
export const roleOf = ({ code, codeSystem }: Coded): TravellingRole | undefined =>
  codeSystem === ROLES
    ? TRAVELLING_ROLES.find((role) => role === code)
    : codeSystem === SNOMED_CT && Object.hasOwn(BY_SNOMED, code)
      ? BY_SNOMED[code]
      : undefined;

export const purposeOf = ({ code, codeSystem }: Coded): string | undefined =>
  codeSystem === ACT_REASON
    ? code
    : codeSystem === NHIN_PURPOSES && Object.hasOwn(BY_NHIN, code)
      ? BY_NHIN[code]
      : undefined;
