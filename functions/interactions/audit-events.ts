import { auditEvent, auditEventId } from '../audit/audit-event.ts';
import type { StoredRecord } from '../audit/record.ts';
import type { AuditTrail, TrailPage, TrailQuery } from '../audit/trail.ts';
import { decide } from '../consent/decide.ts';
import { REGION_OWNER } from '../consent/matrix.ts';
import { forbidden, notFound, refuse } from '../fhir/outcome.ts';
import type { Issue, Resource } from '../fhir/types.ts';
import { spanOf } from '../search/dates.ts';
import { bundleText, outcomeEntry } from './bundle-text.ts';
import type { Context, FhirRequest, Interaction, Services } from './contract.ts';
import { fhirBase, preferHandling, versionHeaders } from './headers.ts';
import { isId } from './ids.ts';
import { countParam, param } from './query.ts';
import type { AuditEvents } from './routes.ts';

// AuditEvents are no stored resources: they are records of the audit trail, rendered when they are asked for. A privacy officer
// reads all of them, a resident those of the own records: https://hl7.org/fhir/R4/auditevent.html

type Needs = Pick<Services, 'region' | 'seal' | 'resources'> & {
  /** Name of a facility by its code, for those who read who looked. */
  readonly facilityName?: ((code: string) => Promise<string | undefined>) | undefined;
};

const COUNT = { default: 50, max: 500 };
/** No record is older than the first region. */
const FIRST = Date.UTC(2026, 0, 1);
/** A search that names neither person nor time reads one day. */
const DAY_MS = 86_400_000;

/** What is searched by: claimed in the CapabilityStatement (capabilities.ts). */
export const AUDIT_PARAMS = ['_id', 'patient', 'date', 'agent', 'site'] as const;
/** An account has no resource of its own: https://hl7.org/fhir/R4/search.html#identifier */
const AGENT = 'agent:identifier';
const BESIDE = ['_count', '_cursor', '_format', '_pretty', '_total', '_summary', '_sort'];

export const auditEvents = (services: Needs, trail: AuditTrail): AuditEvents => ({
  read: readAuditEvent(services, trail),
  search: searchAuditEvents(services, trail),
});

const readAuditEvent =
  (services: Needs, trail: AuditTrail): Interaction =>
  async (context, { path }) => {
    const id = path[1] ?? '';
    const stored = await trail.read(id);
    const access = await accessOf(services, context);
    const may = permitter(context, access);
    if (!stored || !may(stored))
      throw notFound(isId(id) ? `AuditEvent/${id}` : 'an AuditEvent with an id of this form');
    disclose(context, [stored]);
    return {
      status: 200,
      resource: await render(services, context, access, stored),
      headers: versionHeaders({ version: 1, lastUpdated: stored.time }),
    };
  };

interface Cursor {
  readonly from: number;
  readonly to: number;
  /** Events of the very last moment that were shown already. */
  readonly shown: readonly string[];
}

const searchAuditEvents =
  (services: Needs, trail: AuditTrail): Interaction =>
  async (context, request) => {
    const { params } = request;
    const outcome = assertKnown(request);
    const patientId = patientOf(params);
    assertMaySearch(context, patientId);
    const by = byOf(params);
    const bind = JSON.stringify(['audit', context.actor.subject, patientId, param(params, 'date'), by]);
    const window = openCursor(services, params, bind) ?? {
      ...timeOf(params, patientId ?? by.actor ?? by.facility, context.now, outcome),
      shown: [],
    };
    const count = Math.max(1, countParam(params, '_count', COUNT));

    const access = await accessOf(services, context);
    const asked = patientId === undefined ? [undefined] : await linkedTo(services, context, patientId);
    const ids = param(params, '_id')?.split(',');
    const { records, more } = ids
      ? { records: await readAll(trail, ids), more: false }
      : await searchAll(trail, asked, {
          from: window.from,
          to: window.to,
          ...by,
          most: count + window.shown.length,
        });
    const may = permitter(context, access);
    const page = records.filter((record) => !window.shown.includes(auditEventId(record)));
    const shown = page.filter((record) => may(record) && (!ids || matches(record, asked, by, window)));
    disclose(context, shown);

    const base = fhirBase(services.region);
    const self = urlOf(base, params);
    const links = [{ relation: 'self', url: self }];
    const next = more ? nextOf(page, window) : undefined;
    if (next)
      links.push({
        relation: 'next',
        url: `${self}${self.includes('?') ? '&' : '?'}_cursor=${services.seal.seal(next, bind)}`,
      });
    const rendered = await Promise.all(shown.map((record) => render(services, context, access, record, patientId)));
    const entries = rendered.map((resource) => entryText(base, resource));
    if (outcome.length > 0) entries.push(outcomeEntry(outcome));
    return { status: 200, text: bundleText({ type: 'searchset', links, entries }) };
  };

const readAll = async (trail: AuditTrail, ids: readonly string[]): Promise<StoredRecord[]> => {
  const found = await Promise.all(ids.slice(0, COUNT.max).map((id) => trail.read(id)));
  return found.filter((record) => record !== undefined);
};

const matches = (
  { time, record }: StoredRecord,
  asked: readonly (string | undefined)[],
  { actor, facility }: By,
  { from, to }: Cursor,
) =>
  time >= from &&
  time <= to &&
  (asked[0] === undefined || asked.includes(record.patientKey)) &&
  (actor === undefined || record.actor === actor) &&
  (facility === undefined || record.facility === facility);

/** Who looked: the account, or all of a facility. */
type By = Pick<TrailQuery, 'actor' | 'facility'>;

const byOf = (params: FhirRequest['params']): By => {
  if (param(params, 'agent') !== undefined)
    throw refuse('invalid', 'agent is asked by its identifier: agent:identifier=<account>');
  const actor = param(params, AGENT)?.replace(/^\|/, '');
  if (actor !== undefined && !/^[A-Za-z0-9\-._]{1,128}$/.test(actor))
    throw refuse('invalid', 'agent:identifier must be the id of one account or system');
  const facility = param(params, 'site');
  if (facility !== undefined && !/^[0-9]{10}$/.test(facility))
    throw refuse('invalid', 'site must be the 10 digits of one facility');
  return { actor, facility };
};

/** The newest of several persons' records: a person has one in each facility. */
const searchAll = async (
  trail: AuditTrail,
  keys: readonly (string | undefined)[],
  query: TrailQuery & { most: number },
): Promise<TrailPage> => {
  const pages = await Promise.all(keys.map((patientKey) => trail.search({ ...query, patientKey })));
  if (pages.length === 1) return pages[0]!;
  const records = pages.flatMap((page) => page.records).sort(newestFirst);
  return { records: records.slice(0, query.most), more: records.length > query.most || pages.some(({ more }) => more) };
};

const newestFirst = (a: StoredRecord, b: StoredRecord) =>
  b.time - a.time || (a.chain < b.chain ? -1 : 1) || b.number - a.number;

/** Keys of all records that belong to the same person as this one. */
const linkedTo = async ({ resources }: Needs, { actor }: Context, patientId: string): Promise<string[]> => {
  // A facility's system knows its own records, and what they are linked to is not its to learn.
  const [head] = actor.kind === 'system' ? [] : await resources.heads([patientId]);
  return [...new Set([patientId, ...(head?.linked ?? [])])].map((id) => resources.patientKey(id));
};

/** Residents: the records that are theirs, by their keys. */
type Access = ReadonlyMap<string, string>;

const accessOf = async ({ resources }: Needs, { actor }: Context): Promise<Access> => {
  if (actor.patients.length === 0) return new Map();
  const heads = await resources.heads(actor.patients);
  // Whatever is linked to an own record is the same person's, and is decided as that record is.
  return new Map(
    actor.patients.flatMap((own, at) =>
      [...(heads[at]?.linked ?? []), own].map((id): [string, string] => [resources.patientKey(id), own]),
    ),
  );
};

const nextOf = (page: readonly StoredRecord[], { from, shown }: Cursor): Cursor | undefined => {
  const last = page.at(-1);
  if (!last) return undefined;
  const same = page.filter(({ time }) => time === last.time).map(auditEventId);
  return { from, to: last.time, shown: page[0]!.time === last.time ? [...shown, ...same] : same };
};

const permitter =
  ({ actor, purpose, now }: Context, access: Access) =>
  ({ record }: StoredRecord): boolean =>
    decide({
      actor,
      action: 'read',
      type: 'AuditEvent',
      facility: record.facility ?? REGION_OWNER,
      patientId: access.get(record.patientKey ?? ''),
      purpose,
      now,
    }).permit;

/** Residents ask for themselves; the answer to anything else is empty for them, and this says why. */
const assertMaySearch = ({ actor, purpose, now }: Context, patientId: string | undefined): void => {
  const decision = decide({ actor, action: 'search', type: 'AuditEvent', purpose, now });
  if (!decision.permit) throw forbidden(decision.reason);
  if (actor.kind === 'resident' && patientId === undefined)
    throw refuse('invalid', 'patient must say whose audit trail is asked for');
};

const assertKnown = ({ params, headers }: FhirRequest): Issue[] => {
  const unknown = params
    .map(([name]) => name)
    .filter((name) => ![...AUDIT_PARAMS, AGENT, ...BESIDE].some((known) => known === name));
  if (unknown.length === 0) return [];
  const diagnostics = 'AuditEvent is searched by _id, patient, date, agent:identifier and site only';
  if (preferHandling(headers) === 'strict') throw refuse('invalid', diagnostics);
  return [{ severity: 'warning', code: 'not-supported', diagnostics: `${diagnostics}; the rest was ignored` }];
};

const patientOf = (params: FhirRequest['params']): string | undefined => {
  const given = param(params, 'patient')?.replace(/^Patient\//, '');
  if (given !== undefined && !isId(given)) throw refuse('invalid', 'patient must be one Patient of this server');
  return given;
};

/** `date` bounds, each once or more: `ge2026-11-01`. */
const timeOf = (params: FhirRequest['params'], patientId: string | undefined, now: number, outcome: Issue[]) => {
  let from = patientId === undefined ? now - DAY_MS : FIRST;
  let to = now;
  const dates = params.filter(([name]) => name === 'date');
  for (const [, value] of dates) {
    const [, prefix = 'eq', text = ''] = /^(eq|ge|gt|le|lt|sa|eb)?(.*)$/.exec(value) ?? [];
    const span = spanOf(text);
    if (!span) throw refuse('invalid', 'date must be a date, with the prefix eq, ge, gt, le, lt, sa or eb');
    if (prefix === 'eq' || prefix === 'ge') from = Math.max(dates.length > 1 ? from : FIRST, span.low);
    if (prefix === 'gt' || prefix === 'sa') from = span.high;
    if (prefix === 'eq' || prefix === 'le') to = Math.min(to, span.high - 1);
    if (prefix === 'lt' || prefix === 'eb') to = Math.min(to, span.low - 1);
  }
  if (dates.length === 0 && patientId === undefined && !param(params, '_id')) {
    outcome.push({
      severity: 'information',
      code: 'informational',
      diagnostics: 'without patient and date, the last 24 hours are searched',
    });
  }
  return { from, to };
};

const openCursor = ({ seal }: Needs, params: FhirRequest['params'], bind: string): Cursor | undefined => {
  const token = param(params, '_cursor');
  if (token === undefined) return undefined;
  const opened = seal.open(token, bind);
  if (opened === undefined) throw refuse('invalid', '_cursor was changed, or belongs to another query or caller');
  return opened as Cursor;
};

const urlOf = (base: string, params: FhirRequest['params']): string => {
  const used = params.filter(([name]) => [...AUDIT_PARAMS, AGENT, '_count'].some((known) => known === name));
  const query = used.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return query ? `${base}/AuditEvent?${query}` : `${base}/AuditEvent`;
};

const render = async (
  { region, facilityName }: Needs,
  { actor }: Context,
  access: Access,
  stored: StoredRecord,
  asked?: string,
): Promise<Resource> => {
  const { facility, patientKey } = stored.record;
  return auditEvent(stored, {
    baseUrl: region.baseUrl,
    patientId: asked ?? access.get(patientKey ?? ''),
    facilityName: facility === undefined ? undefined : await facilityName?.(facility).catch(() => undefined),
    forPerson: actor.kind === 'resident',
  });
};

const entryText = (base: string, resource: Resource): string =>
  JSON.stringify({ fullUrl: `${base}/AuditEvent/${resource.id}`, resource, search: { mode: 'match' } });

const disclose = ({ disclosed }: Context, shown: readonly StoredRecord[]): void => {
  for (const stored of shown) {
    disclosed.push({
      patientKey: stored.record.patientKey,
      reference: `AuditEvent/${auditEventId(stored)}`,
      action: 'R',
    });
  }
};
