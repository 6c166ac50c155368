// What a path yields: a JSON value with the FHIR type that the definitions give it, and where it hangs in its resource.

export interface TypedValue {
  /**
   * FHIR type: `dateTime`, `Period`, `CodeableConcept`, `Patient`; a backbone element by its path (`Patient.contact`);
   * `System.Boolean` and so on for what the expression computed.
   */
  readonly type: string;
  /** The JSON value; undefined where a primitive has extensions only, and for a resource that is known by its type alone (`resolve()`). */
  readonly value: unknown;
  /** `_birthDate`: id and extensions of a primitive. */
  readonly element?: Readonly<Record<string, unknown>> | undefined;
  /** Where the value hangs: `owner[key]`, or `owner[key][index]`. */
  readonly owner?: TypedValue | undefined;
  readonly key?: string | undefined;
  readonly index?: number | undefined;
}

/** What an expression may ask of the world. Time is given, never taken. */
export interface PathEnv {
  /** `%resource` and `%rootResource`; by default the value that the expression starts from. */
  readonly resource?: unknown;
  readonly rootResource?: unknown;
  /** `now()` and `today()`: milliseconds since 1970. */
  readonly now?: number | undefined;
  /** Further variables: `{ name: value }` for `%name`. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

export type CompiledPath = (resource: unknown, env?: PathEnv) => TypedValue[];

/** A computed value of a FHIRPath system type. */
export const system = (
  type: 'Boolean' | 'String' | 'Integer' | 'Decimal' | 'Quantity' | 'Date' | 'DateTime' | 'Time',
  value: unknown,
): TypedValue => ({
  type: `System.${type}`,
  value,
});
