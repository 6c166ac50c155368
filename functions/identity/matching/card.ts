// A Patient as the matcher sees it: folded once, compared many times.
import type { Resource } from '../../fhir/types.ts';
import { foldIdentifier, foldPhone } from '../../search/extract.ts';
import { fold, loose } from '../../search/kana.ts';
import { postcodeDigits } from '../../search/lookups.ts';
import { canonicalSystem } from '../../terminology/systems.ts';
import { type Insurance, insurancesOf, MEMBER_ID, type WrittenIdentifier } from './insurance.ts';
import { isKana, writtenKana, writtenKanji } from './written.ts';

export interface Name {
  readonly family: string;
  readonly given: string;
  /** Level 2 of search/kana.ts; kana only. */
  readonly looseFamily: string;
  readonly looseGiven: string;
  /** `HumanName.use` says `old` or `maiden`, or its period has ended. */
  readonly isOld: boolean;
}

export interface Card {
  readonly kana: readonly Name[];
  /** Kanji, or whatever else the name is officially written in. */
  readonly kanji: readonly Name[];
  readonly birth: string | undefined;
  readonly sex: string | undefined;
  readonly phones: readonly string[];
  readonly postcodes: readonly string[];
  readonly lines: readonly string[];
  readonly insurances: readonly Insurance[];
  /** Patient numbers, `system|value`; insurance is apart. */
  readonly numbers: readonly string[];
}

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const nodes = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

/** Sex that says nothing can contradict nothing. */
const KNOWN_SEX = new Set(['male', 'female']);

/** https://jpfhir.jp/fhir/core/ JP_Patient: kanji and kana are two names, told apart by this extension (IDE, SYL). */
const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';

const isKanaName = (name: Node, family: string, given: string): boolean => {
  const code = nodes(name.extension).find(({ url }) => url === REPRESENTATION)?.valueCode;
  return code === 'SYL' || (code !== 'IDE' && isKana(family + given));
};

const isOldName = ({ use, period }: Node): boolean =>
  use === 'old' || use === 'maiden' || (isNode(period) && typeof period.end === 'string');

const parts = (name: Node): [family: string, given: string] => {
  const family = text(name.family);
  const given = texts(name.given).join('');
  if (family || given) return [family, given];
  const [first = '', ...rest] = text(name.text).normalize('NFKC').trim().split(/\s+/);
  return [first, rest.join('')];
};

/** A name by its parts; `undefined` where nothing is written. */
export const nameOf = (family: string, given: string, asKana: boolean, isOld: boolean): Name | undefined => {
  if (fold(family + given) === '') return undefined;
  const written = asKana ? writtenKana : writtenKanji;
  return {
    family: written(family),
    given: written(given),
    looseFamily: asKana ? loose(family) : '',
    looseGiven: asKana ? loose(given) : '',
    isOld,
  };
};

const names = (patient: Node, wantsKana: boolean): Name[] =>
  nodes(patient.name).flatMap((name) => {
    const [family, given] = parts(name);
    if (isKanaName(name, family, given) !== wantsKana) return [];
    return nameOf(family, given, wantsKana, isOldName(name)) ?? [];
  });

const isDialled = ({ system }: Node): boolean => system === 'phone' || system === 'sms' || system === undefined;

/** Too short to be anybody's own, and what clerks type when there is none: 000-0000-0000. */
const isPhone = (digits: string) => /^\d{9,}$/.test(digits) && !/^(\d)\1+$/.test(digits.slice(1));

const identifiers = (patient: Node): WrittenIdentifier[] =>
  nodes(patient.identifier).map(({ system, value }) => ({ system: text(system), value: text(value) }));

/** The patient-number system without its facility says nothing of whose number it is (design section 5). */
const UNSCOPED = 'urn:oid:1.2.392.100495.20.3.51.1';

const numbers = (written: readonly WrittenIdentifier[]): string[] =>
  written
    .map(({ system, value }) => ({ system: canonicalSystem(system), value }))
    .filter(({ system, value }) => value && system.startsWith('urn:') && system !== UNSCOPED && system !== MEMBER_ID)
    .map(({ system, value }) => `${system}|${foldIdentifier(value)}`);

const distinct = (values: readonly string[]) => [...new Set(values)].filter(Boolean);

/** @param others insurances that the facility knows of besides those that stand in the Patient (identity/insured.ts) */
export const cardOf = (patient: Resource, others: readonly Insurance[] = []): Card => {
  const written = identifiers(patient);
  const addresses = nodes(patient.address);
  return {
    kana: names(patient, true),
    kanji: names(patient, false),
    birth: text(patient.birthDate) || undefined,
    sex: KNOWN_SEX.has(text(patient.gender)) ? text(patient.gender) : undefined,
    phones: distinct(
      nodes(patient.telecom)
        .filter(isDialled)
        .map(({ value }) => foldPhone(text(value)))
        .filter(isPhone),
    ),
    postcodes: distinct(
      addresses.map(({ postalCode }) => postcodeDigits(text(postalCode))).filter((one) => one.length === 7),
    ),
    lines: distinct(addresses.map((address) => fold([text(address.city), ...texts(address.line)].join('')))),
    insurances: [...insurancesOf(written), ...others],
    numbers: distinct(numbers(written)),
  };
};
