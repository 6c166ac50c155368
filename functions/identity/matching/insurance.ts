// 被保険者個人識別子: `insurer:symbol:number:branch`. A family shares all of it but the branch 枝番, which half of all systems leave out.
import { foldIdentifier } from '../../search/extract.ts';
import { canonicalSystem } from '../../terminology/systems.ts';

export const MEMBER_ID = 'http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID';

export interface Insurance {
  readonly insurer: string;
  readonly symbol: string;
  readonly number: string;
  /** Two digits, or empty where the system does not know it. */
  readonly branch: string;
}

export interface WrittenIdentifier {
  readonly system: string;
  readonly value: string;
}

const PARTS = [
  ['insurer', 'InsurerNumber'],
  ['symbol', 'InsuredPersonSymbol'],
  ['number', 'InsuredPersonNumber'],
  ['branch', 'InsuredPersonSubnumber'],
] as const;

const FORM = /^(\d{1,8}):([^:]*):([^:]*):(\d{0,2})$/;

const padded = (digits: string, width: number) => (digits === '' ? '' : digits.padStart(width, '0'));

/** Symbols are written with and without hyphens, and numbers with zeros in front. */
const plain = (text: string) =>
  foldIdentifier(text)
    .replace(/[\s・･‐－ー-]/g, '')
    .replace(/^0+(?=.)/, '');

export const insuranceOf = (insurer: string, symbol: string, number: string, branch: string): Insurance => ({
  insurer: padded(foldIdentifier(insurer).replace(/\D/g, ''), 8),
  symbol: plain(symbol),
  number: plain(number),
  branch: padded(foldIdentifier(branch).replace(/\D/g, ''), 2),
});

/** One string 被保険者個人識別子; none where it is not of its form. */
export const parsedInsurance = (value: string): Insurance[] => {
  const parts = FORM.exec(foldIdentifier(value).replace(/\s/g, ''));
  return parts?.[3] ? [insuranceOf(parts[1]!, parts[2]!, parts[3], parts[4]!)] : [];
};

/** Every insurance that a record names, past ones too: insurance changes with job and age. */
export const insurancesOf = (identifiers: readonly WrittenIdentifier[]): Insurance[] => {
  const whole = identifiers
    .filter(({ system }) => canonicalSystem(system) === MEMBER_ID)
    .flatMap(({ value }) => parsedInsurance(value));
  const part = (name: string) =>
    identifiers.find(({ system }) => canonicalSystem(system).endsWith(`/IdSystem/${name}`))?.value ?? '';
  const [insurer, symbol, number, branch] = PARTS.map(([, name]) => part(name));
  return insurer && number ? [...whole, insuranceOf(insurer, symbol!, number, branch!)] : whole;
};

/**
 * `person`: all parts agree. `family`: a branch is missing, so it may be anybody of the family. `relative`: the branches differ, so it
 * is somebody else of it. `other`: no insurance in common, as after a change of job.
 */
export type InsuranceLevel = 'person' | 'family' | 'relative' | 'other' | 'unknown';

const levelOf = (a: Insurance, b: Insurance): InsuranceLevel => {
  if (a.insurer !== b.insurer || a.number !== b.number || a.symbol !== b.symbol) return 'other';
  if (a.branch === '' || b.branch === '') return 'family';
  return a.branch === b.branch ? 'person' : 'relative';
};

/** Evidence against outweighs evidence for: two records that differ in one branch and agree in another are for people to look at. */
const ORDER: readonly InsuranceLevel[] = ['relative', 'person', 'family', 'other'];

export const compareInsurances = (a: readonly Insurance[], b: readonly Insurance[]): InsuranceLevel => {
  if (a.length === 0 || b.length === 0) return 'unknown';
  const found = new Set(a.flatMap((one) => b.map((other) => levelOf(one, other))));
  return ORDER.find((level) => found.has(level)) ?? 'unknown';
};

/** Insurer, symbol and number: the same for a whole family, however a system writes them. */
export const familyKey = ({ insurer, symbol, number }: Insurance): string => `${insurer}:${symbol}:${number}`;
