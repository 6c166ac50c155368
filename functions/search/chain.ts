// Whether the conditions that other resources decide hold: chains and `_has`, a batch of candidates at a time, so that a page of
// results costs a trip or two for each step of a chain and not one for each result. Policy comes first at every step: what the caller
// may not see is not there, so nothing can be inferred about it. https://hl7.org/fhir/R4/search.html#chaining and #has
import type { Resource } from '../fhir/types.ts';
import type { Resources, Stored } from '../storage/port.ts';
import { canonicals } from './canonicals.ts';
import { pointers, rawValues } from './extract.ts';
import { matchesAll } from './match.ts';
import { type Parameter, parametersOf } from './parameters.ts';
import { prune } from './prune.ts';
import type { Link } from './query.ts';
import { pointsTo, type Run, readRun, runKey, runsFor, sideBySide } from './referrers.ts';
import type { Budget } from './source.ts';

type Chain = Extract<Link, { kind: 'chain' }>;
type Has = Extract<Link, { kind: 'has' }>;

/** What a condition is asked of: a stored resource, or one that is contained in it. */
interface Subject {
  readonly resource: Resource;
  readonly facility: string;
  /** `Type/id`; a contained resource has none of its own, so its answer is not remembered. */
  readonly key: string | undefined;
  /** Where `#id` is looked for. */
  readonly container: Resource;
}

const keyOf = ({ type, id }: { type: string; id: string }) => `${type}/${id}`;
const subjectOf = (stored: Stored): Subject => {
  const resource = stored.resource();
  return { resource, facility: stored.facility, key: keyOf(stored), container: resource };
};
const isNode = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isResource = (value: unknown): value is Resource => isNode(value) && typeof value.resourceType === 'string';

export interface LinkReader {
  readonly resources: Pick<Resources, 'scan' | 'walk' | 'getMany' | 'lookup'>;
  readonly permit: (stored: Stored) => boolean;
  /** For what no patient bounds. */
  readonly budget: Pick<Budget, 'take'>;
}

/** The conditions of one search, and what was learnt for them. */
export class Links {
  /** Something was not read to its end: what was found holds, but there may be more. */
  isIncomplete = false;
  /** A reference named another version than the current one, on which the rest of its chain was asked. */
  isOtherVersion = false;
  private readonly reader: LinkReader;
  private readonly links: readonly Link[];
  private readonly known = new Map<string, Stored | undefined>();
  private readonly answers = new Map<Link, Map<string, boolean>>();
  private readonly runs = new Map<Link, Map<string, Promise<ReadonlySet<string>>>>();
  private readonly verdicts = new WeakMap<Stored, boolean>();

  constructor(reader: LinkReader, links: readonly Link[]) {
    this.reader = reader;
    this.links = links;
  }

  /** Learns for each whether all conditions hold. */
  async decide(candidates: readonly Stored[]): Promise<void> {
    let left = candidates.filter((stored) => !this.verdicts.has(stored));
    for (const stored of left) this.verdicts.set(stored, false);
    for (const link of this.links) {
      const holds = await this.ask(link, left.map(subjectOf));
      left = left.filter((_, i) => holds[i]);
    }
    for (const stored of left) this.verdicts.set(stored, true);
  }

  holds(stored: Stored): boolean {
    return this.verdicts.get(stored) ?? false;
  }

  /** One condition of many, those that were asked before left out. */
  private async ask(link: Link, subjects: readonly Subject[]): Promise<boolean[]> {
    const known = this.answers.get(link) ?? new Map<string, boolean>();
    this.answers.set(link, known);
    const isNew = (subject: Subject) => subject.key === undefined || !known.has(subject.key);
    const fresh = subjects.filter(isNew);
    const answers = await this.answer(link, fresh);
    const found = new Map(fresh.map((subject, i) => [subject, answers[i]!]));
    for (const [{ key }, holds] of found) if (key !== undefined) known.set(key, holds);
    return subjects.map((subject) => found.get(subject) ?? known.get(subject.key!) ?? false);
  }

  private async answer(link: Link, subjects: readonly Subject[]): Promise<boolean[]> {
    if (subjects.length === 0) return [];
    switch (link.kind) {
      case 'plain':
        return subjects.map(({ resource, facility }) => matchesAll([link.criterion], resource, { facility }));
      case 'list': {
        const listed = await this.listed(link.ids);
        return subjects.map(({ key }) => key !== undefined && listed.has(key));
      }
      case 'chain':
        return this.chained(link, subjects);
      case 'has':
        return this.pointedAt(link, subjects);
    }
  }

  /** Follows the reference of all subjects at once, then asks what it leads to. */
  private async chained({ name, targets }: Chain, subjects: readonly Subject[]): Promise<boolean[]> {
    const types = new Map(targets.map(({ type, next }) => [type, next]));
    const ledTo = await this.follow(name, subjects, [...types.keys()]);
    const holds = subjects.map(() => false);
    for (const [type, next] of types) {
      const asked = ledTo.flatMap((found, i) =>
        holds[i]
          ? []
          : found.filter(({ resource }) => resource.resourceType === type).map((subject) => ({ subject, i })),
      );
      const distinct = [...new Set(asked.map(({ subject }) => subject))];
      const answers = await this.ask(next, distinct);
      const holding = new Set(distinct.filter((_, i) => answers[i]));
      for (const { subject, i } of asked) if (holding.has(subject)) holds[i] = true;
    }
    return holds;
  }

  private async follow(name: string, subjects: readonly Subject[], types: readonly string[]): Promise<Subject[][]> {
    const ways = subjects.map((subject) => {
      const parameter = parametersOf(subject.resource.resourceType).get(name);
      return parameter ? wayOf(parameter, subject) : { refs: [], urls: [], inside: [] };
    });
    const refs = ways.flatMap((way) => way.refs).filter(({ type }) => types.includes(type));
    const found = await this.fetch(refs);
    this.isOtherVersion ||= refs.some((ref) => {
      const current = this.known.get(keyOf(ref))?.version;
      return current !== undefined && ref.version !== undefined && ref.version !== String(current);
    });
    const byUrl = await this.canonical(
      types,
      ways.flatMap(({ urls }) => urls),
    );
    return ways.map(({ refs: own, urls, inside }) => [
      ...inside,
      ...own.flatMap((ref) => found.get(keyOf(ref)) ?? []),
      ...urls.flatMap((url) => byUrl.get(url) ?? []),
    ]);
  }

  private readonly subjects = new Map<string, Subject>();
  /** One subject for each resource, however often it is pointed at. */
  private one(stored: Stored): Subject {
    const key = keyOf(stored);
    if (!this.subjects.has(key)) this.subjects.set(key, subjectOf(stored));
    return this.subjects.get(key)!;
  }

  private async fetch(refs: readonly { type: string; id: string }[]): Promise<Map<string, Subject>> {
    const distinct = [...new Map(refs.map((ref) => [keyOf(ref), ref])).values()];
    const missing = distinct.filter((ref) => !this.known.has(keyOf(ref)));
    if (missing.length > 0) {
      const found = await this.reader.resources.getMany(missing);
      for (const [i, ref] of missing.entries()) {
        const stored = found[i];
        this.known.set(keyOf(ref), stored && !stored.deleted && this.reader.permit(stored) ? stored : undefined);
      }
    }
    return new Map(
      distinct.flatMap((ref) => {
        const stored = this.known.get(keyOf(ref));
        return stored ? [[keyOf(ref), this.one(stored)] as const] : [];
      }),
    );
  }

  private async canonical(types: readonly string[], urls: readonly string[]): Promise<Map<string, Subject[]>> {
    const { isWhole, found } = await canonicals(this.reader, types, urls);
    if (!isWhole) this.isIncomplete = true;
    return new Map([...found].map(([url, all]) => [url, all.map((stored) => this.one(stored))]));
  }

  private async pointedAt(link: Has, subjects: readonly Subject[]): Promise<boolean[]> {
    const runs = new Map<string, Run>();
    const own = subjects.map(({ resource, key }) => {
      if (key === undefined) return [];
      return runsFor(link.type, link.parameter, resource).map((run) => {
        const name = runKey(link.type, run);
        runs.set(name, run);
        return name;
      });
    });
    const read = new Map<string, ReadonlySet<string>>();
    await sideBySide([...runs], async ([name, run]) => void read.set(name, await this.pointedAtIn(link, name, run)));
    return subjects.map(({ key }, i) => own[i]!.some((name) => read.get(name)!.has(key!)));
  }

  /** All that resources of a run which fulfil the rest of a `_has` point at: read once a search. */
  private pointedAtIn(link: Has, name: string, run: Run): Promise<ReadonlySet<string>> {
    const own = this.runs.get(link) ?? new Map<string, Promise<ReadonlySet<string>>>();
    this.runs.set(link, own);
    if (!own.has(name)) own.set(name, this.readPointers(link, run));
    return own.get(name)!;
  }

  private async readPointers({ type, parameter, next }: Has, run: Run): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    const { resources, budget, permit } = this.reader;
    const tokens = next.kind === 'plain' ? prune(type, [next.criterion]) : undefined;
    const { isWhole } = await readRun(resources, type, run, tokens, budget, async (page) => {
      const subjects = page.filter(permit).map(subjectOf);
      const holds = await this.ask(next, subjects);
      for (const [i, { resource }] of subjects.entries())
        if (holds[i]) for (const key of pointsTo(parameter, resource)) found.add(key);
      return true;
    });
    if (!isWhole) this.isIncomplete = true;
    return found;
  }

  private readonly lists = new Map<string, ReadonlySet<string>>();
  private async listed(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const name = ids.join();
    if (!this.lists.has(name)) this.lists.set(name, new Set((await listEntries(this.reader, ids)).map(keyOf)));
    return this.lists.get(name)!;
  }
}

/** What Lists name, of those that the caller may see. https://hl7.org/fhir/R4/search.html#list */
export const listEntries = async (
  { resources, permit }: { resources: Pick<Resources, 'getMany'>; permit: (stored: Stored) => boolean },
  ids: readonly string[],
): Promise<{ type: string; id: string }[]> => {
  const lists = await resources.getMany([...new Set(ids)].map((id) => ({ type: 'List', id })));
  const item = parametersOf('List').get('item')!;
  const refs = lists.flatMap((stored) => {
    if (!stored || stored.deleted || !permit(stored)) return [];
    const list = stored.resource();
    // An entry that is flagged as deleted says that the item left the list.
    const entry = Array.isArray(list.entry) ? list.entry.filter((each) => each?.deleted !== true) : [];
    return pointers(item, { ...list, entry }, list).flatMap(({ type, id }) => (type && id ? [{ type, id }] : []));
  });
  return [...new Map(refs.map((ref) => [keyOf(ref), ref])).values()];
};

/** Where a reference of a subject leads: to resources by id, by canonical URL, or to what it contains. */
const wayOf = (parameter: Parameter, { resource, facility, container }: Subject) => {
  const found = pointers(parameter, resource, resource);
  const within = (each: Resource): Subject => ({ resource: each, facility, key: undefined, container });
  const contained = Array.isArray(container.contained) ? container.contained.filter(isResource) : [];
  const isInline = parameter.leaves.some(({ type }) => type === 'Resource');
  return {
    refs: isInline ? [] : found.flatMap(({ type, id, version }) => (type && id ? [{ type, id, version }] : [])),
    urls: found.flatMap(({ url, version }) =>
      url && !url.startsWith('#') ? [version ? `${url}|${version}` : url] : [],
    ),
    inside: [
      ...contained.filter(({ id }) => found.some(({ url }) => url === `#${id}`)).map(within),
      ...(isInline ? rawValues(parameter, resource, resource).filter(isResource).map(within) : []),
    ],
  };
};
