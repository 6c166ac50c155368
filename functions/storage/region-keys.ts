// The region's data key: made once, kept in `registry` wrapped by KMS, and never lost, since every id was made with it.
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import type { CallJson } from '../services/aws-fetch.ts';
import { type Item, keyItem } from './items.ts';
import { key, SCHEMA } from './keys.ts';
import { deriveSecrets, type RegionSecrets } from './region-secrets.ts';
import { retrying } from './send.ts';

export interface RegionKeyOptions {
  readonly client: DynamoDBClient;
  readonly registry: string;
  readonly kms: CallJson;
  /** `DATA_KEY_ID`. */
  readonly keyId: string;
}

const Generated = z.object({ CiphertextBlob: z.string() });
const Decrypted = z.object({ Plaintext: z.string() });
/** KMS authenticates it: a wrapped key of another use cannot take this one's place. */
const EncryptionContext = { use: 'tsumugi/region-data-key' };

/** Reads the data key, or makes it: the first of all who try wins, and the others take that one. */
export const loadRegionSecrets = async ({ client, registry, kms, keyId }: RegionKeyOptions): Promise<RegionSecrets> => {
  const wrapped = (await readKey(client, registry)) ?? (await makeKey({ client, registry, kms, keyId }));
  const answer = await kms('TrentService.Decrypt', {
    KeyId: keyId,
    CiphertextBlob: Buffer.from(wrapped).toString('base64'),
    EncryptionContext,
  });
  return deriveSecrets(Buffer.from(Decrypted.parse(answer).Plaintext, 'base64'));
};

const readKey = async (client: DynamoDBClient, registry: string): Promise<Uint8Array | undefined> => {
  const { Item: row } = await retrying(() =>
    client.send(new GetItemCommand({ TableName: registry, Key: keyItem(key.regionKey()), ConsistentRead: true })),
  );
  return row?.z?.B;
};

const makeKey = async ({ client, registry, kms, keyId }: RegionKeyOptions): Promise<Uint8Array> => {
  const answer = await kms('TrentService.GenerateDataKeyWithoutPlaintext', {
    KeyId: keyId,
    NumberOfBytes: 32,
    EncryptionContext,
  });
  const wrapped = Buffer.from(Generated.parse(answer).CiphertextBlob, 'base64');
  const row: Item = { ...keyItem(key.regionKey()), n: { N: String(SCHEMA) }, z: { B: wrapped } };
  try {
    await retrying(() =>
      client.send(
        new PutItemCommand({ TableName: registry, Item: row, ConditionExpression: 'attribute_not_exists(p)' }),
      ),
    );
  } catch (error) {
    if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
  }
  return (await readKey(client, registry))!;
};
