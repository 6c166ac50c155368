// The matrix as `GET /admin/matrix` answers it (functions/consent/matrix.ts).
export const AREAS = [
  'basic',
  'clinical',
  'document',
  'care',
  'home',
  'admin',
  'directory',
  'enrolment',
  'audit',
] as const;
export type Area = (typeof AREAS)[number];
export const VERBS = ['read', 'write'] as const;
type Verb = (typeof VERBS)[number];

export type Grant = '*' | { readonly types: readonly string[] } | { readonly codes: readonly string[] };
type Cells = Partial<Readonly<Record<Area, Grant>>>;
export interface Rules {
  readonly read?: Cells;
  readonly write?: Cells;
  readonly purposes?: readonly string[];
}
type Less = Partial<Readonly<Record<Area, false | { readonly types: readonly string[] }>>>;
export type Narrow = Readonly<Record<string, { readonly read?: Less; readonly write?: Less } | undefined>>;

export interface MatrixOf {
  readonly default: Readonly<Record<string, Rules>>;
  readonly narrow: Narrow;
  readonly effective: Readonly<Record<string, Rules>>;
}

/** How much of a column a role has. */
export const sizeOf = (grant: Grant | undefined): 'all' | 'nothing' | 'documents' | number => {
  if (grant === undefined) return 'nothing';
  if (grant === '*') return 'all';
  return 'types' in grant ? grant.types.length : 'documents';
};

/** Software of facilities has columns by the kind of facility: as `system` it is narrowed for all of them. */
export const defaultOf = ({ default: rules }: MatrixOf, role: string, verb: Verb, area: Area): Grant | undefined =>
  role === 'system' ? '*' : rules[role]?.[verb]?.[area];
