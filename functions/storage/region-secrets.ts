// What is derived from the region's data key. The data key itself stays in region-keys.ts.
import { hkdfSync } from 'node:crypto';

/** Keys for one purpose each, so that none can be played against another. */
export interface RegionSecrets {
  /** AES-128: ids of Patients. */
  readonly patientIds: Uint8Array;
  /** AES-128: ids of everything else. An Observation's id read as a Patient's leads nowhere. */
  readonly otherIds: Uint8Array;
  /** HMAC-SHA-256: partition keys of client-assigned ids, seeded ids. */
  readonly hmac: Uint8Array;
  /** AES-256-GCM: cursors. */
  readonly cursor: Uint8Array;
}

/** https://www.rfc-editor.org/rfc/rfc5869; the names are part of what is stored for ever: never change one. */
export const deriveSecrets = (dataKey: Uint8Array): RegionSecrets => {
  const derive = (name: string, bytes: number) =>
    new Uint8Array(hkdfSync('sha256', dataKey, 'tsumugi', `tsumugi/${name}`, bytes));
  return {
    patientIds: derive('patient-ids/1', 16),
    otherIds: derive('other-ids/1', 16),
    hmac: derive('hmac/1', 32),
    cursor: derive('cursor/1', 32),
  };
};
