// A search once it is understood: what parse.ts makes and everything after it works on.
import type { Issue } from '../fhir/types.ts';
import type { Span } from './dates.ts';
import type { Sought } from './decimals.ts';
import type { Parameter } from './parameters.ts';
import type { Pointer } from './references.ts';

/** https://hl7.org/fhir/R4/search.html#prefix */
export const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
export type Prefix = (typeof PREFIXES)[number];

/** One of the values of a criterion; any of them may match. */
export type Wanted =
  | { readonly kind: 'missing'; readonly missing: boolean }
  /** System undefined: any; empty: none. Code undefined: any. */
  | { readonly kind: 'token'; readonly system: string | undefined; readonly code: string | undefined }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'of-type'; readonly system: string; readonly code: string; readonly value: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'date'; readonly prefix: Prefix; readonly span: Span }
  | { readonly kind: 'number'; readonly prefix: Prefix; readonly sought: Sought }
  | {
      readonly kind: 'quantity';
      readonly prefix: Prefix;
      readonly sought: Sought;
      readonly system: string | undefined;
      readonly code: string | undefined;
    }
  | { readonly kind: 'reference'; readonly pointer: Pointer }
  | { readonly kind: 'uri'; readonly uri: string }
  | { readonly kind: 'composite'; readonly parts: readonly Wanted[] };

/** One parameter of the search; all criteria must hold. */
export interface Criterion {
  readonly parameter: Parameter;
  readonly modifier: string | undefined;
  readonly values: readonly Wanted[];
}

export interface SortKey {
  readonly parameter: Parameter;
  readonly descending: boolean;
}

export interface Query {
  /** Undefined: all types, or those in `types`. */
  readonly type: string | undefined;
  /** `_type` of a search over several types. */
  readonly types: readonly string[];
  readonly compartment: { readonly type: string; readonly id: string } | undefined;
  readonly criteria: readonly Criterion[];
  readonly sort: readonly SortKey[];
  readonly count: number;
  readonly total: 'none' | 'estimate' | 'accurate' | undefined;
  readonly countOnly: boolean;
  readonly summary: string | undefined;
  readonly elements: readonly string[] | undefined;
  /** The parameters that were used, as they came: for the self link. */
  readonly used: readonly (readonly [string, string])[];
  /** What was ignored, and why. */
  readonly outcome: readonly Issue[];
}
