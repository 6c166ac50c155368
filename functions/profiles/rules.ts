// What a profile says, in our own words. Two sources write it: the tables of JP Core (jp-core/*.ts, read by text.ts) and
// StructureDefinitions that a region has loaded (structure-definition.ts). One engine reads it (check.ts).

/** One element of a profile. Absent: the profile says no more about it than R4 does. */
export interface Rule {
  /** Path below the profile's type, slices after a colon: `identifier:mrn.system`. Empty: the type itself. No `[x]`. */
  readonly path: string;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Types that the value may have. */
  readonly types?: readonly string[] | undefined;
  /** Resource types that a reference may point to. */
  readonly targets?: readonly string[] | undefined;
  /** Profiles of the value's type, of an extension or of a contained resource: it must meet one of them. */
  readonly profiles?: readonly string[] | undefined;
  /** Profiles of what a reference points to; only used to tell slices apart. */
  readonly targetProfiles?: readonly string[] | undefined;
  /** The value is exactly this. */
  readonly fixed?: unknown;
  /** The value holds at least this. */
  readonly pattern?: unknown;
  readonly binding?: Binding | undefined;
  readonly invariants?: readonly Invariant[] | undefined;
  readonly slicing?: Slicing | undefined;
  readonly maxLength?: number | undefined;
}

/** https://hl7.org/fhir/R4/terminologies.html#strength: only these two are looked at, the second one with a warning. */
export interface Binding {
  readonly strength: 'required' | 'extensible';
  readonly valueSet: string;
}

/** https://hl7.org/fhir/R4/conformance-rules.html#constraints */
export interface Invariant {
  readonly key: string;
  readonly expression: string;
  readonly human: string;
  readonly severity: 'error' | 'warning';
}

/** https://hl7.org/fhir/R4/profiling.html#slicing */
export interface Slicing {
  readonly by: readonly Discriminator[];
  readonly rules: 'open' | 'closed';
}

/** https://hl7.org/fhir/R4/profiling.html#discriminator */
export interface Discriminator {
  readonly type: 'value' | 'exists' | 'type' | 'profile';
  readonly path: string;
}

/** A profile as it is written down. */
export interface Profile {
  readonly url: string;
  readonly name: string;
  readonly version: string | undefined;
  /** The R4 type that it constrains. */
  readonly type: string;
  /** The profile whose rules it adds to. */
  readonly base?: string | undefined;
  readonly rules: readonly Rule[];
  /** Extensions: where one may stand, `Patient`, `Dosage.method`. Undefined: anywhere. */
  readonly contexts?: readonly string[] | undefined;
}

/** A profile as it is checked: the rules as a tree. */
export interface Compiled {
  readonly url: string;
  readonly name: string;
  readonly type: string;
  readonly root: Node;
  readonly contexts: readonly string[] | undefined;
}

export interface Node extends Omit<Rule, 'path' | 'slicing'> {
  readonly children: ReadonlyMap<string, Node>;
  readonly slicing: Slicing | undefined;
  readonly slices: readonly Slice[];
}

export interface Slice {
  readonly name: string;
  readonly node: Node;
}

/** Whether a value set holds a code; undefined: nobody here can say. `system` undefined: the element is a plain code. */
export type ValueSetTest = (system: string | undefined, code: string) => boolean | undefined;

/** All profiles and value sets that a check may meet. */
export interface Known {
  /** By canonical, with or without `|version`. */
  profile(canonical: string): Compiled | undefined;
  valueSet(canonical: string): ValueSetTest | undefined;
}
