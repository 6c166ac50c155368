// Writes what belongs together, a patient or a batch of shared resources, in one commit: all of it that is valid, or nothing.

import { commitWithHeads } from '../consent/commit.ts';
import { FhirError, refuse } from '../fhir/outcome.ts';
import type { Issue, Resource } from '../fhir/types.ts';
import { validate } from '../fhir/validate.ts';
import { assertNoPointer, storeData } from '../interactions/binary.ts';
import { matches, onlyMatch } from '../interactions/conditional.ts';
import type { Context, Services } from '../interactions/contract.ts';
import { disclose } from '../interactions/permit.ts';
import { parseForm } from '../interactions/query.ts';
import { createWrite, replaceWrite } from '../interactions/write/draft.ts';
import { profileFaults } from '../interactions/write/meets-profiles.ts';
import { slotsOf } from '../interactions/write/references.ts';
import type { Stored, Write } from '../storage/port.ts';
import { WriteRefused } from '../storage/write-refused.ts';
import { canonicalise } from '../terminology/systems.ts';
import type { Assigned } from './assign.ts';
import type { Counts, JobRefusal } from './job.ts';

export type Needs = Pick<Services, 'resources' | 'documents' | 'seal' | 'clock' | 'region' | 'profiles' | 'narrow'>;

/** A writer who meets another in the same patient tries again with what is there now. */
const TRIES = 4;

interface Prepared {
  readonly type: string;
  readonly id: string;
  readonly url: string;
  readonly resource: Resource;
  /** A plain POST: leaves what is there as it is when no patient's. */
  readonly once: boolean;
}

export interface GroupResult {
  readonly counts: Omit<Counts, 'patients'>;
  readonly refusals: readonly JobRefusal[];
}

const PUT = /^([A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})$/;

const refusal = (what: string, issue: Issue): JobRefusal => ({
  what,
  code: issue.code,
  diagnostics: issue.diagnostics,
  ...(issue.expression?.[0] !== undefined && { expression: issue.expression[0] }),
});

const isFault = ({ severity }: Issue) => severity === 'error' || severity === 'fatal';

const refused = (what: string, error: unknown): JobRefusal[] => {
  if (!(error instanceof FhirError) || error.status >= 500) throw error;
  return error.issues
    .filter(({ severity }) => severity === 'error' || severity === 'fatal')
    .map((issue) => refusal(what, issue));
};

const text = (what: string, diagnostics: string): JobRefusal => ({ what, code: 'processing', diagnostics });

/** Valid, and addressed to one resource of its own type. */
const prepare = (entry: Assigned, patient: string | undefined): Prepared | JobRefusal[] => {
  const [, type, id] = PUT.exec(entry.url) ?? [];
  if (entry.method !== 'PUT' || type === undefined || id === undefined) {
    return [
      text(entry.url, `${entry.method} ${entry.url.includes('?') ? 'with criteria ' : ''}is not taken from an upload`),
    ];
  }
  try {
    if (entry.resource.resourceType !== type || entry.resource.id !== id) {
      return [text(entry.url, 'the resource has not the type and id that its request names')];
    }
    const issues = validate(canonicalise(entry.resource), { type, conditional: true }).filter(isFault);
    if (issues.length > 0) return issues.map((issue) => refusal(entry.url, issue));
    return { type, id, url: entry.url, resource: entry.resource, once: entry.created && patient === undefined };
  } catch (error) {
    return refused(entry.url, error);
  }
};

/** What it lacks of its profiles. */
const lacking = async (services: Needs, { resource, url }: Prepared): Promise<JobRefusal[]> =>
  (await profileFaults(services, resource)).filter(isFault).map((issue) => refusal(url, issue));

/**
 * `patient` is the reference of the patient whose resources these are; undefined: shared resources.
 * A patient whose Patient is among the entries and refused is not written at all.
 */
export const loadGroup = async (
  services: Needs,
  context: Context,
  patient: string | undefined,
  entries: readonly Assigned[],
): Promise<GroupResult> => {
  const refusals: JobRefusal[] = [];
  const turned = new Set<string>(); // urls refused
  const turnAway = (list: readonly JobRefusal[]) => {
    refusals.push(...list);
    for (const { what } of list) turned.add(what);
  };
  const byUrl = new Map<string, Prepared>();
  for (const entry of entries) {
    const prepared = prepare(entry, patient);
    const faults = Array.isArray(prepared) ? prepared : await lacking(services, prepared);
    if (Array.isArray(prepared) || faults.length > 0) turnAway(faults);
    else byUrl.set(prepared.url, prepared); // named twice: the last one counts
  }

  const found = await resolve(services, context, [...byUrl.values()]);
  turnAway(found);

  for (let tries = 1; ; tries++) {
    const wanted = [...byUrl.values()].filter(({ url }) => !turned.has(url));
    const { writes, unchanged, refusals: more } = await plan(services, context, wanted);
    turnAway(more);
    if (patient !== undefined && turned.has(patient)) return orphans(wanted, refusals, turned);
    try {
      const { stored } =
        writes.length > 0
          ? await commitWithHeads(services.resources, context.actor, writes, context.now)
          : { stored: [] };
      const created = writes.filter(isCreation).length;
      stored.forEach((one, at) => {
        disclose(context, isCreation(writes[at]!) ? 'C' : 'U', one);
      });
      return { counts: { created, updated: writes.length - created, unchanged, refused: turned.size }, refusals };
    } catch (error) {
      if (!(error instanceof WriteRefused) || tries === TRIES) throw error;
    }
  }
};

const CONDITIONAL = /^([A-Z][A-Za-z]+)\?(.+)$/;

/** Conditional references (`Practitioner?identifier=…`), and the bytes of Binaries: what must be settled before anything is written. */
const resolve = async (services: Needs, context: Context, wanted: readonly Prepared[]): Promise<JobRefusal[]> => {
  const known = new Map<string, Promise<string>>();
  const target = async (type: string, query: string): Promise<string> => {
    const match = onlyMatch(type, await matches(services, context, type, parseForm(query)));
    if (!match) throw refuse('stale', `a conditional reference matches no ${type}`);
    return `${type}/${match.id}`;
  };
  const refusals: JobRefusal[] = [];
  for (const { type, resource, url } of wanted) {
    try {
      for (const slot of slotsOf(resource)) {
        const [, of, query] = (slot.isReference && CONDITIONAL.exec(slot.value)) || [];
        if (of === undefined || query === undefined) continue;
        if (!known.has(slot.value)) known.set(slot.value, target(of, query));
        slot.write(await known.get(slot.value)!);
      }
      if (type === 'Binary') {
        assertNoPointer(resource);
        await storeData(services, context, resource);
      }
    } catch (error) {
      refusals.push(...refused(url, error));
    }
  }
  return refusals;
};

const isCreation = (write: Write): boolean =>
  write.kind === 'create' || (write.kind === 'replace' && write.previous.deleted);

const orphans = (wanted: readonly Prepared[], refusals: JobRefusal[], turned: ReadonlySet<string>): GroupResult => {
  const rest = wanted.filter(({ url }) => !turned.has(url));
  return {
    counts: { created: 0, updated: 0, unchanged: 0, refused: turned.size + rest.length },
    refusals: [...refusals, ...rest.map(({ url }) => text(url, 'its Patient was refused'))],
  };
};

/** What must be written, given what is there. */
const plan = async (
  services: Needs,
  context: Context,
  wanted: readonly Prepared[],
): Promise<{ writes: Write[]; unchanged: number; refusals: JobRefusal[] }> => {
  const there = await services.resources.getMany(wanted.map(({ type, id }) => ({ type, id })));
  const writes: Write[] = [];
  const refusals: JobRefusal[] = [];
  let unchanged = 0;
  wanted.forEach(({ type, id, url, resource, once }, at) => {
    const previous: Stored | undefined = there[at];
    if (once && previous && !previous.deleted) {
      unchanged++;
      return;
    }
    try {
      const change = { type, resource, method: 'PUT' } as const;
      const write = previous
        ? replaceWrite(services, context, previous, change)
        : createWrite(services, context, change, { id });
      if (write) writes.push(write);
      else unchanged++;
    } catch (error) {
      refusals.push(...refused(url, error));
    }
  });
  return { writes, unchanged, refusals };
};
