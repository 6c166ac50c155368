// Seals go where nobody can change them: created once, on condition that the name is free.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openArchive } from '../../../functions/audit/archive.ts';
import type { Archive } from '../../../functions/audit/seal.ts';
import { openAws } from '../../../functions/services/aws-fetch.ts';
import { type Listening, openService } from '../../../infra/local/front/service.ts';
import { openIam } from '../../../infra/local/iam.ts';
import { openObjectStore } from '../../../infra/local/s3/object-store.ts';
import { s3Service } from '../../../infra/local/s3/service.ts';

let dir: string;
let listening: Listening;
let archive: Archive;
let stranger: Archive;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tsumugi-archive-'));
  const iam = openIam();
  const bucket = {
    name: 'archive',
    arn: 'arn:aws:s3:::archive',
    account: '000000000000',
    versioned: true,
    locked: true,
    defaultRetention: { mode: 'GOVERNANCE', days: 30 },
    keyArn: undefined,
  } as const;
  const find = (name: string) => (name === 'archive' ? bucket : undefined);
  listening = await openService(s3Service({ store: openObjectStore(dir), iam, bucket: find, created: () => {} }), iam);
  const env = { AWS_REGION: 'ap-northeast-1', AWS_ENDPOINT_URL_S3: listening.endpoint };
  const { accessKeyId, secretAccessKey } = iam.operator;
  const as = (secret: string) =>
    openArchive(
      'archive',
      openAws('s3', { env: { ...env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secret } }),
    );
  archive = as(secretAccessKey);
  stranger = as('wrong');
});
afterAll(async () => {
  await listening.stop();
  rmSync(dir, { recursive: true, force: true });
});

it('keeps the first of a name and refuses the second', async () => {
  expect(await archive.read('seals/0000000001.json')).toBeUndefined();
  expect(await archive.create('seals/0000000001.json', '{"seal":1}')).toBe(true);
  expect(await archive.create('seals/0000000001.json', '{"seal":"forged"}')).toBe(false);
  expect(await archive.read('seals/0000000001.json')).toBe('{"seal":1}');
});

it('takes a refusal for what it is, not for an object that is missing or there already', async () => {
  await expect(stranger.read('seals/0000000001.json')).rejects.toThrow('s3 answered 403');
  await expect(stranger.create('seals/0000000002.json', '{}')).rejects.toThrow('s3 answered 403');
});
