// Who asks. Built by the authenticate middleware from a verified token; nothing else makes one.

/** One SMART v2 scope: https://hl7.org/fhir/smart-app-launch/STU2.1/scopes-and-launch-context.html */
export interface Scope {
  readonly level: 'patient' | 'user' | 'system';
  /** Resource type or `*`. */
  readonly type: string;
  readonly create: boolean;
  readonly read: boolean;
  readonly update: boolean;
  readonly delete: boolean;
  readonly search: boolean;
}

export type Role =
  | 'doctor'
  | 'dentist'
  | 'nurse'
  | 'pharmacist'
  | 'laboratory'
  | 'care-manager'
  | 'care-staff'
  | 'support-centre'
  | 'ambulance'
  | 'municipal'
  | 'operator'
  | 'privacy'
  | 'admin'
  | 'resident'
  | 'system';

export interface Actor {
  readonly kind: 'staff' | 'system' | 'resident';
  /** `sub` of the person's account, or the system's client id. */
  readonly subject: string;
  readonly role: Role;
  /** 10-digit code; absent for residents. */
  readonly facility: string | undefined;
  readonly facilityType: string | undefined;
  /** Id of the facility's Organization, where it is not the one that the desk made. */
  readonly organization?: string | undefined;
  /** Home community of who asks from another region; the facility is then `<community>~<code>`, and so never one of ours. */
  readonly community?: string | undefined;
  readonly scopes: readonly Scope[];
  /** Residents: ids of the Patient resources that are theirs (or that they may act for). */
  readonly patients: readonly string[];
  /** Of these: minors who decide for themselves already, and may keep something from who acts for them. @default nobody */
  readonly minors?: readonly string[] | undefined;
  /** `jti` of the token, for the audit trail. */
  readonly tokenId: string;
}
