import { decide } from '../consent/decide.ts';
import { REGION_OWNER } from '../consent/matrix.ts';
import { isAddressedTo } from '../consent/participants.ts';
import type { Facts } from '../consent/policy.ts';
import { linkedFor, policyFor } from '../consent/ruled.ts';
import { forbidden, notFound } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { classesOf } from '../search/data-class.ts';
import { clinicalSpan } from '../search/placement.ts';
import type { Resources, Stored } from '../storage/port.ts';
import type { Context, Disclosure } from './contract.ts';
import { isObject } from './write/body.ts';

export type Action = 'create' | 'read' | 'update' | 'delete' | 'search';

/**
 * The decision function with this caller filled in: asked once for each record that would leave. What the patient has said comes
 * with the record (consent/ruled.ts); a record that was read past it stays with its source.
 */
export const permitter = (
  resources: Pick<Resources, 'patientKey'> & Partial<Pick<Resources, 'allocate'>>,
  context: Context,
) => {
  const { actor, purpose, now, consentDefault, glassOverridesDenial, grants, narrow } = context;
  // Residents only: which of their own Patient ids a stored record belongs to, or is linked to.
  const own = new Map(actor.patients.map((id) => [resources.patientKey(id), id]));
  const isOwn = (id: string) => actor.patients.includes(id);
  const patientOf = (stored: Stored): string | undefined =>
    own.get(stored.patientKey ?? '') ??
    (own.size > 0 ? linkedFor(stored).find(isOwn) : undefined) ??
    (stored.type === 'Patient' ? stored.id : undefined);
  const organization = lazily(() => actor.organization ?? organizationOf(resources, actor.facility));
  const facts = (stored: Stored): Facts => ({
    codes: () => codesOf(stored.resource()),
    span: () => clinicalSpan(stored.resource()),
    isAddressed: () => actor.facility !== undefined && isAddressedTo(stored.resource(), actor.facility, organization()),
  });
  return (action: Action, stored: Stored) =>
    decide({
      actor,
      action,
      type: stored.type,
      facility: stored.facility,
      patientId: patientOf(stored),
      patientKey: stored.patientKey,
      dataClass: stored.dataClass,
      labels: stored.labels,
      facts: stored.deleted ? undefined : facts(stored),
      policy: policyFor(stored),
      purpose,
      now,
      consentDefault,
      glassOverridesDenial,
      grants,
      narrow,
    });
};

const lazily = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

const NOWHERE = { patient: undefined, otherPatients: [], date: undefined, spansDays: false };

/** Id of the Organization that the desk makes for a facility (tenants/mirror.ts makes it the same way). */
const organizationOf = ({ allocate }: Partial<Pick<Resources, 'allocate'>>, code: string | undefined): string =>
  code === undefined || !allocate ? '' : allocate('Organization', NOWHERE, `tenant facility ${code}`);

/** `system|code` of what a record is: its code, or a document's type. */
const codesOf = ({ code, type }: Resource): string[] =>
  [code, type]
    .flatMap((concept) => (Array.isArray(concept) ? concept : [concept]))
    .flatMap((concept) => (isObject(concept) && Array.isArray(concept.coding) ? concept.coding : []))
    .map(({ system = '', code: of = '' }) => `${system}|${of}`);

/** May the caller ask for the type at all? What is found is decided one by one. */
export const assertSearchable = ({ actor, purpose, now, narrow }: Context, type: string): void => {
  const decision = decide({ actor, action: 'search', type, purpose, now, narrow });
  if (!decision.permit) throw forbidden(decision.reason);
};

/**
 * May the caller write anything of the type at all? Asked before anything is looked up: who may not must hear the same of what
 * exists and of what never did. The record itself is decided with its write.
 */
export const assertWritable = (context: Context, type: string, ...actions: readonly Action[]): void => {
  const { actor, purpose, now, narrow } = context;
  const facility = actor.kind === 'resident' ? REGION_OWNER : actor.facility;
  const decisions = actions.flatMap((action) =>
    classesOf(type).map((dataClass) =>
      decide({ actor, action, type, facility, patientId: actor.patients[0], dataClass, purpose, now, narrow }),
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
  for (const { patientKey, type, id, dataClass } of shown) {
    context.disclosed.push({ patientKey, reference: `${type}/${id}`, action, dataClass });
  }
};
