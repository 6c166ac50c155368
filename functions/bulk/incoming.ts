// What a file asks for, entry by entry, before ids are decided.
import type { Resource } from '../fhir/types.ts';
import type { Piece } from './scan-json.ts';

/** One entry of a file. `fullUrl` is what other entries call it. */
export interface Incoming {
  readonly fullUrl: string | undefined;
  readonly method: string;
  readonly url: string;
  readonly ifNoneExist: string | undefined;
  readonly resource: Resource;
}

export type Parse = (text: string) => unknown;

/** Something in a file that is not an entry we can load. The text names the rule, never the content. */
export class Unreadable extends Error {}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const asResource = (value: unknown): Resource => {
  if (!isObject(value) || typeof value.resourceType !== 'string') throw new Unreadable('an entry holds no resource');
  return value as Resource;
};

/** A resource by itself (NDJSON, a collection): what has an id is put there, what has none is created. */
const lone = (resource: Resource, fullUrl?: string): Incoming => ({
  fullUrl,
  method: resource.id === undefined ? 'POST' : 'PUT',
  url: resource.id === undefined ? resource.resourceType : `${resource.resourceType}/${resource.id}`,
  ifNoneExist: undefined,
  resource,
});

const fromEntry = (entry: unknown): Incoming => {
  if (!isObject(entry)) throw new Unreadable('an entry is not an object');
  const fullUrl = text(entry.fullUrl);
  const resource = asResource(entry.resource);
  if (!isObject(entry.request)) return lone(resource, fullUrl);
  const { method, url, ifNoneExist } = entry.request;
  if (typeof method !== 'string' || typeof url !== 'string') throw new Unreadable('an entry has no request');
  return { fullUrl, method, url, ifNoneExist: text(ifNoneExist), resource };
};

const envelopes = new Set(['transaction', 'batch', 'collection', 'searchset', 'history']);

/** The entries of one piece; usually one, more only for a Bundle that came whole. */
export const incoming = (piece: Piece, parse: Parse): Incoming[] => {
  let value: unknown;
  try {
    value = parse(piece.text);
  } catch {
    throw new Unreadable('a line or entry is not JSON');
  }
  if (piece.inBundle !== undefined) return [fromEntry(value)];
  const resource = asResource(value);
  const type = resource.type;
  if (resource.resourceType === 'Bundle' && typeof type === 'string' && envelopes.has(type)) {
    return Array.isArray(resource.entry) ? resource.entry.map(fromEntry) : [];
  }
  return [lone(resource)];
};
