// Two cards, element by element: what agrees, what differs, and what that is worth. No decision is taken here (grade.ts).
// Fellegi, Sunter: A Theory for Record Linkage, JASA 64 (1969): weight of an observation = log2(m / u), m how often it is made
// of records of one person, u how often of two people taken at random.
import { type BirthLevel, compareBirths } from './birth-date.ts';
import type { Card, Name } from './card.ts';
import { familyShare, givenShare } from './frequency.ts';
import { compareInsurances, type InsuranceLevel } from './insurance.ts';
import { edits } from './written.ts';

/** One script: `near` may be a typing error, and may be a brother. */
type ScriptLevel = 'same' | 'near' | 'different' | 'unknown';

/**
 * Both scripts together. `full`: both agree. `kanji`: kanji agree, and kana are missing. `misread`: kanji agree, and kana are written
 * otherwise (裕子: ひろこ, ゆうこ; or one of the two is the twin's name). `kana`: kana agree, no kanji to compare. `homophone`: kana agree and
 * kanji do not.
 */
export type NameLevel = 'full' | 'kanji' | 'misread' | 'kana' | 'homophone' | 'near' | 'different' | 'unknown';

export interface Comparison {
  readonly family: NameLevel;
  readonly given: NameLevel;
  readonly birth: BirthLevel;
  readonly sex: 'same' | 'different' | 'unknown';
  readonly phone: 'same' | 'different' | 'unknown';
  /** `line`: the rest of the address too. */
  readonly address: 'line' | 'postcode' | 'different' | 'unknown';
  readonly insurance: InsuranceLevel;
  /** A patient number that both records name. */
  readonly number: 'same' | 'unknown';
  /** Sum of the weights and the prior, in bits: log2 of the odds that the two are one person. */
  readonly score: number;
}

interface Script {
  readonly family: ScriptLevel;
  readonly given: ScriptLevel;
  /** What agreement is worth is measured by this reading. */
  readonly name: Name | undefined;
}

const NOT_WRITTEN: Script = { family: 'unknown', given: 'unknown', name: undefined };

/** A typing error, or a reading heard wrongly. One letter names leave no room for an error. */
const isNear = (a: string, b: string, looseA: string, looseB: string): boolean =>
  (looseA !== '' && looseA === looseB) ||
  (Math.max(a.length, b.length) > 1 && edits(a, b) <= (Math.min(a.length, b.length) > 5 ? 2 : 1));

const scriptLevel = (a: string, b: string, looseA: string, looseB: string): ScriptLevel => {
  if (a === '' || b === '') return 'unknown';
  if (a === b) return 'same';
  return isNear(a, b, looseA, looseB) ? 'near' : 'different';
};

const POINTS: Record<ScriptLevel, number> = { same: 3, near: 2, unknown: 1, different: 0 };

/** The pair of names, of all that both records have had, that agree best: who married is found by the old name. */
const compareScripts = (a: readonly Name[], b: readonly Name[]): Script => {
  let best = NOT_WRITTEN;
  let most = -1;
  for (const one of a)
    for (const other of b) {
      const family = scriptLevel(one.family, other.family, one.looseFamily, other.looseFamily);
      const given = scriptLevel(one.given, other.given, one.looseGiven, other.looseGiven);
      const points = 10 * POINTS[given] + POINTS[family];
      if (points <= most) continue;
      most = points;
      best = { family, given, name: one };
    }
  return best;
};

const nameLevel = (kanji: ScriptLevel, kana: ScriptLevel): NameLevel => {
  if (kanji === 'same') return kana === 'same' ? 'full' : kana === 'unknown' ? 'kanji' : 'misread';
  if (kana === 'same') return kanji === 'unknown' ? 'kana' : 'homophone';
  if (kanji === 'near' || kana === 'near') return 'near';
  return kanji === 'unknown' && kana === 'unknown' ? 'unknown' : 'different';
};

const meets = (a: readonly string[], b: readonly string[]): boolean => a.some((one) => b.includes(one));

const sameOr = (a: readonly string[], b: readonly string[]): 'same' | 'different' | 'unknown' =>
  a.length === 0 || b.length === 0 ? 'unknown' : meets(a, b) ? 'same' : 'different';

const compareAddresses = (a: Card, b: Card): Comparison['address'] => {
  const postcodes = sameOr(a.postcodes, b.postcodes);
  if (postcodes !== 'same') return postcodes;
  return meets(a.lines, b.lines) ? 'line' : 'postcode';
};

/** m of an agreement, and the weight of everything else. Estimates; test/functions/identity measures what they lead to. */
const WEIGHTS = {
  /** One in a million: a region's population. Two records taken at random are two people. */
  prior: -20,
  family: { near: 3, homophone: 4, different: -3.5, unknown: 0 },
  given: { near: 3, homophone: 4, different: -7, unknown: 0 },
  /** 1 / 25,000 days; a slip of the pen turns one date into one of about 60. */
  birth: { same: 14.5, near: 6, compatible: 4, different: -7, unknown: 0 },
  sex: { same: 1, different: -6, unknown: 0 },
  /** Families share it, so it says little of who in the house it is. */
  phone: { same: 10, different: -1.5, unknown: 0 },
  address: { line: 9, postcode: 7, different: -1.5, unknown: 0 },
  insurance: { person: 15, family: 10, relative: -6, other: -1, unknown: 0 },
  number: { same: 15, unknown: 0 },
} as const;

const M_NAME = 0.9;

const nameWeight = (level: NameLevel, share: number, weights: Readonly<Record<string, number>>): number =>
  level === 'full' || level === 'kanji' || level === 'kana' || level === 'misread'
    ? Math.log2(M_NAME / share)
    : weights[level]!;

export const compare = (a: Card, b: Card): Comparison => {
  const kanji = compareScripts(a.kanji, b.kanji);
  const kana = compareScripts(a.kana, b.kana);
  const levels = {
    family: nameLevel(kanji.family, kana.family),
    given: nameLevel(kanji.given, kana.given),
    birth: compareBirths(a.birth, b.birth),
    sex: a.sex && b.sex ? (a.sex === b.sex ? ('same' as const) : ('different' as const)) : ('unknown' as const),
    phone: sameOr(a.phones, b.phones),
    address: compareAddresses(a, b),
    insurance: compareInsurances(a.insurances, b.insurances),
    number: meets(a.numbers, b.numbers) ? ('same' as const) : ('unknown' as const),
  };
  const reading = kana.name ?? a.kana[0] ?? b.kana[0];
  const score =
    WEIGHTS.prior +
    nameWeight(levels.family, familyShare(reading?.looseFamily ?? ''), WEIGHTS.family) +
    nameWeight(levels.given, givenShare(reading?.looseGiven ?? ''), WEIGHTS.given) +
    WEIGHTS.birth[levels.birth] +
    WEIGHTS.sex[levels.sex] +
    WEIGHTS.phone[levels.phone] +
    WEIGHTS.address[levels.address] +
    WEIGHTS.insurance[levels.insurance] +
    WEIGHTS.number[levels.number];
  return { ...levels, score };
};

/**
 * Worth a comparison: what a look-up row tells of a candidate does not make it somebody else. Most rows that a common name or a care
 * home's telephone leads to end here. What an insurance number leads to has no card, and is always compared.
 */
export const mayBeOne = (a: Card, b: Card): boolean => {
  if (compareBirths(a.birth, b.birth) === 'different') return false;
  const kanji = compareScripts(a.kanji, b.kanji).given;
  const kana = compareScripts(a.kana, b.kana).given;
  return nameLevel(kanji, kana) !== 'different';
};
