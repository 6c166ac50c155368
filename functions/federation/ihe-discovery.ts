// ITI-55 as the initiating gateway: numbers first; then, for who has opted in, name, birth date and sex; then what the community asks for
// more, as far as it may be told. Nothing else of the person leaves.
// https://profiles.ihe.net/ITI/TF/Volume2/ITI-55.html
import type { Resource } from '../fhir/types.ts';
import { cardOf } from '../identity/matching/card.ts';
import { type Comparison, compare, type NameLevel } from '../identity/matching/compare.ts';
import { contradicts, grade } from '../identity/matching/grade.ts';
import { familyKey, MEMBER_ID, parsedInsurance } from '../identity/matching/insurance.ts';
import type { Identifier, PatientData } from '../ihe/patient.ts';
import { fromFhir, toFhir } from '../ihe/patient-fhir.ts';
import type { DemographicQuery, DiscoveryAnswer, RequestedAttribute } from '../ihe/ports.ts';
import type { IheContract } from './contract.ts';
import type { Correlation } from './correlations.ts';
import type { Evidence } from './evidence.ts';
import type { Finding } from './find-there.ts';
import { PeerFault } from './peer-http.ts';

/** What was told: numbers; name, birth date and sex; address or telephone with them. */
type How = 'identifiers' | 'name' | 'contact';
const howOf = (how: How) => (how === 'identifiers' ? how : 'demographics');
export type Discover = (query: DemographicQuery) => Promise<DiscoveryAnswer>;

const NOBODY: DemographicQuery = { identifiers: [], names: [], addresses: [], phones: [], domains: [] };

const patientOf = ({ identifiers, demographics }: Evidence): Resource => ({
  resourceType: 'Patient',
  identifier: identifiers,
  ...demographics,
});

/** A patient's number as XDS writes it (CX): `number^^^&oid&ISO`. */
export const cxOf = (value: string, authority: string): string => `${value}^^^&${authority}&ISO`;

/** Whatever name the authority has beside its OID. */
export const isSamePatient = (one: string, other: string): boolean => {
  const parts = (cx: string) => {
    const [number, , , authority = ''] = cx.split('^');
    return JSON.stringify([number, authority.split('&')[1]]);
  };
  return parts(one) === parts(other);
};

/** Whom a community does not know by one number it may know by the next; more are not told. */
const MOST_NUMBERS = 4;

/** An insurance with its branch 枝番: without, it is a family's. As it was written, since others may compare it as text. */
const insurancesAs = (authority: string | undefined, { identifiers }: Evidence): Identifier[] => {
  if (authority === undefined) return [];
  const told = new Map<string, Identifier>();
  for (const { system, value } of identifiers) {
    const [insurance] = system === MEMBER_ID ? parsedInsurance(value) : [];
    const name = insurance && `${familyKey(insurance)}:${insurance.branch}`;
    if (insurance?.branch && name && !told.has(name)) told.set(name, { authority: { oid: authority }, value });
  }
  return [...told.values()];
};

export interface Discovering {
  readonly discover: Discover;
  readonly contract: IheContract;
  /** OID of our own community: numbers below it mean the least elsewhere. */
  readonly own: string;
  readonly now: number;
}

export const discoverThere = async (
  { discover, contract, own, now }: Discovering,
  { evidence, basis, sharing }: Finding,
): Promise<Correlation | undefined> => {
  if (sharing === 'nothing' || sharing === 'refused') return undefined;
  const ours = fromFhir(patientOf(evidence));
  const judged = (answer: DiscoveryAnswer, how: How): Correlation => {
    if (answer.kind === 'unavailable') throw unavailable(answer.reason);
    const handle = answer.kind === 'matches' ? handleOf(answer.matches, contract, evidence, how) : undefined;
    if (handle) return { kind: 'match', how: howOf(how), ...handle, basis, at: now };
    return { kind: answer.kind === 'none' ? 'none' : 'ask', basis, evidence: evidence.hash, at: now };
  };

  let found: Correlation | undefined;
  const isOwn = ({ authority }: Identifier) => authority.oid.startsWith(`${own}.`);
  const numbers = [
    ...insurancesAs(contract.ihe.insuranceAuthority, evidence),
    ...[...ours.identifiers].sort((a, b) => Number(isOwn(a)) - Number(isOwn(b))),
  ];
  // One by one: several in a question are "all of them" to some responders, and "any" to others; and what is not needed is not told.
  for (const number of numbers.slice(0, MOST_NUMBERS)) {
    const by = judged(await discover({ ...NOBODY, identifiers: [number] }), 'identifiers');
    if (by.kind === 'match') return by;
    if (found?.kind !== 'ask') found = by;
  }
  // Table 3.55.4.1.2-1: without a number, a name and a birth date are needed.
  if (sharing !== 'demographics' || ours.names.length === 0 || ours.birthDate === undefined) return found;
  const { names, birthDate, gender, addresses, phones } = ours;
  const first: DemographicQuery = { ...NOBODY, names, birthDate, ...(gender && { gender }) };
  const answer = await discover(first);
  const byName = judged(answer, 'name');
  if (byName.kind !== 'ask') return byName;
  // It asks for more, or is not to be believed yet: then it is told what it asks for, or all that may be told.
  const more = answer.kind === 'ask' ? wanted(answer.attributes, ours) : { addresses, phones };
  if ((more.addresses?.length ?? 0) + (more.phones?.length ?? 0) === 0) return byName;
  return judged(await discover({ ...first, ...more }), 'contact');
};

/** What it asks for and we have. */
const wanted = (
  attributes: readonly RequestedAttribute[],
  { addresses, phones }: PatientData,
): Partial<Pick<DemographicQuery, 'addresses' | 'phones'>> => ({
  ...(attributes.includes('PatientAddressRequested') && { addresses }),
  ...(attributes.includes('PatientTelecomRequested') && { phones }),
});

const unavailable = (reason: 'ResponderBusy' | 'AnswerNotAvailable') =>
  reason === 'ResponderBusy'
    ? new PeerFault('transient', 'it is busy (ResponderBusy)', { isAnswer: true })
    : new PeerFault('processing', 'it cannot answer a discovery (AnswerNotAvailable)');

/** Of a community behind it, or under another authority than was agreed on: nobody whom we have a contract about. */
const handleOf = (
  matches: Extract<DiscoveryAnswer, { kind: 'matches' }>['matches'],
  { community, ihe: { assigningAuthority } }: IheContract,
  evidence: Evidence,
  how: How,
): { handle: string; patients: string[] } | undefined => {
  if (matches.some((one) => one.community !== community))
    throw new PeerFault('security', 'its answer is refused: it names a patient of another community');
  const [match] = matches;
  // Several are told apart by more about the person, never by a guess.
  if (!match || matches.length > 1) return undefined;
  const number = match.patient.identifiers.find(({ authority }) => authority.oid === assigningAuthority)?.value;
  if (!number || /[\^&~|\s]/.test(number))
    throw new PeerFault('structure', 'its answer is refused: the patient has no number of the authority agreed on');
  const pair = compare(cardOf(patientOf(evidence)), cardOf(toFhir(match.patient)));
  return isBelieved(pair, how, match.score)
    ? { handle: cxOf(number, assigningAuthority), patients: [number] }
    : undefined;
};

/** Percent, of queryMatchObservation. */
const SURE = 95;
const AGREES: readonly NameLevel[] = ['full', 'kanji', 'kana'];

/**
 * How a community matches is not ours to know: a number may be mistyped, and two people share a name and a birthday. What it answers must
 * be certain by our own rules; where it keeps address and telephone to itself, it must have been told ours and be sure.
 */
const isBelieved = (pair: Comparison, how: How, score = 0): boolean => {
  if (contradicts(pair)) return false;
  if (how === 'identifiers' || grade(pair) === 'certain') return true;
  const isNamed = AGREES.includes(pair.family) && AGREES.includes(pair.given) && pair.birth === 'same';
  return how === 'contact' && isNamed && score >= SURE;
};
