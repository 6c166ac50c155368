// What the desk and the resident see of an enrolment. The desk's view holds no clinical data (domain.md 6.2).

import type { Kept } from './acting-for.ts';
import { printedCardNumber } from './card-number.ts';
import { cardsOf } from './cards.ts';
import { cardSystem, namesOf } from './person.ts';
import { isInForce } from './proxy-right.ts';
import type { Enrolled } from './records.ts';
import type { Desk } from './services.ts';

export const cardView = ({ region }: Pick<Desk, 'region'>, { person }: Enrolled) =>
  cardsOf(person, cardSystem(region.homeCommunityId)).map(({ number, ...rest }) => ({
    ...rest,
    number: printedCardNumber(number),
  }));

export const personView = (desk: Pick<Desk, 'region'>, found: Enrolled) => {
  const { stored, person, enrolment } = found;
  const [kanji, kana] = namesOf(person);
  return {
    person: stored.id,
    patient: enrolment.patient,
    status: enrolment.status,
    since: enrolment.at,
    route: enrolment.route,
    municipality: enrolment.municipality,
    name: { kanji, kana },
    birthDate: person.birthDate,
    sex: person.gender,
    phone: person.telecom?.find(({ system }) => system === 'phone')?.value,
    postcode: person.address?.[0]?.postalCode,
    address: person.address?.[0]?.text,
    account: enrolment.account !== undefined,
    cards: cardView(desk, found),
  };
};

export const proxyView = ({ proxy }: Kept, now: number) => ({ ...proxy, inForce: isInForce(proxy, now) });
