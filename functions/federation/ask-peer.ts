// One question to one community, and what of its answer may be believed to be an answer.
import * as z from 'zod/mini';
import type { Actor } from '../consent/actor.ts';
import { parseJson } from '../fhir/json.ts';
import type { Json } from '../fhir/types.ts';
import type { Asserter } from './assertion.ts';
import type { TsumugiContract } from './contract.ts';
import { UNKNOWN_HANDLE } from './messages.ts';
import { PeerFault, type PeerHttp } from './peer-http.ts';

/** The handle is good no more. */
export class HandleEnded extends Error {}

export interface Asking {
  readonly actor: Actor;
  readonly purpose: string;
  /** Why the glass is broken. */
  readonly reason?: string | undefined;
  /** The same in the audit trails of both sides. */
  readonly requestId: string;
  readonly signal: AbortSignal;
  /** Bytes that all answers of one request may have together: what a function's memory holds. */
  readonly room: Room;
}

export interface Room {
  bytes: number;
}

/** What a response of API Gateway holds, unpacked. */
const MOST_BYTES = 12 * 1024 * 1024;
export const ROOM_BYTES = 160 * 1024 * 1024;

export type AskPeer = (
  contract: TsumugiContract,
  what: 'discover' | 'fhir' | 'pair',
  body: object,
  asking: Asking,
) => Promise<Json>;

const Issues = z.looseObject({
  issue: z.array(z.looseObject({ code: z.optional(z.string()), diagnostics: z.optional(z.string()) })),
});

export const askPeer =
  ({ asserter, peers }: { asserter: Asserter; peers: PeerHttp }): AskPeer =>
  async (contract, what, body, { actor, purpose, reason, requestId, signal, room }) => {
    const url = `${contract.baseUrl}/federation/answer/${what}`;
    const text = JSON.stringify(reason === undefined ? body : { ...body, reason });
    const { assertion, proof } = await untilAborted(asserter.assert(actor, purpose, contract.community), signal);
    const { status, bytes } = await peers.post(url, text, {
      signal,
      mostBytes: Math.min(MOST_BYTES, room.bytes),
      headers: { authorization: `DPoP ${assertion}`, dpop: proof(url, text), 'x-request-id': requestId },
    });
    room.bytes -= bytes.byteLength;
    if (status === 200) return parsed(bytes);
    throw refusal(status, said(bytes));
  };

/** Whatever we wait for ourselves counts as time that it had. */
export const untilAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) => {
      const late = () => reject(new PeerFault('timeout', 'it did not answer in time'));
      if (signal.aborted) late();
      else signal.addEventListener('abort', late, { once: true });
    }),
  ]);

const parsed = (bytes: Buffer): Json => {
  try {
    return parseJson(bytes) as Json;
  } catch {
    throw new PeerFault('structure', 'its answer is no JSON');
  }
};

/** A refusal need not be FHIR: a gateway's is not. */
const said = (bytes: Buffer): Json => {
  try {
    return parsed(bytes);
  } catch {
    return null;
  }
};

/** What stands before it answers in its place. */
const GATEWAY = [502, 503, 504];

/** Why, in our words: what a peer writes may hold anything. */
const refusal = (status: number, answer: Json): Error => {
  const { data } = Issues.safeParse(answer);
  const rule = data?.issue[0]?.diagnostics ?? '';
  if (status === 410 && rule.startsWith(UNKNOWN_HANDLE)) return new HandleEnded();
  if (status === 401) return new PeerFault('security', 'it does not accept our assertion (401)');
  if (status === 403)
    return new PeerFault(
      'forbidden',
      data?.issue[0]?.code === 'suppressed' ? 'its link contract with us is not in force' : 'it refuses (403)',
    );
  if (status === 404) return new PeerFault('not-found', 'it has no such record, or shows none (404)');
  return new PeerFault(status >= 500 || status === 429 ? 'transient' : 'processing', `it answered ${status}`, {
    isAnswer: !GATEWAY.includes(status),
  });
};
