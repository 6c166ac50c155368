// The S3 stand-in, asked by the real client over the wire. https://docs.aws.amazon.com/AmazonS3/latest/API/
import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, openService } from '../../infra/local/front/service.ts';
import { type Iam, openIam } from '../../infra/local/iam.ts';
import type { Bucket } from '../../infra/local/s3/buckets.ts';
import { openObjectStore } from '../../infra/local/s3/object-store.ts';
import { type ObjectCreated, s3Service } from '../../infra/local/s3/service.ts';

const bucket = (name: string, more: Partial<Bucket> = {}): Bucket => ({
  name,
  arn: `arn:aws:s3:::${name}`,
  account: '000000000000',
  versioned: true,
  locked: false,
  defaultRetention: undefined,
  keyArn: undefined,
  ...more,
});
const BUCKETS = [
  bucket('documents'),
  bucket('plain', { versioned: false }),
  bucket('archive', { locked: true, defaultRetention: { mode: 'GOVERNANCE', days: 30 } }),
];

let dir: string;
let iam: Iam;
let listening: Listening;
let s3: S3Client;
const heard: ObjectCreated[] = [];

const open = async () => {
  const service = s3Service({
    store: openObjectStore(dir),
    iam,
    bucket: (name) => BUCKETS.find((one) => one.name === name),
    created: (event) => heard.push(event),
  });
  listening = await openService(service, iam);
  s3 = client(iam.operator);
};
const client = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
  new S3Client({ endpoint: listening.endpoint, region: 'ap-northeast-1', credentials, maxAttempts: 1 });

const put = (Bucket: string, Key: string, Body: string, more = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Bucket: string, Key: string, more = {}) => {
  const { Body, ...rest } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { ...rest, text: await Body!.transformToString() };
};

class Sha256 {
  private readonly hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret ? createHmac('sha256', Buffer.from(secret as string)) : createHash('sha256');
  }
  update(data: Uint8Array | string) {
    this.hash.update(data);
  }
  async digest() {
    return this.hash.digest();
  }
}

/** An address that carries its own permission, made as a Lambda makes it. */
const presign = async (method: string, path: string, expiresIn: number, signingDate = new Date()) => {
  const { hostname, port, host } = new URL(listening.endpoint);
  const signer = new SignatureV4({
    credentials: iam.operator,
    region: 'ap-northeast-1',
    service: 's3',
    sha256: Sha256 as never,
    uriEscapePath: false,
  });
  const { query } = await signer.presign(
    {
      method,
      protocol: 'http:',
      hostname,
      port: Number(port),
      path,
      headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      query: {},
    },
    { expiresIn, signingDate, unsignableHeaders: new Set(['content-type', 'x-amz-content-sha256']) },
  );
  return `${listening.endpoint}${path}?${new URLSearchParams(query as Record<string, string>)}`;
};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tsumugi-s3-'));
  iam = openIam();
  await open();
});
afterAll(async () => {
  s3.destroy();
  await listening.stop();
  rmSync(dir, { recursive: true });
});

describe('the S3 stand-in', () => {
  it('gives back what was put, with its type, metadata and checksum', async () => {
    await put('documents', 'a/é 1+1.txt', 'こんにちは', { ContentType: 'text/plain', Metadata: { by: 'hospital' } });
    const found = await get('documents', 'a/é 1+1.txt');
    expect(found).toMatchObject({ text: 'こんにちは', ContentType: 'text/plain', Metadata: { by: 'hospital' } });
    const head = await s3.send(new HeadObjectCommand({ Bucket: 'documents', Key: 'a/é 1+1.txt' }));
    expect(head.ContentLength).toBe(Buffer.byteLength('こんにちは'));
    expect(head.ETag).toBe(`"${createHash('md5').update('こんにちは').digest('hex')}"`);
  });

  it('takes an upload in chunks with a trailing checksum, as the client sends a stream', async () => {
    const bytes = Buffer.alloc(200_000, 'x');
    const Body = Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]);
    await s3.send(new PutObjectCommand({ Bucket: 'documents', Key: 'stream', Body, ContentLength: bytes.length }));
    expect((await get('documents', 'stream')).text).toHaveLength(200_000);
  });

  it('answers a range', async () => {
    await put('documents', 'range', '0123456789');
    expect(await get('documents', 'range', { Range: 'bytes=2-4' })).toMatchObject({
      text: '234',
      ContentRange: 'bytes 2-4/10',
    });
    expect((await get('documents', 'range', { Range: 'bytes=-3' })).text).toBe('789');
    await expect(get('documents', 'range', { Range: 'bytes=20-' })).rejects.toMatchObject({ name: 'InvalidRange' });
  });

  it('refuses a body that does not fit its checksum', async () => {
    await expect(put('documents', 'bad', 'text', { ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({
      name: 'BadDigest',
    });
    await expect(
      put('documents', 'bad', 'text', {
        ChecksumSHA256: createHash('sha256').update('other').digest('base64'),
      }),
    ).rejects.toMatchObject({ name: 'BadDigest' });
  });

  it('puts only where nothing is with If-None-Match: *', async () => {
    await put('documents', 'once', 'first', { IfNoneMatch: '*' });
    await expect(put('documents', 'once', 'second', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    expect((await get('documents', 'once')).text).toBe('first');
  });

  it('keeps every version behind a delete marker', async () => {
    const first = await put('documents', 'versions', 'one');
    await put('documents', 'versions', 'two');
    await s3.send(new DeleteObjectCommand({ Bucket: 'documents', Key: 'versions' }));
    await expect(get('documents', 'versions')).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect((await get('documents', 'versions', { VersionId: first.VersionId })).text).toBe('one');
    const all = await s3.send(new ListObjectVersionsCommand({ Bucket: 'documents', Prefix: 'versions' }));
    expect(all.Versions).toHaveLength(2);
    expect(all.DeleteMarkers).toHaveLength(1);
  });

  it('lists by prefix and delimiter, page by page', async () => {
    for (const key of ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/d']) await put('plain', key, key);
    const first = await s3.send(
      new ListObjectsV2Command({ Bucket: 'plain', Prefix: 'l/', Delimiter: '/', MaxKeys: 2 }),
    );
    expect(first.Contents?.map(({ Key }) => Key)).toEqual(['l/a']);
    expect(first.CommonPrefixes).toEqual([{ Prefix: 'l/b/' }]);
    const second = await s3.send(
      new ListObjectsV2Command({
        Bucket: 'plain',
        Prefix: 'l/',
        Delimiter: '/',
        ContinuationToken: first.NextContinuationToken,
      }),
    );
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['l/c', 'l/d']);
    expect(second.IsTruncated).toBe(false);
  });

  it('never deletes a version that is locked, unless a governance bypass is asked for', async () => {
    const { VersionId } = await put('archive', 'seal', 'root', { ChecksumAlgorithm: 'SHA256' });
    const remove = (more = {}) =>
      s3.send(new DeleteObjectCommand({ Bucket: 'archive', Key: 'seal', VersionId, ...more }));
    await expect(remove()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect((await get('archive', 'seal')).ObjectLockMode).toBe('GOVERNANCE');
    const until = new Date(Date.now() + 3600_000);
    const strict = await put('archive', 'strict', 'root', {
      ChecksumAlgorithm: 'SHA256',
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: until,
    });
    await expect(
      s3.send(
        new DeleteObjectCommand({
          Bucket: 'archive',
          Key: 'strict',
          VersionId: strict.VersionId,
          BypassGovernanceRetention: true,
        }),
      ),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
    await remove({ BypassGovernanceRetention: true });
    await expect(get('archive', 'seal')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('refuses an object under lock that comes without a checksum', async () => {
    const bare = new S3Client({
      endpoint: listening.endpoint,
      region: 'ap-northeast-1',
      credentials: iam.operator,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    await expect(bare.send(new PutObjectCommand({ Bucket: 'archive', Key: 'bare', Body: 'x' }))).rejects.toMatchObject({
      name: 'InvalidRequest',
    });
    bare.destroy();
  });

  it('joins the parts of a multipart upload, and refuses parts that it never got', async () => {
    const at = { Bucket: 'documents', Key: 'parts' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ContentType: 'text/plain' }));
    const big = Buffer.alloc(5 * 1024 * 1024, 'a');
    const etags = [];
    for (const [index, Body] of [big, Buffer.from('end')].entries()) {
      etags.push(await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: index + 1, Body })));
    }
    const complete = (Parts: { ETag: string | undefined; PartNumber: number }[]) =>
      s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }));
    await expect(complete([{ ETag: '"00"', PartNumber: 1 }])).rejects.toMatchObject({ name: 'InvalidPart' });
    await complete(etags.map(({ ETag }, index) => ({ ETag, PartNumber: index + 1 })));
    const head = await s3.send(new HeadObjectCommand(at));
    expect(head).toMatchObject({ ContentLength: big.length + 3, ContentType: 'text/plain' });
    expect(head.ETag).toMatch(/-2"$/);
    expect(heard.at(-1)).toMatchObject({ key: 'parts', reason: 'CompleteMultipartUpload' });
  });

  it('honours a presigned address until it expires, for its method and path only', async () => {
    const url = await presign('PUT', '/documents/presigned', 60);
    expect((await fetch(url, { method: 'PUT', body: 'by address' })).status).toBe(200);
    expect((await get('documents', 'presigned')).text).toBe('by address');
    expect(heard.at(-1)).toMatchObject({ key: 'presigned', reason: 'PutObject' });
    expect((await fetch(url)).status).toBe(403);
    expect((await fetch(url.replace('presigned?', 'elsewhere?'), { method: 'PUT', body: 'x' })).status).toBe(403);
    const old = await presign('GET', '/documents/presigned', 60, new Date(Date.now() - 61_000));
    const refused = await fetch(old);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('Request has expired');
  });

  it('refuses a caller without a signature, or with a wrong one', async () => {
    expect((await fetch(`${listening.endpoint}/documents/once`)).status).toBe(403);
    const wrong = client({ ...iam.operator, secretAccessKey: 'x'.repeat(40) });
    await expect(wrong.send(new GetObjectCommand({ Bucket: 'documents', Key: 'once' }))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
    wrong.destroy();
  });

  it('does not tell a caller without s3:ListBucket that a key is missing', async () => {
    const policy = (...Action: string[]) => ({
      name: 'p',
      policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: 'arn:aws:s3:::documents/*' }] },
    });
    const role = iam.addRole({
      arn: 'arn:aws:iam::000000000000:role/get',
      functions: [],
      policies: [policy('s3:GetObject')],
    });
    const reader = client(role);
    const read = (Key: string) => reader.send(new GetObjectCommand({ Bucket: 'documents', Key }));
    await expect(read('once')).resolves.toBeDefined();
    await expect(read('missing')).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(
      reader.send(new PutObjectCommand({ Bucket: 'documents', Key: 'new', Body: 'x' })),
    ).rejects.toMatchObject({ name: 'AccessDenied', message: expect.stringContaining('s3:PutObject') });
    reader.destroy();
  });

  it('has everything after a restart', async () => {
    await listening.stop();
    await open();
    expect((await get('documents', 'once')).text).toBe('first');
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'plain', Prefix: 'l/' }));
    expect(Contents).toHaveLength(5);
  });
});
