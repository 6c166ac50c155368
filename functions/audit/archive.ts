// The Object Lock bucket, whose default retention keeps every version for the years of the region file.
import { createHash } from 'node:crypto';
import { type Aws, AwsError, openAws } from '../services/aws-fetch.ts';
import type { Archive } from './seal.ts';

/** Path-style addresses: they work at S3 and at a stand-in alike. */
export const openArchive = (bucket: string, s3: Pick<Aws, 'send'> = openAws('s3')): Archive => ({
  create: async (name, text) => {
    const answer = await s3.send({
      method: 'PUT',
      path: `/${bucket}/${name}`,
      headers: {
        'content-type': 'application/json',
        'if-none-match': '*',
        // S3 asks for a checksum where objects are locked.
        'x-amz-checksum-sha256': createHash('sha256').update(text).digest('base64'),
      },
      body: text,
    });
    if (answer.ok) return true;
    if (answer.status === 412 || answer.status === 409) return false;
    throw new AwsError('PutObjectFailed', answer.status, 's3');
  },
  read: async (name) => {
    const answer = await s3.send({ method: 'GET', path: `/${bucket}/${name}` });
    if (answer.ok) return answer.text();
    if (answer.status === 404) return undefined;
    throw new AwsError('GetObjectFailed', answer.status, 's3');
  },
});
