// What a client asks of all communities: records of one patient, whom it names by a Patient of its own region.
import { refuse } from '../fhir/outcome.ts';
import { isResourceType } from '../fhir/resource-types.ts';
import type { FhirRequest } from '../interactions/contract.ts';
import { isAlwaysInCompartment, mayHavePatient } from '../search/compartments.ts';
import { COMMUNITY, saidCommunities } from './communities.ts';

type Params = readonly (readonly [string, string])[];

export type Asked =
  | (Whom & { readonly kind: 'search'; readonly type: string; readonly params: Params })
  | (Whom & { readonly kind: 'everything'; readonly params: Params })
  | (Whom & { readonly kind: 'read'; readonly type: string; readonly id: string });

interface Whom {
  readonly patient: string;
  /** `_community`, as it was said; undefined: all of them. */
  readonly communities?: readonly string[] | undefined;
}

export interface Timing {
  /** Milliseconds for all of it. */
  readonly overall: number;
  readonly perCommunity: number;
}

/** Types whose records of a patient another region can be asked for. */
export const isServed = (type: string): boolean =>
  type === 'Patient' || (isResourceType(type) && mayHavePatient(type) && isAlwaysInCompartment(type));

/** What the client may wait at most: API Gateway gives up after 30 s. */
const LONGEST_MS = 25_000;
const DEFAULT_MS = 8_000;
const SHORTEST_MS = 100;
/** What is left for putting the answer together. */
const MERGE_MS = 500;

/** `Prefer: wait=5` (RFC 7240, seconds) or `_deadline=1500` (milliseconds). */
export const timingOf = ({ headers, params }: Pick<FhirRequest, 'headers' | 'params'>): Timing => {
  const given = params.find(([name]) => name === '_deadline')?.[1];
  const [, wait] = /(?:^|[,;\s])wait\s*=\s*"?([0-9]{1,5})"?/i.exec(headers.prefer ?? '') ?? [];
  if (given !== undefined && !/^[0-9]{1,6}$/.test(given))
    throw refuse('invalid', '_deadline must be a whole number of milliseconds');
  const wanted = given !== undefined ? Number(given) : wait !== undefined ? Number(wait) * 1000 : DEFAULT_MS;
  const overall = Math.min(Math.max(wanted, SHORTEST_MS), LONGEST_MS);
  return { overall, perCommunity: Math.max(overall - Math.min(MERGE_MS, overall / 5), SHORTEST_MS) };
};

const OWN = new Set(['_deadline', COMMUNITY, '_format', '_pretty']);
const without = (params: Params, ...names: string[]): Params =>
  params.filter(([name]) => !OWN.has(name) && !names.includes(name));

const patientIn = (value: string, bases: readonly string[]): string | undefined => {
  const base = bases.find((one) => value.startsWith(`${one}/`));
  return /^(?:Patient\/)?([A-Za-z0-9\-.]{1,64})$/.exec(base === undefined ? value : value.slice(base.length + 1))?.[1];
};

const whomOf = (params: Params) => {
  const communities = saidCommunities(params);
  return communities && { communities };
};

/** Parameters that may stand beside a cursor: how long to wait, and how the page is written. */
const BESIDE_CURSOR = ['_cursor', '_deadline', '_format', '_pretty'];

/** A cursor is followed where the link led, or by the same search again. @throws FhirError `invalid` for any other question */
export const assertResumed = (
  { asked }: { readonly asked: Extract<Asked, { kind: 'search' | 'everything' }> },
  { params, path }: FhirRequest,
): void => {
  if (params.some(([name]) => !BESIDE_CURSOR.includes(name)))
    throw refuse('invalid', '_cursor holds the whole search and stands alone');
  const at = path.filter((part) => part !== '_search').join('/');
  const type = asked.kind === 'everything' ? '$everything' : asked.type;
  if (![type, `Patient/${asked.patient}/${type}`].includes(at)) throw refuse('invalid', '_cursor is of another search');
};

const NEEDS_PATIENT = 'a federated search is about one patient: patient=<id of a Patient of this region>';

/** @param bases addresses of the region's FHIR API, with which a reference may begin */
export const askedOf = ({ method, path, params, headers }: FhirRequest, bases: readonly string[]): Asked => {
  const isSearch = path.at(-1) === '_search';
  if (method !== 'GET' && method !== 'HEAD' && !(method === 'POST' && isSearch))
    throw Object.assign(refuse('notAllowed', 'other regions are read, not written to'), {
      headers: { allow: 'GET, POST' },
    });
  if (method === 'POST' && !/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? ''))
    throw refuse('unsupportedMedia', 'a search by POST is application/x-www-form-urlencoded');
  const [type = '', second, third, ...more] = isSearch ? path.slice(0, -1) : path;
  if (!isResourceType(type) || more.length > 0) throw refuse('notFound', 'an address of this form was not found');

  if (second === undefined) return searchOf(type, params, bases);
  if (third === undefined) {
    if (type === 'Patient' && second.startsWith('$'))
      throw refuse('notSupported', 'there is no operation of this name here');
    return readOf(type, second, params, bases);
  }
  const patient = patientIn(second, bases);
  if (type !== 'Patient' || patient === undefined) throw refuse('notFound', 'an address of this form was not found');
  if (third === '$everything') return { kind: 'everything', patient, ...whomOf(params), params: without(params) };
  assertServed(third);
  return { kind: 'search', patient, ...whomOf(params), type: third, params: without(params) };
};

const assertServed = (type: string) => {
  if (!isServed(type)) throw refuse('notSupported', 'records of this type belong to no patient: ask the region itself');
};

const searchOf = (type: string, params: Params, bases: readonly string[]): Asked => {
  assertServed(type);
  const names = type === 'Patient' ? ['_id'] : ['patient', 'subject', 'patient:Patient', 'subject:Patient'];
  const named = params.filter(([name]) => names.includes(name));
  const patient = named.length === 1 ? patientIn(named[0]![1], bases) : undefined;
  if (patient === undefined)
    throw refuse(
      'invalid',
      type === 'Patient'
        ? 'a federated search for Patient is about one: _id=<id of a Patient of this region>'
        : NEEDS_PATIENT,
    );
  return { kind: 'search', patient, ...whomOf(params), type, params: without(params, ...names) };
};

const readOf = (type: string, id: string, params: Params, bases: readonly string[]): Asked => {
  const given = params.find(([name]) => name === 'patient')?.[1];
  const patient = given === undefined ? (type === 'Patient' ? id : undefined) : patientIn(given, bases);
  if (patient === undefined)
    throw refuse('invalid', 'a federated read names whose record it is: patient=<id of a Patient of this region>');
  if (!/^[A-Za-z0-9\-.]{1,64}$/.test(id)) throw refuse('notFound', `a ${type} with an id of this form was not found`);
  return { kind: 'read', patient, ...whomOf(params), type, id };
};
