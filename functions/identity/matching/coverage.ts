// Insurance as JP Core writes it: a Coverage with the insurer 保険者番号 as payor and symbol, number and branch 記号・番号・枝番 as
// extensions. https://jpfhir.jp/fhir/core/1.2.0/StructureDefinition-jp-coverage.html
import type { Resource } from '../../fhir/types.ts';
import { canonicalSystem } from '../../terminology/systems.ts';
import { type Insurance, insuranceOf, MEMBER_ID, parsedInsurance } from './insurance.ts';

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const nodes = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

const EXTENSION = 'http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Coverage_InsuredPerson';
const INSURER = 'http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber';

const numberOf = (identifier: unknown): string =>
  isNode(identifier) && canonicalSystem(text(identifier.system)) === INSURER ? text(identifier.value) : '';

/** 保険者番号 of an Organization. */
export const insurerNumber = ({ identifier }: Node): string => nodes(identifier).map(numberOf).find(Boolean) ?? '';

/** Organizations that the payors are given by, and that must be read for their number. */
export const payorsToRead = ({ payor }: Resource): string[] =>
  nodes(payor).flatMap(({ reference }) => /^Organization\/([A-Za-z0-9\-.]{1,64})$/.exec(text(reference))?.[1] ?? []);

/** Who is insured. */
export const beneficiaryOf = ({ beneficiary }: Resource): string | undefined =>
  isNode(beneficiary) ? /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec(text(beneficiary.reference))?.[1] : undefined;

/** `記号・番号` in one, as the card prints it; the branch never stands there. */
const printed = (subscriber: string): readonly [symbol: string, number: string] => {
  const parts = subscriber.split(/[・･:：]/).filter(Boolean);
  return parts.length === 2 ? [parts[0]!, parts[1]!] : ['', parts.length === 1 ? subscriber : ''];
};

/**
 * The insurance that a Coverage shows, by its one string 被保険者個人識別子 or by its parts; none for public payers 公費, self-payers and
 * whatever names no insurer.
 *
 * @param payors the Organizations of `payorsToRead`
 */
export const coverageInsurance = (coverage: Resource, payors: readonly Resource[]): Insurance | undefined => {
  const whole = [...nodes(coverage.identifier), { system: MEMBER_ID, value: coverage.subscriberId }]
    .filter(({ system }) => canonicalSystem(text(system)) === MEMBER_ID)
    .flatMap(({ value }) => parsedInsurance(text(value)));
  const contained = nodes(coverage.contained);
  const insurer = [
    ...nodes(coverage.payor).map(({ identifier }) => numberOf(identifier)),
    ...nodes(coverage.payor).flatMap(({ reference }) =>
      contained.filter(({ id }) => text(reference) === `#${text(id)}`).map(insurerNumber),
    ),
    ...payors.map(insurerNumber),
  ].find(Boolean);
  const part = (name: string) =>
    text(nodes(coverage.extension).find(({ url }) => url === `${EXTENSION}${name}`)?.valueString);
  const [printedSymbol, printedNumber] = printed(text(coverage.subscriberId));
  const number = part('Number') || printedNumber;
  if (whole.length > 0 || !insurer || !number) return whole[0];
  const symbol = part('Symbol') || (part('Number') ? '' : printedSymbol);
  return insuranceOf(insurer, symbol, number, part('SubNumber') || text(coverage.dependent));
};
