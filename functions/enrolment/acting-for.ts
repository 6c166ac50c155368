// Whose records a resident may see: the own ones with all that is linked to them, and those of the people that the resident acts for.
// Asked at each request and remembered for two seconds, so that a link, a revoked proxy and an eighteenth birthday hold at once.
import { cached } from '../auth/cached.ts';
import type { ResidentRow } from '../auth/rows.ts';
import type { Actor } from '../consent/actor.ts';
import type { Region } from '../interactions/contract.ts';
import type { Resources, Stored } from '../storage/port.ts';
import { decidesAlone } from './age.ts';
import { actingKey, isInForce, type ProxyRight, proxyOf } from './proxy-right.ts';
import { findPerson, personIdOf } from './records.ts';

const REMEMBERED_MS = 2_000;
const MOST = 2_000;

export type PatientsOf = (row: ResidentRow) => Promise<Pick<Actor, 'patients' | 'minors'>>;

interface Needs {
  readonly resources: Resources;
  readonly clock: () => number;
  readonly region?: Pick<Region, 'matureMinorAge'> | undefined;
}

export const openPatientsOf = ({ resources, clock, region }: Needs): PatientsOf => {
  const known = cached(
    async (key) => {
      const { person, patients } = JSON.parse(key) as Pick<ResidentRow, 'person' | 'patients'>;
      const now = clock();
      const represented = person === undefined ? [] : await actedFor(resources, person, now);
      const alone = represented.filter(({ birthDate }) => decidesAlone(birthDate, region?.matureMinorAge, now));
      const [all, minors] = await Promise.all([
        linkedTo(resources, [...patients, ...represented.map(({ patient }) => patient)]),
        linkedTo(
          resources,
          alone.map(({ patient }) => patient),
        ),
      ]);
      return { patients: all, ...(minors.length > 0 && { minors }) };
    },
    { forMs: REMEMBERED_MS, most: MOST, clock },
  );
  return ({ person, patients }) => known(JSON.stringify({ person, patients }));
};

export interface Represented {
  /** The region's Patient. */
  readonly patient: string;
  readonly person: string;
  readonly birthDate: string | undefined;
}

/** Those whom a person acts for now. */
export const actedFor = async (resources: Resources, person: string, now: number): Promise<Represented[]> => {
  const held = (await actingAs(resources, person)).filter(({ proxy }) => isInForce(proxy, now));
  const alive = await Promise.all(
    held.map(async ({ proxy }): Promise<Represented[]> => {
      // The dead are represented by nobody. Who has left still may see what is kept, and so may who acts for them.
      const represented = await findPerson(resources, personIdOf(resources, proxy.patient));
      const status = represented?.enrolment.status;
      if (!represented || (status !== 'enrolled' && status !== 'withdrawn')) return [];
      const { stored, person: of } = represented;
      return [{ patient: proxy.patient, person: stored.id, birthDate: of.birthDate }];
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
