// FHIR search: parse → plan → run → page. https://hl7.org/fhir/R4/search.html
import { refuse } from '../fhir/outcome.ts';
import type { Issue, Resource } from '../fhir/types.ts';
import type { Context, Services } from '../interactions/contract.ts';
import type { Stored } from '../storage/port.ts';
import { isCompartment } from './compartments.ts';
import { type Cursor, openCursor, sealCursor } from './cursor.ts';
import { include } from './include.ts';
import { isLinkedByDefault, linkedPatients, namedPatients, withLinked } from './linked.ts';
import { matchesAll } from './match.ts';
import { parse } from './parse.ts';
import { plan } from './plan.ts';
import type { Query } from './query.ts';
import { budgetOf, type Found, run } from './run.ts';

export { SEARCH_PARAMETERS } from './parameters.ts';

type Params = readonly (readonly [string, string])[];

export interface SearchRequest {
  readonly type: string | undefined;
  readonly compartment?: { readonly type: string; readonly id: string } | undefined;
  readonly params: Params;
  readonly handling: 'strict' | 'lenient';
  /** What the caller may see; asked before anything is matched or counted. */
  readonly permit: (stored: Stored) => boolean;
}

export interface SearchPage {
  readonly matches: Stored[];
  /** For entries with search mode `include`. */
  readonly included: Stored[];
  /** For an entry with search mode `outcome`: what was ignored, and whether the page stopped early. */
  readonly outcome: Issue[];
  readonly total?: number;
  /** URL relative to the base, with the parameters that were used. */
  readonly self: string;
  readonly next?: string;
  readonly countOnly: boolean;
  readonly summary?: string;
  readonly elements?: string[];
}

type SearchServices = Pick<Services, 'resources' | 'seal' | 'clock' | 'region'>;

const pathOf = ({ type, compartment }: Pick<SearchRequest, 'type' | 'compartment'>): string =>
  compartment ? `${compartment.type}/${compartment.id}/${type ?? '*'}` : (type ?? '');

const urlOf = (path: string, params: Params): string => {
  const query = params.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
  return query ? `${path}?${query}` : path || '?';
};

/** Parameters that may stand beside a cursor: they change how a page is written, not what is on it. */
const BESIDE_CURSOR = ['_cursor', '_format', '_pretty'];

const resumed = (services: SearchServices, { actor, now }: Context, request: SearchRequest): Cursor | undefined => {
  const token = request.params.find(([name]) => name === '_cursor')?.[1];
  if (token === undefined) return undefined;
  if (request.params.some(([name]) => !BESIDE_CURSOR.includes(name)))
    throw refuse('invalid', 'search parameter _cursor: a cursor holds the whole search and stands alone');
  return openCursor(services.seal, actor, pathOf(request), token, now);
};

const STOPPED: Issue = {
  severity: 'warning',
  code: 'incomplete',
  diagnostics:
    'the search stopped before its end because it read as much as one request may; the next link goes on from there',
};

const INCOMPLETE: Issue = {
  severity: 'warning',
  code: 'incomplete',
  diagnostics:
    'not all resources that a chain or _has asks about could be read in one request: there may be more matches; name a patient or an id',
};

/** https://hl7.org/fhir/R4/search.html#versions */
const OTHER_VERSION: Issue = {
  severity: 'warning',
  code: 'informational',
  diagnostics: 'a reference names a version that is not the current one; the chain was asked on the current one',
};

const pageOf = (
  query: Query,
  found: Found,
  more: { included: Stored[]; outcome: Issue[] },
  self: string,
  next: string | undefined,
  isFirst: boolean,
): SearchPage => ({
  matches: found.matches,
  included: more.included,
  outcome: [
    ...(isFirst ? query.outcome : []),
    ...(found.isStopped ? [STOPPED] : []),
    ...(found.isIncomplete ? [INCOMPLETE] : []),
    ...(found.isOtherVersion ? [OTHER_VERSION] : []),
    ...more.outcome,
  ],
  ...(found.total !== undefined && { total: found.total }),
  self,
  ...(next !== undefined && { next }),
  countOnly: query.countOnly,
  ...(query.summary !== undefined && { summary: query.summary }),
  ...(query.elements !== undefined && { elements: [...query.elements] }),
});

/** `_maxresults`: the last page is as long as what is left. */
const upTo = (query: Query, shown: number): Query =>
  query.most === undefined ? query : { ...query, count: Math.min(query.count, Math.max(query.most - shown, 0)) };

const ended = ({ most, countOnly }: Query, found: Found): Found =>
  most === undefined || countOnly || (found.next?.shown ?? 0) < most ? found : { ...found, next: undefined };

/** The self link says which it was, where somebody asked or it was not the plain reading. */
const saying = (query: Query, isLinked: boolean): Query =>
  isLinked || query.linked !== undefined
    ? { ...query, used: [...query.used, ['_linked', String(isLinked)] as const] }
    : query;

export const search =
  (services: SearchServices) =>
  async (context: Context, request: SearchRequest): Promise<SearchPage> => {
    const { resources, seal, clock, region } = services;
    if (request.compartment && !isCompartment(request.compartment.type))
      throw refuse('unknownType', 'not a compartment of FHIR R4');
    const cursor = resumed(services, context, request);
    const now = cursor?.now ?? context.now;
    const parsed = parse({
      type: request.type,
      compartment: request.compartment,
      params: cursor?.params ?? request.params,
      handling: cursor ? 'lenient' : request.handling,
      now,
      baseUrls: basesOf(region),
      facility: context.actor.facility,
    });
    const { permit } = request;
    if (parsed.tests.length > 0) await readTests(services, context, parsed, permit);
    const named = namedPatients(parsed);
    const isLinked = parsed.linked ?? (named.length > 0 && isLinkedByDefault(context.actor));
    const linked = cursor?.linked ?? (isLinked ? await linkedPatients({ resources, permit }, named) : {});
    const query = withLinked(saying(parsed, isLinked), linked);
    const progress = cursor?.progress ?? { shown: 0 };
    const planned = await plan({ resources, permit }, upTo(query, progress.shown));
    const found = ended(query, await run(planned, { resources, clock, permit }, progress));
    const more =
      query.includes.length > 0 && !query.countOnly
        ? await include(query.includes, found.matches, { resources, permit, budget: budgetOf({ clock }) })
        : { included: [], outcome: [] };

    const path = pathOf(request);
    const { type, compartment } = request;
    const token =
      found.next &&
      sealCursor(
        seal,
        context.actor,
        path,
        { type, compartment, params: query.used, now, progress: found.next, linked },
        context.now,
      );
    const next = token === undefined ? undefined : `${path}?_cursor=${encodeURIComponent(token)}`;
    return pageOf(planned.query, found, more, urlOf(path, query.used), next, !cursor);
  };

/** Value sets and code systems are read before anything else, by code that few searches need. */
const readTests = async (
  { resources }: SearchServices,
  { actor, disclosed }: Context,
  { tests }: Query,
  permit: SearchRequest['permit'],
): Promise<void> => {
  const { readTerms } = await import('./terms.ts');
  const onRead = ({ patientKey, type, id, dataClass }: Stored) =>
    disclosed.push({ patientKey, reference: `${type}/${id}`, action: 'R', dataClass });
  await readTerms({ resources, permit, facility: actor.facility, onRead }, tests);
};

/** Conditional interactions may read more than a search: whether a second match exists must be known. */
const CONDITIONAL_PAGES = 100;

/** The criteria of a conditional interaction: search parameters alone, and one at least. */
const criteriaOf = (region: Services['region'], { actor, now }: Context, type: string, params: Params): Query => {
  const query = parse({
    type,
    compartment: undefined,
    params,
    handling: 'strict',
    now,
    baseUrls: basesOf(region),
    facility: actor.facility,
  });
  if (query.criteria.length + query.links.length === 0)
    throw refuse('ambiguous', 'the conditional criteria are empty: they do not select a resource');
  if (query.tests.length > 0)
    throw refuse('invalid', 'conditional criteria take no value sets and no hierarchies: name the codes');
  if (query.used.length > query.criteria.length + query.links.length)
    throw refuse('invalid', 'conditional criteria take search parameters only, not those that shape a result');
  return query;
};

/** Whether criteria select what is not stored yet. What other resources decide (a chain) is not known of it. */
export const selecting = (
  { region }: Pick<Services, 'region'>,
  context: Context,
  type: string,
  params: Params,
): ((resource: Resource) => boolean) => {
  const { criteria, links } = criteriaOf(region, context, type, params);
  return (resource) => links.length === 0 && matchesAll(criteria, resource, { facility: context.actor.facility ?? '' });
};

/**
 * At most two matches among the caller's own facility's records, for conditional interactions.
 * https://hl7.org/fhir/R4/http.html#cond-update
 * @throws FhirError `invalid` for unknown parameters, `ambiguous` (412) for criteria that are empty or select too much to be read
 */
export const matching =
  (services: Pick<Services, 'resources' | 'clock' | 'region'>) =>
  async (context: Context, type: string, params: Params, permit: (stored: Stored) => boolean): Promise<Stored[]> => {
    const { resources, clock, region } = services;
    const { actor } = context;
    const query = criteriaOf(region, context, type, params);
    const planned = await plan({ resources, permit, isSure: true }, { ...query, count: 2 });
    // A resident has no facility: whose records are theirs, `permit` says.
    const isOwn = (stored: Stored) => actor.facility === undefined || stored.facility === actor.facility;
    const found = await run(
      planned,
      {
        resources,
        clock,
        permit: (stored) => isOwn(stored) && permit(stored),
        pages: CONDITIONAL_PAGES,
      },
      { shown: 0 },
    );
    if ((found.isStopped || found.isIncomplete) && found.matches.length < 2)
      throw refuse('ambiguous', 'the conditional criteria are not selective enough: name the patient or an identifier');
    return found.matches;
  };

const basesOf = ({ baseUrl, otherBaseUrls = [] }: Services['region']): string[] =>
  [baseUrl, ...otherBaseUrls].map((url) => `${url}/fhir`);
