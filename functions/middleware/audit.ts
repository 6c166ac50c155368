import type { AuditRecord } from '../audit/port.ts';
import { FhirError } from '../fhir/outcome.ts';
import type { Answer, Context, Disclosure, FhirRequest, Services } from '../interactions/contract.ts';
import { interactionOf } from '../interactions/routes.ts';
import type { Fhir } from './fhir-http.ts';

/** Names of what was shown; `count` says how many there were. */
const MAX_ENTITIES = 20;

/**
 * Writes who saw or changed what before the answer leaves; an answer that cannot be recorded is refused.
 * Calls that never got past authentication are counted by API Gateway, not recorded (a cost attack otherwise).
 */
export const audited = ({ audit }: Pick<Services, 'audit'>): Fhir => ({
  after: async (middy) => {
    const { context, request } = middy.event;
    if (context) await audit.record(recordsOf(context, request, (middy.response as Answer).status));
  },
  onError: async (middy) => {
    const { context, request } = middy.event;
    const error: unknown = middy.error;
    if (!context || (error instanceof FhirError && error.refusal === 'unavailable')) return;
    const status = error instanceof FhirError ? error.status : 500;
    try {
      await audit.record(recordsOf(context, request, status));
    } catch (failure) {
      middy.error = failure instanceof Error ? failure : new Error('audit failed');
    }
  },
});

/** One record for each person whose data was shown or changed; one without a person when there was none. */
export const recordsOf = (context: Context, request: FhirRequest, status: number): AuditRecord[] => {
  const { actor, purpose, requestId, disclosed } = context;
  const common = {
    interaction: interactionOf(request),
    actor: actor.subject,
    actorKind: actor.kind,
    role: actor.role,
    facility: actor.facility,
    tokenId: actor.tokenId,
    purpose,
    requestId,
    outcome: outcomeOf(status),
    status,
  };
  // What a refused request had touched was not shown; only the attempt is recorded.
  const groups = status < 400 ? groupByPerson(disclosed) : new Map<string | undefined, Disclosure[]>();
  if (groups.size === 0) {
    return [{ ...common, action: ACTIONS[request.method], patientKey: undefined, entities: target(request), count: 0 }];
  }
  return [...groups].map(([patientKey, items]) => ({
    ...common,
    action: strongest(items),
    patientKey,
    entities: items.slice(0, MAX_ENTITIES).map(({ reference }) => reference),
    count: items.length,
  }));
};

const groupByPerson = (disclosed: readonly Disclosure[]) => {
  const groups = new Map<string | undefined, Disclosure[]>();
  for (const item of disclosed) {
    const group = groups.get(item.patientKey);
    if (group) group.push(item);
    else groups.set(item.patientKey, [item]);
  }
  return groups;
};

const ACTIONS = { GET: 'R', HEAD: 'R', POST: 'E', PUT: 'U', PATCH: 'U', DELETE: 'D' } as const;

/** A change outranks a look. */
const strongest = (items: readonly Disclosure[]) =>
  (['D', 'U', 'C', 'R'] as const).find((action) => items.some((item) => item.action === action)) ?? 'R';

/** What was asked for, when it was one resource. */
const target = ({ path }: FhirRequest) =>
  path[0] && path[1] && /^[A-Za-z]+$/.test(path[0]) && /^[A-Za-z0-9\-.]{1,64}$/.test(path[1])
    ? [`${path[0]}/${path[1]}`]
    : [];

/** https://hl7.org/fhir/R4/valueset-audit-event-outcome.html */
const outcomeOf = (status: number): AuditRecord['outcome'] => (status < 400 ? '0' : status < 500 ? '4' : '8');
