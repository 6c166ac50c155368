// Lists of facilities and staff in one request. Nothing is written before the whole list is right; what was written before a
// failure is there already the next time, so a list may be sent again until all of it is in.
import { FhirError, refuse } from '../fhir/outcome.ts';
import type { Context } from '../interactions/contract.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import type { CsvFault } from './csv.ts';
import { addFacility, type FacilityNeeds } from './facilities.ts';
import { facilityList, type Listed, staffList } from './lists.ts';
import { find } from './records.ts';
import { inviteStaff, requirePlaces } from './staff.ts';

/** Of a page of 29 seconds: an invitation is four calls of Cognito, which takes 30 a second. */
export const MOST_LINES = 100;
const MOST_BYTES = 512 * 1024;
const AT_ONCE = 4;

interface Kind<T> {
  readonly name: 'facilities' | 'staff';
  readonly read: (bytes: Uint8Array) => Listed<T>;
  /** What only the region knows. */
  readonly check: (value: T) => Promise<void>;
  /** True when there was something to do. */
  readonly write: (context: Context, value: T) => Promise<boolean>;
}

export const importRoutes = (needs: FacilityNeeds): readonly JsonRoute[] => [
  importRoute({
    name: 'facilities',
    read: facilityList,
    check: async ({ code, type }) => {
      const { value } = await find(needs.rows, 'facilityRow', code);
      if (value && value.type !== type)
        throw refuse('conflict', 'the facility is known as one of another type', 'type');
    },
    write: async (context, value) => !(await addFacility(needs, context, value)).same,
  }),
  importRoute({
    name: 'staff',
    read: staffList,
    check: (value) => requirePlaces(needs.rows, [value], value.licence),
    write: async (context, value) => (await inviteStaff(needs, context, value)).made,
  }),
];

const importRoute = <T>({ name, read, check, write }: Kind<T>): JsonRoute =>
  route({
    method: 'POST',
    path: `/admin/import/${name}`,
    interaction: `import-${name}`,
    query: ['dryRun'],
    roles: ['admin'],
    body: 'bytes',
    mostBytes: MOST_BYTES,
    handle: async (context, { body, query }) => {
      const { items, faults } = read(body);
      if (items.length > MOST_LINES)
        throw refuse(
          'tooLarge',
          `one request takes ${MOST_LINES} lines; infra/operations/import-tenants.ts sends more in parts`,
        );
      const all = [...faults, ...(await faultsOf(items, check))].sort((a, b) => a.line - b.line);
      const isTrial = query.dryRun === 'true';
      if (!isTrial && !['false', undefined].includes(query.dryRun))
        throw refuse('invalid', 'dryRun must be true or false', 'dryRun');
      note(context, isTrial ? 'R' : 'U', `import/${name}`);
      if (isTrial)
        return {
          status: 200,
          body: { lines: items.length + new Set(faults.map(({ line }) => line)).size, faults: all },
        };
      if (all.length > 0) throw refused(all);

      let written = 0;
      for (let at = 0; at < items.length; at += AT_ONCE) {
        const part = items.slice(at, at + AT_ONCE);
        const results = await Promise.allSettled(part.map(({ value }) => write(context, value)));
        written += results.filter((result) => result.status === 'fulfilled' && result.value).length;
        const failed = results.flatMap((result, index) =>
          result.status === 'rejected' ? [{ line: part[index]!.line, reason: result.reason as unknown }] : [],
        );
        if (failed.length > 0) throw refused(failed.map(({ line, reason }) => faultOf(line, reason)));
      }
      return { status: 200, body: { lines: items.length, written, unchanged: items.length - written } };
    },
  });

const faultsOf = async <T>(items: Listed<T>['items'], check: Kind<T>['check']): Promise<CsvFault[]> => {
  const faults: CsvFault[] = [];
  for (const { line, value } of items)
    await check(value).catch((error: unknown) => {
      faults.push(faultOf(line, error));
    });
  return faults;
};

/** What is no fault of the line is no answer about the line. */
const faultOf = (line: number, error: unknown): CsvFault => {
  if (!(error instanceof FhirError) || error.status >= 500) throw error;
  const [issue] = error.issues;
  const column = issue?.expression?.[0] ?? '-';
  return { line, column, rule: error.message.replace(new RegExp(`^${column.replace(/\W/g, '')} `), '') };
};

const refused = (faults: readonly CsvFault[]) =>
  new FhirError(
    'unprocessable',
    faults.slice(0, 200).map(({ line, column, rule }) => ({
      diagnostics: `line ${line}, ${column}: ${rule}`,
      expression: [`line[${line}].${column}`],
    })),
  );
