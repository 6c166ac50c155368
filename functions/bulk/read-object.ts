// An object in S3 as a stream of ranges: each is a request of its own, tried again by itself, however long the file takes.
import { type Aws, AwsError, escaped, openAws } from '../services/aws-fetch.ts';

const RANGE_BYTES = 8 << 20;

/** The bytes of `name`, from the start. */
export const readObject = async function* (
  bucket: string,
  name: string,
  aws: Aws = openAws('s3', { host: (region) => `${bucket}.s3.${region}.amazonaws.com` }),
): AsyncGenerator<Uint8Array> {
  // An endpoint of one's own knows no bucket by its host name.
  const folder = aws.endpoint.hostname.startsWith(`${bucket}.`) ? '' : `/${bucket}`;
  const path = `${folder}/${name.split('/').map(escaped).join('/')}`;
  let etag: string | undefined;
  for (let from = 0; ; ) {
    const answer = await aws.send({
      method: 'GET',
      path,
      // The same upload from beginning to end, should somebody use the address twice.
      headers: { range: `bytes=${from}-${from + RANGE_BYTES - 1}`, ...(etag && { 'if-match': etag }) },
    });
    if (answer.status === 416 && from === 0) return; // an empty file
    if (!answer.ok) throw new AwsError('GetObject', answer.status, 'S3');
    const { bytes } = answer;
    if (bytes.length > 0) yield bytes;
    from += bytes.length;
    etag = answer.header('etag');
    const size = Number(/\/(\d+)$/.exec(answer.header('content-range') ?? '')?.[1] ?? from);
    if (from >= size || bytes.length === 0) return;
  }
};
