// Archived records in the Object Lock bucket, whose default retention keeps every version for the years of the region file.
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { type Aws, AwsError, openAws } from '../services/aws-fetch.ts';
import type { Line } from './stream.ts';

export interface RecordArchive {
  /** False when there is such an object already. */
  create(name: string, gzipped: Uint8Array): Promise<boolean>;
  /** Names under a folder, in order. */
  list(folder: string): AsyncIterable<string>;
  read(name: string): Promise<readonly Line[]>;
}

/** More than a batch of the stream can hold. */
const MOST_BYTES = 64 * 1024 * 1024;

export const openRecordArchive = (bucket: string, s3: Pick<Aws, 'send'> = openAws('s3')): RecordArchive => ({
  create: async (name, gzipped) => {
    const answer = await s3.send({
      method: 'PUT',
      path: `/${bucket}/${name}`,
      headers: {
        'content-type': 'application/gzip',
        'if-none-match': '*',
        // S3 asks for a checksum where objects are locked.
        'x-amz-checksum-sha256': createHash('sha256').update(gzipped).digest('base64'),
      },
      body: gzipped,
    });
    if (answer.ok) return true;
    if (answer.status === 412) return false;
    // 409: the same name is being written at this moment. Whether that will succeed is not known, so the batch comes again.
    throw new AwsError('PutObjectFailed', answer.status, 's3');
  },
  list: async function* (folder) {
    let token: string | undefined;
    do {
      const query = { 'list-type': '2', prefix: folder, ...(token !== undefined && { 'continuation-token': token }) };
      const answer = await s3.send({ method: 'GET', path: `/${bucket}`, query });
      const text = answer.text();
      if (!answer.ok) throw new AwsError('ListObjectsFailed', answer.status, 's3');
      for (const [, name] of text.matchAll(/<Key>([^<]*)<\/Key>/g)) yield name!;
      token = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/.exec(text)?.[1];
    } while (token !== undefined);
  },
  read: async (name) => {
    const answer = await s3.send({ method: 'GET', path: `/${bucket}/${name}` });
    if (!answer.ok) throw new AwsError('GetObjectFailed', answer.status, 's3');
    return linesOf(answer.bytes);
  },
});

export const linesOf = (gzipped: Uint8Array): Line[] =>
  gunzipSync(gzipped, { maxOutputLength: MOST_BYTES })
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

/** For tests. */
export const memoryRecordArchive = (): RecordArchive & { readonly objects: Map<string, Uint8Array> } => {
  const objects = new Map<string, Uint8Array>();
  return {
    objects,
    create: async (name, gzipped) => !objects.has(name) && !!objects.set(name, gzipped),
    list: async function* (folder) {
      yield* [...objects.keys()].filter((name) => name.startsWith(folder)).sort();
    },
    read: async (name) => linesOf(objects.get(name)!),
  };
};
