// Which rows of `registry` lead to whoever a record may be: the rows are those that search keeps (search/lookups.ts).
import type { Resource } from '../../fhir/types.ts';
import { foldIdentifier } from '../../search/extract.ts';
import { loose } from '../../search/kana.ts';
import { END, lookups } from '../../search/lookups.ts';
import type { Lookup } from '../../storage/port.ts';
import { MEMBER_ID } from './insurance.ts';

export interface Block {
  readonly bucket: Lookup['bucket'];
  readonly key: string;
  readonly sortPrefix: string;
}

/** Branches that families of insured people have: the first ten. */
const BRANCHES = Array.from({ length: 10 }, (_, at) => `0${at}`);

/** A member id with and without its branch: half of all systems leave it out. */
const memberIds = (value: string): string[] => {
  const parts = /^(.*:)(\d{0,2})$/.exec(foldIdentifier(value));
  if (!parts) return [];
  const [, family = '', branch] = parts;
  return branch ? [family, family + branch] : [family, ...BRANCHES.map((one) => family + one)];
};

/** Family and given name together: a given name alone has a row too, and leads to thousands. */
const wholeNames = ({ name }: Resource): Set<string> =>
  new Set(
    (Array.isArray(name) ? name : []).map(({ family, given, text }) =>
      loose(family || given ? [family, ...(Array.isArray(given) ? given : [])].join('') : String(text ?? '')),
    ),
  );

/**
 * By whole name, whatever the birth date; by birth date, whatever the name; by telephone; by insurance and other numbers. A postcode
 * leads to nobody whom the birth date or the name does not lead to: with both of them wrong it takes a telephone or a number.
 */
export const blocksOf = (patient: Resource): Block[] => {
  const rows = lookups(patient, false);
  const wholes = wholeNames(patient);
  const blocks = rows.flatMap(({ bucket, key, sort }): Block[] => {
    switch (bucket) {
      case 'name':
        return wholes.has(sort.slice(0, sort.lastIndexOf(END)))
          ? [{ bucket, key, sortPrefix: sort.slice(0, sort.lastIndexOf(END) + 1) }]
          : [];
      case 'birth':
      case 'phone':
        return [{ bucket, key, sortPrefix: '' }];
      case 'identifier':
        return sort === MEMBER_ID
          ? memberIds(key).map((one) => ({ bucket, key: one, sortPrefix: sort }))
          : [{ bucket, key, sortPrefix: sort }];
      default:
        return [];
    }
  });
  return [...new Map(blocks.map((block) => [`${block.bucket}|${block.key}|${block.sortPrefix}`, block])).values()];
};
