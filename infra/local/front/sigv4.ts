// Verifies AWS Signature Version 4, in the header and in presigned addresses.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they came over the wire. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Credential {
  readonly accessKeyId: string;
  readonly scope: string;
  readonly presigned: boolean;
}

export type Fault =
  | 'MissingAuthenticationToken'
  | 'SignatureDoesNotMatch'
  | 'RequestTimeTooSkewed'
  | 'ExpiredPresign'
  | 'XAmzContentSHA256Mismatch';

const MAX_SKEW_MS = 15 * 60_000;
const MAX_PRESIGN_SECONDS = 7 * 24 * 3600;

const split = (target: string) => {
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) };
};

/** Who says to have signed; nothing is proved yet. */
export const credentialOf = ({ target, headers }: SignedRequest): Credential | undefined => {
  const authorization = String(headers['authorization'] ?? '');
  const inHeader = /^AWS4-HMAC-SHA256 .*Credential=([^/,]+)\/([^,\s]+)/.exec(authorization);
  if (inHeader) return { accessKeyId: inHeader[1]!, scope: inHeader[2]!, presigned: false };
  const inQuery = new URLSearchParams(split(target).query).get('X-Amz-Credential');
  const [accessKeyId, ...scope] = (inQuery ?? '').split('/');
  return accessKeyId ? { accessKeyId, scope: scope.join('/'), presigned: true } : undefined;
};

/** The first fault found, or nothing when the signature is good. */
export const verifySignature = (
  request: SignedRequest,
  secretAccessKey: string,
  now: number,
  { doubleEncode }: { doubleEncode: boolean },
): Fault | undefined => {
  const credential = credentialOf(request);
  if (!credential) return 'MissingAuthenticationToken';
  const { path, query } = split(request.target);
  const parameters = pairs(query);
  const parameter = (name: string) => parameters.find(([key]) => key === name)?.[1];
  const authorization = String(request.headers['authorization'] ?? '');

  const date = credential.presigned ? parameter('X-Amz-Date') : String(request.headers['x-amz-date'] ?? '');
  const time = Date.parse(String(date).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (Number.isNaN(time)) return 'MissingAuthenticationToken';
  if (credential.presigned) {
    const expires = Number(parameter('X-Amz-Expires'));
    if (!(expires >= 1 && expires <= MAX_PRESIGN_SECONDS) || time - now > MAX_SKEW_MS)
      return 'MissingAuthenticationToken';
    if (now > time + expires * 1000) return 'ExpiredPresign';
  } else if (Math.abs(now - time) > MAX_SKEW_MS) return 'RequestTimeTooSkewed';

  const signedHeaders = credential.presigned
    ? parameter('X-Amz-SignedHeaders')
    : /SignedHeaders=([^,\s]+)/.exec(authorization)?.[1];
  const signature = credential.presigned
    ? parameter('X-Amz-Signature')
    : /Signature=([0-9a-f]+)/.exec(authorization)?.[1];
  if (!signedHeaders?.split(';').includes('host') || !signature) return 'MissingAuthenticationToken';

  const declared = request.headers['x-amz-content-sha256'];
  const bodyHash = hex(request.body);
  if (typeof declared === 'string' && /^[0-9a-f]{64}$/.test(declared) && declared !== bodyHash) {
    return 'XAmzContentSHA256Mismatch';
  }
  const payload = credential.presigned
    ? String(parameter('X-Amz-Content-Sha256') ?? declared ?? 'UNSIGNED-PAYLOAD')
    : String(declared ?? bodyHash);

  const canonical = [
    request.method,
    doubleEncode
      ? path.split('/').map(encode).join('/')
      : path
          .split('/')
          .map((part) => encode(decode(part)))
          .join('/'),
    canonicalQuery(parameters.filter(([key]) => key !== 'X-Amz-Signature')),
    ...signedHeaders.split(';').map((name) => `${name}:${headerValue(request.headers[name])}`),
    '',
    signedHeaders,
    payload,
  ].join('\n');
  const [day, region, service] = credential.scope.split('/');
  const key = ['aws4_request', service, region, day]
    .reverse()
    .reduce<string | Buffer>((from, part) => hmac(from, String(part)), `AWS4${secretAccessKey}`);
  const expected = hmac(key, ['AWS4-HMAC-SHA256', date, credential.scope, hex(canonical)].join('\n'));
  const actual = Buffer.from(signature, 'hex');
  return actual.length === expected.length && timingSafeEqual(actual, expected) ? undefined : 'SignatureDoesNotMatch';
};

const hex = (value: string | Buffer) => createHash('sha256').update(value).digest('hex');
const hmac = (key: string | Buffer, value: string) => createHmac('sha256', key).update(value).digest();

const headerValue = (value: string | string[] | undefined) =>
  (Array.isArray(value) ? value.join(',') : (value ?? '')).trim().replace(/\s+/g, ' ');

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const pairs = (query: string): [string, string][] =>
  query
    .split('&')
    .filter(Boolean)
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [decode(name), decode(value.join('='))];
    });

const canonicalQuery = (parameters: [string, string][]) =>
  parameters
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? order(x, y) : order(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
