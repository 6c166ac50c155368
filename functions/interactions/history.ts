import { notFound, refuse } from '../fhir/outcome.ts';
import type { ChangeRef, Resources, Stored } from '../storage/port.ts';
import { bundleText, fullUrl, resourceText } from './bundle-text.ts';
import type { Answer, Context, FhirRequest, Interaction, Services } from './contract.ts';
import { fhirBase, preferHandling, versionHeaders } from './headers.ts';
import { atOf, currentOf, type IsListed, listOf, sinceOf, wasCurrent } from './history-filter.ts';
import { parseId, parseType } from './ids.ts';
import { assertReadable, disclose, permitter } from './permit.ts';
import { countParam, param } from './query.ts';
import { type Subset, subsetOf } from './subset.ts';

type Needs = Pick<Services, 'resources' | 'seal' | 'region'>;

const COUNT = { default: 50, max: 500 };
/** A page of a Lambda's answer: bodies stop it before 6 MB do. */
const MAX_PAGE_BYTES = 3 * 1024 * 1024;
/** Where most changes belong to others, a page may stay short rather than read the whole log. */
const MAX_TRIPS = 20;
/** Versions read at once: their bytes are only known afterwards. */
const TRIP = 25;

interface Page {
  /** `after`: where a page goes on that ends with it. */
  readonly versions: readonly { readonly stored: Stored; readonly after: string }[];
  readonly next: string | undefined;
}

type Fetch = (limit: number, after: string | undefined) => Promise<Page>;

/** History of one resource, deletions included: https://hl7.org/fhir/R4/http.html#history */
export const historyOfInstance =
  (services: Needs): Interaction =>
  async (context, request) => {
    const type = parseType(request.path[0]!);
    const id = parseId(type, request.path[1]!);
    const current = await services.resources.get(type, id);
    if (!current) throw notFound(`${type}/${id}`);
    assertReadable(services.resources, context, current);

    const [since, at] = [sinceOf(request), atOf(request)];
    const isListed = await listOf(services, context, request);
    return answer(services, context, request, async (limit, after) => {
      const page = await services.resources.history(type, id, { since, limit, after });
      const { versions, isOver } = at ? currentOf(at, page.items) : { versions: page.items, isOver: false };
      const some = isListed ? versions.filter(isListed) : versions;
      return {
        versions: some.map((stored) => ({ stored, after: stored.position })),
        next: isOver ? undefined : page.next,
      };
    });
  };

/** History of a type or of the whole region, read from the change log, which trails the writes by about a second. */
export const historyOfMany =
  (services: Needs): Interaction =>
  async (context, request) => {
    const type = request.path[0] === '_history' ? undefined : parseType(request.path[0]!);
    const [since, at] = [sinceOf(request), atOf(request)];
    const isListed = await listOf(services, context, request);
    return answer(services, context, request, async (limit, after) => {
      const asked = { type, since, until: at?.high, limit, after };
      const { changes, next } = isListed
        ? await listedChanges(services, asked, isListed)
        : await services.resources.changes(asked);
      const versions = await versionsOf(services, changes);
      if (!at) return { versions, next };
      const were = await Promise.all(versions.map(({ stored }) => wasCurrent(services, at, stored)));
      return { versions: versions.filter((_, index) => were[index]), next };
    });
  };

/** Of a List's few resources the log holds little: much of it is looked through at once. */
const LOOKED_THROUGH = 1_000;

const listedChanges = async ({ resources }: Needs, asked: Parameters<Resources['changes']>[0], isListed: IsListed) => {
  const { changes, next } = await resources.changes({ ...asked, limit: LOOKED_THROUGH });
  const listed = changes.filter(isListed);
  const some = listed.slice(0, asked.limit);
  return { changes: some, next: listed.length > some.length ? some.at(-1)?.position : next };
};

const versionsOf = async ({ resources }: Needs, changes: readonly ChangeRef[]): Promise<Page['versions']> => {
  const found = await Promise.all(
    changes.map(async ({ type, id, version, position: after }) => ({
      stored: await resources.getVersion(type, id, version),
      after,
    })),
  );
  return found.flatMap(({ stored, after }) => (stored ? [{ stored, after }] : []));
};

const answer = async (services: Needs, context: Context, request: FhirRequest, fetch: Fetch): Promise<Answer> => {
  assertParams(request);
  const count = countParam(request.params, '_count', COUNT);
  const base = fhirBase(services.region);
  const bind = cursorBind(context, request);
  const start = openCursor(services, request, bind);
  const subset = subsetOf(request.params);
  const { shown, entries, next } = await collect(services, context, { fetch, count, start, subset });
  disclose(context, 'R', ...shown.filter(({ deleted }) => !deleted));

  const self = `${base}/${request.path.join('/')}${queryOf(request)}`;
  const links = [{ relation: 'self', url: self }];
  if (next !== undefined) {
    const cursor = services.seal.seal(next, bind);
    links.push({ relation: 'next', url: `${self}${self.includes('?') ? '&' : '?'}_cursor=${cursor}` });
  }
  return { status: 200, text: bundleText({ type: 'history', links, entries }) };
};

const OWN = ['_since', '_at', '_list', '_count', '_summary', '_elements'];
const KNOWN = new Set([...OWN, '_cursor', '_format', '_pretty']);

/** Each parameter once at most. */
const assertParams = ({ params, headers }: FhirRequest): void => {
  for (const name of KNOWN) {
    if (params.filter(([key]) => key === name).length > 1) throw refuse('invalid', `${name} may be given once`);
  }
  if (preferHandling(headers) === 'strict' && params.some(([name]) => !KNOWN.has(name)))
    throw refuse('invalid', `a history takes ${OWN.join(', ')}`);
};

interface Asked {
  readonly fetch: Fetch;
  readonly count: number;
  readonly start: string | undefined;
  readonly subset: Subset | undefined;
}

/** Fills a page with what the caller may see. */
const collect = async ({ resources, region }: Needs, context: Context, { fetch, count, start, subset }: Asked) => {
  const permit = permitter(resources, context);
  const base = fhirBase(region);
  const shown: Stored[] = [];
  const entries: string[] = [];
  let next = start;
  let lastShown = start;
  let bytes = 0;
  for (let trip = 0; trip < MAX_TRIPS && count > 0; trip++) {
    // Where the first look did not fill a small page, most is not for the caller: then more is looked at.
    const page = await fetch(trip === 0 ? Math.min(count, TRIP) : TRIP, next);
    next = page.next;
    for (const { stored, after } of page.versions) {
      if (!permit('read', stored).permit) continue;
      if (shown.length === count) {
        next = lastShown;
        break;
      }
      shown.push(stored);
      lastShown = after;
      entries.push(historyEntry(base, stored, subset));
      bytes += entries.at(-1)!.length;
    }
    if (next === undefined || shown.length >= count || bytes > MAX_PAGE_BYTES) break;
  }
  return { shown, entries, next };
};

/** A cursor is good for the caller and the query that it was made for. */
const cursorBind = ({ actor }: Context, { path, params }: FhirRequest) =>
  JSON.stringify([
    'history',
    actor.subject,
    path,
    params.filter(([name]) => name !== '_cursor' && name !== '_format' && name !== '_pretty'),
  ]);

const openCursor = ({ seal }: Needs, { params }: FhirRequest, bind: string): string | undefined => {
  const token = param(params, '_cursor');
  if (token === undefined) return undefined;
  const opened = seal.open(token, bind);
  if (typeof opened !== 'string') throw refuse('invalid', '_cursor was changed, or belongs to another query or caller');
  return opened;
};

const queryOf = ({ params }: FhirRequest) => {
  const kept = params.filter(([name]) => OWN.includes(name));
  return kept.length === 0 ? '' : `?${kept.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
};

const STATUS = { POST: '201', PUT: '200', PATCH: '200', DELETE: '204' } as const;

/** What was done, and what came of it: https://hl7.org/fhir/R4/http.html#history */
const historyEntry = (base: string, stored: Stored, subset: Subset | undefined): string => {
  const { type, id, method, version, deleted } = stored;
  const url = method === 'POST' ? type : `${type}/${id}`;
  const headers = versionHeaders(stored);
  const status = method === 'PUT' && version === 1 ? '201' : STATUS[method];
  const response = { status, etag: headers.etag, lastModified: new Date(stored.lastUpdated).toISOString() };
  const resource = deleted ? '' : `"resource":${resourceText(stored, subset)},`;
  return `{"fullUrl":${JSON.stringify(fullUrl(base, stored))},${resource}"request":${JSON.stringify({ method, url })},"response":${JSON.stringify(response)}}`;
};
