// What a region takes away from the role × data matrix (consent/matrix.ts). It can only take: what the default does not give is
// refused here, and cannot be given by any row there, since the decision removes what the row names and adds nothing.
import * as z from 'zod/mini';
import { NARROW_KEY, parseNarrow } from '../auth/narrow.ts';
import { STAFF_ROLES } from '../auth/rows.ts';
import { type Area, MATRIX, type Narrow, rulesOf } from '../consent/matrix.ts';
import { FhirError } from '../fhir/outcome.ts';
import { isResourceType } from '../fhir/resource-types.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import type { Rows } from './rows.ts';

const AREAS = ['basic', 'clinical', 'document', 'care', 'home', 'admin', 'directory', 'enrolment', 'audit'] as const;
const Kept = z.union([z.literal(false), z.strictObject({ types: z.array(z.string()).check(z.maxLength(200)) })]);
const Less = z.partialRecord(z.enum(AREAS), Kept);

/** Role → column → nothing (`false`), or only some types. */
export const NarrowRow = z.partialRecord(
  z.enum([...STAFF_ROLES, 'resident', 'system']),
  z.strictObject({ read: z.optional(Less), write: z.optional(Less) }),
) as z.ZodMiniType<Narrow>;

type Given = Partial<
  Record<string, Readonly<Partial<Record<'read' | 'write', Record<string, false | { types: readonly string[] }>>>>>
>;

/** Where a row speaks of something that the default does not give: it would only look as if it did. */
export const narrowFaults = (narrow: Narrow): { at: string; rule: string }[] =>
  Object.entries(narrow as Given).flatMap(([role, less]) =>
    (['read', 'write'] as const).flatMap((verb) =>
      Object.entries(less?.[verb] ?? {}).flatMap(([area, kept]) => {
        const at = `${role}.${verb}.${area}`;
        // A facility's software may do what one of the staff there may, and is narrowed with it; as `system` for all of them.
        const grant = role === 'system' ? '*' : MATRIX[role as keyof typeof MATRIX][verb][area as Area];
        if (grant === undefined) return [{ at, rule: 'is not given by the default, so there is nothing to take away' }];
        if (kept === false) return [];
        // A mistyped type would keep nothing, and so take everything away.
        if (!kept.types.every(isResourceType)) return [{ at, rule: 'names a type that FHIR R4 does not have' }];
        if (grant === '*' || !('types' in grant)) return [];
        return kept.types.every((type) => grant.types.includes(type))
          ? []
          : [{ at, rule: 'names a type that the default does not give' }];
      }),
    ),
  );

export const readNarrow = async (rows: Pick<Rows, 'get'>): Promise<Narrow> =>
  parseNarrow((await rows.get(NARROW_KEY))?.d);

export const matrixRoutes = ({ rows }: { readonly rows: Rows }): readonly JsonRoute[] => [
  route({
    method: 'GET',
    path: '/admin/matrix',
    interaction: 'matrix-read',
    roles: ['admin', 'operator', 'privacy'],
    handle: async (context) => {
      const narrow = await readNarrow(rows);
      note(context, 'R', 'matrix');
      const roles = Object.keys(MATRIX) as (keyof typeof MATRIX)[];
      const effective = roles.map((role) => {
        const { read, write, purposes } = rulesOf({ role, facilityType: undefined }, narrow);
        return [role, { read, write, purposes }] as const;
      });
      return { status: 200, body: { default: MATRIX, narrow, effective: Object.fromEntries(effective) } };
    },
  }),
  route({
    method: 'PUT',
    path: '/admin/matrix',
    interaction: 'matrix-change',
    roles: ['admin'],
    body: z.strictObject({ narrow: NarrowRow }),
    handle: async (context, { body: { narrow } }) => {
      const faults = narrowFaults(narrow);
      if (faults.length > 0)
        throw new FhirError(
          'invalid',
          faults.map(({ at, rule }) => ({ diagnostics: `narrow.${at} ${rule}`, expression: [`narrow.${at}`] })),
        );
      const before = await rows.get(NARROW_KEY);
      await rows.write([{ ...NARROW_KEY, d: JSON.stringify(narrow), before: before?.d }]);
      note(context, 'U', 'matrix');
      return { status: 200, body: { narrow } };
    },
  }),
];
