// The table held against its archive, a day at a time: whatever was archived must still stand in the table as it was.
import { folderOf } from './archiver.ts';
import { key, readOpening, readRecord } from './record.ts';
import type { RecordArchive } from './record-archive.ts';
import { itemOf } from './stream.ts';
import type { AuditTable } from './table.ts';
import { type Finding, numbered } from './verify-chain.ts';

export interface ArchiveCheck {
  readonly findings: readonly Finding[];
  /** Different records and openings found in the archive. */
  readonly archived: number;
}

interface Place {
  readonly p: string;
  readonly s: string;
}

export const verifyArchiveDay = async (
  table: Pick<AuditTable, 'get'>,
  archive: Pick<RecordArchive, 'list' | 'read'>,
  day: string,
): Promise<ArchiveCheck> => {
  const findings: Finding[] = [];
  /** Place → every content that was ever archived for it; there must be one. */
  const seen = new Map<string, { at: Place; contents: Set<string>; objects: string }>();
  for await (const object of archive.list(folderOf(day))) {
    for (const line of await archive.read(object)) {
      if ('removed' in line) {
        findings.push({ kind: 'deleted', what: `${nameOf(line.removed)}, as the stream saw (${object})` });
        continue;
      }
      if ('changed' in line)
        findings.push({ kind: 'changed', what: `${nameOf(line.changed.now)}, as the stream saw (${object})` });
      const image = 'changed' in line ? line.changed.before : line.added;
      const at = { p: image.p?.S ?? '', s: image.s?.S ?? '' };
      const place = `${at.p} ${at.s}`;
      const known = seen.get(place) ?? { at, contents: new Set<string>(), objects: object };
      known.contents.add(contentOf(itemOf(image)));
      seen.set(place, known);
    }
  }
  for (const { at, contents, objects } of seen.values()) {
    const item = await table.get(at);
    const what = `${nameOf({ p: { S: at.p }, s: { S: at.s } })}: the archive has it (${objects})`;
    if (!item) findings.push({ kind: 'deleted', what });
    else if (contents.size > 1 || !contents.has(contentOf(item)))
      findings.push({ kind: 'changed', what: `${what} otherwise` });
  }
  return { findings, archived: seen.size };
};

/** All that an item says, as one text. */
const contentOf = (item: Parameters<typeof readRecord>[0]): string => {
  if (item.p?.S?.startsWith('O#')) return JSON.stringify(readOpening(item));
  const { hash, previous } = readRecord(item);
  return `${hash.toString('hex')} ${previous.toString('hex')} ${Buffer.from(item.h?.B ?? []).toString('hex')}`;
};

const nameOf = (image: { readonly p?: { readonly S?: string }; readonly s?: { readonly S?: string } }): string => {
  const [p = '', s = ''] = [image.p?.S, image.s?.S];
  if (p.startsWith('C#')) return `${numbered(Number(s.split('#')[1]))} of chain ${p.slice(2)}`;
  if (p.startsWith('O#')) return `the opening of chain ${s.split('#')[1]}`;
  if (p === key.seal.p.S) return 'the note of how far the trail is sealed';
  return `a pointer to chain ${s.split('#')[1]}`; // not whose: that would name a person in a report
};
