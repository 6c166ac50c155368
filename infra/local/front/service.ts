// One AWS service of ours on a loopback port: reads the request, proves the signature, asks IAM, serves, and answers
// faults in the service's own wire form.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Iam, Principal, Wanted } from '../iam.ts';
import { credentialOf, type Fault, type SignedRequest, verifySignature } from './sigv4.ts';

export type { SignedRequest };

export interface Listening {
  readonly endpoint: string;
  stop(): Promise<void>;
}

export interface ServiceRequest extends SignedRequest {
  /** Path without the query, as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Nobody, for calls that need no signature. */
  readonly principal: Principal | undefined;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
}

/** A refusal of the service: its code as AWS names it. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface Service {
  readonly name: string;
  /** Calls that AWS answers without a signature (signing in, JWKS). */
  readonly unsigned?: (request: SignedRequest) => boolean;
  readonly doubleEncodePath: boolean;
  readonly wanted: (request: ServiceRequest) => Wanted[];
  readonly serve: (request: ServiceRequest) => Promise<ServiceAnswer> | ServiceAnswer;
  readonly fault: (error: ServiceError) => ServiceAnswer;
}

const MAX_BODY_BYTES = 512 * 1024 * 1024;

export const openService = async (service: Service, iam: Iam, port = 0): Promise<Listening> => {
  const server = createServer((incoming, outgoing) => {
    handle(service, iam, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const handle = async (service: Service, iam: Iam, incoming: IncomingMessage, outgoing: ServerResponse) => {
  let answer: ServiceAnswer;
  try {
    answer = await serve(service, iam, {
      method: incoming.method ?? 'GET',
      target: incoming.url ?? '/',
      headers: incoming.headers,
      body: await readBody(incoming),
    });
  } catch (error) {
    answer = service.fault(
      error instanceof ServiceError
        ? error
        : new ServiceError('InternalFailure', `${service.name} stand-in: ${(error as Error)?.stack ?? error}`, 500),
    );
  }
  const { status, headers = {}, body = '' } = answer;
  const length = incoming.method === 'HEAD' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  outgoing.writeHead(status, { 'x-amzn-requestid': crypto.randomUUID(), ...length, ...headers });
  outgoing.end(incoming.method === 'HEAD' ? undefined : body);
};

const serve = async (service: Service, iam: Iam, signed: SignedRequest): Promise<ServiceAnswer> => {
  const [path = '/', query = ''] = signed.target.split(/\?(.*)/s);
  const open = service.unsigned?.(signed) ?? false;
  const principal = open ? undefined : prove(service, iam, signed);
  const request: ServiceRequest = { ...signed, path, query: new URLSearchParams(query), principal };
  if (principal) {
    const refusal = await iam.refusal(principal, service.wanted(request));
    if (refusal) throw new ServiceError('AccessDeniedException', refusal, service.name === 's3' ? 403 : 400);
  }
  return service.serve(request);
};

const prove = (service: Service, iam: Iam, request: SignedRequest): Principal => {
  const credential = credentialOf(request);
  if (!credential) throw fault('MissingAuthenticationToken');
  const principal = iam.principal(credential.accessKeyId);
  if (!principal) {
    throw new ServiceError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      403,
    );
  }
  const found = verifySignature(request, principal.secretAccessKey, Date.now(), {
    doubleEncode: service.doubleEncodePath,
  });
  if (found) throw fault(found);
  return principal;
};

const fault = (found: Fault) =>
  found === 'ExpiredPresign'
    ? new ServiceError('AccessDenied', 'Request has expired', 403)
    : new ServiceError(found, FAULTS[found], found === 'XAmzContentSHA256Mismatch' ? 400 : 403);

const FAULTS: Record<Exclude<Fault, 'ExpiredPresign'>, string> = {
  MissingAuthenticationToken: 'Request is missing Authentication Token',
  SignatureDoesNotMatch:
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  RequestTimeTooSkewed: 'The difference between the request time and the current time is too large.',
  XAmzContentSHA256Mismatch: "The provided 'x-amz-content-sha256' header does not match what was computed.",
};

const readBody = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new ServiceError('EntityTooLarge', 'The body is too large', 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
};

/** The JSON protocols of KMS and Cognito: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
export const jsonFault = ({ code, message, status }: ServiceError): ServiceAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code },
  body: JSON.stringify({ __type: code, message }),
});

export const jsonAnswer = (value: unknown): ServiceAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(value),
});

export const operationOf = ({ headers }: SignedRequest): string =>
  String(headers['x-amz-target'] ?? '')
    .split('.')
    .at(-1)!;

export const jsonBody = (request: SignedRequest): Record<string, unknown> => {
  try {
    return JSON.parse(request.body.toString() || '{}') as Record<string, unknown>;
  } catch {
    throw new ServiceError('SerializationException', 'The request is no JSON');
  }
};
