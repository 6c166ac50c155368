// `npm run verify-audit -- --region R`: finds what was deleted, changed or inserted in the audit trail of a running local
// region; with --table, --bucket and --key of a deployed one (credentials and AWS_REGION from the environment).
// Exit code 0: all is proven. 1: findings, one a line. 2: could not be checked.
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { openArchive } from '../../functions/audit/archive.ts';
import { openRecordArchive } from '../../functions/audit/record-archive.ts';
import { dynamoAuditTable } from '../../functions/audit/table.ts';
import { type Verification, verifyAudit } from '../../functions/audit/verify.ts';
import { openAws } from '../../functions/services/aws-fetch.ts';
import { inOneLine, LocalError, readArgs } from '../command-line.ts';
import { readEndpoints } from '../local/endpoints.ts';

export interface Trail {
  /** Name of the region file: seals of another region are findings. */
  readonly region: string;
  readonly table: string;
  readonly bucket: string;
  /** Id or ARN of the seal key, and of its predecessors. A seal by any other key is a finding. */
  readonly keys: readonly string[];
  /** The `AWS_…` variables to act with. */
  readonly aws: Readonly<Record<string, string | undefined>>;
}

export const verifyTrail = async ({ region, table, bucket, keys, aws }: Trail): Promise<Verification> => {
  const client = new DynamoDBClient(clientConfig(aws, 'DYNAMODB'));
  const kms = new KMSClient(clientConfig(aws, 'KMS'));
  try {
    const publicKeys = await readPublicKeys(kms, keys);
    return await verifyAudit({
      table: dynamoAuditTable({ client, table }),
      scan: async function* () {
        for await (const { Items = [] } of paginateScan({ client }, { TableName: table, ConsistentRead: true }))
          yield* Items;
      },
      archive: openArchive(bucket, openAws('s3', { env: aws })),
      records: openRecordArchive(bucket, openAws('s3', { env: aws })),
      region,
      verifySignature: async (text, signature, keyId) => {
        const key = publicKeys.get(keyId);
        return key !== undefined && verify('sha256', Buffer.from(text), key, Buffer.from(signature, 'base64'));
      },
    });
  } finally {
    client.destroy();
    kms.destroy();
  }
};

const clientConfig = (aws: Trail['aws'], service: 'DYNAMODB' | 'KMS') => {
  const endpoint = aws[`AWS_ENDPOINT_URL_${service}`];
  const {
    AWS_REGION: region = 'ap-northeast-1',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SESSION_TOKEN: sessionToken,
  } = aws;
  const secretAccessKey = aws.AWS_SECRET_ACCESS_KEY ?? '';
  return {
    region,
    ...(endpoint && { endpoint }),
    ...(accessKeyId && { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }),
  };
};

const readPublicKeys = async (kms: KMSClient, keys: readonly string[]): Promise<Map<string, KeyObject>> =>
  new Map(
    await Promise.all(
      keys.map(async (KeyId): Promise<[string, KeyObject]> => {
        const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
        return [KeyId, createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' })];
      }),
    ),
  );

/** S3 through plain fetch needs credentials in the variables; the SDK's other ways (profiles, SSO) do not reach it. */
const USAGE = `npm run verify-audit -- --region R                                   a region of the running local stack
npm run verify-audit -- --region R --table T --bucket B --key K[,K…]   a deployed one (AWS_REGION and AWS_ACCESS_KEY_ID … set)`;

const trailOf = (values: Record<string, string | undefined>): Trail => {
  const { region, table, bucket, key } = values;
  if (!region) throw new LocalError(`--region is missing\n${USAGE}`);
  if (table && bucket && key) return { region, table, bucket, keys: key.split(','), aws: process.env };
  if (table || bucket || key) throw new LocalError(`--table, --bucket and --key go together\n${USAGE}`);
  const { settings, aws } = readEndpoints(region);
  const { AUDIT_TABLE = '', AUDIT_BUCKET = '', SEAL_KEY_ID = '' } = settings;
  return { region, table: AUDIT_TABLE, bucket: AUDIT_BUCKET, keys: [SEAL_KEY_ID], aws };
};

const main = async () => {
  try {
    const text = { type: 'string' } as const;
    const { values } = readArgs(USAGE, { options: { region: text, table: text, bucket: text, key: text } });
    const result = await verifyTrail(trailOf(values));
    for (const { kind, what } of result.findings) console.log(`${kind}: ${what}`);
    for (const what of result.doubts) console.log(`doubt: ${what}`);
    const { findings, doubts, records, chains, seals, unsealed, lost, archived } = result;
    console.log(
      `${records} records in ${chains} chains, ${seals} seals, ${unsealed} not sealed yet, ${lost} beyond a failed write, ${archived} held against the archive`,
    );
    if (doubts.length > 0)
      console.log(
        'a doubt: an execution environment ended in the middle of a request, or somebody deleted before the seal',
      );
    console.log(findings.length === 0 ? 'nothing was deleted, changed or inserted' : `${findings.length} findings`);
    process.exitCode = findings.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(inOneLine(error));
    process.exitCode = 2;
  }
};

if (import.meta.main) await main();
