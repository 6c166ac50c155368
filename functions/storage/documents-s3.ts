// Bytes in one S3 bucket. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
import { hash } from 'node:crypto';
import { type AwsAnswer, AwsError, escaped, openAws } from '../services/aws-fetch.ts';
import type { Documents } from './port.ts';

export interface BucketOptions {
  readonly bucket: string;
  /** @default the process's environment */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export const openDocuments = ({ bucket, env = process.env }: BucketOptions): Documents => {
  const aws = openAws('s3', { env, host: (region) => `${bucket}.s3.${region}.amazonaws.com` });
  // An endpoint of one's own knows no bucket by its host name.
  const pathStyle = !aws.endpoint.hostname.startsWith(`${bucket}.`);
  const path = (name: string) => `${pathStyle ? `/${bucket}` : ''}/${name.split('/').map(escaped).join('/')}`;

  return {
    put: async (name, bytes, contentType) => {
      const answer = await aws.send({
        method: 'PUT',
        path: path(name),
        // Object Lock buckets refuse an upload without a checksum, and S3 keeps it with the object.
        headers: { 'content-type': contentType, 'x-amz-checksum-sha256': hash('sha256', bytes, 'base64') },
        body: bytes,
      });
      expectOk(answer);
    },
    get: async (name) => {
      const answer = await aws.send({ method: 'GET', path: path(name) });
      if (answer.status === 404) return undefined;
      expectOk(answer);
      return { bytes: answer.bytes, contentType: answer.header('content-type') ?? 'application/octet-stream' };
    },
    delete: async (name) => {
      expectOk(await aws.send({ method: 'DELETE', path: path(name) }));
    },
    // No checksum among what is signed: it would be that of an empty body, and S3 would refuse every other.
    presignPut: (name, contentType, seconds) =>
      aws.presign({ method: 'PUT', path: path(name), headers: { 'content-type': contentType, ...UNSIGNED } }, seconds),
    presignGet: (name, seconds) => aws.presign({ method: 'GET', path: path(name), headers: UNSIGNED }, seconds),
  };
};

/** What is not known when a URL is signed. The signer moves it into the query. */
const UNSIGNED = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };

const expectOk = (answer: AwsAnswer): void => {
  if (answer.ok) return;
  const code = /<Code>([A-Za-z]+)<\/Code>/.exec(answer.text())?.[1] ?? 'UnknownError';
  throw new AwsError(code, answer.status, 'S3');
};
