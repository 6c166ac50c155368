// Where one person is known: what is remembered of it, with whom the person is paired, and finding anew.
import type { Sharing } from '../consent/cross-region.ts';
import { type Asking, HandleEnded } from './ask-peer.ts';
import { BREAK_GLASS, type Contract } from './contract.ts';
import { type Correlation, type Correlations, isCurrent } from './correlations.ts';
import type { Evidence } from './evidence.ts';
import type { Paired, Pairings } from './pairings.ts';
import { findIn, type Speaking } from './there.ts';

export interface KnownThere {
  /** As it is remembered, while it is good. */
  current(contract: Contract): Correlation | undefined;
  /** Whether anything is told to it when it is asked where the person is. */
  tells(contract: Contract): boolean;
  /** `undefined`: there was nothing that may be told. */
  find(contract: Contract, asking: Asking): Promise<Correlation | undefined>;
  /** Remembers what was found. */
  keep(): Promise<void>;
}

export interface KnownThereParts extends Speaking {
  readonly correlations: Correlations;
  readonly pairings: Pick<Pairings, 'of' | 'forget'>;
}

export interface Whom {
  readonly key: string;
  readonly evidence: Evidence;
  readonly basis: string;
  readonly linked: readonly string[];
  /** The person asks for what is his own. */
  readonly isOwn: boolean;
  readonly purpose: string;
  readonly now: number;
}

const NOTHING_KNOWN: ReadonlyMap<string, Correlation> = new Map();

export const openKnownThere = async (
  parts: KnownThereParts,
  whom: Whom,
  sharingWith: (contract: Contract) => Sharing,
  isAnybodyAsked: boolean,
): Promise<KnownThere> => {
  const { correlations, pairings } = parts;
  const { evidence, basis, linked, isOwn, purpose, now } = whom;
  // What the person may see of himself, and what an emergency opens, is more than others are shown: neither is remembered with it.
  const key = isOwn ? `${whom.key}|own` : whom.key;
  const isRemembered = purpose !== BREAK_GLASS;
  const [remembered, paired] = isAnybodyAsked
    ? await Promise.all([isRemembered ? correlations.of(key) : NOTHING_KNOWN, pairings.of(whom.key, linked)])
    : [NOTHING_KNOWN, new Map<string, Paired>()];
  const learnt = new Map<string, Correlation>();
  const mayTell = (contract: Contract) => ['identifiers', 'demographics'].includes(sharingWith(contract));

  const find = async (contract: Contract, asking: Asking): Promise<Correlation | undefined> => {
    const { community } = contract;
    const finding = { evidence, basis, sharing: sharingWith(contract) };
    const pairing = paired.get(community);
    if (pairing) {
      try {
        return await findIn(parts, contract, { ...finding, pairing: pairing.token }, asking, now);
      } catch (error) {
        if (!(error instanceof HandleEnded)) throw error;
        await pairings.forget(whom.key, community, pairing.id);
      }
    }
    return mayTell(contract) ? findIn(parts, contract, finding, asking, now) : undefined;
  };

  return {
    current: (contract) => {
      const known = remembered.get(contract.community);
      if (!known || !isCurrent(known, { basis, evidence: evidence.hash, now })) return undefined;
      // A pairing is the person's own doing, and ends with it; what was agreed when the person was found may not be agreed now.
      if (known.kind === 'match' && known.how === 'pairing') return paired.has(contract.community) ? known : undefined;
      return mayTell(contract) && !isOwn ? known : undefined;
    },
    tells: (contract) => paired.has(contract.community) || mayTell(contract),
    find: async (contract, asking) => {
      const found = await find(contract, asking);
      if (found) learnt.set(contract.community, found);
      return found;
    },
    keep: async () => {
      if (learnt.size > 0 && isRemembered) await correlations.keep(key, learnt);
    },
  };
};
