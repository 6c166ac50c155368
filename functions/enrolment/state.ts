// What happens to an enrolment after it was made: change, withdrawal, return, death, cards.

import { refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Resources, Write } from '../storage/port.ts';
import { instantInJapan } from './age.ts';
import { newCardNumber } from './card-number.ts';
import { printing, type Stop, withCard, withoutCards } from './cards.ts';
import { formConsents, withConsents, withdrawalConsent } from './consents.ts';
import { patternOf } from './enrol.ts';
import type { ChangeForm, ConsentForm, Evidence } from './form.ts';
import {
  cardSystem,
  demographics,
  type Enrolment,
  emergencyContacts,
  INSURANCE,
  insuranceIdentifier,
  type Person,
  type Status,
  withEnrolment,
} from './person.ts';
import { assertNotToCome, assertWishes } from './plausible.ts';
import { movedProxies } from './proxies.ts';
import { committing, needPerson, replacing } from './records.ts';
import type { Desk } from './services.ts';

export interface Step {
  readonly person: string;
  readonly office: string | undefined;
  readonly now: number;
}

type Found = Awaited<ReturnType<typeof needPerson>>;

/** The enrolment must be in one of these states. */
const assertIs = ({ enrolment }: Found, ...statuses: readonly Status[]) => {
  if (!statuses.includes(enrolment.status))
    throw refuse('conflict', `the enrolment is ${enrolment.status}, and for this it must be ${statuses.join(' or ')}`);
};

const patientOf = async (resources: Resources, id: string) => {
  const stored = await resources.get('Patient', id);
  if (!stored || stored.deleted) throw refuse('fault', 'an enrolment without its Patient');
  return stored;
};

const moved = (found: Found, { now, office }: Step, to: Partial<Enrolment> = {}): Enrolment => ({
  ...found.enrolment,
  ...to,
  ...(to.status && { at: instantInJapan(now) }),
  office: office ?? found.enrolment.office,
});

/** What an answer needs: whom it was about. */
export interface Done {
  readonly person: string;
  readonly patient: string;
}
const done = ({ stored, patient }: Found): Done => ({ person: stored.id, patient });

/** 登録変更届. Residents change their own address and telephone number so too. */
export const change = ({ resources }: Desk, step: Step, form: Omit<ChangeForm, 'evidence'> & { evidence?: Evidence }) =>
  committing(resources, step.now, async () => {
    assertNotToCome(form.birthDate, step.now, 'birthDate');
    const found = await needPerson(resources, step.person);
    assertIs(found, 'enrolled', 'withdrawn');
    const patient = await patientOf(resources, found.patient);
    const { insurance, evidence, address, emergency } = form;
    const changed = demographics(form);
    const municipality = address?.municipality.slice(0, 5);
    const enrolment = moved(found, step, {
      ...(municipality !== undefined && { municipality }),
      ...(evidence && { evidence }),
    });
    const before = patient.resource();
    const others = ((before.identifier ?? []) as { system?: string }[]).filter(({ system }) => system !== INSURANCE);
    const next: Resource = {
      ...before,
      ...changed,
      ...(emergency && { contact: emergencyContacts(emergency) }),
      ...(insurance && { identifier: [...insuranceIdentifier(insurance), ...others] }),
    };
    const writes: Write[] = [
      replacing(patient, next),
      replacing(found.stored, withEnrolment({ ...found.person, ...changed } as Person, enrolment)),
      ...(form.birthDate === undefined ? [] : await movedProxies(resources, found.patient, form.birthDate)),
    ];
    return { writes, value: done(found) };
  });

/** 同意撤回: effective on the next request. What facilities have written stays theirs; cards are dead at once. */
export const withdraw = ({ resources, region }: Desk, step: Step, evidence?: Evidence) =>
  committing(resources, step.now, async () => {
    const found = await needPerson(resources, step.person);
    assertIs(found, 'enrolled');
    const at = instantInJapan(step.now);
    const person = withoutCards(found.person, cardSystem(region.homeCommunityId), 'withdrawn', at);
    const enrolment = moved(found, step, { status: 'withdrawn', ...(evidence && { evidence }) });
    const writes = await withConsents(
      resources,
      {
        patient: found.patient,
        person: found.stored.id,
        next: [withdrawalConsent(found.patient, 'withdrawn', step.now)],
      },
      [replacing(found.stored, withEnrolment(person, enrolment))],
    );
    return { writes, value: done(found) };
  });

/** Joining again: new Consents, a new card, the same person. */
export const rejoin = async (desk: Desk, step: Step, form: { consent: ConsentForm; evidence: Evidence }) => {
  const { resources, region, seal } = desk;
  const pattern = patternOf(desk.pattern, form.consent);
  await assertWishes(desk, form.consent, step.now);
  return committing(resources, step.now, async () => {
    const found = await needPerson(resources, step.person);
    assertIs(found, 'withdrawn');
    const number = newCardNumber();
    const system = cardSystem(region.homeCommunityId);
    const enrolment = moved(found, step, { status: 'enrolled', evidence: form.evidence });
    const person = withCard(found.person, system, number, instantInJapan(step.now));
    const next = formConsents({
      patient: found.patient,
      form: form.consent,
      pattern,
      evidence: form.evidence,
      now: step.now,
    });
    const writes = await withConsents(resources, { patient: found.patient, person: found.stored.id, next }, [
      replacing(found.stored, withEnrolment(person, enrolment)),
    ]);
    return { writes, value: { ...done(found), card: printing(seal, region.name, number) } };
  });
};

/** Nobody but the source facility sees anything any more; accounts and proxies end (routes.ts, acting-for.ts). */
export const death = ({ resources, region }: Desk, step: Step, on: string, evidence: Evidence) =>
  committing(resources, step.now, async () => {
    const found = await needPerson(resources, step.person);
    assertIs(found, 'enrolled', 'withdrawn');
    if (on < (found.person.birthDate ?? '')) throw refuse('unprocessable', 'on: must not be before the birth', 'on');
    const patient = await patientOf(resources, found.patient);
    const at = instantInJapan(step.now);
    const person = withoutCards(found.person, cardSystem(region.homeCommunityId), 'deceased', at);
    const writes = await withConsents(
      resources,
      {
        patient: found.patient,
        person: found.stored.id,
        next: [withdrawalConsent(found.patient, 'deceased', step.now)],
      },
      [
        replacing(patient, { ...patient.resource(), deceasedDateTime: on }),
        replacing(found.stored, withEnrolment(person, moved(found, step, { status: 'deceased', evidence }))),
      ],
    );
    return { writes, value: { ...done(found), account: found.enrolment.account } };
  });

/** カード再発行: the old card is dead in the commit that makes the new one. */
export const reissueCard = ({ resources, region, seal }: Desk, step: Step, why: Stop) =>
  committing(resources, step.now, async () => {
    const found = await needPerson(resources, step.person);
    assertIs(found, 'enrolled');
    const system = cardSystem(region.homeCommunityId);
    const at = instantInJapan(step.now);
    const number = newCardNumber();
    const person = withCard(withoutCards(found.person, system, why, at), system, number, at);
    return {
      writes: [replacing(found.stored, person)],
      value: { ...done(found), card: printing(seal, region.name, number) },
    };
  });

/** A loss that is told: dead at once, with or without a new one. */
export const stopCards = ({ resources, region }: Desk, step: Step, why: Stop) =>
  committing(resources, step.now, async () => {
    const found = await needPerson(resources, step.person);
    const person = withoutCards(found.person, cardSystem(region.homeCommunityId), why, instantInJapan(step.now));
    return { writes: [replacing(found.stored, person)], value: done(found) };
  });
