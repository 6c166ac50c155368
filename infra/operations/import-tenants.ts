// Brings lists of facilities and staff in (CSV, docs/administration.md). Without --api it checks them offline and sends nothing.
//   node infra/operations/import-tenants.ts --facilities F.csv --staff S.csv
//   node infra/operations/import-tenants.ts --facilities F.csv --staff S.csv --api https://api.… --token-file FILE
// The token is an administrator's; it is read from a file, since what stands in a command line is seen by all. Exit code 0: all in
// order. 1: faults, one a line, by file, line and column, and never by value. May be run again: what is there already is left alone.
import {
  type Columns,
  type CsvFault,
  type CsvRow,
  decodeCsv,
  formatCsv,
  readCsv,
} from '../../functions/tenants/csv.ts';
import { MOST_LINES } from '../../functions/tenants/import.ts';
import { FACILITY_COLUMNS, facilityList, STAFF_COLUMNS, staffList } from '../../functions/tenants/lists.ts';
import { command, LocalError, readArgs, readNamed } from '../command-line.ts';

export interface TenantLists {
  /** The files as they are. */
  readonly facilities?: Uint8Array | undefined;
  readonly staff?: Uint8Array | undefined;
  /** Base address of the region's API; absent: nothing is sent. */
  readonly api?: string | undefined;
  readonly token?: string | undefined;
  readonly say: (line: string) => void;
  readonly fetch?: typeof fetch;
}

/** How many faults there are. */
export const importTenants = async (lists: TenantLists): Promise<number> => {
  const { facilities, staff, say } = lists;
  const kinds = [
    {
      kind: 'facilities',
      bytes: facilities,
      columns: FACILITY_COLUMNS,
      faults: facilities && facilityList(facilities).faults,
    },
    { kind: 'staff', bytes: staff, columns: STAFF_COLUMNS, faults: staff && staffList(staff).faults },
  ];
  let found = 0;
  for (const { kind, bytes, faults } of kinds) {
    if (!bytes || !faults) continue;
    for (const fault of faults) say(wordOf(kind, fault));
    found += faults.length;
    say(`${kind}: ${faults.length === 0 ? 'in order' : `${faults.length} faults`}`);
  }
  if (found > 0 || lists.api === undefined) return found;
  for (const { kind, bytes, columns } of kinds) {
    if (!bytes) continue;
    const failed = await send(lists, kind, bytes, columns);
    if (failed > 0) return failed; // staff of facilities that are not there would only fail as well
  }
  return 0;
};

const wordOf = (kind: string, { line, column, rule }: CsvFault) => `${kind} line ${line}, ${column}: ${rule}`;

interface Outcome {
  readonly written?: number;
  readonly unchanged?: number;
  readonly issue?: readonly { readonly diagnostics?: string }[];
}

/** In parts that one request takes, each with the heading. */
const send = async (
  { api, token, say, fetch: ask = fetch }: TenantLists,
  kind: string,
  bytes: Uint8Array,
  columns: Columns,
) => {
  const { rows } = readCsv(decodeCsv(bytes)?.text ?? '', columns);
  let [written, unchanged] = [0, 0];
  for (let at = 0; at < rows.length; at += MOST_LINES) {
    const part = rows.slice(at, at + MOST_LINES);
    const answer = await ask(`${api}/admin/import/${kind}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'text/csv; charset=utf-8' },
      body: formatCsv(Object.keys(columns), part),
    });
    // A gateway in between may say no in HTML.
    const outcome = (await answer.json().catch(() => ({}))) as Outcome;
    if (!answer.ok) {
      const words = (outcome.issue ?? []).map(({ diagnostics = '' }) => `${kind} ${inFile(diagnostics, part)}`);
      for (const word of words) say(word);
      say(`${kind}: refused (${answer.status}) after ${at} lines; run it again when it is put right`);
      return Math.max(1, words.length);
    }
    written += outcome.written ?? 0;
    unchanged += outcome.unchanged ?? 0;
  }
  say(`${kind}: ${written} written, ${unchanged} as they were`);
  return 0;
};

/** The answer counts the lines of its part. */
const inFile = (diagnostics: string, part: readonly CsvRow[]) =>
  diagnostics.replace(/^line (\d+)/, (_, line: string) => `line ${part[Number(line) - 2]?.line ?? line}`);

const USAGE =
  'npm run import-tenants -- [--facilities F.csv] [--staff S.csv] [--api https://… --token-file FILE]   (docs/administration.md)';

const main = async (): Promise<number> => {
  const text = { type: 'string' } as const;
  const { values } = readArgs(USAGE, { options: { facilities: text, staff: text, api: text, 'token-file': text } });
  const { facilities, staff, api, 'token-file': tokenFile } = values;
  if (!facilities && !staff) throw new LocalError(`--facilities or --staff is missing\n${USAGE}`);
  if (api !== undefined && tokenFile === undefined) throw new LocalError(`--api needs --token-file\n${USAGE}`);
  if (api !== undefined && !/^https?:\/\/[^/]/.test(api)) throw new LocalError('--api is an address, https://…');
  const faults = await importTenants({
    facilities: facilities === undefined ? undefined : readNamed(facilities),
    staff: staff === undefined ? undefined : readNamed(staff),
    api: api?.replace(/\/+$/, ''),
    token: tokenFile === undefined ? undefined : readNamed(tokenFile).toString('utf8').trim(),
    say: (line) => console.log(line),
  });
  return faults === 0 ? 0 : 1;
};

if (import.meta.main) await command(main);
