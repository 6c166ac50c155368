// Who a record may be, by the look-up rows of `registry`; all look-ups at once.
import type { Resource } from '../fhir/types.ts';
import { END } from '../search/lookups.ts';
import type { Resources } from '../storage/port.ts';
import { insuredBlock, patientOfRow } from './insured.ts';
import { compareBirths } from './matching/birth-date.ts';
import { type Block, blocksOf } from './matching/blocking.ts';
import { type Card, cardOf } from './matching/card.ts';
import { mayBeOne } from './matching/compare.ts';
import { type Insurance, MEMBER_ID } from './matching/insurance.ts';

/** Some 5,000 rows: more people of one name or one birthday than any region has. */
const MOST_PAGES = 1;
/** A telephone of a care home, a number that a clerk types for all: beyond this many, what a look-up proposes is not worth a read. */
const MOST_CANDIDATES = 150;

/** What a row tells of a candidate, in the form of the Patient that it was made of. */
const cardOfRow = (text: string): Card => {
  const {
    n = [],
    b,
    g,
    t = [],
    z = [],
  } = JSON.parse(text) as {
    n?: [string, string][];
    b?: string;
    g?: string;
    t?: string[];
    z?: string[];
  };
  return cardOf({
    resourceType: 'Patient',
    name: n.map(([family, given]) => ({ family, given: [given] })),
    ...(b && { birthDate: b }),
    ...(g && { gender: g }),
    telecom: t.map((value) => ({ system: 'phone', value })),
    address: z.map((postalCode) => ({ postalCode })),
  });
};

/** A name's row is sorted by the birth date, so most of them need not be parsed. */
const isBornElsewhen = ({ birth }: Card, sort: string): boolean =>
  compareBirths(birth, sort.slice(sort.lastIndexOf(END) + 1)) === 'different';

const read = async (resources: Resources, block: Block, own: Card): Promise<string[]> => {
  const found: string[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { rows, next } = await resources.lookup({ ...block, after });
    for (const { type, id, card, sort } of rows) {
      if (type !== 'Patient' || (block.bucket === 'name' && isBornElsewhen(own, sort))) continue;
      if (card === undefined || block.bucket === 'identifier' || mayBeOne(own, cardOfRow(card))) found.push(id);
    }
    if (next === undefined) break;
    after = next;
  }
  return found;
};

/** Who is known under this number by a Coverage, whatever stands in the Patient (insured.ts). */
const readInsuredRows = async (resources: Resources, insurance: Insurance): Promise<string[]> => {
  const { bucket, key, sort } = insuredBlock(insurance);
  const { rows } = await resources.lookup({ bucket, key, sortPrefix: sort });
  return rows.flatMap(({ card }) => patientOfRow(card) ?? []);
};

/** An insurance as Patients write it among their identifiers. */
const asIdentifier = ({ insurer, symbol, number, branch }: Insurance) => ({
  system: MEMBER_ID,
  value: [insurer, symbol, number, branch].join(':'),
});

/** The Patient with the insurances that are known by Coverages, as others may have written them among their identifiers. */
export const sought = (patient: Resource, others: readonly Insurance[]): Resource => {
  const identifier = Array.isArray(patient.identifier) ? patient.identifier : [];
  return others.length === 0 ? patient : { ...patient, identifier: [...identifier, ...others.map(asIdentifier)] };
};

/**
 * Ids of Patients that are worth a comparison, itself left out.
 *
 * @param others insurances that are known by Coverages
 */
export const candidatesOf = async (
  resources: Resources,
  written: Resource,
  others: readonly Insurance[] = [],
): Promise<string[]> => {
  const patient = sought(written, others);
  const own = cardOf(patient);
  // A name alone proves nothing, whoever has it.
  const saysMore = own.birth !== undefined || own.phones.length + own.insurances.length > 0;
  const blocks = blocksOf(patient).filter(({ bucket }) => saysMore || bucket === 'identifier');
  const found = await Promise.all([
    ...own.insurances.map((insurance) => readInsuredRows(resources, insurance)),
    ...blocks.map((block) => read(resources, block, own)),
  ]);
  const ids = new Set(found.flat());
  ids.delete(patient.id ?? '');
  return [...ids].slice(0, MOST_CANDIDATES);
};
