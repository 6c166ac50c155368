import { gone, refuse } from '../../fhir/outcome.ts';
import type { Issue } from '../../fhir/types.ts';
import { OPERATIONS } from '../../operations/operations.ts';
import type { Stored, Write } from '../../storage/port.ts';
import { WriteRefused } from '../../storage/write-refused.ts';
import { storeData } from '../binary.ts';
import type { Context, Interaction } from '../contract.ts';
import { fhirBases, isConditional, type Return } from '../headers.ts';
import { assertWritable, disclose } from '../permit.ts';
import { allocateId, createWrite, deleteWrite, lostRace, replaceWrite } from '../write/draft.ts';
import { profileFaults, refuseFaults } from '../write/meets-profiles.ts';
import { answerOf } from './batch.ts';
import { type Entry, inEntry } from './entries.ts';
import { assertResolved, type Linked, Links, linkedOf, resolveConditional } from './links.ts';
import { checkPrevious, each, gather, lookUp, type Needs, type Plan, planOf } from './plan.ts';
import { writtenEntry } from './response.ts';

/**
 * All of it or nothing, in one commit: https://hl7.org/fhir/R4/http.html#trules
 * DELETE, POST, PUT and PATCH take effect together; what order can mean between them (what criteria match, which reference
 * names what) is settled before. Reads come after, and see what was written.
 */
export const transaction = async (
  services: Needs,
  dispatch: Interaction,
  context: Context,
  base: string,
  entries: readonly Entry[],
  wanted: Return | undefined,
): Promise<string[]> => {
  const plans = gather(
    entries.filter((entry) => !isRead(entry)),
    ({ at }) => at,
    planOf,
  );
  gather(plans, atOf, ({ method, type }) => assertWritable(context, type, ...ACTIONS[method]));
  await lookUp(services, context, plans);
  gather(plans, atOf, (plan) => checkPrevious(services, context, plan));
  await checkProfiles(services, plans);
  await link(services, context, plans);
  assertDistinct(plans);
  await each(
    plans.filter(({ type, resource, existing }) => type === 'Binary' && resource && !existing),
    async ({ resource }) => storeData(services, context, resource!),
  );

  await tryReads(dispatch, context, plans, entries.filter(isRead));

  const written = await commit(services, context, plans);
  const answers: string[] = new Array(entries.length);
  for (const plan of plans) answers[plan.entry.at] = answer(context, base, plan, written.get(plan), wanted);
  for (const entry of entries.filter(isRead)) answers[entry.at] = await answerOf(dispatch, context, base, entry);
  return answers;
};

/** Operations that change nothing are reads too, though they are asked by POST: R4's own example has `POST ValueSet/$lookup`. */
const isRead = ({ request: { method, path } }: Entry): boolean => {
  if (method === 'GET' || method === 'HEAD') return true;
  const last = path.at(-1);
  return method === 'POST' && OPERATIONS.some(({ name, affectsState }) => last === `$${name}` && !affectsState);
};

const ACTIONS = { POST: ['create'], PUT: ['update', 'create'], PATCH: ['update'], DELETE: ['delete'] } as const;

/** Every entry's faults at once, as with those of R4. */
const checkProfiles = async (services: Needs, plans: readonly Plan[]): Promise<void> => {
  const found = new Map<Plan, readonly Issue[]>();
  await each(
    plans.filter(({ resource, existing }) => resource && !existing),
    async (plan) => void found.set(plan, await profileFaults(services, plan.resource!)),
  );
  gather(
    [...found],
    ([plan]) => atOf(plan),
    ([, issues]) => refuseFaults(issues),
  );
};

const atOf = ({ entry }: { readonly entry: Entry }) => entry.at;

/**
 * Gives every new resource its id and every link its target. Patients come first: the id of anything else holds the
 * partition of its patient, so the reference to the patient must be known when the id is made.
 */
const link = async (services: Needs, context: Context, plans: readonly Plan[]): Promise<void> => {
  const bases = fhirBases(services.region);
  const written = plans.filter(({ resource, existing }) => resource && !existing);
  const linked = written.map((plan) => linkedOf(plan, bases));
  const links = new Links();
  const isNew = ({ id, method }: Plan) => id === undefined && method !== 'DELETE';

  for (const plan of plans) if (plan.existing) plan.id = plan.existing.id;
  await assign(
    services,
    written.filter((plan) => isNew(plan) && plan.type === 'Patient'),
  );
  gather(plans, atOf, (plan) => links.add(plan));
  await resolveConditional(services, context, linked, plans);
  for (const item of linked) links.rewrite(item);

  const others = written.filter(isNew);
  await assign(services, others);
  gather(others, atOf, (plan) => links.add(plan));
  gather(linked, atOf, (item: Linked) => {
    links.rewrite(item);
    assertResolved(item);
  });
};

/** The id of a conditional create comes from its criteria, unless that id was used and deleted before. */
const assign = async (services: Needs, plans: readonly Plan[]): Promise<void> => {
  for (const plan of plans) {
    plan.id = allocateId(services, plan.type, plan.resource!, plan.seed);
    plan.isAssigned = true;
  }
  const seeded = plans.filter(({ seed }) => seed !== undefined);
  if (seeded.length === 0) return;
  const used = await services.resources.getMany(seeded.map(({ type, id }) => ({ type, id: id! })));
  seeded.forEach((plan, at) => {
    if (used[at]) plan.id = allocateId(services, plan.type, plan.resource!);
  });
};

/**
 * A read that fails fails the transaction, so reads are tried while nothing is written yet. Those of what is about to be written
 * are answered by the plan. What is read here is thrown away: the answer comes from after the commit.
 */
const tryReads = async (
  dispatch: Interaction,
  context: Context,
  plans: readonly Plan[],
  reads: readonly Entry[],
): Promise<void> => {
  const changes = new Map(plans.map(({ type, id, method }) => [`${type}/${id}`, method]));
  await each(
    reads.map((entry) => ({ entry })),
    async ({ entry: { request } }) => {
      const target = request.path.slice(0, 2).join('/');
      if (changes.get(target) === 'DELETE') throw gone(target);
      if (!changes.has(target)) await dispatch({ ...context, disclosed: [] }, request);
    },
  );
};

/** "If any resource identities overlap, the transaction SHALL fail." */
const assertDistinct = (plans: readonly Plan[]): void => {
  const seen = new Set<string>();
  gather(plans, atOf, ({ type, id, existing }) => {
    if (id === undefined || existing) return;
    const reference = `${type}/${id}`;
    if (seen.has(reference)) throw refuse('invalid', 'another entry changes the same resource');
    seen.add(reference);
  });
};

const commit = async (services: Needs, context: Context, plans: readonly Plan[]): Promise<Map<Plan, Stored>> => {
  const planned = gather(plans, atOf, (plan) => ({ plan, write: writeOf(services, context, plan) }));
  const changes = planned.filter((item): item is { plan: Plan; write: Write } => item.write !== undefined);
  if (changes.length === 0) return new Map();
  try {
    const stored = await services.resources.commit(
      changes.map(({ write }) => write),
      context.now,
    );
    return new Map(changes.map(({ plan }, at) => [plan, stored[at]!]));
  } catch (error) {
    const plan = error instanceof WriteRefused ? changes[error.at]?.plan : undefined;
    if (!plan) throw error;
    const { at, request } = plan.entry;
    throw inEntry(at, lostRace(error as WriteRefused, isConditional(request.headers)));
  }
};

/** Undefined: nothing to write, since it exists, is deleted already, or is stored exactly so. */
const writeOf = (services: Needs, context: Context, plan: Plan): Write | undefined => {
  const { method, type, id, previous, existing, isAssigned } = plan;
  if (existing) return undefined;
  if (method === 'DELETE') {
    if (!previous) return undefined;
    const write = deleteWrite(services, context, previous);
    return previous.deleted ? undefined : write;
  }
  const change = { type, resource: plan.resource!, method };
  if (previous) return replaceWrite(services, context, previous, change);
  return createWrite(services, context, change, isAssigned ? { assigned: id } : { id });
};

const answer = (
  context: Context,
  base: string,
  plan: Plan,
  stored: Stored | undefined,
  wanted: Return | undefined,
): string => {
  const { method, previous, existing } = plan;
  if (method === 'DELETE') {
    if (stored) disclose(context, 'D', stored);
    const after = stored ?? previous;
    return after ? writtenEntry(base, '204', after, wanted) : '{"response":{"status":"204"}}';
  }
  const isNew = !existing && (!previous || previous.deleted);
  const shown = stored ?? existing ?? previous!;
  disclose(context, existing ? 'R' : isNew ? 'C' : 'U', shown);
  return writtenEntry(base, isNew ? '201' : '200', shown, wanted);
};
