// Multipart uploads; unfinished ones live in memory only, as S3's own are thrown away by the buckets' lifecycle.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
import { createHash, randomBytes } from 'node:crypto';
import { type ServiceAnswer, ServiceError } from '../front/service.ts';
import type { NewVersion } from './object-store.ts';
import { etagHeader, incoming, type ObjectCall, requireConditions } from './objects.ts';
import { texts, xmlAnswer } from './xml.ts';

interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly start: NewVersion;
  readonly parts: Map<number, Buffer>;
}

const MIN_PART_BYTES = 5 * 1024 * 1024;

export const multipartUploads = () => {
  const uploads = new Map<string, Upload>();

  const find = ({ bucket, key, request }: ObjectCall): Upload => {
    const upload = uploads.get(request.query.get('uploadId') ?? '');
    if (!upload || upload.bucket !== bucket.name || upload.key !== key) {
      throw new ServiceError('NoSuchUpload', 'The specified upload does not exist.', 404);
    }
    return upload;
  };

  return {
    create: (call: ObjectCall): ServiceAnswer => {
      const { bucket, key, request } = call;
      const headers = { ...request.headers, 'content-md5': undefined, 'x-amz-content-sha256': undefined };
      // The retention is checked with the parts; here there is no body that could have a checksum.
      const start = incoming({ bucket: { ...bucket, defaultRetention: undefined }, request: { ...request, headers } });
      const id = randomBytes(24).toString('hex');
      uploads.set(id, { bucket: bucket.name, key, start, parts: new Map() });
      return xmlAnswer('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId: id });
    },
    part: (call: ObjectCall): ServiceAnswer => {
      const upload = find(call);
      const number = Number(call.request.query.get('partNumber'));
      if (!Number.isInteger(number) || number < 1 || number > 10_000) {
        throw new ServiceError('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
      }
      const { body, checksums } = incoming({
        bucket: { ...call.bucket, defaultRetention: undefined },
        request: call.request,
      });
      upload.parts.set(number, body);
      return { status: 200, headers: { etag: etagHeader(md5(body).toString('hex')), ...checksums } };
    },
    complete: (call: ObjectCall): ServiceAnswer => {
      const { store, bucket, key, request } = call;
      const upload = find(call);
      requireConditions(call);
      const xml = request.body.toString();
      const numbers = texts(xml, 'PartNumber').map(Number);
      const etags = texts(xml, 'ETag').map((etag) => etag.replaceAll('"', ''));
      const parts = numbers.map((number, index) => {
        const part = upload.parts.get(number);
        if (!part || md5(part).toString('hex') !== etags[index]) {
          throw new ServiceError('InvalidPart', 'One or more of the specified parts could not be found.');
        }
        if (index > 0 && number <= numbers[index - 1]!) {
          throw new ServiceError('InvalidPartOrder', 'The list of parts was not in ascending order.');
        }
        if (index < numbers.length - 1 && part.length < MIN_PART_BYTES) {
          throw new ServiceError(
            'EntityTooSmall',
            'Your proposed upload is smaller than the minimum allowed object size.',
          );
        }
        return part;
      });
      if (parts.length === 0) throw new ServiceError('MalformedXML', 'The XML you provided was not well-formed');
      const retention = upload.start.retention ?? lockedByDefault(call);
      const version = store.put(
        bucket.name,
        key,
        {
          ...upload.start,
          retention,
          body: Buffer.concat(parts),
          etag: `${md5(Buffer.concat(parts.map(md5))).toString('hex')}-${parts.length}`,
        },
        bucket.versioned,
      );
      uploads.delete(request.query.get('uploadId')!);
      call.created(version, 'CompleteMultipartUpload');
      return xmlAnswer('CompleteMultipartUploadResult', {
        Bucket: bucket.name,
        Key: key,
        ETag: etagHeader(version.etag),
      });
    },
    abort: (call: ObjectCall): ServiceAnswer => {
      find(call);
      uploads.delete(call.request.query.get('uploadId')!);
      return { status: 204 };
    },
  };
};

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest();

const lockedByDefault = ({ bucket: { defaultRetention } }: ObjectCall) =>
  defaultRetention && {
    mode: defaultRetention.mode,
    until: new Date(Date.now() + defaultRetention.days * 24 * 3600_000).toISOString(),
  };
