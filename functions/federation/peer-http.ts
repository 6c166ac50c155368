// Requests to other communities. Whoever may enter an address must not make us ask what only we can reach, so: https and a public name
// that leads to public addresses (looked at when the connection is made, not before), no redirect, a bound on time and on bytes.
// Only the local host, whose regions all live on this machine, lets http://127.0.0.1 through.
import { lookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import { BlockList, isIPv6, type LookupFunction } from 'node:net';
import { gunzip, gunzipSync } from 'node:zlib';
import { refuse } from '../fhir/outcome.ts';

/** The other side did not answer, or not as one does. `code`: https://hl7.org/fhir/R4/valueset-issue-type.html */
export class PeerFault extends Error {
  readonly code:
    | 'timeout'
    | 'transient'
    | 'too-long'
    | 'structure'
    | 'security'
    | 'forbidden'
    | 'processing'
    | 'not-found';
  /** It said so itself: it is there, whatever else is wrong. */
  readonly isAnswer: boolean;
  constructor(code: PeerFault['code'], rule: string, { isAnswer = false }: { isAnswer?: boolean } = {}) {
    super(rule);
    this.code = code;
    this.isAnswer = isAnswer;
  }
}

/** A record of somebody who was not known to be the person when the person was found there. */
export class StrangerFault extends PeerFault {
  constructor() {
    super('security', 'its answer is refused: it holds a record of somebody else');
  }
}

export interface PeerHttp {
  /** @throws FhirError `invalid` for an address that may not be asked */
  assertAllowed(url: string, at: string): void;
  post(url: string, body: string, options: Sending): Promise<Received>;
  get(url: string, options: Pick<Sending, 'signal' | 'mostBytes'>): Promise<Received>;
}
/** With which we show who we are, where a gateway asks for it. */
export interface ClientCertificate {
  /** PEM, both. */
  readonly key: string;
  readonly cert: string;
}

export interface Sending {
  readonly client?: ClientCertificate | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly mostBytes: number;
}
export interface Received {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** A name with a dot whose last part is no number: neither an address nor a name of our own network. */
const PUBLIC_NAME = /^(?!.*\.(internal|local|localhost|arpa)$)([a-z0-9-]+\.)+[a-z][a-z0-9-]*$/i;

/** https://www.iana.org/assignments/iana-ipv4-special-registry, -ipv6-special-registry */
/** One list for each: a rule for `::ffff:0:0/96` holds for every IPv4 address, too. */
const PRIVATE_4 = new BlockList();
const PRIVATE_6 = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE_4.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::', 127],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE_6.addSubnet(net, bits, 'ipv6');

export const isPrivateAddress = (address: string): boolean =>
  isIPv6(address) ? PRIVATE_6.check(address, 'ipv6') : PRIVATE_4.check(address, 'ipv4');

/** Every address that the name has must be public: which of them is taken is not ours to say. */
const publicLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error || !first) return done(error ?? new Error('no address'), []);
    if (addresses.some(({ address }) => isPrivateAddress(address)))
      return done(new PeerFault('security', 'its name leads into a private network') as NodeJS.ErrnoException, []);
    return options.all ? done(null, addresses) : done(null, first.address, first.family);
  });
};

export interface PeerHttpOptions {
  readonly allowLoopback?: boolean;
  /** What a test has instead of the public names and authorities of the world. */
  readonly world?: Pick<https.AgentOptions, 'lookup' | 'ca'>;
}

export const openPeerHttp = ({ allowLoopback = false, world }: PeerHttpOptions = {}): PeerHttp => {
  const agentWith = (client: ClientCertificate | undefined) =>
    new https.Agent({ keepAlive: true, lookup: publicLookup, minVersion: 'TLSv1.2', ...world, ...client });
  const secure = agentWith(undefined);
  // By certificate: a connection that has shown one is for no question that is to show another, or none.
  const shown = new Map<string, https.Agent>();
  const secureFor = (client: ClientCertificate | undefined): https.Agent => {
    if (!client) return secure;
    const agent = shown.get(client.cert) ?? agentWith(client);
    shown.set(client.cert, agent);
    return agent;
  };
  const plain = new http.Agent({ keepAlive: true });

  const isAllowed = (url: string): boolean => {
    const { protocol, hostname, username, password } = URL.parse(url) ?? {};
    if (username || password) return false;
    if (protocol === 'https:' && PUBLIC_NAME.test(hostname ?? '')) return true;
    return allowLoopback && protocol === 'http:' && hostname === '127.0.0.1';
  };

  const send = (
    method: 'GET' | 'POST',
    url: string,
    body: string | undefined,
    { headers, signal, mostBytes, client }: Sending,
  ) =>
    new Promise<Received>((resolve, reject) => {
      if (!isAllowed(url)) return reject(new PeerFault('security', 'its address may not be asked'));
      const fail = (error: unknown) => reject(faultOf(error, signal));
      const isPlain = url.startsWith('http:');
      const request = (isPlain ? http : https).request(url, {
        method,
        agent: isPlain ? plain : secureFor(client),
        signal,
        headers: {
          accept: 'application/json',
          'accept-encoding': 'gzip',
          ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          ...headers,
        },
      });
      request.on('error', fail);
      request.on('response', (response) => {
        collect(response, mostBytes).then(
          (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes }),
          fail,
        );
      });
      request.end(body);
    });

  return {
    assertAllowed: (url, at) => {
      if (!isAllowed(url)) throw refuse('invalid', `${at}: an https address with a public host name is needed`, at);
    },
    post: (url, body, options) => send('POST', url, body, options),
    get: (url, options) => send('GET', url, undefined, options),
  };
};

const faultOf = (error: unknown, signal: AbortSignal): PeerFault => {
  if (error instanceof PeerFault) return error;
  if (signal.aborted) return new PeerFault('timeout', 'it did not answer in time');
  return new PeerFault('transient', 'it could not be reached');
};

/** An endless answer is cut off as soon as it is too long. */
const collect = async (response: http.IncomingMessage, most: number): Promise<Buffer> => {
  const { statusCode = 0 } = response;
  if (statusCode >= 300 && statusCode < 400) {
    response.destroy();
    throw new PeerFault('security', 'it answered with a redirect, which is not followed');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > most) {
      response.destroy();
      throw tooLong();
    }
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  return response.headers['content-encoding'] === 'gzip' ? unzipped(bytes, most) : bytes;
};

/** Up to this many bytes are unpacked at once: handing them to another thread takes longer than that. */
const SMALL = 32 * 1024;

const unzipped = (bytes: Buffer, maxOutputLength: number): Promise<Buffer> | Buffer => {
  if (bytes.byteLength > SMALL)
    return new Promise((resolve, reject) => {
      gunzip(bytes, { maxOutputLength }, (error, whole) => (error ? reject(notUnpacked(error)) : resolve(whole)));
    });
  try {
    return gunzipSync(bytes, { maxOutputLength });
  } catch (error) {
    throw notUnpacked(error);
  }
};

const notUnpacked = (error: unknown): PeerFault =>
  (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    ? tooLong()
    : new PeerFault('structure', 'its answer cannot be unpacked');

const tooLong = () => new PeerFault('too-long', 'its answer is larger than is taken');

/** As `fetch`, for key sets (auth/jwks.ts). */
export const fetchOver =
  (peers: PeerHttp) =>
  async (url: string, { signal }: RequestInit): Promise<Response> => {
    const { status, headers, bytes } = await peers.get(url, {
      signal: signal ?? AbortSignal.timeout(3_000),
      mostBytes: 65_536,
    });
    const control = headers['cache-control'];
    return new Response(new Uint8Array(bytes), { status, ...(control && { headers: { 'cache-control': control } }) });
  };
