// Finding a person in another community: by what is remembered, then by a pairing, which tells nothing of the person, then by
// identifiers, then, for who has opted in, by demographics.
import type { Sharing } from '../consent/cross-region.ts';
import type { Asking, AskPeer } from './ask-peer.ts';
import type { TsumugiContract } from './contract.ts';
import type { Correlation } from './correlations.ts';
import type { Evidence } from './evidence.ts';
import { DiscoverAnswer, type DiscoverRequest } from './messages.ts';
import { PeerFault } from './peer-http.ts';

export interface Finding {
  readonly evidence: Evidence;
  /** How our own records of the person are linked now. */
  readonly basis: string;
  readonly sharing: Sharing;
  /** What the other side calls the person, where the two are paired. */
  readonly pairing?: string | undefined;
}

/** `undefined`: there was nothing that may be told. */
export const findThere = async (
  ask: AskPeer,
  contract: TsumugiContract,
  { evidence, basis, sharing, pairing }: Finding,
  asking: Asking,
  now: number,
): Promise<Correlation | undefined> => {
  const { identifiers, demographics } = evidence;
  const by = async (
    how: Extract<Correlation, { kind: 'match' }>['how'],
    request: DiscoverRequest,
  ): Promise<Correlation> => {
    const { data: answer } = DiscoverAnswer.safeParse(await ask(contract, 'discover', request, asking));
    if (!answer) throw new PeerFault('structure', 'its answer to a discovery is not as one must be');
    if (answer.kind !== 'match') return { kind: answer.kind, basis, evidence: evidence.hash, at: now };
    // A number that a clerk has mistyped leads to somebody else, whose birthday is another.
    if (differs(answer.birthDate, demographics.birthDate) || differs(answer.gender, demographics.gender))
      return { kind: 'ask', basis, evidence: evidence.hash, at: now };
    return { kind: 'match', how, handle: answer.handle, patients: answer.patients, basis, at: now };
  };

  if (sharing === 'refused') return undefined;
  if (pairing !== undefined) return by('pairing', { identifiers: [], pairing });
  if (sharing === 'nothing') return undefined;
  const found = identifiers.length > 0 ? await by('identifiers', { identifiers: [...identifiers] }) : undefined;
  if (found?.kind === 'match' || sharing !== 'demographics') return found;
  if (demographics.name.length === 0) return found;
  return by('demographics', { identifiers: [...identifiers], demographics });
};

const differs = (theirs: string | undefined, ours: string | undefined): boolean =>
  theirs !== undefined && ours !== undefined && theirs !== 'unknown' && ours !== 'unknown' && theirs !== ours;
