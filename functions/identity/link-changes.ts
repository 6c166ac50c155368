// Whose cross references have changed, as one facility may know it: its own Patients of Persons whose links are others than they were.
// Read from the change log of Persons alone: no row is kept for anybody who listens, and nothing is walked but what has changed.
//
// A Person is told at its newest version only, so what changed twice is told once, and what changes during a walk is told in the next.
import type { Actor } from '../consent/actor.ts';
import { Heads, ruled } from '../consent/ruled.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context, Services } from '../interactions/contract.ts';
import { assertSearchable, searchPermit } from '../interactions/permit.ts';
import type { Resources, Stored } from '../storage/port.ts';
import { type Person, patientsOf, personIdOf } from './persons.ts';

/** Where a listener stands: all before `since` is told; of what came until `top`, all that the log has above `after`. */
export interface Place {
  readonly since: number;
  readonly top?: number | undefined;
  readonly after?: string | undefined;
}

export interface LinkChange {
  /** A Patient of the facility that asks. */
  readonly patient: Stored;
  /** Whether its person has lost records that this caller might see; what it never knew of has not gone for it. */
  readonly hasLost: () => Promise<boolean>;
}

/** Changes of links, at most `most` unless one person has more, and where to go on; `more`: there is more already. */
export type LinkChanges = (
  context: Context,
  place: Place,
  most: number,
) => Promise<{ changes: readonly LinkChange[]; next: Place; more: boolean }>;

/** The log trails the writes by the stream that feeds it: what is younger is not told yet. */
export const SETTLED_MS = 60_000;
/** Changes of Persons that one call looks at, times this many pages. */
const PAGE = 200;
const MOST_PAGES = 10;
const AT_ONCE = 8;
const MOST_VERSIONS = 20;
/** A Person that went into another, which went into another … */
const MOST_SURVIVORS = 5;

export const linkChanges = ({ resources, clock }: Pick<Services, 'resources' | 'clock'>): LinkChanges => {
  const heads = new Heads(resources, clock);
  const readAs = ({ actor }: { readonly actor: Actor }) => ruled(resources, heads, { actor, isEager: true });

  /** Of these changes, the Patients of the facility. */
  const ofFacility = async (
    context: Context,
    refs: readonly { readonly id: string; readonly version: number }[],
    since: number,
  ): Promise<LinkChange[]> => {
    const persons = await inTurn(refs, ({ id }) => resources.get('Person', id));
    const told = persons.filter(
      (person, at): person is Stored =>
        person !== undefined && !person.deleted && person.version === refs[at]!.version && !isFirst(resources, person),
    );
    const ids = told.map((person) => patientsOf(person.resource()));
    const patients = await resources.getMany(ids.flat().map((id) => ({ type: 'Patient', id })));
    const owners = ids.flatMap((some, at) => some.map(() => told[at]!));
    return patients.flatMap((patient, at): LinkChange[] =>
      patient && !patient.deleted && patient.facility === context.actor.facility
        ? [{ patient, hasLost: () => hasLost(context, owners[at]!, since) }]
        : [],
    );
  };

  const hasLost = async (context: Context, person: Stored, since: number): Promise<boolean> => {
    const now = new Set(patientsOf(person.resource()));
    const former = await formerMembers(resources, person, since);
    // A Person that was made by taking records out of another: which one it was, it does not say.
    if (former === undefined) return true;
    const lost = former.filter((id) => !now.has(id));
    const permits = searchPermit(resources, context);
    const found = await readAs(context).getMany(lost.map((id) => ({ type: 'Patient', id })));
    return found.some((stored) => stored && permits(stored)); // also one that was deleted, and left its person for that
  };

  return async (context, { since, top = clock() - SETTLED_MS, after: from }, most) => {
    assertSearchable(context, 'Patient');
    if (top <= since) return { changes: [], next: { since }, more: false };
    const found: LinkChange[] = [];
    let after = from;
    let limit = PAGE;
    for (let page = 0; page < MOST_PAGES; ) {
      const { changes, next } = await resources.changes({ type: 'Person', since, limit, after });
      const settled = changes.filter(({ lastUpdated }) => lastUpdated < top);
      const some = await ofFacility(context, settled, since);
      if (found.length + some.length > most && (found.length > 0 || limit > 1)) {
        if (found.length > 0) break;
        limit = Math.ceil(limit / 4);
        continue;
      }
      found.push(...some);
      if (next === undefined) return { changes: found, next: { since: top }, more: false };
      after = next;
      page += 1;
    }
    return { changes: found, next: { since, top, after }, more: true };
  };
};

/** A record's Person as it is made for it at its registration: nothing is linked, and nothing was. */
const isFirst = (resources: Pick<Resources, 'allocate'>, person: Stored): boolean => {
  if (person.version > 1) return false;
  const [link, ...more] = (person.resource() as Person).link ?? [];
  const [patient] = patientsOf(person.resource());
  return (
    link?.assurance === 'level3' &&
    more.length === 0 &&
    patient !== undefined &&
    person.id === personIdOf(resources, patient)
  );
};

/** Who was linked since then, in this Person or in the one that it had gone into. */
const formerMembers = async (
  resources: Resources,
  person: Stored,
  since: number,
  survivors = MOST_SURVIVORS,
): Promise<string[] | undefined> => {
  const { items } = await resources.history('Person', person.id, { since, limit: MOST_VERSIONS });
  const oldest = items.at(-1) ?? person;
  const before = oldest.version > 1 ? await resources.getVersion('Person', person.id, oldest.version - 1) : undefined;
  if (!before && person.version === 1) return undefined;
  const versions = [...items, before].filter((one): one is Stored => one !== undefined && !one.deleted);
  const found = versions.flatMap((one) => patientsOf(one.resource()));
  const into = new Set(versions.flatMap((one) => survivorsOf(one.resource())));
  for (const id of survivors > 0 ? into : []) {
    const survivor = id === person.id ? undefined : await resources.get('Person', id);
    if (survivor) found.push(...((await formerMembers(resources, survivor, since, survivors - 1)) ?? []));
  }
  return found;
};

const survivorsOf = (person: Resource): string[] =>
  ((person as Person).link ?? []).flatMap(
    ({ target }) => /^Person\/([A-Za-z0-9\-.]{1,64})$/.exec(target?.reference ?? '')?.[1] ?? [],
  );

const inTurn = async <A, B>(all: readonly A[], ask: (one: A) => Promise<B>): Promise<B[]> => {
  const done: B[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE)
    done.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(ask))));
  return done;
};
