// Whatever changes what may be seen of a person (a Consent, a death) changes the heads of all of that person's records in the same
// commit. Whoever writes Consents goes through here: interactions/write/commit.ts, enrolment, identity.
import { parseJson } from '../fhir/json.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Head, HeadWrite, Resources, Stored, Write } from '../storage/port.ts';
import { compilePolicy, isDeceased } from './compile.ts';

type Store = Pick<Resources, 'heads' | 'scan' | 'getMany' | 'patientKey'>;
type ResourceWrite = Exclude<Write, HeadWrite>;

const isResourceWrite = (write: Write): write is ResourceWrite => write.kind !== 'head';
const typeOf = (write: ResourceWrite) => (write.kind === 'delete' ? write.previous.type : write.draft.type);

/** The resource as it will be; undefined: it goes. */
export const after = (write: ResourceWrite): Resource | undefined => {
  if (write.kind === 'delete') return undefined;
  const { type, id, text } = write.draft;
  return { ...(parseJson(text) as Resource), resourceType: type, id };
};
const before = (write: ResourceWrite): Resource | undefined =>
  write.kind === 'create' || write.previous.deleted ? undefined : write.previous.resource();

export const patientOf = ({ patient }: Resource): string | undefined =>
  /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec((patient as { reference?: string } | undefined)?.reference ?? '')?.[1];

/** Ids of the patients whose heads these writes touch. */
const touched = (writes: readonly ResourceWrite[]): string[] => {
  const ids = writes.flatMap((write): (string | undefined)[] => {
    const type = typeOf(write);
    if (type === 'Consent') return [before(write), after(write)].map((one) => one && patientOf(one));
    if (type !== 'Patient' || !mayTellOfDeath(write)) return [];
    const [was, is] = [before(write), after(write)].map((one) => one !== undefined && isDeceased(one));
    return was === is ? [] : [write.kind === 'delete' ? write.previous.id : write.draft.id];
  });
  return [...new Set(ids.filter((id) => id !== undefined))];
};

/** Most Patients that are written tell of none: no need to parse them. */
const mayTellOfDeath = (write: ResourceWrite): boolean =>
  (write.kind !== 'delete' && write.draft.text.includes('"deceased')) ||
  (write.kind !== 'create' && !write.previous.deleted && write.previous.text().includes('"deceased'));

/** Heads of one person's records. */
interface Group {
  readonly patients: readonly string[];
  readonly heads: ReadonlyMap<string, Head | undefined>;
}

const groups = async (store: Store, patients: readonly string[]): Promise<Group[]> => {
  const found = await store.heads(patients);
  const done = new Set<string>();
  const all: Group[] = [];
  for (const [at, patient] of patients.entries()) {
    if (done.has(patient)) continue;
    const linked = [...new Set([patient, ...(found[at]?.linked ?? [])])];
    for (const one of linked) done.add(one);
    const heads = linked.length === 1 ? [found[at]] : await store.heads(linked);
    all.push({ patients: linked, heads: new Map(linked.map((one, i) => [one, heads[i]])) });
  }
  return all;
};

/** What is stored of a type with a patient. */
const kept = async (store: Store, patient: string, type: string): Promise<Stored[]> => {
  const all: Stored[] = [];
  let next: string | undefined;
  do {
    const page = await store.scan({ patient, type, after: next });
    all.push(...page.items);
    next = page.next;
  } while (next !== undefined);
  return all;
};

const nameOf = ({ resourceType, id }: Pick<Resource, 'resourceType' | 'id'>) => `${resourceType}/${id}`;

/** JSON of the policy over all Consents and Patients of linked records, with `writes` as if they were done. */
export const policyOver = async (
  store: Store,
  patients: readonly string[],
  writes: readonly Write[] = [],
): Promise<string | undefined> => {
  const resources = new Map<string, Resource>();
  const read = patients.flatMap((patient) => [kept(store, patient, 'Consent'), kept(store, patient, 'Patient')]);
  // A scan of a compartment also shows what is kept with others: a Consent rules over the patient that it names.
  for (const stored of (await Promise.all(read)).flat()) {
    const resource = stored.resource();
    resources.set(nameOf(resource), resource);
  }
  for (const write of writes.filter(isResourceWrite)) {
    if (!['Consent', 'Patient'].includes(typeOf(write))) continue;
    const was = before(write);
    const is = after(write);
    if (was) resources.delete(nameOf(was));
    if (is) resources.set(nameOf(is), is);
  }
  const all = [...resources.values()];
  const consents = all.filter((one) => one.resourceType === 'Consent' && patients.includes(patientOf(one) ?? ''));
  const deceased = all.some(
    (one) => one.resourceType === 'Patient' && patients.includes(one.id ?? '') && isDeceased(one),
  );
  const policy = compilePolicy(consents, { deceased });
  const json = policy && JSON.stringify(policy);
  if (json && json.length > MOST_BYTES)
    throw refuse('unprocessable', 'Consent: the consents of one person say more than can be kept', 'Consent');
  return json;
};

/** Of a head, which every read of the patient brings along. */
const MOST_BYTES = 48 * 1024;

/**
 * `writes`, and after them the heads that follow from them. The heads are read before the Consents, so that of two who change one
 * person's consents at the same time the later one is refused (WriteRefused at a head) and must ask again.
 */
export const withHeads = async (store: Store, writes: readonly Write[]): Promise<readonly Write[]> => {
  const patients = touched(writes.filter(isResourceWrite));
  if (patients.length === 0) return writes;
  const heads: HeadWrite[] = [];
  for (const group of await groups(store, patients)) {
    const policy = await policyOver(store, group.patients, writes);
    for (const patient of group.patients) {
      const head = group.heads.get(patient);
      heads.push({
        kind: 'head',
        patient,
        expectVersion: head?.version ?? 0,
        person: head?.person,
        linked: head?.linked ?? [patient],
        policy,
      });
    }
  }
  return [...writes, ...heads];
};
