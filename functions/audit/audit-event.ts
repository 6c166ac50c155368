// A record as FHIR AuditEvent, in the shape of IHE Basic Audit Log Patterns: https://profiles.ihe.net/ITI/BALP/
// https://hl7.org/fhir/R4/auditevent.html
// The profiles themselves are not claimed in `meta.profile`: they ask for the network address of the client, which stands in the
// access log of the API under the same request id and not in the trail.
import type { Resource } from '../fhir/types.ts';
import { inWords, narrative, purposeInWords, roleInWords } from './in-words.ts';
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
  /** Name of the facility that looked, where it is known. */
  readonly facilityName?: string | undefined;
  /** For the person concerned: in words, and without the account of the one who looked. */
  readonly forPerson?: boolean | undefined;
}

/** `chain-time-number`: leads back to the item, and tells nothing. */
export const auditEventId = ({ chain, time, number }: Pick<StoredRecord, 'chain' | 'time' | 'number'>): string =>
  `${chain}-${time}-${number}`;

export const auditEvent = (stored: StoredRecord, options: RenderOptions): Resource => {
  const { baseUrl, patientId, facilityName } = options;
  const { record, time } = stored;
  const ofPatient = record.patientKey !== undefined;
  const reader = record.action === 'R' || record.action === 'E';
  return {
    resourceType: 'AuditEvent',
    id: auditEventId(stored),
    meta: { versionId: '1', lastUpdated: new Date(time).toISOString() },
    text: narrative(inWords(record, time, facilityName)),
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
        who: record.actorKind === 'system' ? accountOf(record, options) : { identifier: { value: 'console' } },
        requestor: record.actorKind === 'system',
      },
      { ...role(reader ? '110153' : '110152'), who: { identifier: { value: baseUrl } }, requestor: false },
      ...(record.actorKind === 'system' ? [] : [userOf(record, options)]),
    ],
    source: {
      observer: { identifier: { value: baseUrl }, ...(facilityName && { display: facilityName }) },
      ...(record.facility && { site: record.facility }),
    },
    entity: [
      ...(ofPatient ? [patientEntity(record, patientId)] : []),
      ...(record.classes ?? []).map((name) => ({
        type: { system: ENTITY_TYPE, code: '4', display: 'Other' },
        name: `data class ${name}`,
      })),
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

const purposeOf = (record: AuditRecord) => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: record.purpose }],
  ...(purposeInWords(record) && { text: purposeInWords(record) }),
});

/** Who looked is told to the person by facility and role; the account itself is the privacy officer's to know. */
const accountOf = ({ actor, role: name }: AuditRecord, { forPerson, facilityName }: RenderOptions) =>
  forPerson
    ? { display: [facilityName, roleInWords(name)].filter(Boolean).join(' ') }
    : { identifier: { value: actor } };

const userOf = (record: AuditRecord, options: RenderOptions) => {
  const { role: name, facility, tokenId, purpose } = record;
  const { forPerson, facilityName } = options;
  return {
    type: {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
          code: 'IRCP',
          display: 'information recipient',
        },
      ],
    },
    role: [{ text: forPerson ? roleInWords(name) : name }],
    who: accountOf(record, options),
    ...(facility && {
      location: { identifier: { value: facility }, ...(facilityName && { display: facilityName }) },
    }),
    requestor: true,
    ...(!forPerson && { policy: [`urn:tsumugi:token:${tokenId}`] }),
    ...(purpose && {
      purposeOfUse: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: purpose }] }],
    }),
  };
};

const patientEntity = ({ patientKey }: AuditRecord, patientId: string | undefined) => ({
  what: patientId
    ? { reference: `Patient/${patientId}` }
    : { type: 'Patient', identifier: { system: PATIENT_KEY, value: patientKey } },
  type: { system: ENTITY_TYPE, code: '1', display: 'Person' },
  role: { system: ENTITY_ROLE, code: '1', display: 'Patient' },
});
