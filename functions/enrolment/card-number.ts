// The number on a resident's card: twelve digits that say nothing of their holder, the last of which catches what a hand or a
// clerk gets wrong. Damm's digit finds every single wrong digit and every swap of two neighbours, which Luhn's does not (09, 90).
// https://en.wikipedia.org/wiki/Damm_algorithm
import { randomInt } from 'node:crypto';

const TABLE = [
  '0317598642',
  '7092154863',
  '4206871359',
  '1750983426',
  '6123045978',
  '3674209581',
  '5869720134',
  '8945362017',
  '9438617205',
  '2581436790',
];

const damm = (digits: string): number => [...digits].reduce((row, digit) => Number(TABLE[row]?.[Number(digit)]), 0);

const LENGTH = 12;

/** Drawn, not counted: who holds one number knows no other. @param draw a digit sequence of eleven; tests give their own */
export const newCardNumber = (draw: () => string = elevenDigits): string => {
  const body = draw();
  return `${body}${damm(body)}`;
};

const elevenDigits = (): string => `${randomInt(1, 10)}${String(randomInt(0, 10 ** 10)).padStart(10, '0')}`;

/** As it is typed: full-width digits, hyphens and spaces are no faults. */
export const readCardNumber = (typed: string): string | undefined => {
  const digits = typed.normalize('NFKC').replace(/[\s\-‐−ー–]/g, '');
  return new RegExp(`^[0-9]{${LENGTH}}$`).test(digits) && damm(digits) === 0 ? digits : undefined;
};

/** As it is printed: 1234-5678-9012. */
export const printedCardNumber = (number: string): string => number.replace(/(\d{4})(?=\d)/g, '$1-');
