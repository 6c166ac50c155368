// Every minute: signs the heads of the audit chains into the Object Lock bucket.
import middy from '@middy/core';
import * as z from 'zod/mini';
import { openArchive } from '../audit/archive.ts';
import { type SealResult, seal } from '../audit/seal.ts';
import { dynamoAuditTable } from '../audit/table.ts';
import { readEnv } from '../env.ts';
import { openKms } from '../services/aws-fetch.ts';
import { openDynamoClient } from '../storage/client.ts';

const env = readEnv(process.env, 'REGION_NAME', 'AUDIT_TABLE', 'AUDIT_BUCKET', 'SEAL_KEY_ID');
const kms = openKms();
const table = dynamoAuditTable({ client: openDynamoClient(), table: env.AUDIT_TABLE });
const archive = openArchive(env.AUDIT_BUCKET);

const SignAnswer = z.looseObject({ Signature: z.string() });

/** KMS takes 4 KB of text and no more, so it is given the digest. */
const sign = async (text: string): Promise<string> => {
  const digest = await crypto.subtle.digest('SHA-256', Buffer.from(text));
  const answer = await kms('TrentService.Sign', {
    KeyId: env.SEAL_KEY_ID,
    Message: Buffer.from(digest).toString('base64'),
    MessageType: 'DIGEST',
    SigningAlgorithm: 'ECDSA_SHA_256',
  });
  return SignAnswer.parse(answer).Signature;
};

export const handler = middy().handler(
  (): Promise<SealResult> =>
    seal({
      table,
      archive,
      region: env.REGION_NAME,
      keyId: env.SEAL_KEY_ID,
      sign,
      clock: Date.now,
      log: (line) => console.log(JSON.stringify(line)),
    }),
);
