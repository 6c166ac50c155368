// A card held out at a reception or in an ambulance: the number or the QR code leads to the person's patient id, and to nothing else;
// what may then be read is for consent to say.
import * as z from 'zod/mini';
import { notFound, refuse } from '../fhir/outcome.ts';
import { type JsonRoute, route } from '../interactions/json-route.ts';
import { foldIdentifier } from '../search/extract.ts';
import { cardsOf, numberIn } from './cards.ts';
import { notePerson } from './desk-routes.ts';
import { cardSystem } from './person.ts';
import { type Enrolled, findPerson } from './records.ts';
import type { Desk } from './services.ts';

const CARE = ['doctor', 'dentist', 'nurse', 'pharmacist', 'laboratory', 'care-manager', 'care-staff'] as const;
const READERS = [...CARE, 'support-centre', 'ambulance', 'municipal', 'operator', 'system'] as const;

export const cardRoutes = (desk: Desk): readonly JsonRoute[] => [
  route({
    method: 'POST',
    path: '/enrolment/cards/lookup',
    interaction: 'card-lookup',
    roles: READERS,
    body: z.strictObject({ card: z.string().check(z.minLength(1), z.maxLength(400)) }),
    handle: async (context, { body }) => {
      const { region, resources, seal } = desk;
      const number = numberIn(seal, region.name, body.card);
      if (number === undefined)
        throw refuse('invalid', 'card: this is no card of this region, or a digit is wrong', 'card');
      const found = await byCard(desk, number);
      if (!found) throw notFound('a card of this number');
      const { stored, enrolment, person } = found;
      const card = cardsOf(person, cardSystem(region.homeCommunityId)).find((one) => one.number === number);
      notePerson(desk, context, 'R', { person: stored.id, patient: enrolment.patient });
      if (!card?.valid) throw refuse('gone', 'this card was stopped or replaced');
      const linked =
        enrolment.patient === undefined ? [] : ((await resources.heads([enrolment.patient]))[0]?.linked ?? []);
      return { status: 200, body: { person: stored.id, patient: enrolment.patient, linked, status: enrolment.status } };
    },
  }),
];

const byCard = async ({ resources, region }: Desk, number: string): Promise<Enrolled | undefined> => {
  const { rows } = await resources.lookup({
    bucket: 'identifier',
    key: foldIdentifier(number),
    sortPrefix: cardSystem(region.homeCommunityId),
  });
  for (const { type, id } of rows) {
    const found = type === 'Person' ? await findPerson(resources, id) : undefined;
    if (found) return found;
  }
  return undefined;
};
