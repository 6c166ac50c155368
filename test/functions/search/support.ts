// A store with what a test is about in it, and searches on it. No one in here is a real person.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Actor } from '../../../functions/consent/actor.ts';
import { storedText } from '../../../functions/fhir/json.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import type { Context } from '../../../functions/interactions/contract.ts';
import { indexEntries } from '../../../functions/search/index-entries.ts';
import { type SearchPage, type SearchRequest, search } from '../../../functions/search/search.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import type { Resources, Stored, Write } from '../../../functions/storage/port.ts';

export const BASE = 'https://api.test.example';
export const HOSPITAL = '3610000001';
export const CLINIC = '3610000002';
export const NOW = Date.parse('2026-11-22T00:00:00Z');
export const region = { name: 'test', baseUrl: BASE, homeCommunityId: '1.2.3' };

export const actor = (about: Partial<Actor> = {}): Actor => ({
  kind: 'system',
  subject: 'gateway',
  role: 'system',
  facility: HOSPITAL,
  facilityType: 'hospital',
  scopes: [],
  patients: [],
  tokenId: 't1',
  ...about,
});

export const context = (about: Partial<Actor> = {}, now = NOW): Context => ({
  actor: actor(about),
  requestId: 'r1',
  now,
  purpose: 'TREAT',
  disclosed: [],
});

export const given = (resourceType: string, id: string, about: Record<string, unknown> = {}): Resource => ({
  resourceType,
  id,
  ...about,
});

/** Resources that one commit takes: enough to be quick, few enough for one DynamoDB transaction. */
const TOGETHER = 10;

export const store = async (resources: Resources, all: readonly Resource[], facility = HOSPITAL, now = NOW) => {
  const distinct = [...new Map(all.map((each) => [`${each.resourceType}/${each.id}`, each])).values()];
  for (let at = 0; at < distinct.length; at += TOGETHER) {
    const some = distinct.slice(at, at + TOGETHER);
    const before = await resources.getMany(some.map(({ resourceType, id }) => ({ type: resourceType, id: id! })));
    const writes = some.map((resource, i): Write => {
      const { resourceType: type, id } = resource;
      const draft = {
        type,
        id: id!,
        text: storedText(resource),
        index: indexEntries(resource),
        facility,
        method: 'PUT' as const,
      };
      const previous = before[i];
      return previous ? { kind: 'replace', previous, draft } : { kind: 'create', draft };
    });
    await resources.commit(writes, now);
  }
};

export interface Searching {
  readonly resources: Resources;
  readonly page: (url: string, about?: Partial<SearchRequest>, who?: Partial<Actor>) => Promise<SearchPage>;
  /** `Type/id` of all matches of all pages, in order. */
  readonly all: (url: string, about?: Partial<SearchRequest>) => Promise<string[]>;
}

export const paramsOf = (query: string): [string, string][] =>
  query
    .split('&')
    .filter(Boolean)
    .map((pair) => {
      const at = pair.indexOf('=');
      return [decodeURIComponent(pair.slice(0, at)), decodeURIComponent(pair.slice(at + 1))];
    });

/** `Observation?code=x`, `Patient/p1/Observation?…`, `Patient/p1/*`, `?_type=…` */
export const requestOf = (url: string): SearchRequest => {
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  const parts = path.split('/').filter(Boolean);
  const compartment = parts.length === 3 ? { type: parts[0]!, id: parts[1]! } : undefined;
  const type = compartment ? (parts[2] === '*' ? undefined : parts[2]) : parts[0];
  return { type, compartment, params: paramsOf(query), handling: 'strict', permit: () => true };
};

export const reference = ({ type, id }: Pick<Stored, 'type' | 'id'>) => `${type}/${id}`;

export const searching = async (
  all: readonly Resource[],
  clock: () => number = () => NOW,
  opened?: Resources,
): Promise<Searching> => {
  const { resources: memory, seal } = openMemory(clock);
  const resources = opened ?? memory;
  await store(resources, all);
  const ask = search({ resources, seal, clock, region });
  const page: Searching['page'] = (url, about = {}, who = {}) =>
    ask(context(who, clock()), { ...requestOf(url), ...about });
  return {
    resources,
    page,
    all: async (url, about = {}) => {
      const found: string[] = [];
      let next: string | undefined = url;
      while (next !== undefined) {
        const answer: SearchPage = await page(next, about);
        found.push(...answer.matches.map(reference));
        next = answer.next;
      }
      return found;
    },
  };
};

const SYNTHEA = join(import.meta.dirname, '../../../../shared/data/patients/synthea-150');
export const hasSynthea = existsSync(SYNTHEA);

/** Resources of the smallest Synthea bundles, their `urn:uuid:` references made local. */
export const synthea = (bundles: number): Resource[] => {
  const files = readdirSync(SYNTHEA)
    .filter((name) => name.endsWith('.json.gz'))
    .map((name) => readFileSync(join(SYNTHEA, name)))
    .sort((a, b) => a.length - b.length)
    .slice(0, bundles);
  const all = new Map<string, Resource>();
  for (const file of files) {
    const bundle = JSON.parse(gunzipSync(file).toString()) as { entry: { fullUrl: string; resource: Resource }[] };
    const local = new Map(
      bundle.entry.map(({ fullUrl, resource }) => [fullUrl, `${resource.resourceType}/${resource.id}`]),
    );
    for (const { resource } of bundle.entry) {
      const text = JSON.stringify(resource).replace(
        /"urn:uuid:[0-9a-f-]+"/g,
        (url) => `"${local.get(url.slice(1, -1)) ?? url.slice(1, -1)}"`,
      );
      all.set(`${resource.resourceType}/${resource.id}`, JSON.parse(text) as Resource);
    }
  }
  return [...all.values()];
};
