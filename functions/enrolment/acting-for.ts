// Whose records a resident may see: the own ones with all that is linked to them, and those of the people that the resident acts for.
// Asked at each request and remembered for two seconds, so that a link, a revoked proxy and an eighteenth birthday hold at once.
import { cached } from '../auth/cached.ts';
import type { ResidentRow } from '../auth/rows.ts';
import type { Resources, Stored } from '../storage/port.ts';
import { actingKey, isInForce, type ProxyRight, proxyOf } from './proxy-right.ts';
import { findPerson, personIdOf } from './records.ts';

const REMEMBERED_MS = 2_000;
const MOST = 2_000;

export type PatientsOf = (row: ResidentRow) => Promise<readonly string[]>;

export const openPatientsOf = ({ resources, clock }: { resources: Resources; clock: () => number }): PatientsOf => {
  const known = cached(
    async (key) => {
      const { person, patients } = JSON.parse(key) as Pick<ResidentRow, 'person' | 'patients'>;
      const represented = person === undefined ? [] : await actedFor(resources, person, clock());
      return linkedTo(resources, [...patients, ...represented]);
    },
    { forMs: REMEMBERED_MS, most: MOST, clock },
  );
  return ({ person, patients }) => known(JSON.stringify({ person, patients }));
};

/** The region's Patients of those whom a person acts for now. */
export const actedFor = async (resources: Resources, person: string, now: number): Promise<string[]> => {
  const held = (await actingAs(resources, person)).filter(({ proxy }) => isInForce(proxy, now));
  const alive = await Promise.all(
    held.map(async ({ proxy }) => {
      // The dead are represented by nobody. Who has left still may see what is kept, and so may who acts for them.
      const represented = await findPerson(resources, personIdOf(resources, proxy.patient));
      const status = represented?.enrolment.status;
      return status === 'enrolled' || status === 'withdrawn' ? [proxy.patient] : [];
    }),
  );
  return alive.flat();
};

/** With all records that are linked to the same person. */
export const linkedTo = async (resources: Resources, patients: readonly string[]): Promise<string[]> => {
  if (patients.length === 0) return [];
  const heads = await resources.heads(patients);
  return [...new Set(patients.flatMap((id, at) => [id, ...(heads[at]?.linked ?? [])]))];
};

export interface Kept {
  readonly stored: Stored;
  readonly proxy: ProxyRight;
}

/** All that were ever granted to a person. */
export const actingAs = async (resources: Resources, person: string): Promise<Kept[]> => {
  const { rows } = await resources.lookup({ bucket: 'work', key: actingKey(person) });
  const refs = rows.filter(({ type }) => type === 'RelatedPerson').map(({ type, id }) => ({ type, id }));
  return (await resources.getMany(refs)).flatMap(keptOf).filter(({ proxy }) => proxy.person === person);
};

export const keptOf = (stored: Stored | undefined): Kept[] => {
  const proxy = stored && !stored.deleted ? proxyOf(stored.resource()) : undefined;
  return stored && proxy ? [{ stored, proxy }] : [];
};
