// One object: put, get, head, delete, retention. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html
import { type ServiceAnswer, ServiceError, type ServiceRequest } from '../front/service.ts';
import type { Bucket } from './buckets.ts';
import { hasChecksum, unchunk, verifiedChecksums } from './checksums.ts';
import type { NewVersion, ObjectStore, Retention, Version } from './object-store.ts';
import { texts, xmlAnswer } from './xml.ts';

export interface ObjectCall {
  readonly store: ObjectStore;
  readonly bucket: Bucket;
  readonly key: string;
  readonly request: ServiceRequest;
  /** Without `s3:ListBucket` S3 does not say that something is missing. */
  readonly mayList: () => Promise<boolean>;
  readonly created: (version: Version, reason: string) => void;
}

const DAY_MS = 24 * 3600_000;
const KEPT = /^(content-(type|language|disposition)|cache-control|expires|x-amz-meta-.*)$/;

export const etagHeader = (etag: string) => `"${etag}"`;

/** What is about to be stored, its integrity proved. */
export const incoming = ({ bucket, request }: Pick<ObjectCall, 'bucket' | 'request'>): NewVersion => {
  const { body, trailers } = unchunk(request.headers, request.body);
  const headers = { ...queryHeaders(request), ...request.headers, ...trailers };
  const retention = retentionOf(bucket, headers);
  if (retention && !hasChecksum(headers)) {
    throw new ServiceError(
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  }
  const encoding = String(headers['content-encoding'] ?? '').replace(/^aws-chunked,?/, '');
  return {
    body,
    headers: {
      ...Object.fromEntries(
        Object.entries(headers)
          .filter(([name, value]) => KEPT.test(name) && value !== undefined)
          .map(([name, value]) => [name, String(value)]),
      ),
      ...(encoding !== '' && { 'content-encoding': encoding }),
    },
    checksums: verifiedChecksums(headers, body),
    retention,
  };
};

/** Presigned addresses carry some headers as parameters. */
const queryHeaders = ({ query }: ServiceRequest) =>
  Object.fromEntries(
    [...query]
      .filter(([name]) => /^x-amz-(checksum-(crc|sha)|meta-)/i.test(name))
      .map(([name, value]) => [name.toLowerCase(), value]),
  );

const retentionOf = (bucket: Bucket, headers: ServiceRequest['headers']): Retention | undefined => {
  const mode = headers['x-amz-object-lock-mode'];
  const until = headers['x-amz-object-lock-retain-until-date'];
  if (mode !== undefined || until !== undefined) {
    if (!bucket.locked) throw new ServiceError('InvalidRequest', 'Bucket is missing Object Lock Configuration');
    if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || !(Date.parse(String(until)) > Date.now())) {
      throw new ServiceError('InvalidArgument', 'The retain until date must be in the future, with a mode');
    }
    return { mode, until: new Date(String(until)).toISOString() };
  }
  const { defaultRetention } = bucket;
  if (!defaultRetention) return undefined;
  const end = Date.now() + defaultRetention.days * DAY_MS;
  return { mode: defaultRetention.mode, until: new Date(end).toISOString() };
};

export const putObject = (call: ObjectCall): ServiceAnswer => {
  const { store, bucket, key, request } = call;
  if (request.headers['x-amz-copy-source']) throw new ServiceError('NotImplemented', 'CopyObject', 501);
  requireConditions(call);
  const version = store.put(bucket.name, key, incoming(call), bucket.versioned);
  call.created(version, 'PutObject');
  return {
    status: 200,
    headers: { etag: etagHeader(version.etag), ...versionHeader(bucket, version), ...version.checksums },
  };
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export const requireConditions = ({ store, bucket, key, request }: ObjectCall) => {
  const current = store.versions(bucket.name, key)[0];
  const live = current && !current.deleteMarker ? current : undefined;
  if (request.headers['if-none-match'] === '*' && live) throw preconditionFailed();
  const expected = request.headers['if-match'];
  if (expected !== undefined && expected !== '*' && live?.etag !== String(expected).replaceAll('"', ''))
    throw preconditionFailed();
};

const preconditionFailed = () =>
  new ServiceError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);

const versionHeader = ({ versioned }: Bucket, { id }: Version): Record<string, string> =>
  versioned ? { 'x-amz-version-id': id } : {};

const find = async ({ store, bucket, key, request, mayList }: ObjectCall): Promise<Version> => {
  const id = request.query.get('versionId');
  const versions = store.versions(bucket.name, key);
  const version = id === null ? versions[0] : versions.find((one) => one.id === id);
  if (version && !version.deleteMarker) return version;
  if (id !== null && version) throw new ServiceError('MethodNotAllowed', 'It is a delete marker', 405);
  if (!(await mayList())) throw new ServiceError('AccessDenied', 'Access Denied', 403);
  if (id !== null) throw new ServiceError('NoSuchVersion', 'The specified version does not exist.', 404);
  throw new ServiceError('NoSuchKey', 'The specified key does not exist.', 404);
};

export const getObject = async (call: ObjectCall): Promise<ServiceAnswer> => {
  const { store, bucket, key, request } = call;
  const version = await find(call);
  const etag = etagHeader(version.etag);
  if (request.headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
  if (request.headers['if-match'] !== undefined && request.headers['if-match'] !== etag) throw preconditionFailed();

  const headers: Record<string, string> = {
    'content-type': 'binary/octet-stream',
    ...version.headers,
    ...responseOverrides(request),
    etag,
    'last-modified': new Date(version.lastModified).toUTCString(),
    'accept-ranges': 'bytes',
    ...versionHeader(bucket, version),
    ...(version.retention && {
      'x-amz-object-lock-mode': version.retention.mode,
      'x-amz-object-lock-retain-until-date': version.retention.until,
    }),
    ...(bucket.keyArn && {
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': bucket.keyArn,
    }),
  };
  const range = rangeOf(request.headers['range'], version.size);
  if (request.method === 'HEAD') {
    return { status: 200, headers: { ...headers, ...version.checksums, 'content-length': String(version.size) } };
  }
  const body = store.body(bucket.name, key, version);
  if (!range) return { status: 200, headers: { ...headers, ...version.checksums }, body };
  const { first, last } = range;
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${first}-${last}/${version.size}` },
    body: body.subarray(first, last + 1),
  };
};

const responseOverrides = ({ query }: ServiceRequest): Record<string, string> =>
  Object.fromEntries(
    [...query]
      .filter(([name]) => /^response-(content-(type|disposition|language|encoding)|cache-control|expires)$/.test(name))
      .map(([name, value]) => [name.replace('response-', ''), value]),
  );

const rangeOf = (header: string | string[] | undefined, size: number) => {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(String(header ?? '')) ?? [];
  if (!from && !to) return undefined;
  const first = from ? Number(from) : Math.max(0, size - Number(to));
  const last = from && to ? Math.min(Number(to), size - 1) : size - 1;
  if (first >= size || first > last) {
    throw new ServiceError('InvalidRange', 'The requested range is not satisfiable', 416);
  }
  return { first, last };
};

export const deleteObject = ({
  store,
  bucket,
  key,
  request,
}: Omit<ObjectCall, 'created' | 'mayList'>): ServiceAnswer => {
  const id = request.query.get('versionId');
  if (id === null) {
    if (!bucket.versioned) store.remove(bucket.name, key, 'null');
    else {
      const marker = store.mark(bucket.name, key);
      return { status: 204, headers: { 'x-amz-delete-marker': 'true', ...versionHeader(bucket, marker) } };
    }
    return { status: 204 };
  }
  const version = store.versions(bucket.name, key).find((one) => one.id === id);
  if (version) requireUnlocked(version, request);
  store.remove(bucket.name, key, id);
  return { status: 204, headers: { 'x-amz-version-id': id } };
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html */
const requireUnlocked = ({ retention }: Version, request: ServiceRequest) => {
  if (!retention || Date.parse(retention.until) <= Date.now()) return;
  const bypass = request.headers['x-amz-bypass-governance-retention'] === 'true';
  if (retention.mode === 'GOVERNANCE' && bypass) return;
  throw new ServiceError('AccessDenied', 'Access Denied because object protected by object lock.', 403);
};

export const getRetention = async (call: ObjectCall): Promise<ServiceAnswer> => {
  const { retention } = await find(call);
  if (!retention) {
    throw new ServiceError(
      'NoSuchObjectLockConfiguration',
      'The specified object does not have a ObjectLock configuration',
      404,
    );
  }
  return xmlAnswer('Retention', { Mode: retention.mode, RetainUntilDate: retention.until });
};

export const putRetention = async (call: ObjectCall): Promise<ServiceAnswer> => {
  const { store, bucket, key, request } = call;
  if (!bucket.locked) throw new ServiceError('InvalidRequest', 'Bucket is missing Object Lock Configuration');
  const version = await find(call);
  const xml = request.body.toString();
  const [mode] = texts(xml, 'Mode');
  const until = Date.parse(texts(xml, 'RetainUntilDate')[0] ?? '');
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || Number.isNaN(until)) {
    throw new ServiceError('MalformedXML', 'The XML you provided was not well-formed');
  }
  const { retention } = version;
  const weaker =
    retention && (until < Date.parse(retention.until) || (retention.mode === 'COMPLIANCE' && mode !== 'COMPLIANCE'));
  if (weaker) requireUnlocked(version, request);
  store.retain(bucket.name, key, version.id, { mode, until: new Date(until).toISOString() });
  return { status: 200 };
};
