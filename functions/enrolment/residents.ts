// Which account is which person: rows `auth#resident#<sub>` (auth/rows.ts), kept by the desk.
import { ResidentRow, residentKey } from '../auth/rows.ts';
import { notFound, refuse } from '../fhir/outcome.ts';
import { turns } from './age.ts';
import { withEnrolment } from './person.ts';
import { committing, conflict, needPerson, replacing } from './records.ts';
import type { Desk } from './services.ts';
import type { Step } from './state.ts';

export const residentRow = async ({ rows }: Pick<Desk, 'rows'>, sub: string): Promise<ResidentRow | undefined> => {
  const { p, s } = residentKey(sub);
  const row = await rows.get(p, s);
  return row && ResidentRow.parse(row.data);
};

export const saveResident = async ({ rows }: Pick<Desk, 'rows'>, row: ResidentRow): Promise<void> => {
  await rows.write([{ kind: 'put', ...residentKey(row.sub), data: ResidentRow.parse(row) }]);
};

/** Where the region says from when a minor decides alone, nobody younger signs in: the parents do, for the child. */
export const assertOldEnough = (from: number | undefined, birthDate: string | undefined, now: number): void => {
  if (from !== undefined && birthDate !== undefined && now < turns(birthDate, from))
    throw refuse(
      'unprocessable',
      `birthDate: an own account is for who is ${from} or older in this region`,
      'birthDate',
    );
};

/** An account for somebody who has joined. The row comes last: an account without one shows nothing. */
export const giveAccount = async (desk: Desk, step: Step, email: string, by: 'letter' | 'mail') => {
  const found = await needPerson(desk.resources, step.person);
  if (found.enrolment.status !== 'enrolled') throw conflict('only who has joined gets an account');
  assertOldEnough(desk.region.matureMinorAge, found.person.birthDate, step.now);
  if (found.enrolment.account !== undefined) throw conflict('the person has an account already');
  const { sub, password } = await desk.accounts.create(email, by);
  const row = await residentRow(desk, sub);
  if (row && row.person !== step.person) throw conflict('email: the account is another person’s', 'email');
  await link(desk, step, sub);
  return { person: step.person, patient: found.patient, sub, password };
};

/** Person and account name each other. */
export const link = async (desk: Desk, step: Step, sub: string): Promise<void> => {
  const patient = await committing(desk.resources, step.now, async () => {
    const found = await needPerson(desk.resources, step.person);
    const enrolment = { ...found.enrolment, account: sub };
    return { writes: [replacing(found.stored, withEnrolment(found.person, enrolment))], value: found.patient };
  });
  await saveResident(desk, { sub, disabled: false, notBefore: 0, patients: [patient], person: step.person });
};

/** A new first password on paper. Tokens that are out end within seconds. */
export const renewAccount = async (desk: Desk, step: Step) => {
  const { sub, patient } = await accountOf(desk, step.person);
  const { password } = await desk.accounts.renew(sub);
  const row = await residentRow(desk, sub);
  if (row) await saveResident(desk, { ...row, notBefore: step.now });
  return { person: step.person, patient, password };
};

/** Of the dead, and where somebody asks for it. */
export const closeAccount = async (desk: Desk, sub: string, now: number): Promise<void> => {
  const row = await residentRow(desk, sub);
  if (row) await saveResident(desk, { ...row, disabled: true, notBefore: now });
  await desk.accounts.disable(sub);
};

const accountOf = async ({ resources }: Desk, person: string) => {
  const { enrolment, patient } = await needPerson(resources, person);
  if (enrolment.account === undefined) throw notFound('an account of this person');
  return { sub: enrolment.account, patient };
};
