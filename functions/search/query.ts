// A search once it is understood: what parse.ts makes and everything after it works on.
import type { Issue } from '../fhir/types.ts';
import type { ConceptTest } from './concepts.ts';
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
  | { readonly kind: 'concepts'; readonly test: ConceptTest }
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

/** A condition that other resources decide: https://hl7.org/fhir/R4/search.html#chaining, #has, #list */
export type Link =
  /** Where a chain ends. */
  | { readonly kind: 'plain'; readonly criterion: Criterion }
  /** Something that the reference `name` leads to, of one of these types, is as `next` says. */
  | { readonly kind: 'chain'; readonly name: string; readonly targets: readonly { type: string; next: Link }[] }
  /** Something of a type points here by `parameter`, and is as `next` says. */
  | { readonly kind: 'has'; readonly type: string; readonly parameter: Parameter; readonly next: Link }
  /** One of these Lists names it. */
  | { readonly kind: 'list'; readonly ids: readonly string[] };

/** https://hl7.org/fhir/R4/search.html#include. Undefined: any. */
export interface Include {
  readonly isReverse: boolean;
  readonly isIterate: boolean;
  /** Type that holds the reference. */
  readonly source: string | undefined;
  /** Its reference parameter. */
  readonly parameter: string | undefined;
  readonly target: string | undefined;
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
  /** `also`: further Patients of the same person. */
  readonly compartment:
    | { readonly type: string; readonly id: string; readonly also?: readonly string[] | undefined }
    | undefined;
  /** `_linked`; undefined: nothing was said. */
  readonly linked?: boolean | undefined;
  readonly criteria: readonly Criterion[];
  readonly links: readonly Link[];
  /** Of `criteria` and `links`: what definitions decide. */
  readonly tests: readonly ConceptTest[];
  readonly includes: readonly Include[];
  readonly sort: readonly SortKey[];
  readonly count: number;
  /** Matches that all pages together may show. */
  readonly most: number | undefined;
  readonly total: 'none' | 'estimate' | 'accurate' | undefined;
  readonly countOnly: boolean;
  readonly summary: string | undefined;
  readonly elements: readonly string[] | undefined;
  /** The parameters that were used, as they came: for the self link. */
  readonly used: readonly (readonly [string, string])[];
  /** What was ignored, and why. */
  readonly outcome: readonly Issue[];
}
