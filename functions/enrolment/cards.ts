// Cards are identifiers of the Person, the valid one with `use: official`, all earlier ones with `use: old`, the day of their end and
// the reason. So a card dies in the commit that says so, and a look-up by number is the identifier look-up.
import type { Seal } from '../storage/port.ts';
import { printedCardNumber, readCardNumber } from './card-number.ts';
import type { Identifier, Person } from './person.ts';

export const STOPS = ['lost', 'stolen', 'damaged', 'renamed', 'returned', 'withdrawn', 'deceased'] as const;
export type Stop = (typeof STOPS)[number];

export interface Card {
  readonly number: string;
  readonly valid: boolean;
  readonly from: string | undefined;
  readonly until: string | undefined;
  readonly stopped: Stop | undefined;
}

const STOPPED = 'urn:tsumugi:card-stopped';

export const cardsOf = ({ identifier = [] }: Person, system: string): Card[] =>
  identifier
    .filter((one) => one.system === system)
    .map(({ value = '', use, period, extension }) => ({
      number: value,
      valid: use === 'official' && period?.end === undefined,
      from: period?.start,
      until: period?.end,
      stopped: extension?.find(({ url }) => url === STOPPED)?.valueCode as Stop | undefined,
    }));

export const withCard = (person: Person, system: string, number: string, at: string): Person => ({
  ...person,
  identifier: [...(person.identifier ?? []), { use: 'official', system, value: number, period: { start: at } }],
});

/** Every card that was valid is none any more. */
export const withoutCards = (person: Person, system: string, why: Stop, at: string): Person => {
  if (!person.identifier) return person;
  const stop = (one: Identifier): Identifier =>
    one.system !== system || one.use !== 'official'
      ? one
      : { ...one, use: 'old', period: { ...one.period, end: at }, extension: [{ url: STOPPED, valueCode: why }] };
  return { ...person, identifier: person.identifier.map(stop) };
};

/** What the QR code says: the number sealed for the region, so that a photograph of it leads to nothing elsewhere. */
const QR = 'tsumugi:card:';
const bind = (region: string) => `card|${region}`;

export const qrOf = (seal: Seal, region: string, number: string): string =>
  `${QR}${region}:${seal.seal(number, bind(region))}`;

/** The number, from what was typed or scanned. */
export const numberIn = (seal: Seal, region: string, typedOrScanned: string): string | undefined => {
  const prefix = `${QR}${region}:`;
  if (!typedOrScanned.startsWith(prefix)) return readCardNumber(typedOrScanned);
  const opened = seal.open(typedOrScanned.slice(prefix.length), bind(region));
  return typeof opened === 'string' ? readCardNumber(opened) : undefined;
};

/** For the printer: the front, and nothing else of the person. */
export const printing = (seal: Seal, region: string, number: string) => ({
  number,
  printed: printedCardNumber(number),
  qr: qrOf(seal, region, number),
});
