// What a community sends is looked at before it is shown: a searchset, of resources, of the type that was asked for, about the person
// who was asked about. One entry of somebody else and the whole answer is refused: who mixes up people once is not to be read on.
import { AREA_OF_TYPE } from '../consent/matrix.ts';
import { isResourceType } from '../fhir/resource-types.ts';
import type { Issue, Json, Resource } from '../fhir/types.ts';
import { patientsOf } from '../search/compartments.ts';
import { PeerFault, StrangerFault } from './peer-http.ts';

export interface Entry {
  readonly resource: Resource & { readonly id: string };
  readonly mode: 'match' | 'include';
}

export interface Page {
  readonly entries: readonly Entry[];
  readonly total: number | undefined;
  /** What the next page is asked by. */
  readonly next: string | undefined;
  /** The community itself says that something is left out. */
  readonly isIncomplete: boolean;
  /** What else is to be said of the answer, in our words. */
  readonly notes?: readonly { readonly code: string; readonly rule: string; readonly severity?: Issue['severity'] }[];
}

const MOST_ENTRIES = 6_000;
/** As long as a question may have it (messages.ts): that of `$everything` names what came along on the pages before. */
const MOST_CURSOR = 16_000;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;

type Node = { readonly [name: string]: Json };
const isNode = (value: Json | undefined): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const nodes = (value: Json | undefined): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);

const malformed = (rule: string) => new PeerFault('structure', `its answer is refused: ${rule}`);

/** Who a record is about must be the person; what it is addressed to or made by may be others beside them (an appointment of two). */
export const isAbout = (resource: Resource, patients: ReadonlySet<string>): boolean => {
  if (resource.resourceType === 'Patient') return patients.has(resource.id ?? '');
  const about = ['subject', 'patient', 'beneficiary'].flatMap((name) => patientIn(resource[name]) ?? []);
  if (about.length > 0) return about.every((id) => patients.has(id));
  return patientsOf(resource).some((id) => patients.has(id));
};

const patientIn = (reference: unknown): string | undefined => {
  const text =
    typeof reference === 'object' && reference !== null ? (reference as { reference?: unknown }).reference : undefined;
  return typeof text === 'string' ? /^Patient\/([^/]+)/.exec(text)?.[1] : undefined;
};

/** What speaks of no patient: organizations, practitioners, medicines. */
const isOfNobody = (resource: Resource): boolean =>
  patientsOf(resource).length === 0 &&
  (AREA_OF_TYPE[resource.resourceType] === 'directory' ||
    ['Medication', 'Substance', 'Device', 'Binary'].includes(resource.resourceType));

export interface Wanted {
  /** Undefined: any type (`$everything`). */
  readonly type: string | undefined;
  readonly patients: ReadonlySet<string>;
  /** Where their resources are: a reference may be absolute. */
  readonly base: string;
}

export const readPage = (answer: Json, wanted: Wanted): Page => {
  if (!isNode(answer) || answer.resourceType !== 'Bundle' || answer.type !== 'searchset')
    throw malformed('it is no searchset');
  if (answer.entry !== undefined && !Array.isArray(answer.entry)) throw malformed('its entries are no list');
  const all = nodes(answer.entry);
  if (all.length > MOST_ENTRIES || all.length !== ((answer.entry as Json[] | undefined)?.length ?? 0))
    throw malformed('its entries are not as they must be');
  const isOutcome = ({ resource }: Node) => isNode(resource) && resource.resourceType === 'OperationOutcome';
  const outcomes = all.filter(isOutcome);
  return {
    entries: all.filter((entry) => !isOutcome(entry)).map((entry) => entryOf(entry, wanted)),
    total:
      typeof answer.total === 'number' && Number.isInteger(answer.total) && answer.total >= 0
        ? answer.total
        : undefined,
    next: nextOf(answer.link),
    isIncomplete: outcomes.some(({ resource }) =>
      nodes(isNode(resource) ? resource.issue : undefined).some(({ code }) => code === 'incomplete'),
    ),
  };
};

const entryOf = (entry: Node, wanted: Wanted): Entry => {
  const { resource: given, search } = entry;
  const mode = isNode(search) && search.mode === 'include' ? 'include' : 'match';
  return {
    resource: resourceOf(
      given,
      { ...wanted, type: mode === 'match' ? wanted.type : undefined },
      mode === 'include' || wanted.type === undefined,
    ),
    mode,
  };
};

export const resourceOf = (
  given: Json | undefined,
  { type, patients, base }: Wanted,
  mayBeOfNobody: boolean,
): Entry['resource'] => {
  if (!isNode(given) || typeof given.resourceType !== 'string' || !isResourceType(given.resourceType))
    throw malformed('an entry holds no resource');
  const resource = given as unknown as Resource;
  if (typeof resource.id !== 'string' || !ID.test(resource.id)) throw malformed('a resource has no id');
  if (resource.meta !== undefined && !isNode(given.meta)) throw malformed('a resource has no meta as it must be');
  if (type !== undefined && resource.resourceType !== type)
    throw malformed('a resource is of another type than was asked for');
  const local = mentions(given, `${base}/`) ? relative(resource, base) : resource;
  if (!isAbout(local, patients) && !(mayBeOfNobody && isOfNobody(local))) throw new StrangerFault();
  return resource as Entry['resource'];
};

/** Looked for without writing the resource out: most have no absolute address. */
const mentions = (value: Json | undefined, base: string): boolean => {
  if (typeof value === 'string') return value.startsWith(base);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((one) => mentions(one, base));
};

/** With references into their own region as they would write them at home. */
const relative = (resource: Resource, base: string): Resource =>
  JSON.parse(JSON.stringify(resource).replaceAll(`"${base}/`, '"')) as Resource;

/** https://hl7.org/fhir/R4/http.html#paging: the address is theirs and is not followed; the cursor in it is asked for. */
const nextOf = (link: Json | undefined): string | undefined => {
  const url = nodes(link).find(({ relation }) => relation === 'next')?.url;
  if (url === undefined) return undefined;
  const cursor = typeof url === 'string' ? URL.parse(url, 'https://x.invalid')?.searchParams.get('_cursor') : undefined;
  if (!cursor || cursor.length > MOST_CURSOR) throw malformed('the link to its next page cannot be followed');
  return cursor;
};
