import { createHash } from 'node:crypto';
import { gone, notFound, refuse } from '../fhir/outcome.ts';
import { isResourceType } from '../fhir/resource-types.ts';
import { bundleText, includeEntry, matchEntry, outcomeEntry } from '../interactions/bundle-text.ts';
import type { Context, FhirRequest, Interaction, Services } from '../interactions/contract.ts';
import { fhirBase } from '../interactions/headers.ts';
import { parseId } from '../interactions/ids.ts';
import { assertReadable, disclose, permitter, searchPermit } from '../interactions/permit.ts';
import { isInCompartment, patientsOf } from '../search/compartments.ts';
import { type Span, spanOf } from '../search/dates.ts';
import { isLinkedByDefault, linkedPatients } from '../search/linked.ts';
import { clinicalSpan } from '../search/placement.ts';
import type { Stored } from '../storage/port.ts';
import { Inputs } from './inputs.ts';
import { linkedWith } from './linked.ts';

type Needs = Pick<Services, 'resources' | 'seal' | 'region'>;

/** Without `_count` a page is bounded by its bytes alone. */
const MOST = 5_000;
const MAX_PAGE_BYTES = 3 * 1024 * 1024;
const MAX_LINKED_BYTES = 768 * 1024;
/** What was linked on pages before is carried in the cursor as far as its URL may grow; beyond, it may come once more. */
const MOST_CARRIED = 150;

/** What is asked about: records that are kept with a patient. */
interface Subject {
  readonly stored: Stored;
  /** Whose partition is read; undefined: there is none. */
  readonly patient: string | undefined;
  /** Among what is kept with the patient. */
  readonly holds: (stored: Stored) => boolean;
  /** Among what the records point at. */
  readonly isLinked: (stored: Stored) => boolean;
}

interface Wanted {
  readonly types: ReadonlySet<string> | undefined;
  readonly since: number;
  readonly care: Span | undefined;
  readonly count: number;
  /** The parameters, for links. */
  readonly used: readonly (readonly [string, string])[];
  /** `_linked`; undefined: nothing was said. */
  readonly linked: boolean | undefined;
}

/** How far the pages before came. */
interface Progress {
  readonly after: string;
  /** Whose partition that is. */
  readonly patient?: string | undefined;
  /** Patients of one person, in the order in which they are read. */
  readonly patients?: readonly string[] | undefined;
  readonly linked: readonly string[];
}

/** What a cursor says of a resource that was linked on a page before: a name has up to 85 characters, and a URL 150 of these. */
const shortOf = (name: string): string => createHash('sha256').update(name).digest('base64url').slice(0, 8);

/**
 * The patient's own record and all that is kept with it, newest first, then what those point at. Without an id it is the caller's own,
 * where the caller is a patient; of all patients of a facility it would be an export, which this is not.
 * https://hl7.org/fhir/R4/patient-operation-everything.html
 */
export const everything = (services: Needs): Interaction => {
  const one = ofOne(services);
  return async (context, request) => {
    if (request.path.length === 3) return one(context, request);
    const [own] = context.actor.patients;
    if (own === undefined)
      throw refuse('tooCostly', '$everything of all patients is not answered: name one, Patient/[id]/$everything');
    return one(context, { ...request, path: ['Patient', own, '$everything'] });
  };
};

const ofOne = (services: Needs): Interaction =>
  everythingAbout(services, ['start', 'end', '_since', '_type', '_count', '_linked'], (stored) => ({
    stored,
    patient: stored.id,
    holds: () => true,
    // Of other patients nothing leaves, though a record may name them.
    isLinked: ({ patientKey }) => patientKey === undefined,
  }));

/** The extension by which resources without an element for it name their encounter. */
const ASSOCIATED = 'http://hl7.org/fhir/StructureDefinition/encounter-associatedEncounter';

/**
 * The encounter, its compartment, and what those point at.
 * https://hl7.org/fhir/R4/encounter-operation-everything.html
 */
export const encounterEverything = (services: Needs): Interaction =>
  everythingAbout(services, ['_since', '_type', '_count'], (encounter) => {
    const { id, patientKey } = encounter;
    const reference = `Encounter/${id}`;
    const holds = (stored: Stored) => {
      if (stored.type === 'Encounter' && stored.id === id) return true;
      // Most of a chart names other encounters: the text tells sooner than the parsed resource.
      if (!stored.text().includes(reference)) return false;
      const resource = stored.resource();
      const associated = Array.isArray(resource.extension) ? resource.extension : [];
      return (
        isInCompartment({ type: 'Encounter', id }, resource) ||
        associated.some(({ url, valueReference }) => url === ASSOCIATED && valueReference?.reference === reference)
      );
    };
    return {
      stored: encounter,
      patient: patientsOf(encounter.resource())[0],
      holds,
      isLinked: (stored) => stored.patientKey === undefined || (stored.patientKey === patientKey && !holds(stored)),
    };
  });

const everythingAbout =
  (services: Needs, known: readonly string[], subjectOf: (stored: Stored) => Subject): Interaction =>
  async (context, request) => {
    const { resources, region, seal } = services;
    const [type, id] = [request.path[0]!, parseId(request.path[0]!, request.path[1]!)];
    const wanted = wantedOf(request, known);
    const stored = await resources.get(type, id);
    if (!stored) throw notFound(`${type}/${id}`);
    assertReadable(resources, context, stored);
    if (stored.deleted) throw gone(`${type}/${id}`);

    const isLinked = type === 'Patient' && (wanted.linked ?? isLinkedByDefault(context.actor));
    // The next link says `_linked` where the first page had only meant it.
    const others = wanted.used.filter(([name]) => name !== '_linked');
    const bind = JSON.stringify(['everything', context.actor.subject, type, id, others, isLinked]);
    const progress = openCursor(services, request, bind);
    const subject = subjectOf(stored);
    const patients = progress?.patients ?? (isLinked ? await samePerson(services, context, id) : undefined);
    const page = await collect(services, context, subject, wanted, patients, progress);
    const nameOf = (one: Stored) => `${one.type}/${one.id}`;
    // Most of what records point at is on the same page.
    const seen = new Set(page.shown.map(nameOf));
    const before = new Set(progress?.linked);
    const permit = permitter(resources, context);
    const linked = await linkedWith(services, page.texts, {
      admits: (one) => subject.isLinked(one) && permit('read', one).permit,
      isWanted: (of, name) => (wanted.types?.has(of) ?? true) && !(before.size > 0 && before.has(shortOf(name))),
      seen,
      bytes: MAX_LINKED_BYTES,
    });
    disclose(context, 'R', ...page.shown, ...linked.found);

    const base = fhirBase(region);
    const said = wanted.linked === undefined && isLinked ? [['_linked', 'true'] as const] : [];
    const query = [...wanted.used, ...said].map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    const self = `${base}/${type}/${id}/$everything`;
    const url = (more: string[]) => (more.length === 0 ? self : `${self}?${more.join('&')}`);
    const links = [{ relation: 'self', url: url(query) }];
    if (page.next !== undefined) {
      const followed = linked.found.map((one) => shortOf(nameOf(one)));
      const carried = [...(progress?.linked ?? []), ...followed].slice(0, MOST_CARRIED);
      const cursor = seal.seal({ ...page.next, patients, linked: carried } satisfies Progress, bind);
      links.push({ relation: 'next', url: url([...query, `_cursor=${encodeURIComponent(cursor)}`]) });
    }
    const entries = [
      ...page.shown.map((one) => matchEntry(base, one)),
      ...linked.found.map((one) => includeEntry(base, one)),
      ...(linked.isCut ? [outcomeEntry([LEFT_OUT])] : []),
    ];
    return { status: 200, text: bundleText({ type: 'searchset', links, entries }) };
  };

const LEFT_OUT = {
  severity: 'warning',
  code: 'incomplete',
  diagnostics: 'not all that the records point at fits into this page; read it by its reference',
} as const;

const wantedOf = (request: FhirRequest, known: readonly string[]): Wanted => {
  const inputs = Inputs.of(request, [...known, '_cursor']);
  const used = known.flatMap((name) => inputs.texts(name).map((text) => [name, text] as const));
  const types = inputs.texts('_type').flatMap((text) => text.split(','));
  if (types.some((type) => !isResourceType(type))) throw refuse('invalid', '_type must name resource types of R4');
  const since = inputs.text('_since');
  const at = since === undefined ? 0 : Date.parse(since);
  if (Number.isNaN(at)) throw refuse('invalid', '_since must be a FHIR instant');
  return {
    types: types.length > 0 ? new Set(types) : undefined,
    since: at,
    care: careOf(inputs.text('start'), inputs.text('end')),
    count: Math.min(Math.max(1, inputs.count('_count') ?? MOST), MOST),
    used,
    linked: linkedOf(inputs.text('_linked')),
  };
};

const linkedOf = (text: string | undefined): boolean | undefined => {
  if (text !== undefined && text !== 'true' && text !== 'false')
    throw refuse('invalid', '_linked must be true or false');
  return text === undefined ? undefined : text === 'true';
};

/** All Patients of the person, the one that is asked about first. */
const samePerson = async ({ resources }: Needs, context: Context, id: string): Promise<string[]> => {
  const linked = await linkedPatients({ resources, permit: searchPermit(resources, context) }, [id]);
  return [id, ...(linked[id] ?? [])];
};

/** "The date range relates to care dates": from the start of `start` to the end of `end`. */
const careOf = (start: string | undefined, end: string | undefined): Span | undefined => {
  if (start === undefined && end === undefined) return undefined;
  const dated = (name: string, text: string | undefined) => {
    const span = text === undefined ? undefined : spanOf(text);
    if (text !== undefined && !span) throw refuse('invalid', `${name} must be a FHIR date`);
    return span;
  };
  return {
    low: dated('start', start)?.low ?? Number.NEGATIVE_INFINITY,
    high: dated('end', end)?.high ?? Number.POSITIVE_INFINITY,
  };
};

/** What has no care date, such as the Patient or a coverage, belongs to every range. */
const isWithin = (stored: Stored, care: Span | undefined): boolean => {
  if (!care || stored.type === 'Patient') return true;
  const span = clinicalSpan(stored.resource());
  return !span || (span.low < care.high && span.high > care.low);
};

const openCursor = ({ seal }: Needs, { params }: FhirRequest, bind: string): Progress | undefined => {
  const token = params.find(([name]) => name === '_cursor')?.[1];
  if (token === undefined) return undefined;
  const opened = seal.open(token, bind);
  if (typeof opened !== 'object' || opened === null)
    throw refuse('invalid', '_cursor was changed, or belongs to another query or caller');
  return opened as Progress;
};

/** Fills one page with what the caller may see. The cursor is the place of the last one shown. */
const collect = async (
  { resources }: Needs,
  context: Context,
  { stored: own, patient, holds }: Subject,
  { types, since, care, count }: Wanted,
  patients: readonly string[] | undefined,
  start: Pick<Progress, 'after' | 'patient'> | undefined,
): Promise<{ shown: Stored[]; texts: string[]; next: Pick<Progress, 'after' | 'patient'> | undefined }> => {
  const permit = permitter(resources, context);
  const admits = (stored: Stored) =>
    (!types || types.has(stored.type)) &&
    stored.lastUpdated >= since &&
    permit('read', stored).permit &&
    isWithin(stored, care) &&
    holds(stored);
  if (patient === undefined) {
    const shown = admits(own) ? [own] : [];
    return { shown, texts: shown.map((one) => one.text()), next: undefined };
  }

  const shown: Stored[] = [];
  const texts: string[] = [];
  let bytes = 0;
  const all = patients ?? [patient];
  const first = Math.max(0, all.indexOf(start?.patient ?? patient));
  const seen = new Set<string>(); // what several of the person's partitions point to
  let next: Pick<Progress, 'after' | 'patient'> | undefined = start;
  for (const whose of all.slice(first)) {
    let after = whose === all[first] ? start?.after : undefined;
    do {
      const page = await resources.scan({ patient: whose, after });
      for (const stored of page.items) {
        if (!admits(stored) || seen.has(`${stored.type}/${stored.id}`)) continue;
        if (shown.length >= count || bytes > MAX_PAGE_BYTES) return { shown, texts, next };
        seen.add(`${stored.type}/${stored.id}`);
        shown.push(stored);
        texts.push(stored.text());
        bytes += texts.at(-1)!.length;
        next = { after: stored.position, patient: whose };
      }
      after = page.next;
    } while (after !== undefined);
  }
  return { shown, texts, next: undefined };
};
