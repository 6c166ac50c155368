// The name by which another region asks for a person here: the Patient that matched and whom it was linked to, sealed, and good for that
// one region. When our records of the person are linked otherwise than they were then, it is good no more and the asker must find the
// person anew: an unlink or a split here ends what it had wrongly joined there, too.
import { FhirError } from '../fhir/outcome.ts';
import type { Resources, Seal } from '../storage/port.ts';
import { sha256 } from './assertion.ts';
import { UNKNOWN_HANDLE } from './messages.ts';
import type { Named, Pairings } from './pairings.ts';

/** Days after which the person is to be found anew in any case. */
export const HANDLE_DAYS = 30;

interface Handle {
  readonly patient: string;
  readonly basis: string;
  readonly until: number;
  /** It was found by this pairing, and ends with it. */
  readonly pairing?: Named | undefined;
}

export interface HandleParts {
  readonly seal: Seal;
  readonly resources: Pick<Resources, 'heads'>;
  readonly clock: () => number;
  /** Absent: nobody who came by a pairing is known. */
  readonly pairings?: Pick<Pairings, 'isAlive'> | undefined;
}

const bindOf = (community: string) => JSON.stringify(['federation-handle', community]);
export const linkBasis = (person: string | undefined, linked: readonly string[]): string =>
  sha256(JSON.stringify([person ?? null, [...linked].sort()]));

const standing = async ({ resources }: HandleParts, patient: string) => {
  const [head] = await resources.heads([patient]);
  const linked = head?.linked ?? [patient];
  return { linked, basis: linkBasis(head?.person, linked) };
};

export const sealHandle = async (
  parts: HandleParts,
  community: string,
  patient: string,
  pairing?: Named,
): Promise<string> => {
  const { basis } = await standing(parts, patient);
  const handle: Handle = { patient, basis, until: parts.clock() + HANDLE_DAYS * 86_400_000, pairing };
  return parts.seal.seal(handle, bindOf(community));
};

export const openHandle = async (
  parts: HandleParts,
  community: string,
  token: string,
): Promise<{ patient: string; linked: readonly string[]; isPaired: boolean }> => {
  const opened = parts.seal.open(token, bindOf(community)) as Handle | undefined;
  if (!opened || opened.until < parts.clock()) throw ended();
  const { patient, pairing } = opened;
  const [{ linked, basis }, isAlive] = await Promise.all([
    standing(parts, patient),
    pairing ? (parts.pairings?.isAlive(community, pairing) ?? false) : true,
  ]);
  if (basis !== opened.basis || !isAlive) throw ended();
  return { patient, linked, isPaired: pairing !== undefined };
};

export const pairingEnded = () => ended();

const ended = () =>
  new FhirError('gone', [{ code: 'not-found', diagnostics: `${UNKNOWN_HANDLE}: the person must be found anew` }]);
