// What the responding gateway calls things: patients, documents and summaries have names of OIDs below the region's own, as XDS wants
// them. A name leads back to its resource by itself where the id is one that we gave out (128 bits); see gateway-told.ts for others.
import { hash } from 'node:crypto';

export interface Names {
  /** `urn:oid:…` of the region. */
  readonly home: string;
  /** OID under which handles of persons stand (handles.ts). */
  readonly patients: string;
  /** OID of the one repository. */
  readonly repository: string;
  /** CX of a handle. */
  patientId(handle: string): string;
  /** The handle in a CX, if it is one of ours. */
  handleOf(cx: string): string | undefined;
  uniqueId(id: string): string;
  entryUuid(id: string): string;
  summaryId(patient: string): string;
  summaryUuid(patient: string): string;
  /** What a name of ours leads to without looking anywhere. */
  named(name: string): Named | undefined;
}

export interface Named {
  readonly kind: 'document' | 'summary';
  /** Of the DocumentReference, or of the Patient. */
  readonly id: string;
}

/** Arcs below the region's OID; 1 and 2 are cards and receipts (enrolment/person.ts). */
const ARC = { patients: 10, repository: 11, documents: 12, summaries: 13 } as const;

const SERVER_ID = /^[0-9a-v]{25}[048cgkos]$/;
/** OIDs of 128-bit numbers: https://www.itu.int/rec/T-REC-X.667 */
const OF_NUMBER = '2.25';

const numberOf = (id: string): bigint => {
  let value = 0n;
  for (const digit of id) value = value * 32n + BigInt(Number.parseInt(digit, 32));
  return value >> 2n;
};
const idOf = (digits: string): string | undefined => {
  const value = BigInt(digits);
  return value < 1n << 128n ? (value << 2n).toString(32).padStart(26, '0') : undefined;
};
const uuid = (hex: string): string =>
  `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;

export const gatewayNames = (community: string): Names => {
  const arc = (name: keyof typeof ARC) => `${community}.${ARC[name]}`;
  const [patients, documents, summaries] = [arc('patients'), arc('documents'), arc('summaries')];
  const made = (what: string, id: string) => uuid(hash('sha256', `${community} ${what} ${id}`));
  return {
    home: `urn:oid:${community}`,
    patients,
    repository: arc('repository'),
    patientId: (handle) => `${handle}^^^&${patients}&ISO`,
    handleOf: (cx) => {
      const [, value, oid] = /^([^^&]+)\^\^\^&([0-9.]+)&ISO$/.exec(cx) ?? [];
      return oid === patients ? value : undefined;
    },
    uniqueId: (id) => (SERVER_ID.test(id) ? `${OF_NUMBER}.${numberOf(id)}` : `${documents}^${id}`),
    entryUuid: (id) => (SERVER_ID.test(id) ? uuid(numberOf(id).toString(16).padStart(32, '0')) : made('document', id)),
    summaryId: (patient) => (SERVER_ID.test(patient) ? `${summaries}.${numberOf(patient)}` : `${summaries}^${patient}`),
    summaryUuid: (patient) => made('summary', patient),
    named: (name) => {
      const [, arcOf, digits] = /^(.+)\.(0|[1-9]\d{0,38})$/.exec(name) ?? [];
      if (arcOf === OF_NUMBER || arcOf === summaries) {
        const id = idOf(digits!);
        return id === undefined ? undefined : { kind: arcOf === summaries ? 'summary' : 'document', id };
      }
      const [, under, chosen] = /^([0-9.]+)\^([A-Za-z0-9\-.]{1,64})$/.exec(name) ?? [];
      if (under === documents || under === summaries)
        return { kind: under === summaries ? 'summary' : 'document', id: chosen! };
      const [, hex] = /^urn:uuid:([0-9a-f-]{36})$/i.exec(name) ?? [];
      if (hex === undefined) return undefined;
      const id = idOf(BigInt(`0x${hex.replaceAll('-', '')}`).toString());
      return id === undefined ? undefined : { kind: 'document', id };
    },
  };
};
