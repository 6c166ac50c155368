// The token in a page's `next` link: the whole search and how far it came, sealed. It shows no key and no search value, is good for
// the caller it was made for, and for a while only.
import type { Actor } from '../consent/actor.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Seal } from '../storage/port.ts';
import type { LinkedPatients } from './linked.ts';
import type { Progress } from './run.ts';

export const CURSOR_HOURS = 4;

export interface Cursor {
  readonly type: string | undefined;
  readonly compartment: { readonly type: string; readonly id: string } | undefined;
  readonly params: readonly (readonly [string, string])[];
  /** Time of the first page: `ap` depends on it. */
  readonly now: number;
  readonly progress: Progress;
  /** Patients that the search covered from its first page on: its places are theirs. */
  readonly linked?: LinkedPatients | undefined;
}

const bindOf = ({ kind, subject, facility }: Actor, path: string): string =>
  JSON.stringify(['search', kind, subject, facility ?? null, path]);

export const sealCursor = (seal: Seal, actor: Actor, path: string, cursor: Cursor, now: number): string =>
  seal.seal({ ...cursor, expires: now + CURSOR_HOURS * 3600_000 }, bindOf(actor, path));

/** @throws FhirError `invalid` for a cursor that was changed, is another's, or is too old */
export const openCursor = (seal: Seal, actor: Actor, path: string, token: string, now: number): Cursor => {
  const opened = seal.open(token, bindOf(actor, path)) as (Cursor & { expires: number }) | undefined;
  if (!opened) throw refuse('invalid', 'search parameter _cursor: not a cursor of this search and caller');
  if (opened.expires < now) throw refuse('invalid', 'search parameter _cursor: expired; search again');
  return opened;
};
