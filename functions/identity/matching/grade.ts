// When two records are one person. A score alone never links: twins share everything but the given name and the branch of their
// insurance, and neighbours and cousins of one name live at one postcode and may share a birthday, so each way to certainty is
// spelled out, and asks for what none of these has. Whatever speaks against it makes it a question for people.
import type { Comparison, NameLevel } from './compare.ts';

export type Grade = 'certain' | 'possible' | 'none';

/** Odds of 16,000 to 1, whatever the rules below say: a common name at a large postcode is not enough. */
const CERTAIN_BITS = 14;
/** Even odds less one bit; below, nobody is asked. */
const POSSIBLE_BITS = -1;
/** Of `Patient/$match`: likely, but not certain. */
const PROBABLE_BITS = 10;

const AGREES: ReadonlySet<NameLevel> = new Set(['full', 'kanji', 'kana']);
/** A family is one family, however its name is read. */
const FAMILY_AGREES: ReadonlySet<NameLevel> = new Set([...AGREES, 'misread']);

/** Something that no other person of that name and birth date has. A postcode has a thousand people, and two of one name among them. */
const sharesContact = ({ phone, address }: Comparison) => phone === 'same' || address === 'line';
const sharesInsurance = ({ insurance }: Comparison) => insurance === 'person' || insurance === 'family';
const sharesHome = ({ phone, address }: Comparison) =>
  phone === 'same' && (address === 'line' || address === 'postcode');

/** What makes a pair a question, whatever agrees. */
export const contradicts = ({ given, birth, sex, insurance }: Comparison): boolean =>
  given === 'different' || given === 'near' || birth === 'different' || sex === 'different' || insurance === 'relative';

/** Name and birth date agree, and one thing more. */
const isOrdinary = (pair: Comparison) =>
  FAMILY_AGREES.has(pair.family) &&
  AGREES.has(pair.given) &&
  pair.birth === 'same' &&
  (sharesContact(pair) || sharesInsurance(pair) || pair.number === 'same');

/** The birth date was mistyped. Father and son may share a name and a house, but are not born on days one slip apart. */
const hasBirthSlip = (pair: Comparison) =>
  FAMILY_AGREES.has(pair.family) &&
  (pair.given === 'full' || pair.given === 'kanji') &&
  pair.birth === 'near' &&
  pair.sex === 'same' &&
  (sharesInsurance(pair) || sharesHome(pair) || pair.number === 'same');

/** The family name changed or was mistyped. Given name and birth date alone are shared by strangers, a telephone with them is not. */
const hasOtherFamily = (pair: Comparison) =>
  !FAMILY_AGREES.has(pair.family) &&
  (pair.given === 'full' || (pair.given === 'kanji' && pair.family === 'near')) &&
  pair.birth === 'same' &&
  pair.sex === 'same' &&
  (pair.phone === 'same' ||
    sharesInsurance(pair) ||
    (pair.family === 'near' && pair.address === 'line') ||
    pair.number === 'same');

/** The given name agrees in one script and not in the other: the branch of the insurance must say that it is not a twin. */
const agreesInOneScript = (pair: Comparison) =>
  FAMILY_AGREES.has(pair.family) &&
  (pair.given === 'homophone' || pair.given === 'misread') &&
  pair.birth === 'same' &&
  pair.sex === 'same' &&
  (pair.insurance === 'person' || (pair.given === 'misread' && pair.number === 'same'));

export const isCertain = (pair: Comparison): boolean =>
  pair.score >= CERTAIN_BITS &&
  !contradicts(pair) &&
  (isOrdinary(pair) || hasBirthSlip(pair) || hasOtherFamily(pair) || agreesInOneScript(pair));

/**
 * Whether two records may come to be one person's for the sake of a third that is certain of both. Nothing speaks against it, and a
 * given name that agrees in one script alone, as that of a twin may, is certain by itself.
 */
export const mayStandTogether = (pair: Comparison): boolean =>
  !contradicts(pair) && (isCertain(pair) || (pair.given !== 'homophone' && pair.given !== 'misread'));

/**
 * Another given name altogether, or another birth date that no slip explains, is another person: father and son of one house share all
 * the rest. Unless something says that it is this very one.
 */
const isSomebodyElse = ({ given, birth, insurance, number }: Comparison) =>
  (given === 'different' || birth === 'different') && insurance !== 'person' && number !== 'same';

export const grade = (pair: Comparison): Grade => {
  if (isCertain(pair)) return 'certain';
  return pair.score >= POSSIBLE_BITS && !isSomebodyElse(pair) ? 'possible' : 'none';
};

/** https://hl7.org/fhir/R4/valueset-match-grade.html */
export const matchGrade = (pair: Comparison): 'certain' | 'probable' | 'possible' | 'certainly-not' => {
  const level = grade(pair);
  if (level === 'certain') return 'certain';
  if (level === 'none') return 'certainly-not';
  return pair.score >= PROBABLE_BITS && !contradicts(pair) ? 'probable' : 'possible';
};

/** 0 to 1, for `Bundle.entry.search.score`: the probability that the odds stand for. */
export const probability = ({ score }: Comparison): number => Math.round(10_000 / (1 + 2 ** -score)) / 10_000;
