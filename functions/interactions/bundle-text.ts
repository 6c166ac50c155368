import type { Issue, Resource } from '../fhir/types.ts';
import type { Stored } from '../storage/port.ts';
import { markSubset, type Subset, subsetResource } from './subset.ts';

/** An entry of a Bundle that is ready as text. */
export type EntryText = string;

export const fullUrl = (base: string, { type, id }: Pick<Stored, 'type' | 'id'>) => `${base}/${type}/${id}`;

/** The stored text is spliced in as it is; only a part of a resource has to be made. */
export const resourceText = (stored: Stored, subset: Subset | undefined): string =>
  subset ? JSON.stringify(subsetResource(withoutPointer(stored), subset)) : publicText(stored);

/** A Binary without its bytes is a part of it, and says so. */
export const publicText = (stored: Stored): string => {
  if (stored.type !== 'Binary') return stored.text();
  const shown = withoutPointer(stored);
  return JSON.stringify(shown === stored.resource() ? shown : markSubset(shown, shown));
};

/** In the place of its bytes a Binary has our name for them (binary.ts), which is nobody else's business. */
const withoutPointer = (stored: Stored): Resource => {
  const resource = stored.resource();
  if (stored.type !== 'Binary' || resource._data === undefined) return resource;
  const { _data, ...rest } = resource;
  return rest as Resource;
};

const searchEntry = (base: string, stored: Stored, mode: 'match' | 'include', subset?: Subset): EntryText =>
  `{"fullUrl":${JSON.stringify(fullUrl(base, stored))},"resource":${resourceText(stored, subset)},"search":{"mode":"${mode}"}}`;

export const matchEntry = (base: string, stored: Stored, subset?: Subset): EntryText =>
  searchEntry(base, stored, 'match', subset);

/** What comes with the matches: `_include`, `_revinclude`. */
export const includeEntry = (base: string, stored: Stored, subset?: Subset): EntryText =>
  searchEntry(base, stored, 'include', subset);

export const outcomeEntry = (issues: readonly Issue[]): EntryText =>
  `{"resource":${JSON.stringify({ resourceType: 'OperationOutcome', issue: issues })},"search":{"mode":"outcome"}}`;

/** https://hl7.org/fhir/R4/bundle.html. Empty lists are left out, as JSON of FHIR has none. */
export const bundleText = (bundle: {
  readonly type: 'searchset' | 'history' | 'transaction-response' | 'batch-response';
  /** When it was made: of what was written, the `lastModified` too. */
  readonly timestamp?: number | undefined;
  readonly total?: number | undefined;
  readonly links?: readonly { readonly relation: string; readonly url: string }[];
  readonly entries: readonly EntryText[];
}): string => {
  const { type, timestamp, total, links = [], entries } = bundle;
  let text = `{"resourceType":"Bundle","type":"${type}"`;
  if (timestamp !== undefined) text += `,"timestamp":"${new Date(timestamp).toISOString()}"`;
  if (total !== undefined) text += `,"total":${total}`;
  if (links.length > 0) text += `,"link":${JSON.stringify(links)}`;
  if (entries.length > 0) text += `,"entry":[${entries.join(',')}]`;
  return `${text}}`;
};
