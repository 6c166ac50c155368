// A record as FHIR AuditEvent, in the shape of IHE Basic Audit Log Patterns: https://profiles.ihe.net/ITI/BALP/
// https://hl7.org/fhir/R4/auditevent.html
// The profiles themselves are not claimed in `meta.profile`: they ask for the network address of the client, which stands in the
// access log of the API under the same request id and not in the trail.
import type { Resource } from '../fhir/types.ts';
import type { AuditRecord } from './port.ts';
import type { StoredRecord } from './record.ts';

const DCM = 'http://dicom.nema.org/resources/ontology/DCM';
const ENTITY_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-entity-type';
const ENTITY_ROLE = 'http://terminology.hl7.org/CodeSystem/object-role';
const INTERACTION = 'http://hl7.org/fhir/restful-interaction';
/** Opaque key of the patient's partition: names the person to nobody outside. */
const PATIENT_KEY = 'urn:tsumugi:patient-key';

const TARGET_OF = 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType';

export interface RenderOptions {
  readonly baseUrl: string;
  /** Logical id of the patient, where the reader asked by it. */
  readonly patientId?: string | undefined;
}

/** `chain-time-number`: leads back to the item, and tells nothing. */
export const auditEventId = ({ chain, time, number }: Pick<StoredRecord, 'chain' | 'time' | 'number'>): string =>
  `${chain}-${time}-${number}`;

export const auditEvent = (stored: StoredRecord, { baseUrl, patientId }: RenderOptions): Resource => {
  const { record, time, chain } = stored;
  const ofPatient = record.patientKey !== undefined;
  const reader = record.action === 'R' || record.action === 'E';
  return {
    resourceType: 'AuditEvent',
    id: auditEventId(stored),
    meta: { versionId: '1', lastUpdated: new Date(time).toISOString() },
    type: {
      system: 'http://terminology.hl7.org/CodeSystem/audit-event-type',
      code: 'rest',
      display: 'RESTful Operation',
    },
    subtype: [subtypeOf(record)],
    action: record.action,
    recorded: new Date(time).toISOString(),
    outcome: record.outcome,
    outcomeDesc: `HTTP ${record.status}`,
    ...(record.purpose && { purposeOfEvent: [purposeOf(record)] }),
    agent: [
      // Data flow to who reads, and from who writes (BALP).
      {
        ...role(reader ? '110152' : '110153'),
        who: { identifier: { value: record.actorKind === 'system' ? record.actor : 'console' } },
        requestor: record.actorKind === 'system',
      },
      { ...role(reader ? '110153' : '110152'), who: { identifier: { value: baseUrl } }, requestor: false },
      ...(record.actorKind === 'system' ? [] : [userOf(record)]),
    ],
    source: { observer: { identifier: { value: baseUrl } }, site: chain },
    entity: [
      ...(ofPatient ? [patientEntity(record, patientId)] : []),
      ...record.entities.map((reference) => ({
        what: { reference },
        type: { system: ENTITY_TYPE, code: '2', display: 'System Object' },
        role: { system: ENTITY_ROLE, code: '4', display: 'Domain Resource' },
        ...(record.count > record.entities.length && { description: `${record.count} resources in all` }),
      })),
      {
        what: { identifier: { value: record.requestId } },
        type: { system: TARGET_OF, code: 'XrequestId' },
      },
    ],
  };
};

const role = (code: string) => ({
  type: { coding: [{ system: DCM, code, display: code === '110152' ? 'Destination Role ID' : 'Source Role ID' }] },
});

const subtypeOf = ({ interaction }: AuditRecord) =>
  interaction.startsWith('$') || interaction === 'token'
    ? { system: INTERACTION, code: 'operation', display: interaction }
    : { system: INTERACTION, code: interaction };

const purposeOf = ({ purpose }: AuditRecord) => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: purpose }],
});

const userOf = ({ actor, role: name, facility, tokenId, purpose }: AuditRecord) => ({
  type: {
    coding: [
      {
        system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
        code: 'IRCP',
        display: 'information recipient',
      },
    ],
  },
  role: [{ text: name }],
  who: { identifier: { value: actor } },
  ...(facility && { location: { identifier: { value: facility } } }),
  requestor: true,
  policy: [`urn:tsumugi:token:${tokenId}`],
  ...(purpose && {
    purposeOfUse: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: purpose }] }],
  }),
});

const patientEntity = ({ patientKey }: AuditRecord, patientId: string | undefined) => ({
  what: patientId
    ? { reference: `Patient/${patientId}` }
    : { type: 'Patient', identifier: { system: PATIENT_KEY, value: patientKey } },
  type: { system: ENTITY_TYPE, code: '1', display: 'Person' },
  role: { system: ENTITY_ROLE, code: '1', display: 'Patient' },
});
