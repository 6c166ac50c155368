// What records point at: "The server also returns whatever resources are needed to support the records - e.g. linked practitioners,
// medications, locations, organizations". https://hl7.org/fhir/R4/patient-operation-everything.html
import { isResourceType } from '../fhir/resource-types.ts';
import type { Services } from '../interactions/contract.ts';
import type { Stored } from '../storage/port.ts';

/** A PractitionerRole leads to its Organization, and that to the one it is part of. */
const ROUNDS = 3;
/** More than a page of records ever points at. */
const MOST_LINKED = 1_000;

export interface Following {
  /** May it leave, and does it belong to this answer? */
  readonly admits: (stored: Stored) => boolean;
  /** Of a type that may be asked for at all, and not known already. */
  readonly isWanted: (type: string, name: string) => boolean;
  /** References that were followed before; grows. */
  readonly seen: Set<string>;
  /** What is linked may not be larger than this. */
  readonly bytes: number;
}

export interface Linked {
  readonly found: Stored[];
  /** Some was left out for its size. */
  readonly isCut: boolean;
}

/** References to us are relative once they are stored; an attachment names its Binary by URL. */
const REFERENCE = /"(?:reference|url)":\s*"([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[^"]*)?"/g;

/** References in the text of a resource: looked for in the text, since parsing each record would cost more than all else. */
export const referencesIn = (text: string): { type: string; id: string }[] =>
  [...text.matchAll(REFERENCE)].flatMap(([, type = '', id = '']) => (isResourceType(type) ? [{ type, id }] : []));

/** Each once, those that the records name themselves first. */
export const linkedWith = async (
  { resources }: Pick<Services, 'resources'>,
  texts: readonly string[],
  { admits, isWanted, seen, bytes }: Following,
): Promise<Linked> => {
  const found: Stored[] = [];
  let size = 0;
  let from = texts;
  for (let round = 0; round < ROUNDS && from.length > 0; round += 1) {
    const refs = new Map<string, { type: string; id: string }>();
    for (const text of from)
      for (const ref of referencesIn(text)) {
        const name = `${ref.type}/${ref.id}`;
        // Nearly all of a chart names the same few.
        if (!seen.has(name) && !refs.has(name) && isWanted(ref.type, name)) refs.set(name, ref);
      }
    if (found.length + refs.size > MOST_LINKED) return { found, isCut: true };
    const next: string[] = [];
    for (const stored of await resources.getMany([...refs.values()])) {
      if (!stored || stored.deleted || !admits(stored)) continue;
      const text = stored.text();
      size += Buffer.byteLength(text);
      if (size > bytes) return { found, isCut: true };
      found.push(stored);
      next.push(text);
    }
    for (const name of refs.keys()) seen.add(name);
    from = next;
  }
  return { found, isCut: false };
};
