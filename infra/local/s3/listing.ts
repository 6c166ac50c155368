// Lists of a bucket. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
import { type ServiceAnswer, ServiceError, type ServiceRequest } from '../front/service.ts';
import type { Bucket } from './buckets.ts';
import type { ObjectStore, Version } from './object-store.ts';
import { etagHeader } from './objects.ts';
import { xmlAnswer } from './xml.ts';

const MAX_KEYS = 1000;

export const listObjects = (store: ObjectStore, bucket: Bucket, { query }: ServiceRequest): ServiceAnswer => {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const most = Math.min(MAX_KEYS, Number(query.get('max-keys') ?? MAX_KEYS));
  const token = query.get('continuation-token');
  const after = token ? Buffer.from(token, 'base64url').toString() : (query.get('start-after') ?? '');
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : (text: string) => text;

  const contents: { key: string; version: Version }[] = [];
  const prefixes = new Set<string>();
  let last = '';
  let truncated = false;
  for (const key of store.keys(bucket.name)) {
    if (!key.startsWith(prefix) || (after !== '' && key <= after)) continue;
    const version = store.versions(bucket.name, key)[0];
    if (!version || version.deleteMarker) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const group = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
    if (group !== undefined && (prefixes.has(group) || after.startsWith(group))) {
      last = key;
      continue;
    }
    if (contents.length + prefixes.size >= most) {
      truncated = true;
      break;
    }
    if (group !== undefined) prefixes.add(group);
    else contents.push({ key, version });
    last = key;
  }
  return xmlAnswer('ListBucketResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    ...(delimiter !== '' && { Delimiter: encode(delimiter) }),
    MaxKeys: most,
    KeyCount: contents.length + prefixes.size,
    IsTruncated: truncated,
    ...(query.has('encoding-type') && { EncodingType: 'url' }),
    ...(truncated && { NextContinuationToken: Buffer.from(last).toString('base64url') }),
    Contents: contents.map(({ key, version }) => ({
      Key: encode(key),
      LastModified: version.lastModified,
      ETag: etagHeader(version.etag),
      Size: version.size,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: [...prefixes].map((group) => ({ Prefix: encode(group) })),
  });
};

/** One page only: a local bucket has no more. */
export const listVersions = (store: ObjectStore, bucket: Bucket, { query }: ServiceRequest): ServiceAnswer => {
  const prefix = query.get('prefix') ?? '';
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : (text: string) => text;
  const all = store
    .keys(bucket.name)
    .filter((key) => key.startsWith(prefix))
    .flatMap((key) =>
      store.versions(bucket.name, key).map((version, index) => ({ key, version, latest: index === 0 })),
    );
  if (all.length > 10_000)
    throw new ServiceError('NotImplemented', 'the S3 stand-in lists 10,000 versions at most', 501);
  const line = ({ key, version, latest }: (typeof all)[number]) => ({
    Key: encode(key),
    VersionId: version.id,
    IsLatest: latest,
    LastModified: version.lastModified,
  });
  return xmlAnswer('ListVersionsResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    MaxKeys: MAX_KEYS,
    IsTruncated: false,
    ...(query.has('encoding-type') && { EncodingType: 'url' }),
    Version: all
      .filter(({ version }) => !version.deleteMarker)
      .map((one) => ({
        ...line(one),
        ETag: etagHeader(one.version.etag),
        Size: one.version.size,
        StorageClass: 'STANDARD',
      })),
    DeleteMarker: all.filter(({ version }) => version.deleteMarker).map(line),
  });
};
