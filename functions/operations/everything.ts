import { gone, notFound, refuse } from '../fhir/outcome.ts';
import { isResourceType } from '../fhir/resource-types.ts';
import { bundleText, matchEntry } from '../interactions/bundle-text.ts';
import type { Context, FhirRequest, Interaction, Services } from '../interactions/contract.ts';
import { fhirBase } from '../interactions/headers.ts';
import { parseId } from '../interactions/ids.ts';
import { assertReadable, disclose, permitter } from '../interactions/permit.ts';
import { countParam, param } from '../interactions/query.ts';
import type { Stored } from '../storage/port.ts';

type Needs = Pick<Services, 'resources' | 'seal' | 'region'>;

/** Without `_count` a page is bounded by its bytes alone. */
const COUNT = { default: 5_000, max: 5_000 };
const MAX_PAGE_BYTES = 3 * 1024 * 1024;

/**
 * The patient's own record and all that lies in the compartment, newest first. `start` and `end` are not supported yet.
 * https://hl7.org/fhir/R4/patient-operation-everything.html
 */
export const everything =
  (services: Needs): Interaction =>
  async (context, request) => {
    const id = parseId('Patient', request.path[1]!);
    const { params } = request;
    for (const name of ['start', 'end']) {
      if (param(params, name) !== undefined)
        throw refuse('notSupported', `${name} is not supported by $everything here`);
    }
    const patient = await services.resources.get('Patient', id);
    if (!patient) throw notFound(`Patient/${id}`);
    assertReadable(services.resources, context, patient);
    if (patient.deleted) throw gone(`Patient/${id}`);

    const bind = JSON.stringify(['everything', context.actor.subject, id, wanted(params)]);
    const { shown, entries, next } = await collect(services, context, request, id, openCursor(services, request, bind));
    disclose(context, 'R', ...shown);

    const base = fhirBase(services.region);
    const query = wanted(params).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    const self = `${base}/Patient/${id}/$everything`;
    const url = (more: string[]) => (more.length === 0 ? self : `${self}?${more.join('&')}`);
    const links = [{ relation: 'self', url: url(query) }];
    if (next) links.push({ relation: 'next', url: url([...query, `_cursor=${services.seal.seal(next, bind)}`]) });
    return { status: 200, text: bundleText({ type: 'searchset', links, entries }) };
  };

const wanted = (params: FhirRequest['params']) =>
  params.filter(([name]) => ['_type', '_since', '_count'].includes(name));

const openCursor = ({ seal }: Needs, { params }: FhirRequest, bind: string): string | undefined => {
  const token = param(params, '_cursor');
  if (token === undefined) return undefined;
  const opened = seal.open(token, bind);
  if (typeof opened !== 'string') throw refuse('invalid', '_cursor was changed, or belongs to another query or caller');
  return opened;
};

/** Fills one page with what the caller may see. The cursor is the place of the last one shown. */
const collect = async (
  { resources, region }: Needs,
  context: Context,
  { params }: FhirRequest,
  patient: string,
  start: string | undefined,
): Promise<{ shown: Stored[]; entries: string[]; next: string | undefined }> => {
  const base = fhirBase(region);
  const count = Math.max(1, countParam(params, '_count', COUNT));
  const permit = permitter(resources, context);
  const types = typesOf(params);
  const since = sinceOf(params);
  const admits = (stored: Stored) =>
    (!types || types.has(stored.type)) && stored.lastUpdated >= since && permit('read', stored).permit;

  const shown: Stored[] = [];
  // Inflating a body costs more than keeping its text until the page is full.
  const entries: string[] = [];
  let bytes = 0;
  let after = start;
  do {
    const page = await resources.scan({ patient, after });
    for (const stored of page.items) {
      if (!admits(stored)) continue;
      if (shown.length >= count || bytes > MAX_PAGE_BYTES) return { shown, entries, next: shown.at(-1)!.position };
      shown.push(stored);
      entries.push(matchEntry(base, stored));
      bytes += entries.at(-1)!.length;
    }
    after = page.next;
  } while (after !== undefined);
  return { shown, entries, next: undefined };
};

const typesOf = (params: FhirRequest['params']): ReadonlySet<string> | undefined => {
  const types = param(params, '_type')?.split(',');
  if (types?.some((type) => !isResourceType(type))) throw refuse('invalid', '_type must name resource types of R4');
  return types && new Set(types);
};

const sinceOf = (params: FhirRequest['params']): number => {
  const text = param(params, '_since');
  const since = text === undefined ? 0 : Date.parse(text);
  if (Number.isNaN(since)) throw refuse('invalid', '_since must be a FHIR instant');
  return since;
};
