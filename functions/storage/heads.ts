// The head of a patient's partition: whose records these are and who may see them (port.ts `Head`). Its row is read and written like
// any other, staged commits included; what it says lies deflated in `z`, its count of changes in `v`.
import { compress, decompress } from './codec.ts';
import type { Ids } from './ids.ts';
import { type Item, keyItem, keyName, number } from './items.ts';
import { key, SCHEMA } from './keys.ts';
import type { RowChange } from './plan.ts';
import type { Head, HeadWrite, Resources, Write } from './port.ts';
import type { View } from './reads.ts';
import type { Store } from './store.ts';
import type { Reader, Transactions } from './transactions.ts';

/** How a refusal names what was to be written. */
export const referenceOf = (write: Write): string => {
  if (write.kind === 'head') return `Patient/${write.patient} (its links and consents)`;
  const { type, id } = write.kind === 'delete' ? write.previous : write.draft;
  return `${type}/${id}`;
};

export const planHead = (ids: Ids, head: HeadWrite, write: number, now: number): RowChange => {
  const { patient, person, linked, policy, expectVersion } = head;
  const at = key.head(ids.patientKey(patient));
  const image: Item = {
    ...keyItem(at),
    n: { N: String(SCHEMA) },
    v: { N: String(expectVersion + 1) },
    u: { N: String(now) },
    z: { B: compress(JSON.stringify({ patient, person, linked, policy } satisfies Omit<Head, 'version'>)) },
  };
  return { key: at, image, expect: expectVersion === 0 ? 'unversioned' : { version: expectVersion }, write };
};

/** A new Patient makes sure that there is a head; where the same commit writes it, that is enough. */
export const withoutEnsured = (changes: readonly RowChange[]): RowChange[] => {
  const written = new Set(changes.filter(({ kind }) => kind !== 'head').map(({ key: at }) => keyName(at)));
  return changes.filter(({ kind, key: at }) => kind !== 'head' || !written.has(keyName(at)));
};

const headOf = (item: Item | undefined): Head | undefined =>
  item?.v && item.z?.B ? { ...JSON.parse(decompress(item.z.B)), version: number(item.v) } : undefined;

export const openHeads = (
  { ids }: Pick<Store, 'ids'>,
  transactions: Transactions,
  viewOf: (reader: Reader) => View,
): Pick<Resources, 'heads' | 'headsAt'> => {
  const headsAt: Resources['headsAt'] = (patientKeys) =>
    transactions.reading(async (reader) => {
      const keys = patientKeys.map((patientKey) => key.head(patientKey));
      const found = await viewOf(reader)([...new Map(keys.map((at) => [keyName(at), at])).values()]);
      return keys.map((at) => headOf(found.get(keyName(at))));
    });
  return { headsAt, heads: (patients) => headsAt(patients.map(ids.patientKey)) };
};
