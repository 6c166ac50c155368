// The report of a leak over HTTP: GET /audit/affected. For privacy officers; each person that it names is an access of its own in
// the trail, as any other look is.
import { refuse } from '../fhir/outcome.ts';
import type { Context } from '../interactions/contract.ts';
import type { JsonAnswer, JsonRequest, JsonRoute } from '../interactions/json-route.ts';
import type { Resources, Seal } from '../storage/port.ts';
import { csv } from './csv.ts';
import { type Affected, type LeakQuery, leakReport } from './leak-report.ts';
import type { AuditTrail } from './trail.ts';

export interface ReportDeps {
  readonly trail: Pick<AuditTrail, 'each'>;
  readonly resources: Pick<Resources, 'headsAt' | 'getMany'>;
  readonly seal: Seal;
}

/** A person as the report names it: by ids. Names and addresses are asked of the facility that holds the record. */
interface Line extends Omit<Affected, 'example' | 'patientKey' | 'first' | 'last'> {
  readonly patient: string | undefined;
  readonly person: string | undefined;
  /** Facility whose patient record it is. */
  readonly source: string | undefined;
  readonly first: string;
  readonly last: string;
}

const PAGE = { default: 500, max: 1_000 };
const LONGEST_MS = 400 * 86_400_000;

export const reportRoutes = (deps: ReportDeps): JsonRoute[] => [
  {
    method: 'GET',
    path: '/audit/affected',
    interaction: 'audit-affected',
    query: ['from', 'to', 'account', 'facility', 'format', 'count', 'cursor'],
    roles: ['privacy'],
    handle: (context, request) => affected(deps, context, request as JsonRequest),
  },
];

interface Cursor {
  /** Key of the last person of the page before. */
  readonly after: string;
  /** The end of the window as the first page had it. */
  readonly to: number;
}

const affected = async (
  deps: ReportDeps,
  context: Context,
  { query }: Pick<JsonRequest, 'query'>,
): Promise<JsonAnswer> => {
  const asked = askedOf(query, context.now);
  const bind = JSON.stringify([
    'audit-affected',
    context.actor.subject,
    query.from,
    query.to,
    asked.account,
    asked.facility,
  ]);
  const cursor = cursorOf(deps.seal, query.cursor, bind);
  const to = cursor?.to ?? asked.to;
  const { persons, records } = await leakReport(deps.trail, { ...asked, to });

  const rest = cursor ? persons.filter(({ patientKey }) => patientKey > cursor.after) : persons;
  const page = rest.slice(0, countOf(query.count));
  const lines = await linesOf(deps, page);
  for (const [at, { patientKey }] of page.entries())
    context.disclosed.push({ patientKey, reference: `Patient/${lines[at]?.patient ?? 'unknown'}`, action: 'R' });

  const last = page.at(-1);
  const next =
    last && rest.length > page.length
      ? deps.seal.seal({ after: last.patientKey, to } satisfies Cursor, bind)
      : undefined;
  const facts = { from: iso(asked.from), to: iso(to), persons: persons.length, records };
  const headers = {
    'x-total-persons': String(persons.length),
    ...(next !== undefined && { link: `<?cursor=${encodeURIComponent(next)}>; rel="next"`, 'x-next-cursor': next }),
  };
  if (query.format === 'csv')
    return {
      status: 200,
      headers,
      text: { contentType: 'text/csv; charset=utf-8', text: csv([COLUMNS, ...lines.map(rowOf)]) },
    };
  if (query.format === 'ndjson') {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    return { status: 200, headers, text: { contentType: 'application/x-ndjson', text } };
  }
  return { status: 200, headers, body: { ...facts, affected: lines, ...(next !== undefined && { next }) } };
};

const askedOf = ({ from, to, account, facility, format }: JsonRequest['query'], now: number): LeakQuery => {
  if (!account && !facility) throw refuse('invalid', 'account or facility must say who looked');
  if (account !== undefined && !/^[A-Za-z0-9\-._]{1,128}$/.test(account))
    throw refuse('invalid', 'account must be the id of an account or a system');
  if (facility !== undefined && !/^[0-9]{10}$/.test(facility)) throw refuse('invalid', 'facility must be 10 digits');
  if (format !== undefined && !['json', 'csv', 'ndjson'].includes(format))
    throw refuse('invalid', 'format must be json, csv or ndjson');
  const start = instant('from', from);
  const end = Math.min(now, instant('to', to) ?? now);
  if (start === undefined) throw refuse('invalid', 'from must say when the time begins');
  if (end < start) throw refuse('invalid', 'to must not be before from');
  if (end - start > LONGEST_MS) throw refuse('tooCostly', 'one report covers 400 days at most');
  return { from: start, to: end, account, facility };
};

/** https://hl7.org/fhir/R4/datatypes.html#instant: with its zone, since a leak's hours decide who is in it. */
const instant = (name: string, value: string | undefined): number | undefined => {
  if (value === undefined) return undefined;
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(value)
    ? Date.parse(value)
    : Number.NaN;
  if (Number.isNaN(ms)) throw refuse('invalid', `${name} must be an instant with its zone, 2026-11-22T09:00:00+09:00`);
  return ms;
};

const countOf = (text: string | undefined): number => {
  const count = Number(text ?? PAGE.default);
  if (!Number.isInteger(count) || count < 1) throw refuse('invalid', 'count must be a whole number from 1');
  return Math.min(PAGE.max, count);
};

const cursorOf = (seal: Seal, token: string | undefined, bind: string): Cursor | undefined => {
  if (token === undefined) return undefined;
  const opened = seal.open(token, bind);
  if (opened === undefined) throw refuse('invalid', 'cursor was changed, or belongs to another query or caller');
  return opened as Cursor;
};

const linesOf = async ({ resources }: ReportDeps, page: readonly Affected[]): Promise<Line[]> => {
  const heads = await resources.headsAt(page.map(({ patientKey }) => patientKey));
  const examples = await resources.getMany(
    page.map(({ example }) => {
      const [type = 'Patient', id = 'unknown'] = (example ?? '').split('/');
      return { type, id };
    }),
  );
  return page.map(({ patientKey: _, example: __, first, last, ...rest }, at) => ({
    patient: heads[at]?.patient ?? patientIdOf(examples[at]),
    person: heads[at]?.person,
    source: examples[at]?.facility,
    ...rest,
    first: iso(first),
    last: iso(last),
  }));
};

/** Where nobody has linked or consented yet, the record itself says whose it is. */
const patientIdOf = (stored: Awaited<ReturnType<Resources['getMany']>>[number]): string | undefined => {
  if (!stored) return undefined;
  if (stored.type === 'Patient') return stored.id;
  if (stored.deleted) return undefined;
  const { subject, patient } = stored.resource() as {
    subject?: { reference?: string };
    patient?: { reference?: string };
  };
  return /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec((subject ?? patient)?.reference ?? '')?.[1];
};

const iso = (ms: number) => new Date(ms).toISOString();

const COLUMNS = [
  'patient',
  'person',
  'source',
  'first',
  'last',
  'accesses',
  'changes',
  'resources',
  'classes',
  'accounts',
] as const;
const rowOf = (line: Line) =>
  COLUMNS.map((name) => {
    const value = line[name];
    return typeof value === 'object' ? value.join(' ') : value;
  });
