import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { AuditRecord } from '../audit/port.ts';
import { FhirError } from '../fhir/outcome.ts';
import type { Context, Disclosure, FhirRequest, Services } from '../interactions/contract.ts';
import { interactionOf } from '../interactions/routes.ts';
import type { Fhir } from './fhir-http.ts';

/** Names of what was shown; `count` says how many there were. */
const MAX_ENTITIES = 20;

/**
 * Writes who saw or changed what before the answer leaves; an answer that cannot be recorded is refused.
 * Calls that never got past authentication are counted by API Gateway, not recorded (a cost attack otherwise).
 */
export const audited = ({ audit }: Pick<Services, 'audit'>): Fhir =>
  auditing(audit, ({ context, request }, status) => context && recordsOf(context, request, status));

/** For any API: `records` says what to write of a call that ended with a status; nothing for a call that nobody has signed. */
export const auditing = <C, A extends { readonly status: number }>(
  audit: Services['audit'],
  records: (call: C, status: number) => AuditRecord[] | undefined,
): MiddlewareObj<C, A | APIGatewayProxyStructuredResultV2> => {
  const write = async (call: C, status: number) => {
    const written = records(call, status);
    if (written) await audit.record(written);
  };
  return {
    after: async (middy) => write(middy.event, (middy.response as A).status),
    onError: async (middy) => {
      const error: unknown = middy.error;
      if (error instanceof FhirError && error.refusal === 'unavailable') return;
      try {
        await write(middy.event, error instanceof FhirError ? error.status : 500);
      } catch (failure) {
        middy.error = failure instanceof Error ? failure : new Error('audit failed');
      }
    },
  };
};

/** What was asked for, as the trail names it. */
export interface Asked {
  readonly interaction: string;
  readonly method: FhirRequest['method'];
  /** The one thing that was asked for, where it was one. */
  readonly target: readonly string[];
}

export const recordsOf = (context: Context, request: FhirRequest, status: number): AuditRecord[] => [
  ...recordsAs(context, askedBy(request), status),
  // An attempt is an attempt, also where it stood in a batch with others.
  ...(status < 400 ? (context.refused ?? []) : []).flatMap((refused) =>
    recordsAs(context, refused.request ? askedBy(refused.request) : UNKNOWN, refused.status),
  ),
];

const askedBy = (request: FhirRequest): Asked => ({
  interaction: interactionOf(request),
  method: request.method,
  target: target(request),
});

const UNKNOWN: Asked = { interaction: 'unknown', method: 'POST', target: [] };

/** One record for each person whose data was shown or changed; one without a person when there was none. */
export const recordsAs = (context: Context, asked: Asked, status: number): AuditRecord[] => {
  const { actor, purpose, requestId, disclosed, grants, reason } = context;
  const common = {
    interaction: asked.interaction,
    actor: actor.subject,
    actorKind: actor.kind,
    role: actor.role,
    facility: actor.facility,
    tokenId: actor.tokenId,
    purpose,
    requestId,
    outcome: outcomeOf(status),
    status,
    ...(reason !== undefined && { reason }),
  };
  const grantOf = (key: string | undefined) => {
    const grant = grants?.find(({ keys }) => key !== undefined && keys.includes(key));
    return grant && { grant: grant.id };
  };
  // What a refused request had touched was not shown; only the attempt is recorded.
  const groups = status < 400 ? groupByPerson(disclosed) : new Map<string | undefined, Disclosure[]>();
  if (groups.size === 0) {
    return [{ ...common, action: ACTIONS[asked.method], patientKey: undefined, entities: asked.target, count: 0 }];
  }
  return [...groups].map(([patientKey, items]) => ({
    ...common,
    action: strongest(items),
    patientKey,
    ...grantOf(patientKey),
    entities: items.slice(0, MAX_ENTITIES).map(({ reference }) => reference),
    count: items.length,
    ...classesOf(items),
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

const classesOf = (items: readonly Disclosure[]) => {
  const classes = [...new Set(items.flatMap(({ dataClass }) => dataClass ?? []))].sort();
  return classes.length > 0 && { classes };
};

/** A change outranks a look. */
const strongest = (items: readonly Disclosure[]) => {
  const actions = new Set(items.map(({ action }) => action));
  return (['D', 'U', 'C', 'R'] as const).find((action) => actions.has(action)) ?? 'R';
};

/** What was asked for, when it was one resource. */
const target = ({ path }: FhirRequest) =>
  path[0] && path[1] && /^[A-Za-z]+$/.test(path[0]) && /^[A-Za-z0-9\-.]{1,64}$/.test(path[1])
    ? [`${path[0]}/${path[1]}`]
    : [];

/** https://hl7.org/fhir/R4/valueset-audit-event-outcome.html */
const outcomeOf = (status: number): AuditRecord['outcome'] => (status < 400 ? '0' : status < 500 ? '4' : '8');
