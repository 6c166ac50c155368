// What can be written, and which role is offered what: never more than the server's matrix (functions/consent/matrix.ts) could
// permit, which a test holds. The server decides; here is only left out what it would refuse in any case.
import type { Resource } from '../../api/client.ts';
import { carePlan, message, note, upload } from './documents.ts';
import type { EntryKind } from './draft.ts';
import { adl, correction, labs, vitals } from './measurements.ts';
import { dispense, prescription } from './medicines.ts';
import { allergy, diagnosis } from './problems.ts';

export const KINDS: readonly EntryKind[] = [
  note,
  vitals,
  diagnosis,
  prescription,
  dispense,
  labs,
  allergy,
  upload,
  message,
  carePlan,
  adl,
];

const DOCTOR = KINDS.map(({ name }) => name);
const CARE = ['vitals', 'message', 'carePlan', 'adl'];

const OFFERED: Readonly<Record<string, readonly string[]>> = {
  doctor: DOCTOR,
  dentist: DOCTOR,
  nurse: ['note', 'vitals', 'labs', 'upload', 'message', 'carePlan', 'adl'],
  pharmacist: ['dispense', 'note', 'upload', 'message'],
  laboratory: ['labs', 'upload'],
  'care-manager': CARE,
  'care-staff': CARE,
  'support-centre': ['message', 'carePlan'],
  ambulance: ['note', 'vitals', 'upload', 'message'],
};

export const offeredTo = (role: string): readonly EntryKind[] =>
  KINDS.filter(({ name }) => OFFERED[role]?.includes(name) === true);

/** May write Patients of the own facility. */
export const registers = (role: string): boolean => role === 'doctor' || role === 'dentist';

export const breaksGlass = (role: string): boolean =>
  ['doctor', 'dentist', 'nurse', 'pharmacist', 'ambulance'].includes(role);

/** May ask a resident for consent by code (consent/routes.ts). */
export const asksConsent = (role: string): boolean => role in OFFERED && role !== 'laboratory' && role !== 'ambulance';

/** The form that corrects a resource, for a role that may write it. */
export const correctionOf = (role: string, resource: Resource): EntryKind | undefined => {
  const kinds = offeredTo(role).filter(({ types }) => types.includes(resource.resourceType));
  if (kinds.length === 0) return undefined;
  return resource.resourceType === 'Observation'
    ? correction(resource)
    : kinds.find(({ read }) => read?.(resource) !== undefined);
};

/** May say that it was written by mistake. */
export const mayRevoke = (role: string, { resourceType }: Resource): boolean =>
  offeredTo(role).some(({ types }) => types.includes(resourceType));
