// The second home of the audit trail: what the stream tells goes, compressed, into the Object Lock bucket. What somebody deletes
// from the table is still there, for as long as the region file says and whoever asks.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { RecordArchive } from './record-archive.ts';
import { type Change, changeOf, type StreamRecord } from './stream.ts';

export interface ArchiverDeps {
  readonly archive: Pick<RecordArchive, 'create'>;
  readonly log: (line: Record<string, unknown>) => void;
}

export interface Archived {
  /** Sequence number of the first record that could not be read: it and what follows come again. */
  readonly failed: string | undefined;
  readonly lines: number;
}

/**
 * One object for each day that the batch has records of. Its name is made from what it holds, so that the same batch, sent again,
 * finds it there; another cut of the same records makes another object, and the reader takes each record once.
 */
export const archiveBatch = async (
  { archive, log }: ArchiverDeps,
  records: readonly StreamRecord[],
): Promise<Archived> => {
  const changes: Change[] = [];
  let failed: string | undefined;
  for (const record of records) {
    try {
      const change = changeOf(record);
      if (change) changes.push(change);
    } catch {
      failed = record.dynamodb?.SequenceNumber ?? '';
      break;
    }
  }
  for (const { line, time } of changes)
    if (!('added' in line)) {
      // Nothing of ours does this (infra/permissions.ts); an alarm counts these lines (functions/abuse/alert.ts).
      log({ level: 'error', event: 'audit-tampering', what: 'removed' in line ? 'removed' : 'changed', time });
    }
  const first = records[0]?.dynamodb?.SequenceNumber ?? '0';
  for (const [day, ofDay] of Map.groupBy(changes, ({ time }) => new Date(time).toISOString().slice(0, 10))) {
    const text = ofDay.map(({ line }) => `${JSON.stringify(line)}\n`).join('');
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
    await archive.create(`${folderOf(day)}${first}-${digest}.ndjson.gz`, gzipSync(text));
  }
  return { failed, lines: changes.length };
};

/** `records/2026/11/22/`. */
export const folderOf = (day: string): string => `records/${day.replaceAll('-', '/')}/`;
