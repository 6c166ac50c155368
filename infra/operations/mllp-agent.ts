// `npm run mllp-agent -- --url https://api.example/ihe/hl7v2 --token-url https://api.example/auth/token --client ID --key key.jwk`:
// stands in a facility, takes HL7 v2 from its systems over MLLP on the loopback interface, posts each message to the region
// with the facility's system token, and gives the answer back. It keeps nothing and logs no content. With `--notify HOST:PORT` it
// brings the other way what has changed of links (mllp-notify.ts).
import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { importJWK, type JWK, SignJWT } from 'jose';
import { acknowledgement } from '../../functions/ihe/hl7v2/answer.ts';
import { decodeMessage, encodeMessage } from '../../functions/ihe/hl7v2/charset.ts';
import { parseMessage, writeMessage } from '../../functions/ihe/hl7v2/message.ts';
import { command, LocalError, readArgs, readNamed } from '../command-line.ts';
import { frame, unframer } from './mllp-framing.ts';
import { type Notifier, startNotifier } from './mllp-notify.ts';

export const HL7_MEDIA_TYPE = 'application/hl7-v2+er7';
const ANSWER_SECONDS = 30;
const IDLE_SECONDS = 300;
const MAX_CONNECTIONS = 64;

export interface AgentOptions {
  /** The region's `POST /ihe/hl7v2`. */
  readonly url: string;
  /** A system token, kept as long as it lives. */
  readonly token: () => Promise<string>;
  /** @default 127.0.0.1: MLLP has neither encryption nor passwords, so it stays on the machine */
  readonly host?: string;
  readonly port: number;
  readonly fetch?: typeof fetch;
  readonly log?: (line: string) => void;
}

export interface Agent extends Server {
  /** Takes nothing more, answers what is under way, and lets go of the connections, which systems hold open for days. */
  stop(): Promise<void>;
}

/** Listens; resolves when the port is open. */
export const startAgent = (options: AgentOptions): Promise<Agent> => {
  const open = new Map<Socket, Finish>();
  const server = createServer((socket) => {
    open.set(socket, serve(socket, options));
    socket.once('close', () => open.delete(socket));
  });
  server.maxConnections = MAX_CONNECTIONS;
  const stop = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    await Promise.all([...open.values()].map((finish) => finish()));
    await closed;
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '127.0.0.1', () => resolve(Object.assign(server, { stop })));
  });
};

type Finish = () => Promise<void>;

const serve = (socket: Socket, options: AgentOptions): Finish => {
  const unframe = unframer();
  // One after another: an update must not overtake the registration before it.
  let turn = Promise.resolve();
  socket.setTimeout(IDLE_SECONDS * 1000, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    try {
      for (const message of unframe(chunk)) turn = turn.then(() => answer(message, socket, options));
    } catch (fault) {
      options.log?.(`connection closed: ${(fault as Error).message}`);
      socket.destroy();
    }
  });
  return async () => {
    socket.pause();
    await turn;
    // The last answer is on its way before the connection goes; who does not close its side does not hold us.
    await new Promise<void>((resolve) => {
      if (socket.destroyed) resolve();
      else socket.end(resolve).once('close', resolve);
    });
    socket.destroy();
  };
};

const answer = async (message: Buffer, socket: Socket, options: AgentOptions): Promise<void> => {
  const reply = await forward(message, options).catch((fault: Error) => {
    options.log?.(`not delivered: ${fault.message}`);
    return notDelivered(message);
  });
  if (!socket.destroyed) socket.write(frame(reply));
};

const forward = async (message: Buffer, { url, token, fetch: send = fetch }: AgentOptions): Promise<Uint8Array> => {
  const response = await send(url, {
    method: 'POST',
    headers: { 'content-type': HL7_MEDIA_TYPE, authorization: `Bearer ${await token()}` },
    body: new Uint8Array(message),
    signal: AbortSignal.timeout(ANSWER_SECONDS * 1000),
    redirect: 'error',
  });
  const body = new Uint8Array(await response.arrayBuffer());
  if (!response.headers.get('content-type')?.startsWith(HL7_MEDIA_TYPE))
    throw new Error(`the region answered ${response.status}, without HL7`);
  return body;
};

/** AR tells the sender to keep the message and send it again. */
const notDelivered = (message: Buffer): Uint8Array => {
  const self = { application: 'MLLP-AGENT', facility: '', now: Date.now(), newId: randomUUID };
  const refusal = {
    ack: 'AR',
    code: '207',
    text: 'the region was not reached',
    location: [],
    userMessage: '',
  } as const;
  const parsed = (() => {
    try {
      const { text, charset } = decodeMessage(message);
      return { message: parseMessage(text), charset };
    } catch {
      return { message: undefined, charset: 'utf-8' as const };
    }
  })();
  return encodeMessage((name) => writeMessage(acknowledgement(parsed.message, name, self, refusal)), parsed.charset);
};

/** SMART Backend Services: https://hl7.org/fhir/smart-app-launch/STU2.1/backend-services.html */
export const systemToken = (tokenUrl: string, client: string, jwk: JWK, send: typeof fetch = fetch) => {
  let kept: { token: string; until: number } | undefined;
  return async (): Promise<string> => {
    if (kept && kept.until > Date.now()) return kept.token;
    const algorithm = jwk.alg ?? (jwk.kty === 'RSA' ? 'RS384' : 'ES384');
    const assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(jwk.kid && { kid: jwk.kid }) })
      .setIssuer(client)
      .setSubject(client)
      .setAudience(tokenUrl)
      .setIssuedAt()
      .setExpirationTime('2m')
      .sign(await importJWK(jwk, algorithm));
    const response = await send(tokenUrl, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'system/*.cruds',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
      signal: AbortSignal.timeout(ANSWER_SECONDS * 1000),
    });
    if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`);
    const body = (await response.json()) as { access_token: string; expires_in: number };
    kept = { token: body.access_token, until: Date.now() + (body.expires_in - 60) * 1000 };
    return kept.token;
  };
};

const USAGE = `npm run mllp-agent -- --url URL --token-url URL --client ID --key FILE.jwk [--port 2575]
  [--notify HOST:PORT [--interval SECONDS] [--cursor-file FILE] [--receiver APPLICATION^FACILITY]]   (docs/ihe.md)`;

/** The facility's private key, as JWK. */
const readKey = (path: string): JWK => {
  try {
    const key: unknown = JSON.parse(readNamed(path).toString('utf8'));
    if (typeof (key as JWK | null)?.kty === 'string') return key as JWK;
  } catch (error) {
    if (error instanceof LocalError) throw error;
  }
  throw new LocalError(`${path}: is no key in JWK form`);
};

/** Patients' data leave this machine encrypted, or not at all. */
const assertEncrypted = (name: string, address: string): void => {
  const { protocol, hostname = '' } = URL.parse(address) ?? {};
  if (protocol !== 'https:' && !(protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)))
    throw new LocalError(`--${name} must be an https address`);
};

const main = async (): Promise<undefined> => {
  const { values } = readArgs(USAGE, {
    options: {
      url: { type: 'string' },
      'token-url': { type: 'string' },
      client: { type: 'string' },
      key: { type: 'string' },
      port: { type: 'string', default: '2575' },
      notify: { type: 'string' },
      interval: { type: 'string', default: '60' },
      'cursor-file': { type: 'string', default: 'mllp-agent.cursor' },
      receiver: { type: 'string' },
    },
  });
  const { url, 'token-url': tokenUrl, client, key, port } = values;
  if (!url || !tokenUrl || !client || !key)
    throw new LocalError(`--url, --token-url, --client and --key are needed\n${USAGE}`);
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) throw new LocalError('--port is a number to 65535');
  assertEncrypted('url', url);
  assertEncrypted('token-url', tokenUrl);
  const token = systemToken(tokenUrl, client, readKey(key));
  // What is wrong with the arguments is said before anything is listened to.
  const notify = values.notify === undefined ? undefined : notifying(values, url, token);
  const log = (line: string) => console.error(line);
  const server = await startAgent({ url, token, port: Number(port), log }).catch((error: Error & { code?: string }) => {
    throw error.code === 'EADDRINUSE' ? new LocalError(`port ${port} is in use by another program`) : error;
  });
  console.log(`listening for MLLP on 127.0.0.1:${port}`);
  const notifier = notify?.();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, async () => {
      await Promise.all([notifier?.stop(), server.stop()]);
      process.exit(0);
    });
};

const notifying = (
  values: { readonly [name: string]: string | undefined },
  url: string,
  token: () => Promise<string>,
): (() => Notifier) => {
  const [, host = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(values.notify ?? '') ?? [];
  const seconds = Number(values.interval);
  if (!host || !(seconds >= 1)) throw new LocalError('--notify is HOST:PORT, and --interval whole seconds');
  return () => {
    console.log(`notifying ${host}:${port} of changed links`);
    return startNotifier({
      url: new URL('updates', url).href,
      token,
      to: { host, port: Number(port) },
      cursorFile: values['cursor-file'] ?? 'mllp-agent.cursor',
      receiver: values.receiver,
      intervalMs: seconds * 1000,
      log: (line) => console.error(line),
    });
  };
};

if (import.meta.main) await command(main);
