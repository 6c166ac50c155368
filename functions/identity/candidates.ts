// Who a record may be, by the look-up rows of `registry`; all look-ups at once.
import type { Resource } from '../fhir/types.ts';
import type { Resources } from '../storage/port.ts';
import { type Block, blocksOf } from './matching/blocking.ts';
import { type Card, cardOf } from './matching/card.ts';
import { mayBeOne } from './matching/compare.ts';

/** A name that a whole town has leads to thousands; the birth date, the telephone and the insurance lead to the same people by shorter ways. */
const MOST_PAGES = 5;
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

const read = async (resources: Resources, block: Block, own: Card): Promise<string[]> => {
  const found: string[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { rows, next } = await resources.lookup({ ...block, after });
    for (const { type, id, card } of rows) {
      if (type !== 'Patient') continue;
      if (card === undefined || block.bucket === 'identifier' || mayBeOne(own, cardOfRow(card))) found.push(id);
    }
    if (next === undefined) break;
    after = next;
  }
  return found;
};

/** Ids of Patients that are worth a comparison, itself left out. */
export const candidatesOf = async (resources: Resources, patient: Resource): Promise<string[]> => {
  const own = cardOf(patient);
  const found = await Promise.all(blocksOf(patient).map((block) => read(resources, block, own)));
  const ids = new Set(found.flat());
  ids.delete(patient.id ?? '');
  return [...ids].slice(0, MOST_CANDIDATES);
};
