// What of a person may be told to find them elsewhere, from all records of the person that the asker may see: numbers that mean
// something beyond this region, and, for who has opted in, what matching compares. Nothing else of a record leaves.
import type { Resource } from '../fhir/types.ts';
import { insurancesOf, MEMBER_ID } from '../identity/matching/insurance.ts';
import { ENDED, PAIRING } from '../identity/pairing.ts';
import { canonicalSystem } from '../terminology/systems.ts';
import { sha256 } from './assertion.ts';
import type { Demographics, IdentifierOf } from './messages.ts';

/** A facility's own patient numbers mean nothing elsewhere, and tell where the person is a patient. */
const FACILITY_NUMBER = /^urn:oid:1\.2\.392\.100495\.20\.3\.51\.1/;

type Node = Readonly<Record<string, unknown>>;
const nodes = (value: unknown): Node[] =>
  Array.isArray(value) ? value.filter((one): one is Node => typeof one === 'object' && one !== null) : [];
const text = (value: unknown, most: number): string | undefined =>
  typeof value === 'string' && value.length > 0 && value.length <= most ? value : undefined;
const texts = (value: unknown): string[] | undefined => {
  const found = Array.isArray(value) ? value.flatMap((one) => text(one, 200) ?? []).slice(0, 10) : [];
  return found.length > 0 ? found : undefined;
};
const given = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
const distinct = <T>(all: readonly T[], most: number): T[] =>
  [...new Map(all.map((one) => [JSON.stringify(one), one])).values()].slice(0, most);

export interface Evidence {
  readonly identifiers: readonly IdentifierOf[];
  readonly demographics: Demographics;
  readonly hash: string;
}

const travels = (system: string): boolean =>
  system === MEMBER_ID ||
  (system.startsWith('urn:') && !FACILITY_NUMBER.test(system) && system !== PAIRING && system !== ENDED);

const identifiersOf = (patient: Resource): IdentifierOf[] => {
  const written = nodes(patient.identifier).flatMap(({ system, value }) => {
    const [of, is] = [text(system, 300), text(value, 200)];
    return of && is ? [{ system: canonicalSystem(of), value: is }] : [];
  });
  // Insurance in parts becomes the one number that both sides compare.
  const insurances = insurancesOf(written).map(({ insurer, symbol, number, branch }) => ({
    system: MEMBER_ID,
    value: `${insurer}:${symbol}:${number}:${branch}`,
  }));
  return [...written.filter(({ system }) => travels(system)), ...insurances];
};

const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';

export const evidenceOf = (patients: readonly Resource[]): Evidence => {
  const all = (name: string) => patients.flatMap((patient) => nodes(patient[name]));
  const first = (name: string, most: number) => patients.map((patient) => text(patient[name], most)).find(Boolean);
  const identifiers = distinct(patients.flatMap(identifiersOf), 30);
  const demographics: Demographics = given({
    name: distinct(
      all('name').map((name) =>
        given({
          family: text(name.family, 200),
          given: texts(name.given),
          text: text(name.text, 300),
          use: text(name.use, 20),
          extension: representation(name),
        }),
      ),
      10,
    ),
    birthDate: first('birthDate', 10),
    gender: first('gender', 10),
    telecom: distinct(
      all('telecom').flatMap(({ system, value }) => {
        const is = text(value, 100);
        return is && system !== 'email' ? [given({ system: text(system, 20), value: is })] : [];
      }),
      20,
    ),
    address: distinct(
      all('address').map((address) =>
        given({
          postalCode: text(address.postalCode, 20),
          city: text(address.city, 100),
          line: texts(address.line),
          text: text(address.text, 300),
        }),
      ),
      10,
    ),
  });
  return { identifiers, demographics, hash: sha256(JSON.stringify([identifiers, demographics])) };
};

const representation = ({ extension }: Node) => {
  const code = text(nodes(extension).find(({ url }) => url === REPRESENTATION)?.valueCode, 10);
  return code ? [{ url: REPRESENTATION, valueCode: code }] : undefined;
};
