import { assertEnforceable } from '../../consent/compile.ts';
import { decide } from '../../consent/decide.ts';
import { REGION_OWNER } from '../../consent/matrix.ts';
import { beyondParticipant } from '../../consent/participants.ts';
import { spliceText, storedText } from '../../fhir/json.ts';
import { FhirError, forbidden, refuse } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Draft, IndexEntries, Placement, Resources, Stored, Write } from '../../storage/port.ts';
import { WriteRefused } from '../../storage/write-refused.ts';
import { label } from '../../terminology/labels.ts';
import type { Context, Services } from '../contract.ts';
import { ID_RULE, isId } from '../ids.ts';
import { assertReadable, knownTo, permitter } from '../permit.ts';
import { indexOf, placingOf } from './placing.ts';

/** A new Patient's partition is decided by its id, so nothing about it is known when the id is made. */
const NEW_PATIENT: Placement = { patient: undefined, otherPatients: [], date: undefined, spansDays: false };

/** An id before the resource is ready to be written: its references may still name entries of the same Bundle. */
export const allocateId = (
  { resources }: Pick<Services, 'resources'>,
  type: string,
  resource: Resource,
  seed?: string,
): string => resources.allocate(type, type === 'Patient' ? NEW_PATIENT : placingOf(resource), seed);

/** The text of one resource as stored, in bytes: beyond this even S3 could not answer it within Lambda's 6 MB. */
export const MAX_RESOURCE_BYTES = 4 * 1024 * 1024;

export interface Change {
  readonly type: string;
  /** Checked and with its references as they are to be stored; `id` is set here. */
  readonly resource: Resource;
  readonly method: Draft['method'];
}

/** A change to something new. `id` is the client's choice, `assigned` ours; without them one is made, with `seed` the same one every time. */
export const createWrite = (
  { resources }: Pick<Services, 'resources'>,
  context: Context,
  { type, resource, method }: Change,
  chosen: { id?: string | undefined; seed?: string | undefined; assigned?: string | undefined } = {},
): Write & { kind: 'create' } => {
  const facility = ownerOf(context);
  if (chosen.id !== undefined && !isId(chosen.id)) {
    throw refuse('invalid', `${type}.id must be ${ID_RULE}`, `${type}.id`);
  }
  if (chosen.id !== undefined && resources.isServerId(chosen.id)) {
    throw ownForm(type, chosen.id);
  }
  const known = chosen.assigned ?? chosen.id;
  if (type === 'Patient') resource.id = known ?? resources.allocate(type, NEW_PATIENT, chosen.seed);
  const index = indexOf(label(resource));
  const id = type === 'Patient' ? resource.id! : (known ?? resources.allocate(type, index, chosen.seed));
  resource.id = id;
  assertDecided(context, 'create', type, facility, index);
  if (type === 'Consent') assertEnforceable(resource, context.consentDefault, context.actor.kind === 'resident');
  return { kind: 'create', draft: { type, id, text: textOf(resource), index, facility, method } };
};

/** A next version. Undefined: the text is what is stored already, so there is nothing to write. */
export const replaceWrite = (
  { resources }: Pick<Services, 'resources'>,
  context: Context,
  previous: Stored,
  { type, resource, method }: Change,
): (Write & { kind: 'replace' }) | undefined => {
  resource.id = previous.id;
  const index = indexOf(label(resource));
  if (isAnsweredBy(resources, context, previous)) assertAnswer(previous, resource);
  else {
    assertOwner(resources, context, previous);
    assertSamePerson(resources, previous, index);
    assertDecided(context, previous.deleted ? 'create' : 'update', type, previous.facility, index);
  }
  if (type === 'Consent') assertEnforceable(resource, context.consentDefault, context.actor.kind === 'resident');
  const text = textOf(resource);
  if (isUnchanged(previous, text)) return undefined;
  return {
    kind: 'replace',
    previous,
    draft: { type, id: previous.id, text, index, facility: previous.facility, method },
  };
};

/** The same text makes no version, so that loading a file again changes nothing. Compared as text: nothing is parsed. */
const isUnchanged = (previous: Stored, text: string) =>
  !previous.deleted &&
  previous.text() === spliceText(previous.type, previous.id, previous.version, previous.lastUpdated, text);

export const deleteWrite = (
  { resources }: Pick<Services, 'resources'>,
  context: Context,
  previous: Stored,
): Write & { kind: 'delete' } => {
  assertOwner(resources, context, previous);
  const decision = permitter(resources, context)('delete', previous);
  if (!decision.permit) throw forbidden(decision.reason);
  return { kind: 'delete', previous, facility: previous.facility };
};

/** Who owns what this caller writes: the facility, or the region for what residents write of themselves. */
export const ownerOf = ({ actor }: Context): string => {
  const owner = actor.kind === 'resident' ? REGION_OWNER : actor.facility;
  if (owner === undefined) throw forbidden('who writes must belong to a facility');
  return owner;
};

/** One answer for an id of our form that was never used and for one that the caller may not know of. */
const ownForm = (type: string, id: string) =>
  forbidden(`${type}/${id} may not be written: ids of this form are assigned by the server; POST the resource`);

/**
 * Only the facility that wrote a resource changes it. Others learn nothing: not whose it is, nor what it holds. That an id which a
 * client chose is taken cannot be kept from who wants to take it (docs/threat-model.md).
 */
const assertOwner = (resources: Resources, context: Context, previous: Stored) => {
  if (previous.facility === ownerOf(context)) return;
  if (resources.isServerId(previous.id) && !knownTo(resources, context, previous))
    throw ownForm(previous.type, previous.id);
  if (context.actor.kind === 'resident') assertReadable(resources, context, previous);
  throw forbidden(`${previous.type}/${previous.id} may not be changed`);
};

/** Addressed to the caller's facility: a referral, an appointment, a message (consent/participants.ts). */
const isAnsweredBy = (resources: Resources, context: Context, previous: Stored): boolean =>
  !previous.deleted &&
  previous.facility !== ownerOf(context) &&
  permitter(resources, context)('update', previous).permit;

/** Who is addressed writes what the table of participants lists, and nothing else. */
const assertAnswer = (previous: Stored, resource: Resource) => {
  const beyond = beyondParticipant(previous.resource(), resource);
  if (beyond.length === 0) return;
  throw new FhirError(
    'forbidden',
    beyond.map((name) => ({
      diagnostics: `${previous.type}.${name}: only the facility that wrote the ${previous.type} may change it`,
      expression: [`${previous.type}.${name}`],
    })),
  );
};

/** The id of a resource names its person's partition, so a subject that changes is another resource. */
const assertSamePerson = (resources: Resources, previous: Stored, index: IndexEntries) => {
  const next = index.patient === undefined ? undefined : resources.patientKey(index.patient);
  if (next !== previous.patientKey) {
    throw refuse(
      'unprocessable',
      `${previous.type}/${previous.id}: the subject may not change; delete and create instead`,
    );
  }
};

const assertDecided = (
  { actor, purpose, now, narrow }: Context,
  action: 'create' | 'update',
  type: string,
  facility: string,
  { patient, dataClass, labels }: IndexEntries,
) => {
  const decision = decide({
    actor,
    action,
    type,
    facility,
    patientId: patient,
    dataClass,
    labels,
    purpose,
    now,
    narrow,
  });
  if (!decision.permit) throw forbidden(decision.reason);
};

const textOf = (resource: Resource): string => {
  const text = storedText(resource);
  if (text.length > MAX_RESOURCE_BYTES) throw refuse('tooLarge', 'one resource holds at most 4 MB');
  return text;
};

/** The store's words for a lost race become HTTP's: 412 where the request set a condition, otherwise 409. */
export const lostRace = (refused: WriteRefused, conditional: boolean): FhirError => {
  if (refused.reason === 'changed' && !conditional)
    return new FhirError(
      'conflict',
      refused.issues.map((issue) => ({ ...issue, code: 'conflict' })),
    );
  return refused.reason === 'exists' && conditional ? new FhirError('stale', refused.issues) : refused;
};

/** Writes one resource. */
export const commitOne = async (
  { resources }: Pick<Services, 'resources'>,
  { now }: Context,
  write: Write,
  conditional: boolean,
): Promise<Stored> => {
  try {
    const [stored] = await resources.commit([write], now);
    return stored!;
  } catch (error) {
    throw error instanceof WriteRefused ? lostRace(error, conditional) : error;
  }
};
