// FHIR R4 as values. Types only: what a resource must look like is the validator's business (validate.ts), not TypeScript's.

/** JSON as `parseJson` (json.ts) returns it. A decimal whose text a double would not keep (`1.00`) is a `JSON.rawJSON` value. */
export type Json = null | boolean | number | string | RawNumber | Json[] | { [key: string]: Json };

/** What `JSON.rawJSON('1.00')` makes: written back as it came, `Number(value.rawJSON)` where arithmetic is needed. */
export interface RawNumber {
  readonly rawJSON: string;
}

export interface Meta {
  versionId?: string;
  lastUpdated?: string;
  source?: string;
  profile?: string[];
  tag?: Coding[];
  security?: Coding[];
  [element: string]: unknown;
}

export interface Coding {
  system?: string;
  code?: string;
  display?: string;
  [element: string]: unknown;
}

export interface Reference {
  reference?: string;
  type?: string;
  identifier?: { system?: string; value?: string };
  display?: string;
}

/** Any resource. Elements beyond the common ones are read through the definitions, or narrowed where they are used. */
export interface Resource {
  resourceType: string;
  id?: string;
  meta?: Meta;
  [element: string]: unknown;
}

/** https://hl7.org/fhir/R4/operationoutcome.html: one issue, in our own vocabulary. */
export interface Issue {
  severity: 'fatal' | 'error' | 'warning' | 'information';
  /** https://hl7.org/fhir/R4/valueset-issue-type.html */
  code: string;
  /** Names the thing and the rule. Never the value that a record holds. */
  diagnostics: string;
  /** FHIRPath of the element at fault, e.g. `Patient.name[0].family`. */
  expression?: string[];
}
