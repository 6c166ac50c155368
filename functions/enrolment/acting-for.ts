// Whose records a resident may see: the own ones with all that is linked to them, and those of the people that the resident acts for.
// Asked at each request and remembered for two seconds, so that a link, a revoked proxy and an eighteenth birthday hold at once.
import { cached } from '../auth/cached.ts';
import type { ResidentRow } from '../auth/rows.ts';
import type { Resources } from '../storage/port.ts';
import { actingAs } from './proxies.ts';
import { isInForce } from './proxy.ts';
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
      // The dead are represented by nobody, and who has left is not acted for here.
      const represented = await findPerson(resources, personIdOf(resources, proxy.patient));
      return represented?.enrolment.status === 'enrolled' ? [proxy.patient] : [];
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
