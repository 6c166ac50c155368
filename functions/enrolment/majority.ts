// Coming of age (民法4条; domain.md 4.4, "Minors"): the rights of parents and guardians end by themselves (proxy.ts), and the person is
// asked whether what they have agreed to is to go on. Until there is an answer it does: a chart that closes on a birthday helps nobody.
import { REGION_OWNER } from '../consent/matrix.ts';
import type { Resources } from '../storage/port.ts';
import { actedFor } from './acting-for.ts';
import { dayInJapan, instantInJapan, MAJORITY, turns } from './age.ts';
import type { Evidence } from './form.ts';
import { type Person, withEnrolment } from './person.ts';
import { proxiesOf } from './proxies.ts';
import { isInForce } from './proxy-right.ts';
import { committing, type Enrolled, findPerson, needPerson, personIdOf, replacing } from './records.ts';
import type { Desk } from './services.ts';
import type { Step } from './state.ts';

/** Others have agreed for a child that is of age now, and has not spoken since. */
export const isAsked = ({ person, enrolment }: Pick<Enrolled, 'person' | 'enrolment'>, now: number): boolean => {
  if (person.birthDate === undefined || enrolment.status !== 'enrolled') return false;
  const ofAge = turns(person.birthDate, MAJORITY);
  return ofAge <= now && Date.parse(enrolment.at) < ofAge && !(Date.parse(enrolment.confirmed ?? '') >= ofAge);
};

/** The answer: it goes on as it is. Whoever wants it otherwise changes the consents, or withdraws. */
export const goesOn = ({ resources }: Pick<Desk, 'resources'>, step: Step, evidence?: Evidence) =>
  committing(resources, step.now, async () => {
    const found = await needPerson(resources, step.person);
    const confirmed = instantInJapan(step.now);
    const enrolment = { ...found.enrolment, confirmed, ...(evidence && { evidence }) };
    const value = { person: found.stored.id, patient: found.patient };
    return { writes: [replacing(found.stored, withEnrolment(found.person as Person, enrolment))], value };
  });

/** "Next month": long enough to talk it over, and to get an account. */
const NOTICE_DAYS = 31;

/** The day on which somebody comes of age, where it is near: then the rights of parents and guardians end (proxy.ts). */
export const soonOfAge = (birthDate: string | undefined, now: number): string | undefined => {
  if (birthDate === undefined) return undefined;
  const ofAge = turns(birthDate, MAJORITY);
  return ofAge > now && ofAge - now <= NOTICE_DAYS * 86_400_000 ? dayInJapan(ofAge) : undefined;
};

export interface Notice {
  /** Who is signed in comes of age; or somebody whom this account acts for does, and the right to it ends. */
  readonly kind: 'coming-of-age' | 'proxy-ends';
  readonly on: string;
  /** The region's Patient whom it is about. */
  readonly patient: string;
}

/** What an account is told at sign-in: who comes of age within a month, on both sides. */
export const noticesFor = async (resources: Resources, found: Enrolled, now: number): Promise<Notice[]> => {
  const { status, patient: self } = found.enrolment;
  const own = status === 'enrolled' ? soonOfAge(found.person.birthDate, now) : undefined;
  const held = await actedFor(resources, found.stored.id, now);
  return [
    ...(own === undefined || self === undefined ? [] : [{ kind: 'coming-of-age' as const, on: own, patient: self }]),
    ...held.flatMap(({ patient, birthDate }): Notice[] => {
      const on = soonOfAge(birthDate, now);
      return on === undefined ? [] : [{ kind: 'proxy-ends', on, patient }];
    }),
  ];
};

export interface ComingOfAge {
  readonly found: Enrolled;
  readonly patient: string;
  readonly birthDate: string;
  /** Proxies whose rights end, or have ended, that day. */
  readonly proxies: number;
}

/** Who comes of age in a month (`2026-12`), for the letter that the office sends: one look-up for each day of it. */
export const comingOfAge = async (resources: Resources, month: string, now: number): Promise<ComingOfAge[]> => {
  const [year, ordinal] = month.split('-').map(Number) as [number, number];
  const days = new Date(Date.UTC(year, ordinal, 0)).getUTCDate();
  const born = Array.from({ length: days }, (_, at) => dayOf(year - MAJORITY, ordinal, at + 1));
  // Who was born on a leap day comes of age on 1 March: in the list of February, which has the letter in time.
  if (ordinal === 2 && days === 28) born.push(dayOf(year - MAJORITY, 2, 29));
  const patients = (await Promise.all(born.map((day) => bornOn(resources, day)))).flat();
  const all = await Promise.all(
    patients.map(async ({ id, birthDate }): Promise<ComingOfAge[]> => {
      const found = await findPerson(resources, personIdOf(resources, id));
      if (found?.enrolment.status !== 'enrolled') return [];
      const majority = turns(birthDate, MAJORITY);
      const proxies = (await proxiesOf(resources, id)).filter(
        ({ proxy }) => proxy.active && isInForce(proxy, Math.min(now, majority - 1)),
      );
      return [{ found, patient: id, birthDate, proxies: proxies.length }];
    }),
  );
  return all.flat().sort((a, b) => (a.birthDate < b.birthDate ? -1 : 1));
};

const dayOf = (year: number, month: number, day: number): string =>
  [year, String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('-');

/** The region's own Patients. */
const bornOn = async (resources: Resources, birthDate: string): Promise<{ id: string; birthDate: string }[]> => {
  const ids = new Set<string>();
  let after: string | undefined;
  do {
    const page = await resources.lookup({ bucket: 'birth', key: birthDate, after });
    for (const { type, id } of page.rows) if (type === 'Patient') ids.add(id);
    after = page.next;
  } while (after !== undefined);
  const stored = await resources.getMany([...ids].map((id) => ({ type: 'Patient', id })));
  return stored.flatMap((one) =>
    one && !one.deleted && one.facility === REGION_OWNER ? [{ id: one.id, birthDate }] : [],
  );
};
