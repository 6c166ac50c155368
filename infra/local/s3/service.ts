// A stand-in for S3 (path style): what this project uses, with signatures, checksums, versions and object lock for real.
import { type Service, type ServiceAnswer, ServiceError, type ServiceRequest } from '../front/service.ts';
import type { Iam, Wanted } from '../iam.ts';
import type { Bucket } from './buckets.ts';
import { listObjects, listVersions } from './listing.ts';
import { multipartUploads } from './multipart.ts';
import type { ObjectStore, Version } from './object-store.ts';
import { deleteObject, getObject, getRetention, type ObjectCall, putObject, putRetention } from './objects.ts';
import { texts, xmlAnswer, xmlFault } from './xml.ts';

export interface ObjectCreated {
  readonly bucket: Bucket;
  readonly key: string;
  readonly version: Version;
  /** `PutObject`, `CompleteMultipartUpload`. */
  readonly reason: string;
}

export interface S3Options {
  readonly store: ObjectStore;
  readonly iam: Iam;
  readonly bucket: (name: string) => Bucket | undefined;
  readonly created: (event: ObjectCreated) => void;
}

export const s3Service = (options: S3Options): Service => {
  const uploads = multipartUploads();
  return {
    name: 's3',
    doubleEncodePath: false,
    wanted: (request) => wanted(request, options.bucket),
    serve: (request) => route(request, options, uploads),
    fault: (error) => {
      const { code, message, status } = error;
      if (code === 'AccessDeniedException') return xmlFault(new ServiceError('AccessDenied', message, 403));
      if (code === 'UnrecognizedClientException') return xmlFault(new ServiceError('InvalidAccessKeyId', message, 403));
      if (code === 'MissingAuthenticationToken')
        return xmlFault(new ServiceError('AccessDenied', 'Access Denied', 403));
      return xmlFault(new ServiceError(code, message, status));
    },
  };
};

const place = (path: string): { name: string; key: string } => {
  const [, name = '', ...rest] = path.split('/');
  try {
    return { name, key: rest.map(decodeURIComponent).join('/') };
  } catch {
    throw new ServiceError('InvalidURI', "Couldn't parse the specified URI.");
  }
};

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
const wanted = (request: ServiceRequest, find: S3Options['bucket']): Wanted[] => {
  const { name, key } = place(request.path);
  const bucket = find(name);
  const arn = `arn:aws:s3:::${name}`;
  if (key === '' && !request.query.has('delete')) {
    return [{ action: request.query.has('versions') ? 's3:ListBucketVersions' : 's3:ListBucket', resource: arn }];
  }
  const keys = key === '' ? texts(request.body.toString(), 'Key') : [key];
  const actions = objectActions(request, key === '');
  const encryption = bucket?.keyArn && keyAction(request);
  return [
    ...keys.flatMap((one) => actions.map((action) => ({ action: `s3:${action}`, resource: `${arn}/${one}` }))),
    ...(encryption ? [{ action: encryption, resource: bucket!.keyArn!, via: 's3' }] : []),
  ];
};

const objectActions = ({ method, query, headers }: ServiceRequest, several: boolean): string[] => {
  const version = query.has('versionId') ? 'Version' : '';
  if (query.has('retention')) return [method === 'PUT' ? 'PutObjectRetention' : 'GetObjectRetention'];
  if (several) return ['DeleteObject'];
  if (method === 'DELETE' && query.has('uploadId')) return ['AbortMultipartUpload'];
  if (method === 'DELETE') {
    const bypass = headers['x-amz-bypass-governance-retention'] === 'true' ? ['BypassGovernanceRetention'] : [];
    return [`DeleteObject${version}`, ...bypass];
  }
  if (method === 'PUT' || method === 'POST') {
    return ['PutObject', ...(headers['x-amz-object-lock-mode'] === undefined ? [] : ['PutObjectRetention'])];
  }
  return [`GetObject${version}`];
};

const keyAction = ({ method, query }: ServiceRequest): string | undefined => {
  if (query.has('retention') || method === 'DELETE' || query.has('delete')) return undefined;
  return method === 'PUT' || method === 'POST' ? 'kms:GenerateDataKey' : 'kms:Decrypt';
};

const route = async (
  request: ServiceRequest,
  { store, iam, bucket: findBucket, created }: S3Options,
  uploads: ReturnType<typeof multipartUploads>,
): Promise<ServiceAnswer> => {
  const { method, query, principal } = request;
  const { name, key } = place(request.path);
  const bucket = findBucket(name);
  if (!bucket) throw new ServiceError('NoSuchBucket', 'The specified bucket does not exist', 404);
  if (key === '') return onBucket(request, store, bucket);

  const call: ObjectCall = {
    store,
    bucket,
    key,
    request,
    mayList: async () =>
      !principal || !(await iam.refusal(principal, [{ action: 's3:ListBucket', resource: bucket.arn }])),
    created: (version, reason) => created({ bucket, key, version, reason }),
  };
  switch (method) {
    case 'PUT':
      if (query.has('retention')) return putRetention(call);
      return query.has('uploadId') ? uploads.part(call) : putObject(call);
    case 'POST':
      if (query.has('uploads')) return uploads.create(call);
      if (query.has('uploadId')) return uploads.complete(call);
      break;
    case 'DELETE':
      return query.has('uploadId') ? uploads.abort(call) : deleteObject(call);
    case 'GET':
    case 'HEAD':
      return query.has('retention') ? getRetention(call) : getObject(call);
  }
  throw new ServiceError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
};

const onBucket = (request: ServiceRequest, store: ObjectStore, bucket: Bucket): ServiceAnswer => {
  const { method, query } = request;
  if (method === 'HEAD') return { status: 200, headers: { 'x-amz-bucket-region': 'ap-northeast-1' } };
  if (method === 'GET' && query.has('versions')) return listVersions(store, bucket, request);
  if (method === 'GET' && query.get('list-type') === '2') return listObjects(store, bucket, request);
  if (method === 'POST' && query.has('delete')) {
    const keys = texts(request.body.toString(), 'Key');
    for (const key of keys) deleteObject({ store, bucket, key, request });
    return xmlAnswer('DeleteResult', { Deleted: keys.map((Key) => ({ Key })) });
  }
  throw new ServiceError(
    'NotImplemented',
    `the S3 stand-in has no ${method} ?${[...query.keys()].join('&')} of a bucket`,
    501,
  );
};
