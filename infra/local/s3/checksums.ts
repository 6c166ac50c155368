// Integrity of an upload: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ServiceError } from '../front/service.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const ALGORITHMS: Record<string, (body: Buffer) => string> = {
  'x-amz-checksum-crc32': (body) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes.toString('base64');
  },
  'x-amz-checksum-sha1': (body) => createHash('sha1').update(body).digest('base64'),
  'x-amz-checksum-sha256': (body) => createHash('sha256').update(body).digest('base64'),
};

/** The checksums that the client gave, once they are found to be right. */
export const verifiedChecksums = (headers: Headers, body: Buffer): Record<string, string> => {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!/^x-amz-checksum-(crc|sha)/.test(name)) continue;
    const compute = ALGORITHMS[name];
    if (!compute) throw new ServiceError('NotImplemented', `the S3 stand-in does not compute ${name}`, 501);
    if (compute(body) !== value) {
      throw new ServiceError('BadDigest', `The ${name} you specified did not match the calculated checksum.`);
    }
    found[name] = String(value);
  }
  const md5 = headers['content-md5'];
  if (md5 !== undefined && createHash('md5').update(body).digest('base64') !== md5) {
    throw new ServiceError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  return found;
};

export const hasChecksum = (headers: Headers): boolean =>
  headers['content-md5'] !== undefined || Object.keys(headers).some((name) => /^x-amz-checksum-(crc|sha)/.test(name));

/**
 * Body and trailing headers of an `aws-chunked` upload.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export const unchunk = (headers: Headers, raw: Buffer): { body: Buffer; trailers: Record<string, string> } => {
  const kind = String(headers['x-amz-content-sha256'] ?? '');
  if (!kind.startsWith('STREAMING-')) return { body: raw, trailers: {} };
  if (kind !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
    throw new ServiceError('NotImplemented', `the S3 stand-in does not take ${kind}`, 501);
  }
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = raw.indexOf('\r\n', at);
    const size = end < 0 ? Number.NaN : Number.parseInt(raw.toString('latin1', at, end), 16);
    if (Number.isNaN(size) || end + 2 + size > raw.length) {
      throw new ServiceError('IncompleteBody', 'The chunks of the body are not complete');
    }
    at = end + 2;
    if (size === 0) break;
    parts.push(raw.subarray(at, at + size));
    at += size + 2;
  }
  const trailers = Object.fromEntries(
    raw
      .toString('latin1', at)
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { body: Buffer.concat(parts), trailers };
};
