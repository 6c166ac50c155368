// How the two sides of a link contract tell each other where they stand: signed by the region's key, checked against the key set that
// one's own people have entered. Nobody hears of a community that they have not entered themselves.
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { notFound } from '../fhir/outcome.ts';
import { LIFE_SECONDS, type Sign, urnOf } from './assertion.ts';
import { type Contract, heard, STATES, termsHash } from './contract.ts';
import type { Contracts } from './contracts.ts';
import type { PeerHttp } from './peer-http.ts';
import { peerKeys, verifyFrom } from './verify.ts';

const MESSAGE_TYPE = 'tsumugi-contract+jwt';
const MOST_BYTES = 16_384;
const WAIT_MS = 5_000;

export const ContractMessage = z.strictObject({ message: z.string().check(z.minLength(1), z.maxLength(8_192)) });

const Said = z.looseObject({
  state: z.enum(STATES),
  terms: z.string().check(z.maxLength(100)),
  /** Milliseconds: what is older than what is known is not news. */
  at: z.number(),
});

export interface ExchangeParts {
  readonly community: string;
  readonly contracts: Contracts;
  readonly peers: PeerHttp;
  readonly sign: Sign;
  readonly clock: () => number;
}

export interface Exchange {
  /** Says where we stand, hears where they do, and keeps both. */
  tell(community: string): Promise<Contract>;
  /** What the other side says; answers with where we stand. */
  hear(message: string): Promise<{ message: string }>;
}

export const openExchange = (parts: ExchangeParts): Exchange => {
  const { community, contracts, peers, sign, clock } = parts;
  const keysOf = peerKeys(parts);

  const say = (contract: Contract) => {
    const now = clock();
    const iat = Math.floor(now / 1000);
    return sign(
      { typ: MESSAGE_TYPE },
      {
        iss: urnOf(community),
        aud: urnOf(contract.community),
        iat,
        exp: iat + LIFE_SECONDS,
        jti: randomUUID(),
        state: contract.own,
        terms: termsHash(contract.terms),
        at: now,
      },
    );
  };

  const understood = async (message: string) => {
    const { contract, payload } = await verifyFrom(message, MESSAGE_TYPE, parts, keysOf);
    const { state, terms, at } = Said.parse(payload);
    return { community: contract.community, said: { state, terms, at } };
  };

  return {
    tell: async (peer) => {
      const kept = await contracts.get(peer);
      if (!kept) throw notFound('a link contract with this community');
      if (kept.contract.protocol === 'ihe') return kept.contract; // it has no word for these steps
      let contract = kept.contract;
      try {
        const { status, bytes } = await peers.post(
          `${contract.baseUrl}/federation/answer/contract`,
          JSON.stringify({ message: await say(contract) }),
          { signal: AbortSignal.timeout(WAIT_MS), mostBytes: MOST_BYTES },
        );
        if (status !== 200) return contract; // they do not know us yet, or cannot answer now
        const { message } = ContractMessage.parse(JSON.parse(bytes.toString('utf8')));
        const answer = await understood(message);
        if (answer.community !== peer) return contract;
        contract = { ...heard(contract, answer.said), told: true };
      } catch (error) {
        if (isPeersFault(error)) return contract;
        throw error;
      }
      await contracts.put(contract, kept.version);
      return contract;
    },
    hear: async (message) => {
      const { community: peer, said } = await understood(message);
      const kept = await contracts.get(peer);
      if (!kept) throw notFound('a link contract with this community');
      const contract = heard(kept.contract, said);
      if (contract !== kept.contract) await contracts.put({ ...contract, told: contract.told }, kept.version);
      return { message: await say(contract) };
    },
  };
};

/** Their answer could not be had or understood: our own step stands all the same, and is told again. What we depend on is another matter. */
const isPeersFault = (error: unknown): boolean => !(error instanceof Error && '$metadata' in error);
