// Key sets of others, fetched with little trust: https, no redirects, three seconds, 64 KB, twenty keys.
import { type CryptoKey, importJWK, type JWTHeaderParameters } from 'jose';
import * as z from 'zod/mini';
import { PublicJwk } from './rows.ts';

const MAX_BYTES = 65_536;
const MAX_KEYS = 20;
const TIMEOUT_MS = 3_000;
/** A key that its owner withdrew must not live on here. */
const MAX_AGE_MS = 5 * 60_000;
/** Tokens with invented key ids must not make us call the owner each time. */
const COOL_DOWN_MS = 30_000;

export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;
export type FindKey = (header: JWTHeaderParameters) => Promise<CryptoKey>;

/** The key set is of no use, or has no such key. */
export class KeyNotFound extends Error {}

/** The owner of the key set did not answer, or not as one does: try later. */
export class KeySetUnreachable extends Error {}

const KeySet = z.looseObject({ keys: z.array(z.unknown()).check(z.maxLength(MAX_KEYS)) });

/** Finds keys by `kid` in a set that is at hand. Exactly one key must answer to `kid` and fit `alg`. */
export const findKey = async (keys: readonly PublicJwk[], header: JWTHeaderParameters): Promise<CryptoKey> => {
  const kty = header.alg.startsWith('ES') ? 'EC' : 'RSA';
  const fitting = keys.filter((key) => key.kid === header.kid && key.kty === kty && signs(key, header.alg));
  const [key] = fitting;
  if (!key || fitting.length !== 1) throw new KeyNotFound('no such key');
  const imported = await importJWK(key, header.alg);
  if (imported instanceof Uint8Array) throw new KeyNotFound('no such key');
  return imported;
};

const signs = (key: PublicJwk, alg: string) =>
  (key.use === undefined || key.use === 'sig') && (key.alg === undefined || key.alg === alg);

/** Keys behind a URL: cached as long as their owner allows, five minutes at most; an unknown `kid` asks again, twice a minute at most. */
export const remoteKeys = ({
  url,
  plainHttp = false,
  clock,
  fetch = globalThis.fetch,
}: {
  url: string;
  /** Only for a local stand-in of Cognito. */
  plainHttp?: boolean;
  clock: () => number;
  fetch?: FetchLike;
}): FindKey => {
  let held: { keys: PublicJwk[]; fetched: number; until: number } | undefined;
  let loading: Promise<PublicJwk[]> | undefined;

  const load = () => {
    loading ??= fetchKeys(url, plainHttp, fetch)
      .then(({ keys, maxAgeMs }) => {
        held = { keys, fetched: clock(), until: clock() + maxAgeMs };
        return keys;
      })
      .finally(() => {
        loading = undefined;
      });
    return loading;
  };

  return async (header) => {
    const known = held && clock() < held.until ? held.keys : await load();
    try {
      return await findKey(known, header);
    } catch (error) {
      if (!(error instanceof KeyNotFound) || !held || clock() - held.fetched < COOL_DOWN_MS) throw error;
      return findKey(await load(), header);
    }
  };
};

/** A name with a dot whose last part is no number: neither an address nor a name of our own network. */
const PUBLIC_NAME = /^(?!.*\.(internal|local|localhost)$)([a-z0-9-]+\.)+[a-z][a-z0-9-]*$/i;

const fetchKeys = async (url: string, plainHttp: boolean, fetch: FetchLike) => {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !plainHttp) throw new KeyNotFound('a key set must come by https');
  // Whoever registers an address must not make us ask what only we can reach.
  if (!plainHttp && !PUBLIC_NAME.test(hostname)) throw new KeyNotFound('a key set must come from a public host name');
  const { text, cacheControl } = await fetchText(url, fetch).catch((cause) => {
    throw cause instanceof KeyNotFound ? cause : new KeySetUnreachable('the key set cannot be fetched', { cause });
  });
  const { keys } = KeySet.parse(JSON.parse(text));
  const fitting = keys.map((key) => PublicJwk.safeParse(key)).flatMap(({ data }) => (data ? [data] : []));
  return { keys: fitting, maxAgeMs: maxAge(cacheControl) };
};

const fetchText = async (url: string, fetch: FetchLike) => {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new KeySetUnreachable(`the key set answered ${response.status}`);
  return { text: await boundedText(response), cacheControl: response.headers.get('cache-control') };
};

const boundedText = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new KeyNotFound('the key set is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const maxAge = (cacheControl: string | null): number => {
  if (cacheControl && /no-store|no-cache/.test(cacheControl)) return 0;
  const seconds = /max-age=([0-9]+)/.exec(cacheControl ?? '')?.[1];
  return Math.min(seconds === undefined ? MAX_AGE_MS : Number(seconds) * 1000, MAX_AGE_MS);
};
