// An AuditEvent as the privacy officer reads it: https://hl7.org/fhir/R4/auditevent.html, in the shape of functions/audit/audit-event.ts.
import type { Resource } from '../api/client.ts';

export interface TrailEvent {
  readonly id: string;
  readonly at: string;
  readonly account: string;
  readonly role: string;
  readonly facility: string | undefined;
  readonly action: string;
  readonly interaction: string;
  readonly patient: string | undefined;
  readonly classes: readonly string[];
  readonly entities: readonly string[];
  readonly purpose: string | undefined;
  readonly outcome: string;
  readonly isRefused: boolean;
}

interface Event {
  readonly id?: string;
  readonly recorded?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly outcomeDesc?: string;
  readonly subtype?: readonly { readonly code?: string; readonly display?: string }[];
  readonly purposeOfEvent?: readonly { readonly coding?: readonly { readonly code?: string }[] }[];
  readonly source?: { readonly site?: string };
  readonly agent?: readonly {
    readonly requestor?: boolean;
    readonly role?: readonly { readonly text?: string }[];
    readonly who?: { readonly identifier?: { readonly value?: string } };
  }[];
  readonly entity?: readonly {
    readonly name?: string;
    readonly role?: { readonly code?: string };
    readonly what?: { readonly reference?: string; readonly identifier?: { readonly value?: string } };
  }[];
}

const CLASS = 'data class ';
/** http://terminology.hl7.org/CodeSystem/object-role */
const PATIENT = '1';

export const eventOf = (resource: Resource): TrailEvent => {
  const event = resource as unknown as Event;
  const user = event.agent?.find(({ requestor }) => requestor === true);
  const entities = event.entity ?? [];
  const patient = entities.find(({ role }) => role?.code === PATIENT)?.what;
  const subtype = event.subtype?.[0];
  return {
    id: event.id ?? '',
    at: event.recorded ?? '',
    account: user?.who?.identifier?.value ?? '',
    role: user?.role?.[0]?.text ?? (user ? 'system' : ''),
    facility: event.source?.site,
    action: event.action ?? '',
    interaction: subtype?.display ?? subtype?.code ?? '',
    patient: patient?.reference ?? patient?.identifier?.value,
    classes: entities.flatMap(({ name }) => (name?.startsWith(CLASS) ? [name.slice(CLASS.length)] : [])),
    entities: entities.flatMap(({ role, what }) => (role?.code !== PATIENT && what?.reference ? [what.reference] : [])),
    purpose: event.purposeOfEvent?.[0]?.coding?.[0]?.code,
    outcome: event.outcomeDesc ?? '',
    isRefused: event.outcome !== '0',
  };
};
