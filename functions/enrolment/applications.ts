// Applying by QR code or app: the resident signs up and sends the form; a desk confirms it with the papers on the counter, or against
// a number that it can check itself. Until then the account shows nothing, and nothing is linked.
import { notFound, refuse } from '../fhir/outcome.ts';
import { foldIdentifier } from '../search/extract.ts';
import type { Lookup, Resources, Stored } from '../storage/port.ts';
import { instantInJapan } from './age.ts';
import { newCardNumber, readCardNumber } from './card-number.ts';
import { enrol, type Joined, patternOf } from './enrol.ts';
import type { Application, ConsentForm, Evidence, WhoForm } from './form.ts';
import { insuranceIdentifier, insuranceValue, newPerson, type Person, receiptSystem, withEnrolment } from './person.ts';
import { assertNotToCome, assertWishes } from './plausible.ts';
import { applicationIdOf, committing, conflict, creating, type Enrolled, findPerson, replacing } from './records.ts';
import { assertOldEnough, link, residentRow } from './residents.ts';
import type { Desk } from './services.ts';

const WAITING = 'Person.applied';
const waitingRow = (at: string): Lookup => ({ bucket: 'work', key: WAITING, sort: at });

/** What an application keeps besides the person: it becomes an enrolment as it is. */
interface Wishes {
  readonly who: WhoForm;
  readonly consent: ConsentForm;
}

export const apply = async (desk: Desk, sub: string, application: Application, now: number) => {
  const { resources, region } = desk;
  const { route, consent, ...who } = application;
  patternOf(desk.pattern, consent);
  assertNotToCome(who.birthDate, now, 'birthDate');
  await assertWishes(desk, consent, now);
  assertOldEnough(region.matureMinorAge, who.birthDate, now);
  if (await residentRow(desk, sub)) throw conflict('this account is a person’s who has joined already');
  const id = applicationIdOf(resources, sub);
  const before = await resources.get('Person', id);
  if (before && !before.deleted && (await findPerson(resources, id))?.enrolment.status === 'applied')
    throw conflict('an application of this account is waiting already');
  const receipt = newCardNumber();
  const at = instantInJapan(now);
  const person: Person = {
    ...newPerson(who, {
      status: 'applied',
      route,
      at,
      office: undefined,
      municipality: who.address.municipality.slice(0, 5),
      patient: undefined,
      evidence: undefined,
      account: sub,
      wishes: JSON.stringify({ who, consent } satisfies Wishes),
    }),
    identifier: [
      { use: 'temp', system: receiptSystem(region.homeCommunityId), value: receipt },
      ...insuranceIdentifier(who.insurance),
    ],
  };
  const write = before ? replacing(before, person, [waitingRow(at)]) : creating(person, id, [waitingRow(at)]);
  await resources.commit([write], now);
  return { person: id, receipt };
};

export interface Waiting extends Enrolled {
  readonly receipt: string;
  readonly wishes: Wishes;
}

const waitingOf = (desk: Desk, found: Enrolled | undefined): Waiting | undefined => {
  if (found?.enrolment.status !== 'applied' || found.enrolment.wishes === undefined) return undefined;
  const system = receiptSystem(desk.region.homeCommunityId);
  const receipt = found.person.identifier?.find((one) => one.system === system)?.value ?? '';
  return { ...found, receipt, wishes: JSON.parse(found.enrolment.wishes) as Wishes };
};

/** Longest waiting first. */
export const waiting = async (desk: Desk, after: string | undefined) => {
  const page = await desk.resources.lookup({ bucket: 'work', key: WAITING, after });
  const found = await Promise.all(page.rows.map(({ id }) => findPerson(desk.resources, id)));
  return { applications: found.flatMap((one) => waitingOf(desk, one) ?? []), next: page.next };
};

export const byReceipt = async (desk: Desk, typed: string): Promise<Waiting> => {
  const receipt = readCardNumber(typed);
  if (receipt === undefined) throw refuse('invalid', 'this is no receipt number: a digit is wrong', 'receipt');
  const { rows } = await desk.resources.lookup({
    bucket: 'identifier',
    key: foldIdentifier(receipt),
    sortPrefix: receiptSystem(desk.region.homeCommunityId),
  });
  for (const { type, id } of rows) {
    const found = type === 'Person' ? waitingOf(desk, await findPerson(desk.resources, id)) : undefined;
    if (found) return found;
  }
  throw notFound('an application of this number');
};

export interface Confirmation {
  readonly evidence: Evidence;
  /** The number that the desk has checked itself; it must be the applicant's. */
  readonly insurance?: WhoForm['insurance'];
  /** What the papers say otherwise. */
  readonly corrections?: Partial<WhoForm> | undefined;
  readonly differsFrom?: readonly string[] | undefined;
  readonly office: string | undefined;
  readonly now: number;
}

/** Makes the enrolment, and the application goes in the same commit. */
export const confirm = async (desk: Desk, application: Waiting, confirmation: Confirmation): Promise<Joined> => {
  const { wishes, enrolment, stored } = application;
  const { evidence, corrections = {}, differsFrom, office, now, insurance } = confirmation;
  const who = { ...wishes.who, ...corrections };
  if (insurance && !isSame(insurance, who.insurance))
    throw refuse('unprocessable', 'insurance: this is not the number of the applicant', 'insurance');
  const joined = await enrol(desk, {
    who,
    route: enrolment.route,
    consent: wishes.consent,
    evidence,
    differsFrom,
    office,
    account: enrolment.account,
    also: [{ kind: 'delete', previous: stored, facility: stored.facility }],
    now,
  });
  if (enrolment.account !== undefined) await link(desk, { person: joined.person, office, now }, enrolment.account);
  return joined;
};

const isSame = (one: NonNullable<WhoForm['insurance']>, other: WhoForm['insurance']): boolean =>
  other !== undefined && foldIdentifier(insuranceValue(one)) === foldIdentifier(insuranceValue(other));

export const reject = ({ resources }: Desk, { stored }: { stored: Stored }, office: string | undefined, now: number) =>
  committing(resources, now, async () => {
    const found = await needWaiting(resources, stored.id);
    const enrolment = { ...found.enrolment, status: 'rejected' as const, at: instantInJapan(now), office };
    return { writes: [replacing(found.stored, withEnrolment(found.person, enrolment))], value: undefined };
  });

const needWaiting = async (resources: Resources, id: string): Promise<Enrolled> => {
  const found = await findPerson(resources, id);
  if (found?.enrolment.status !== 'applied') throw notFound('an application of this number');
  return found;
};
