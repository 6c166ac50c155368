import { FhirError, gone, notFound, refuse } from '../../fhir/outcome.ts';
import type { Issue, Resource } from '../../fhir/types.ts';
import type { Stored } from '../../storage/port.ts';
import { assertNoPointer } from '../binary.ts';
import { matches, onlyMatch, parseCriteria } from '../conditional.ts';
import type { Context, Services } from '../contract.ts';
import { assertUnchanged, isCreateOnly } from '../headers.ts';
import { does, ID_RULE, isId, parseType } from '../ids.ts';
import { patched } from '../patch.ts';
import { assertReadable, knownTo } from '../permit.ts';
import { assertType, assertValid } from '../write/body.ts';
import { type Entry, inEntry } from './entries.ts';

export type Needs = Pick<Services, 'resources' | 'documents' | 'seal' | 'region' | 'clock' | 'profiles'>;

/** What one entry of a transaction comes to, once its criteria are looked up. */
export interface Plan {
  readonly entry: Entry;
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly type: string;
  /** Known from the start for all but what a POST (or a conditional PUT without match) creates. */
  id: string | undefined;
  /** The id is ours, not the client's. */
  isAssigned: boolean;
  /** What is stored under that id now. */
  previous: Stored | undefined;
  /** `ifNoneExist` found it: nothing is written. */
  existing: Stored | undefined;
  resource: Resource | undefined;
  /** Criteria of a conditional create, from which its id is made. */
  seed: string | undefined;
}

/** More than this many at once would only queue behind the same connections. */
const AT_ONCE = 16;

/** Runs over all, a few at a time, and says the faults of all entries at once. */
export const each = async <T extends { readonly entry: Entry }>(
  items: readonly T[],
  run: (item: T) => Promise<void>,
) => {
  const faults = new Faults();
  let next = 0;
  const work = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at]!;
      await run(item).catch((error) => faults.add(item.entry.at, error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  faults.refuse();
};

/** As `each`, of what needs no store. */
export const gather = <T, R>(items: readonly T[], at: (item: T) => number, run: (item: T) => R): R[] => {
  const faults = new Faults();
  const results: R[] = [];
  for (const item of items) {
    try {
      results.push(run(item));
    } catch (error) {
      faults.add(at(item), error);
    }
  }
  faults.refuse();
  return results;
};

const MOST_ISSUES = 200;

/** What entries are refused for, each fault once, at the place of its entry. */
class Faults {
  private readonly refused: { readonly at: number; readonly error: FhirError }[] = [];

  add(at: number, error: unknown): void {
    if (!(error instanceof FhirError)) throw error;
    this.refused.push({ at, error: inEntry(at, error) });
  }

  /** Answers with the status of the first entry at fault. */
  refuse(): void {
    const [first, ...others] = this.refused.sort((a, b) => a.at - b.at);
    if (!first) return;
    const issues = [first, ...others].flatMap(({ error }) => error.issues);
    const left = issues.length - MOST_ISSUES;
    const rest: Issue = {
      severity: 'error',
      code: 'too-long',
      diagnostics: `${left} more faults in ${this.refused.length} entries; the rest is not listed`,
      expression: ['Bundle.entry'],
    };
    throw new FhirError(
      first.error.refusal,
      left > 0 ? [...issues.slice(0, MOST_ISSUES), rest] : issues,
      first.error.headers,
    );
  }
}

const CODES = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

/** Looks at the entry alone: its address, its resource. No store is asked yet. */
export const planOf = (entry: Entry): Plan => {
  const { request, resource } = entry;
  const method = request.method as Plan['method'];
  const type = parseType(request.path[0] ?? '');
  if (!does(type, CODES[method])) throw refuse('notAllowed', `${type} has no ${CODES[method]} here`);
  const depth = request.path.length;
  if (
    depth > 2 ||
    request.path[1]?.startsWith('_') ||
    request.path[1]?.startsWith('$') ||
    (method === 'POST' && depth !== 1)
  ) {
    throw refuse('invalid', 'an address of this form is not part of a transaction');
  }
  const id = request.path[1];
  if (id !== undefined && !isId(id)) throw refuse('invalid', `the id in the url must be ${ID_RULE}`);
  if (method === 'POST' || method === 'PUT') checkResource(resource!, type, method === 'PUT' ? id : undefined);
  return {
    entry,
    method,
    type,
    id,
    isAssigned: false,
    previous: undefined,
    existing: undefined,
    resource: method === 'DELETE' ? undefined : resource,
    seed: undefined,
  };
};

const checkResource = (resource: Resource, type: string, id: string | undefined) => {
  assertType(resource, type);
  assertValid(resource, type, { conditional: true });
  if (type === 'Binary') assertNoPointer(resource);
  if (id !== undefined && resource.id !== id)
    throw refuse('invalid', `${type}.id must be the id in the url`, `${type}.id`);
};

/** Fills in what the store knows. Deletions first: what they take away no longer meets anybody's criteria. */
export const lookUp = async (services: Needs, context: Context, plans: readonly Plan[]): Promise<void> => {
  const conditional = plans.filter(({ id }) => id === undefined);
  const deletions = conditional.filter(({ method }) => method === 'DELETE');
  await each(deletions, async (plan) => {
    plan.previous = await onlyOne(services, context, plan, new Set());
    plan.id = plan.previous?.id;
  });
  const going = new Set(plans.filter(({ method }) => method === 'DELETE').map(({ type, id }) => `${type}/${id}`));
  const others = conditional.filter(({ method }) => method !== 'DELETE');
  await each(others, (plan) => lookUpCriteria(services, context, plan, going));

  const direct = plans.filter(({ entry, id }) => entry.request.path.length === 2 && id !== undefined);
  const stored = await services.resources.getMany(direct.map(({ type, id }) => ({ type, id: id! })));
  direct.forEach((plan, at) => {
    const known = plan.method === 'DELETE' ? knownTo(services.resources, context, stored[at]) : stored[at];
    plan.previous = known;
  });
};

const lookUpCriteria = async (
  services: Needs,
  context: Context,
  plan: Plan,
  going: ReadonlySet<string>,
): Promise<void> => {
  if (plan.method === 'POST') return lookUpIfNoneExist(services, context, plan, going);
  const found = await onlyOne(services, context, plan, going);
  if (found) {
    if (plan.method === 'PUT' && plan.resource!.id !== undefined && plan.resource!.id !== found.id) {
      throw refuse(
        'invalid',
        `${plan.type}.id is not the id of the resource that the criteria match`,
        `${plan.type}.id`,
      );
    }
    plan.previous = found;
    plan.id = found.id;
    return;
  }
  if (plan.method === 'PATCH') throw notFound(`a ${plan.type} that meets the criteria`);
  // Create on conditional update; the client may have named the id.
  const { id } = plan.resource!;
  if (id === undefined) return;
  plan.id = id;
  plan.previous = await services.resources.get(plan.type, id);
  const known = knownTo(services.resources, context, plan.previous);
  if (known && !known.deleted) {
    throw refuse('conflict', `${plan.type}/${id} exists and does not meet the criteria`);
  }
};

const lookUpIfNoneExist = async (services: Needs, context: Context, plan: Plan, going: ReadonlySet<string>) => {
  const criteria = plan.entry.request.headers['if-none-exist'];
  if (criteria === undefined) return;
  const params = parseCriteria(plan.type, criteria);
  plan.existing = onlyMatch(plan.type, await matches(services, context, plan.type, params, going));
  if (plan.existing) assertReadable(services.resources, context, plan.existing);
  else plan.seed = JSON.stringify([context.actor.facility, plan.type, [...params].sort()]);
};

const onlyOne = async (services: Needs, context: Context, { type, entry }: Plan, going: ReadonlySet<string>) =>
  onlyMatch(type, await matches(services, context, type, entry.request.params, going));

/** Versions, and that a patch has something to work on; what the patch makes of it is checked like any resource. */
export const checkPrevious = (services: Needs, context: Context, plan: Plan): void => {
  const { entry, method, type, id, previous } = plan;
  const known = knownTo(services.resources, context, previous);
  assertUnchanged(entry.request.headers, known, `${type}/${id ?? ''}`);
  if (method === 'PUT' && known && !known.deleted && isCreateOnly(entry.request.headers)) {
    throw refuse('stale', `${type}/${id ?? ''} exists already`);
  }
  if (method !== 'PATCH') return;
  if (!previous) throw notFound(`${type}/${id}`);
  assertReadable(services.resources, context, previous);
  if (previous.deleted) throw gone(`${type}/${id}`);
  plan.resource = patched(previous, entry.request);
  assertValid(plan.resource, type);
};
