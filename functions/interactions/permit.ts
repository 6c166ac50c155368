import { decide } from '../consent/decide.ts';
import { REGION_OWNER } from '../consent/matrix.ts';
import { forbidden, notFound } from '../fhir/outcome.ts';
import { classesOf } from '../search/data-class.ts';
import type { Resources, Stored } from '../storage/port.ts';
import type { Context, Disclosure } from './contract.ts';

export type Action = 'create' | 'read' | 'update' | 'delete' | 'search';

/** The decision function with this caller filled in: asked once for each record that would leave. */
export const permitter = (resources: Pick<Resources, 'patientKey'>, context: Context) => {
  const { actor, purpose, now, consentDefault } = context;
  // Residents only: which of their own Patient ids a stored record belongs to.
  const own = new Map(actor.patients.map((id) => [resources.patientKey(id), id]));
  return (action: Action, stored: Stored) =>
    decide({
      actor,
      action,
      type: stored.type,
      facility: stored.facility,
      patientId: stored.type === 'Patient' ? stored.id : own.get(stored.patientKey ?? ''),
      dataClass: stored.dataClass,
      labels: stored.labels,
      purpose,
      now,
      consentDefault,
    });
};

/** May the caller ask for the type at all? What is found is decided one by one. */
export const assertSearchable = ({ actor, purpose, now }: Context, type: string): void => {
  const decision = decide({ actor, action: 'search', type, purpose, now });
  if (!decision.permit) throw forbidden(decision.reason);
};

/**
 * May the caller write anything of the type at all? Asked before anything is looked up: who may not must hear the same of what
 * exists and of what never did. The record itself is decided with its write.
 */
export const assertWritable = (context: Context, type: string, ...actions: readonly Action[]): void => {
  const { actor, purpose, now } = context;
  const facility = actor.kind === 'resident' ? REGION_OWNER : actor.facility;
  const decisions = actions.flatMap((action) =>
    classesOf(type).map((dataClass) =>
      decide({ actor, action, type, facility, patientId: actor.patients[0], dataClass, purpose, now }),
    ),
  );
  const [first] = decisions;
  if (decisions.some(({ permit }) => permit) || !first || first.permit) return;
  throw forbidden(first.reason);
};

/** `permit` as search takes it. */
export const searchPermit = (resources: Pick<Resources, 'patientKey'>, context: Context) => {
  const permit = permitter(resources, context);
  return (stored: Stored): boolean => permit('search', stored).permit;
};

/** For a direct read: 403 where the caller may know that the record exists, otherwise 404 as if there were none. */
export const assertReadable = (resources: Pick<Resources, 'patientKey'>, context: Context, stored: Stored): void => {
  const decision = permitter(resources, context)('read', stored);
  if (decision.permit) return;
  if (decision.hide) throw notFound(`${stored.type}/${stored.id}`);
  throw forbidden(decision.reason);
};

/** The record as this caller knows it: what may not even be known to exist is not there, whatever is asked of it. */
export const knownTo = (
  resources: Pick<Resources, 'patientKey'>,
  context: Context,
  stored: Stored | undefined,
): Stored | undefined => {
  if (!stored || stored.facility === context.actor.facility) return stored;
  const decision = permitter(resources, context)('read', stored);
  return decision.permit || !decision.hide ? stored : undefined;
};

export const disclose = (context: Context, action: Disclosure['action'], ...shown: readonly Stored[]): void => {
  for (const { patientKey, type, id } of shown) {
    context.disclosed.push({ patientKey, reference: `${type}/${id}`, action });
  }
};
