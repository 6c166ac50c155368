// Signed fetch, against stand-ins that verify signatures as AWS does. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAws, openKms } from '../../../functions/services/aws-fetch.ts';
import { openDocuments } from '../../../functions/storage/documents-s3.ts';
import { openDynamo } from '../../../functions/storage/dynamo.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { loadRegionSecrets } from '../../../functions/storage/region-keys.ts';
import { type Listening, openService } from '../../../infra/local/front/service.ts';
import { type Iam, openIam } from '../../../infra/local/iam.ts';
import { openKeyStore } from '../../../infra/local/kms/keys.ts';
import { kmsService } from '../../../infra/local/kms/service.ts';
import type { Bucket } from '../../../infra/local/s3/buckets.ts';
import { openObjectStore } from '../../../infra/local/s3/object-store.ts';
import { s3Service } from '../../../infra/local/s3/service.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';

const KEY_ID = '11111111-1111-4111-a111-111111111111';
const bucketOf = (name: string, locked = false): Bucket => ({
  name,
  arn: `arn:aws:s3:::${name}`,
  account: '000000000000',
  versioned: true,
  locked,
  defaultRetention: locked ? { mode: 'GOVERNANCE', days: 1 } : undefined,
  keyArn: undefined,
});
const BUCKETS = [bucketOf('documents'), bucketOf('archive', true)];

let dir: string;
let iam: Iam;
let kms: Listening;
let s3: Listening;
let env: Record<string, string>;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tsumugi-aws-'));
  iam = openIam();
  const keys = openKeyStore(join(dir, 'kms.json'));
  keys.ensure({
    id: KEY_ID,
    arn: `arn:aws:kms:ap-northeast-1:000000000000:key/${KEY_ID}`,
    spec: 'SYMMETRIC_DEFAULT',
    usage: 'ENCRYPT_DECRYPT',
  });
  kms = await openService(kmsService(keys), iam);
  const store = openObjectStore(join(dir, 's3'));
  s3 = await openService(
    s3Service({ store, iam, bucket: (name) => BUCKETS.find((one) => one.name === name), created: () => {} }),
    iam,
  );
  env = {
    AWS_REGION: 'ap-northeast-1',
    AWS_ACCESS_KEY_ID: iam.operator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: iam.operator.secretAccessKey,
    AWS_ENDPOINT_URL_KMS: kms.endpoint,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
  };
});
afterAll(async () => {
  await kms.stop();
  await s3.stop();
  await stopDynamoDb();
  rmSync(dir, { recursive: true });
});

describe('KMS', () => {
  it('answers an operation, and refuses by name', async () => {
    const call = openKms(openAws('kms', { env }));
    const made = (await call('TrentService.GenerateDataKey', { KeyId: KEY_ID, KeySpec: 'AES_256' })) as Record<
      string,
      string
    >;
    const opened = (await call('TrentService.Decrypt', { CiphertextBlob: made.CiphertextBlob })) as Record<
      string,
      string
    >;
    expect(opened.Plaintext).toBe(made.Plaintext);

    await expect(call('TrentService.Decrypt', { CiphertextBlob: 'AAAA' })).rejects.toMatchObject({
      name: 'InvalidCiphertextException',
      status: 400,
    });
  });

  it('is not fooled by a wrong secret', async () => {
    const call = openKms(openAws('kms', { env: { ...env, AWS_SECRET_ACCESS_KEY: 'wrong' } }));
    await expect(call('TrentService.GenerateDataKey', { KeyId: KEY_ID, KeySpec: 'AES_256' })).rejects.toMatchObject({
      status: 403,
    });
  });
});

describe('the data key of a region', () => {
  it('is made once, whoever comes first, and leads to the same ids ever after', async () => {
    const client = await dynamoClient();
    const tables = await createTables(client);
    const options = { client, registry: tables.registry, kms: openKms(openAws('kms', { env })), keyId: KEY_ID };

    const loaded = await Promise.all([1, 2, 3, 4].map(() => loadRegionSecrets(options)));
    const later = await loadRegionSecrets(options);

    for (const secrets of loaded) expect(secrets).toEqual(later);
    const { documents } = openMemory();
    const [one, other] = [loaded[0]!, later].map((keys) =>
      openDynamo({ client, tables, keys, documents, clock: Date.now }),
    );
    expect(one!.patientKey('p1')).toBe(other!.patientKey('p1'));
  });
});

describe('documents in S3', () => {
  const documents = () => openDocuments({ bucket: 'documents', env });

  it('come back as they went, whatever the bytes and the name', async () => {
    const bytes = randomBytes(300_000);
    for (const name of ['binary/a', "binary/ä b+c(1)!*'~.txt", 'binary/日本']) {
      await documents().put(name, bytes, 'application/pdf');
      const found = await documents().get(name);
      expect(Buffer.from(found!.bytes).equals(bytes)).toBe(true);
      expect(found?.contentType).toBe('application/pdf');
    }
  });

  it('answer undefined for what is not there, or was deleted', async () => {
    expect(await documents().get('binary/nothing')).toBeUndefined();
    await documents().put('binary/gone', new Uint8Array(3), 'text/plain');
    await documents().delete('binary/gone');
    expect(await documents().get('binary/gone')).toBeUndefined();
  });

  it('go into a bucket with Object Lock, which wants a checksum', async () => {
    const archive = openDocuments({ bucket: 'archive', env });
    await archive.put('seal/1', Buffer.from('seal'), 'application/json');
    expect(Buffer.from((await archive.get('seal/1'))!.bytes).toString()).toBe('seal');
  });

  it('take one upload by a presigned address, of the type it was made for, within its time', async () => {
    const url = await documents().presignPut('incoming/x', 'application/fhir+ndjson', 60);
    const put = (type: string, to = url) =>
      fetch(to, { method: 'PUT', headers: { 'content-type': type }, body: 'one\ntwo' });

    expect((await put('text/html')).status).toBe(403);
    expect((await put('application/fhir+ndjson')).status).toBe(200);
    expect((await put('application/fhir+ndjson', url.replace('incoming/x', 'incoming/y'))).status).toBe(403);
    const download = await fetch(await documents().presignGet('incoming/x', 60));
    expect(await download.text()).toBe('one\ntwo');
    expect(download.headers.get('content-type')).toBe('application/fhir+ndjson');
  });

  it('are addressed by the bucket’s own host in AWS', async () => {
    const { AWS_ENDPOINT_URL_S3: _, ...inAws } = env;
    const url = new URL(await openDocuments({ bucket: 'documents', env: inAws }).presignGet('binary/a', 60));
    expect(url.origin).toBe('https://documents.s3.ap-northeast-1.amazonaws.com');
    expect(url.pathname).toBe('/binary/a');
  });
});

describe('a service in trouble', () => {
  const answering = async (...statuses: number[]) => {
    let calls = 0;
    const server = createServer((request, response) => {
      const status = statuses[calls++] ?? 200;
      request.resume().on('end', () => {
        if (status === 0) response.destroy();
        else
          response
            .writeHead(status)
            .end(status === 400 ? '{"__type":"com.amazonaws#ThrottlingException"}' : '{"ok":true}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const stop = () => new Promise((resolve) => server.close(resolve));
    return {
      call: openKms(openAws('kms', { env: { ...env, AWS_ENDPOINT_URL_KMS: endpoint } })),
      calls: () => calls,
      stop,
    };
  };

  it('is asked again: a server’s fault, throttling, a cut line', async () => {
    const { call, calls, stop } = await answering(500, 400, 0, 503);
    expect(await call('TrentService.Sign', {})).toEqual({ ok: true });
    expect(calls()).toBe(5);
    await stop();
  });

  it('is a clean 503 in the end', { timeout: 60_000 }, async () => {
    const { call, stop } = await answering(...Array(20).fill(500));
    await expect(call('TrentService.Sign', {})).rejects.toMatchObject({ refusal: 'unavailable' });
    await stop();
  });
});
