// The name by which another region asks for a person here: the Patient that matched and whom it was linked to, sealed, and good for that
// one region. When our records of the person are linked otherwise than they were then, it is good no more and the asker must find the
// person anew: an unlink or a split here ends what it had wrongly joined there, too.
import { FhirError } from '../fhir/outcome.ts';
import type { Resources, Seal } from '../storage/port.ts';
import { sha256 } from './assertion.ts';
import { UNKNOWN_HANDLE } from './messages.ts';

/** Days after which the person is to be found anew in any case. */
export const HANDLE_DAYS = 30;

interface Handle {
  readonly patient: string;
  readonly basis: string;
  readonly until: number;
}

export interface HandleParts {
  readonly seal: Seal;
  readonly resources: Pick<Resources, 'heads'>;
  readonly clock: () => number;
}

const bindOf = (community: string) => JSON.stringify(['federation-handle', community]);
export const linkBasis = (person: string | undefined, linked: readonly string[]): string =>
  sha256(JSON.stringify([person ?? null, [...linked].sort()]));

const standing = async ({ resources }: HandleParts, patient: string) => {
  const [head] = await resources.heads([patient]);
  const linked = head?.linked ?? [patient];
  return { linked, basis: linkBasis(head?.person, linked) };
};

export const sealHandle = async (parts: HandleParts, community: string, patient: string): Promise<string> => {
  const { basis } = await standing(parts, patient);
  const handle: Handle = { patient, basis, until: parts.clock() + HANDLE_DAYS * 86_400_000 };
  return parts.seal.seal(handle, bindOf(community));
};

export const openHandle = async (
  parts: HandleParts,
  community: string,
  token: string,
): Promise<{ patient: string; linked: readonly string[] }> => {
  const opened = parts.seal.open(token, bindOf(community)) as Handle | undefined;
  if (!opened || opened.until < parts.clock()) throw ended();
  const { linked, basis } = await standing(parts, opened.patient);
  if (basis !== opened.basis) throw ended();
  return { patient: opened.patient, linked };
};

const ended = () =>
  new FhirError('gone', [{ code: 'not-found', diagnostics: `${UNKNOWN_HANDLE}: the person must be found anew` }]);
