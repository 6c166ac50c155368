// Profiles as a region has them: built in, and those that its publisher has loaded as StructureDefinition, ValueSet and CodeSystem
// (docs/profiles.md). Which there are is one Query a minute; one is read when a resource first names it.
import { DEFINITIONS_KEY } from '../fhir/canonical.ts';
import type { Resource } from '../fhir/types.ts';
import type { Resources } from '../storage/port.ts';
import { splitCanonical, versionFits } from './built-in.ts';
import { Definitions } from './definitions.ts';
import { extensionUrls } from './extensions.ts';
import type { Profiles } from './port.ts';
import { claimsOf, profileIssues, type RequireJpCore, requiredProfiles } from './profiles.ts';
import { isObject } from './values.ts';

export interface ProfileSettings {
  readonly requireJpCore?: RequireJpCore | undefined;
  /** 10-digit code of the facility whose definitions bind the whole region. Absent: what is built in, and nothing else. */
  readonly publisher?: string | undefined;
}

const CATALOGUE_MS = 60_000;
/** A profile of the largest guides names some 300 others and their value sets. */
const MAX_DEFINITIONS = 600;
const MAX_CATALOGUE_PAGES = 20;
const READ_AT_ONCE = 25;

interface Entry {
  readonly type: string;
  readonly id: string;
  readonly url: string;
  readonly version: string | undefined;
  /** Type that a profile constrains, and a mark that changes with the content. */
  readonly card: { readonly t?: string; readonly h?: string };
}

type Catalogue = ReadonlyMap<string, readonly Entry[]>;

interface State {
  readonly readAt: number;
  readonly catalogue: Catalogue;
  /** Marks of all entries: a catalogue that says the same keeps what was read. */
  readonly mark: string;
  readonly definitions: Definitions;
  readonly asked: Set<string>;
}

export const openProfiles = (
  { resources, clock }: { readonly resources: Pick<Resources, 'lookup' | 'getMany'>; readonly clock: () => number },
  { requireJpCore, publisher }: ProfileSettings = {},
): Profiles => {
  let state: State | undefined;

  const current = async (): Promise<State> => {
    const now = clock();
    if (state && now - state.readAt < CATALOGUE_MS) return state;
    const catalogue = await readCatalogue(resources);
    const mark = [...catalogue.values()]
      .flat()
      .map(({ id, card }) => `${id}:${card.h}`)
      .join();
    state =
      state?.mark === mark
        ? { ...state, readAt: now }
        : {
            readAt: now,
            catalogue,
            mark,
            definitions: new Definitions((url) => find(catalogue, url)?.card.t),
            asked: new Set(),
          };
    return state;
  };

  return {
    async issues(resource, asked) {
      const required = [...requiredProfiles(requireJpCore, resource), ...(asked ?? [])];
      const options = { required, verbose: asked !== undefined };
      if (publisher === undefined) return profileIssues(resource, options);
      const names = [...required, ...namesIn(resource)];
      if (names.length === 0) return profileIssues(resource, options);
      const here = await current();
      if (here.catalogue.size === 0) return profileIssues(resource, options);
      await read(resources, publisher, here, names);
      return profileIssues(resource, { ...options, known: here.definitions });
    },
  };
};

/** Profiles that a resource and those within it claim, and the extensions that they have. */
const namesIn = (resource: Resource): string[] => {
  const found = extensionUrls(resource);
  const visit = (value: unknown): void => {
    if (!isObject(value)) return;
    for (const url of claimsOf(value as Resource)) found.add(url);
    if (Array.isArray(value.contained)) value.contained.forEach(visit);
    for (const list of [value.entry, value.parameter])
      if (Array.isArray(list)) for (const item of list) if (isObject(item)) visit(item.resource);
  };
  visit(resource);
  return [...found];
};

const find = (catalogue: Catalogue, canonical: string): Entry | undefined => {
  const [url, version] = splitCanonical(canonical);
  const fitting = (catalogue.get(url) ?? []).filter((entry) => versionFits(version, entry.version));
  return fitting.sort((a, b) => (b.version ?? '').localeCompare(a.version ?? '', 'en', { numeric: true }))[0];
};

/** All definitions of the region by url. The rows propose; whose each is, is looked at when it is read. */
const readCatalogue = async (resources: Pick<Resources, 'lookup'>): Promise<Catalogue> => {
  const byUrl = new Map<string, Entry[]>();
  let after: string | undefined;
  for (let page = 0; page < MAX_CATALOGUE_PAGES; page++) {
    const { rows, next } = await resources.lookup({ bucket: 'identifier', key: DEFINITIONS_KEY, after });
    for (const { type, id, sort, card } of rows) {
      const [, url, version] = sort.split('|');
      if (url === undefined) continue;
      const entry = { type, id, url, version: version || undefined, card: parseCard(card) };
      byUrl.set(url, [...(byUrl.get(url) ?? []), entry]);
    }
    after = next;
    if (after === undefined) break;
  }
  return byUrl;
};

const parseCard = (card: string | undefined): Entry['card'] => {
  const parsed: unknown = card === undefined ? {} : JSON.parse(card);
  return isObject(parsed) ? parsed : {};
};

/** Reads what is named, and what that names, until all is there. */
const read = async (
  resources: Pick<Resources, 'getMany'>,
  publisher: string,
  { catalogue, definitions, asked }: State,
  names: readonly string[],
): Promise<void> => {
  let wanted = [...new Set(names)];
  while (wanted.length > 0) {
    const entries = wanted.flatMap((name) => find(catalogue, name) ?? []);
    const fresh = [...new Map(entries.map((entry) => [entry.id, entry])).values()]
      .filter(({ id }) => !asked.has(id))
      .slice(0, Math.max(0, Math.min(READ_AT_ONCE, MAX_DEFINITIONS - asked.size)));
    if (fresh.length === 0) return;
    const found = await resources.getMany(fresh);
    const further = found.flatMap((stored) =>
      stored && !stored.deleted && stored.facility === publisher ? definitions.add(stored.resource()) : [],
    );
    for (const { id } of fresh) asked.add(id);
    wanted = [...new Set([...wanted, ...further])];
  }
};
