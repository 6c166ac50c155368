// Which roles and professions there are at which kind of facility. An account gets no role that its facility could not have:
// the matrix (consent/matrix.ts) would else open to a pharmacy what only a fire department may see.
import type { z } from 'zod/mini';
import type { Membership as MembershipRow, STAFF_ROLES } from '../auth/rows.ts';
import type { FacilityType } from './codes.ts';

export type StaffRole = (typeof STAFF_ROLES)[number];
export type Membership = z.infer<typeof MembershipRow>;

const CARE: readonly StaffRole[] = ['care-manager', 'care-staff', 'nurse'];

export const ROLES_AT: Readonly<Record<FacilityType, readonly StaffRole[]>> = {
  hospital: ['doctor', 'dentist', 'nurse', 'pharmacist', 'laboratory'],
  clinic: ['doctor', 'dentist', 'nurse', 'pharmacist', 'laboratory'],
  'dental-clinic': ['dentist', 'nurse'],
  pharmacy: ['pharmacist'],
  'home-nursing': ['nurse'],
  care: CARE,
  'support-centre': ['support-centre', 'care-manager', 'nurse'],
  laboratory: ['laboratory', 'doctor'],
  fire: ['ambulance'],
  municipality: ['municipal'],
  // Administrators belong to the operator: there are none of a single facility (docs/administration.md).
  operator: ['operator', 'privacy', 'admin'],
};

/** Professions with a licence of the state, by role: an account in such a role names the number. */
export const LICENSED: readonly StaffRole[] = ['doctor', 'dentist', 'pharmacist', 'nurse'];
