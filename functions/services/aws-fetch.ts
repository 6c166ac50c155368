// AWS services over signed requests, where the SDK's client would cost more at a cold start than it gives (docs/architecture.md).
// Credentials, region and endpoints come from the standard environment variables, as the SDK has them. Not by `fetch`: Node loads
// undici with its first call, which was a fifth of a cold start, and the SDK brings node:https anyway.
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { SignatureV4 } from '@smithy/signature-v4';
import { refuse } from '../fhir/outcome.ts';

export interface AwsRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD';
  /** Percent-encoded, with a slash in front. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** An answer, read to its end. */
export interface AwsAnswer {
  readonly status: number;
  /** 200 to 299. */
  readonly ok: boolean;
  /** Name in lower case. */
  readonly header: (name: string) => string | undefined;
  readonly bytes: Uint8Array;
  readonly text: () => string;
}

export interface Aws {
  /** Where requests go: `http://127.0.0.1:4567`, `https://kms.ap-northeast-1.amazonaws.com`. */
  readonly endpoint: URL;
  /** Sends until there is an answer that is not the service's or the network's fault; any status below 500 but 429 is one. */
  send(request: AwsRequest): Promise<AwsAnswer>;
  /** A URL that carries its signature. Headers given are part of what is signed. */
  presign(request: AwsRequest, seconds: number): Promise<string>;
}

/** What a service refused, by the service's own name for it (`IncorrectKeyException`). */
export class AwsError extends Error {
  readonly status: number;

  constructor(name: string, status: number, service: string) {
    super(`${service} answered ${status} ${name}`);
    this.name = name;
    this.status = status;
  }
}

const ATTEMPTS = 6;
const FIRST_WAIT_MS = 50;
const TIMEOUT_MS = 10_000;

/** The part of `HashConstructor` that the signer uses, on node:crypto instead of a JavaScript SHA-256. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('one hash, one digest');
  }
}

const bytesOf = (data: string | ArrayBuffer | ArrayBufferView): Uint8Array =>
  typeof data === 'string'
    ? Buffer.from(data)
    : ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);

type Environment = Readonly<Record<string, string | undefined>>;

/** @param host used when no `AWS_ENDPOINT_URL_<SERVICE>` says otherwise */
export const openAws = (
  service: 'kms' | 's3' | 'sns',
  { env = process.env, host }: { env?: Environment; host?: (region: string) => string } = {},
): Aws => {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'ap-northeast-1';
  const given = env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? env.AWS_ENDPOINT_URL;
  const endpoint = new URL(given ?? `https://${host?.(region) ?? `${service}.${region}.amazonaws.com`}`);
  const signer = new SignatureV4({
    service,
    region,
    sha256: Sha256,
    uriEscapePath: service !== 's3',
    // Read each time: Lambda's own may be renewed.
    credentials: async () => ({
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      ...(env.AWS_SESSION_TOKEN && { sessionToken: env.AWS_SESSION_TOKEN }),
    }),
  });

  const unsigned = ({ method, path, query = {}, headers = {}, body }: AwsRequest) => ({
    method,
    protocol: endpoint.protocol,
    hostname: endpoint.hostname,
    ...(endpoint.port && { port: Number(endpoint.port) }),
    path,
    query: { ...query },
    headers: { ...headers, host: endpoint.host },
    body,
  });
  const address = (path: string, query: Record<string, unknown>): string => {
    const pairs = Object.entries(query).map(([name, value]) => `${escaped(name)}=${escaped(String(value))}`);
    return `${endpoint.origin}${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
  };

  const once = async (request: AwsRequest): Promise<AwsAnswer> => {
    const { path, query, headers } = await signer.sign(unsigned(request));
    return exchange(address(path, query ?? {}), { method: request.method, headers, body: request.body });
  };

  const send = async (request: AwsRequest): Promise<AwsAnswer> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await once(request).catch(() => undefined);
      if (answer && answer.status < 500 && answer.status !== 429 && !isThrottled(answer)) return answer;
      if (attempt >= ATTEMPTS) throw refuse('unavailable', `${service} does not answer at present; please try again`);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * FIRST_WAIT_MS * 2 ** attempt));
    }
  };

  const presign = async (request: AwsRequest, seconds: number): Promise<string> => {
    const { path, query } = await signer.presign(unsigned(request), { expiresIn: seconds });
    return address(path, query ?? {});
  };

  return { endpoint, send, presign };
};

interface Exchange {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | undefined;
}

/** One request and its whole answer, on Node's own agent, which keeps lines open. Rejects when the line is cut or time is up. */
const exchange = (address: string, { method, headers, body }: Exchange): Promise<AwsAnswer> =>
  new Promise((resolve, reject) => {
    const { request } = address.startsWith('http:') ? http : https;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const asked = request(address, { method, headers, signal }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject); // cut in the middle
      answer.once('end', () => {
        const status = answer.statusCode ?? 0;
        const bytes = Buffer.concat(chunks);
        const header = (name: string) => {
          const value = answer.headers[name];
          return Array.isArray(value) ? value[0] : value;
        };
        resolve({ status, ok: status >= 200 && status < 300, header, bytes, text: () => bytes.toString() });
      });
    });
    asked.once('error', reject);
    asked.end(body);
  });

/** KMS says so with status 400. */
const isThrottled = (answer: AwsAnswer): boolean =>
  answer.status === 400 && /Throttling|LimitExceeded|KMSInternal|DependencyTimeout/.test(answer.text());

/** RFC 3986: encodeURIComponent leaves five characters that a signature needs escaped. */
export const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

export type CallJson = (target: string, body: Record<string, unknown>) => Promise<unknown>;

/** One operation of a service that speaks JSON: `callKms('TrentService.Sign', { … })`. */
export const openKms =
  (aws: Pick<Aws, 'send'> = openAws('kms')): CallJson =>
  async (target, body) => {
    const answer = await aws.send({
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
      body: JSON.stringify(body),
    });
    const text = answer.text();
    if (answer.ok) return text === '' ? {} : JSON.parse(text);
    const type = /"__type"\s*:\s*"(?:[^"#]*#)?([A-Za-z]+)/.exec(text)?.[1] ?? 'UnknownError';
    throw new AwsError(type, answer.status, target);
  };
