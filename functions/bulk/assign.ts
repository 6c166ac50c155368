// Gives every entry of a file its place: the id it will have, and what others must call it.
import { createHash } from 'node:crypto';
import type { Resource } from '../fhir/types.ts';
import { derivedId } from './derived-id.ts';
import type { Incoming } from './incoming.ts';

/** An entry whose request line is decided. */
export interface Assigned {
  readonly method: string;
  readonly url: string;
  readonly ifNoneExist: string | undefined;
  /** Kept where the server must still resolve it (conditional create). */
  readonly fullUrl: string | undefined;
  /** True for a plain POST: it creates, and never changes what is there already. */
  readonly created: boolean;
  readonly resource: Resource;
}

const direct = /^[A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/;
const relativeEnd = /\/([A-Za-z]+\/[A-Za-z0-9\-.]{1,64})$/;

/**
 * The request that an entry is sent as. A plain POST becomes a PUT to an id derived from facility and `fullUrl`
 * (or, without one, from its text); everything else stays as it is.
 */
export const assign = (facility: string, entry: Incoming): Assigned => {
  const { resource, method, url, ifNoneExist, fullUrl } = entry;
  if (method !== 'POST' || ifNoneExist !== undefined || url !== resource.resourceType) {
    return { method, url, ifNoneExist, fullUrl, created: false, resource };
  }
  const name = fullUrl ?? `sha256:${createHash('sha256').update(JSON.stringify(resource)).digest('hex')}`;
  const id = derivedId(facility, name);
  return {
    method: 'PUT',
    url: `${resource.resourceType}/${id}`,
    ifNoneExist: undefined,
    fullUrl: undefined,
    created: true,
    resource: { ...resource, id },
  };
};

/** What other entries call an entry → what it is called from now on. */
export type Renames = Map<string, string>;

/** Adds an entry's names to `renames`: its `fullUrl`, and for an absolute one the relative form too. */
export const rename = (renames: Renames, entry: Incoming, assigned: Assigned): void => {
  if (entry.fullUrl === undefined || !direct.test(assigned.url)) return;
  if (entry.fullUrl !== assigned.url) renames.set(entry.fullUrl, assigned.url);
  const relative = relativeEnd.exec(entry.fullUrl)?.[1];
  if (relative !== undefined && relative !== assigned.url) renames.set(relative, assigned.url);
};

/** Rewrites `Reference.reference` in place: https://hl7.org/fhir/R4/http.html#trules */
export const rewrite = (value: unknown, renames: Renames): void => {
  if (renames.size === 0) return;
  if (Array.isArray(value)) {
    for (const item of value) rewrite(item, renames);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const record = value as Record<string, unknown>;
  for (const name in record) {
    const member = record[name];
    if (name === 'reference' && typeof member === 'string') {
      const to = renames.get(member);
      if (to !== undefined) record[name] = to;
    } else if (typeof member === 'object') rewrite(member, renames);
  }
};
