// What the watch must know of persons and staff, read when it is needed and remembered for some minutes.
import type { Resource } from '../fhir/types.ts';
import { fold } from '../search/kana.ts';
import { allRows } from '../services/all-rows.ts';
import type { RowStore } from '../services/row-store.ts';
import type { Resources } from '../storage/port.ts';
import type { PersonFacts } from './reading-watch.ts';

const REMEMBERED_MS = 10 * 60_000;
const MOST = 20_000;

/** https://terminology.hl7.org/CodeSystem-v3-ActCode.html: celebrity information; v2 0099: VIP */
const VIP = new Set(['CEL', 'VIP']);

export const openPersons = (
  resources: Pick<Resources, 'headsAt' | 'getMany'>,
  clock: () => number,
): ((patientKey: string, entities: readonly string[]) => Promise<PersonFacts | undefined>) => {
  const held = new Map<string, { until: number; facts: PersonFacts | undefined }>();
  return async (patientKey, entities) => {
    const hit = held.get(patientKey);
    if (hit && clock() < hit.until) return hit.facts;
    const patient = await patientOf(resources, patientKey, entities);
    const facts = patient && factsOf(patient);
    if (held.size >= MOST) held.clear();
    held.set(patientKey, { until: clock() + REMEMBERED_MS, facts });
    return facts;
  };
};

const patientOf = async (
  resources: Pick<Resources, 'headsAt' | 'getMany'>,
  patientKey: string,
  entities: readonly string[],
): Promise<Resource | undefined> => {
  const named = entities.find((reference) => reference.startsWith('Patient/'))?.slice('Patient/'.length);
  const id = named ?? (await resources.headsAt([patientKey]))[0]?.patient ?? (await subjectOf(resources, entities[0]));
  if (id === undefined) return undefined;
  const [stored] = await resources.getMany([{ type: 'Patient', id }]);
  return stored && !stored.deleted ? stored.resource() : undefined;
};

/** Where no head names the patient yet, a record that was shown does. */
const subjectOf = async (resources: Pick<Resources, 'getMany'>, reference: string | undefined) => {
  const [type, id] = reference?.split('/') ?? [];
  if (!type || !id) return undefined;
  const [stored] = await resources.getMany([{ type, id }]);
  if (!stored || stored.deleted) return undefined;
  const { subject, patient } = stored.resource() as Record<string, { reference?: string } | undefined>;
  return /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec((subject ?? patient)?.reference ?? '')?.[1];
};

export const factsOf = (patient: Resource): PersonFacts => {
  const { meta, name = [] } = patient as Resource & { name?: { family?: string }[] };
  const codes = [...(meta?.security ?? []), ...(meta?.tag ?? [])].map(({ code }) => code ?? '');
  const families = name.flatMap(({ family }) => (family ? [fold(family)] : [])).filter(Boolean);
  return { isVip: codes.some((code) => VIP.has(code)), families: [...new Set(families)] };
};

/** From the desk's list of staff (functions/tenants/records.ts), whole: it has hundreds of rows, and is read every ten minutes at most. */
export const openStaffNames = (rows: Pick<RowStore, 'list'>, clock: () => number) => {
  let held: { until: number; families: Promise<Map<string, string[]>> } | undefined;
  return async (account: string): Promise<readonly string[]> => {
    if (!held || clock() >= held.until) {
      held = { until: clock() + REMEMBERED_MS, families: readStaff(rows) };
      held.families.catch(() => {
        held = undefined;
      });
    }
    return (await held.families).get(account) ?? [];
  };
};

interface StaffData {
  readonly sub?: string;
  readonly name?: { readonly family?: string; readonly familyKana?: string };
}

const readStaff = async (rows: Pick<RowStore, 'list'>): Promise<Map<string, string[]>> => {
  const families = new Map<string, string[]>();
  for (const { data } of await allRows(rows, 'tenant#staff')) {
    const { sub, name = {} } = (data ?? {}) as StaffData;
    if (sub)
      families.set(
        sub,
        [name.family, name.familyKana].flatMap((part) => (part ? [fold(part)] : [])),
      );
  }
  return families;
};
