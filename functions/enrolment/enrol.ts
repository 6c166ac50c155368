// Joining: one commit makes the Person, the region's Patient, the Consents of the region's pattern, the card and the head.

import { refuse } from '../fhir/outcome.ts';
import type { Resources, Write } from '../storage/port.ts';
import { instantInJapan } from './age.ts';
import { newCardNumber } from './card-number.ts';
import { printing, withCard } from './cards.ts';
import { formConsents, withConsents } from './consents.ts';
import { type Duplicate, findDuplicates, sameness } from './duplicates.ts';
import type { ConsentForm, Evidence, Pattern, WhoForm } from './form.ts';
import { cardSystem, newPerson, regionPatient } from './person.ts';
import { assertNotToCome, assertWishes } from './plausible.ts';
import { committing, conflict, creating, newPatientId, personIdOf } from './records.ts';
import type { Desk } from './services.ts';

export interface Joining {
  readonly who: WhoForm;
  readonly route: string;
  readonly consent: ConsentForm;
  readonly evidence: Evidence;
  readonly differsFrom?: readonly string[] | undefined;
  readonly office: string | undefined;
  readonly account?: string | undefined;
  /** Further writes of the same commit: the application that this answers. */
  readonly also?: readonly Write[];
  readonly now: number;
}

export interface Joined {
  readonly person: string;
  readonly patient: string;
  readonly card: { readonly number: string; readonly printed: string; readonly qr: string };
}

export const enrol = async (desk: Desk, joining: Joining): Promise<Joined> => {
  const { resources, region, seal } = desk;
  const { who, route, consent, evidence, office, account, now } = joining;
  const pattern = patternOf(desk.pattern, consent);
  assertNotToCome(who.birthDate, now, 'birthDate');
  await assertWishes(desk, consent, now);
  const others = await assertNew(resources, joining);
  const at = instantInJapan(now);
  const patient = newPatientId(resources, others.length === 0 ? sameness(who) : undefined);
  const person = personIdOf(resources, patient);
  const number = newCardNumber();
  const resource = withCard(
    newPerson(who, {
      status: 'enrolled',
      route,
      at,
      office,
      municipality: who.address.municipality.slice(0, 5),
      patient,
      evidence,
      account,
      wishes: undefined,
    }),
    cardSystem(region.homeCommunityId),
    number,
    at,
  );
  return committing(resources, now, async () => ({
    writes: await withConsents(
      resources,
      { patient, person, next: formConsents({ patient, form: consent, pattern, evidence, now }) },
      [creating(regionPatient(patient, who), patient), creating(resource, person), ...(joining.also ?? [])],
    ),
    value: { person, patient, card: printing(seal, region.name, number) },
  }));
};

/** The pattern that the form speaks of; a form that says more than its pattern bears is a mistake. */
export const patternOf = (region: Pattern | undefined, { pattern = region, facilities = [] }: ConsentForm): Pattern => {
  if (pattern === undefined)
    throw refuse('unprocessable', 'consent.pattern: this region has no pattern of its own', 'consent.pattern');
  const named = pattern === 'list' || pattern === 'per-facility';
  if (named && facilities.length === 0)
    throw refuse('unprocessable', 'consent.facilities: this pattern names facilities', 'consent.facilities');
  if (!named && facilities.length > 0)
    throw refuse('unprocessable', 'consent.facilities: this pattern names no facilities', 'consent.facilities');
  if (pattern === 'per-facility' && facilities.length > 1)
    throw refuse(
      'unprocessable',
      'consent.facilities: a form signed at a facility names that one',
      'consent.facilities',
    );
  return pattern;
};

/** The others of the same name and birth date that the desk has looked at; refuses what it has not. */
const assertNew = async (
  resources: Resources,
  { who, differsFrom = [] }: Pick<Joining, 'who' | 'differsFrom'>,
): Promise<readonly Duplicate[]> => {
  const duplicates = await findDuplicates(resources, who);
  if (duplicates.some(({ by }) => by === 'insurance'))
    throw conflict('insurance: a person with this number has joined already', 'insurance');
  if (duplicates.some(({ person }) => !differsFrom.includes(person)))
    throw conflict(
      'name, birthDate: a person of this name and birth date has joined already; POST /enrolment/check',
      'name',
    );
  return duplicates;
};
