// How much one account may ask in a minute. A shared counter for each request would cost as much as its audit record, so each
// execution environment counts by itself and tells the others every `step` requests: a fiftieth of the limit.
//
// Accuracy: with E environments busy for one account, at most limit + E × step requests pass in a minute. An account that stays
// below `step` in each environment never costs a write. Minutes are those of the clock, so a burst over a full minute may be twice
// the limit. While the counter does not answer, each environment holds the limit by itself: nobody is locked out by our fault.
import type { Actor } from '../consent/actor.ts';
import { FhirError } from '../fhir/outcome.ts';
import type { Counters } from './counters.ts';

/** Requests a minute. */
export type RateLimits = Readonly<Record<Actor['kind'], number>>;

/** 20 a second for a person, whose console asks a dozen things at once; what a gateway of a large hospital needs at its busiest. */
export const DEFAULT_LIMITS: RateLimits = { system: 12_000, staff: 1_200, resident: 600 };

/** `system=12000,staff=1200`: what the region file says of it. */
export const readLimits = (text: string | undefined): RateLimits => {
  const given = Object.fromEntries(
    (text ?? '')
      .split(',')
      .map((part) => /^(system|staff|resident)=([1-9][0-9]{0,8})$/.exec(part.trim()))
      .flatMap((found) => (found ? [[found[1]!, Number(found[2])]] : [])),
  );
  return { ...DEFAULT_LIMITS, ...given };
};

const MINUTE = 60_000;
const KEEP_MS = 10 * MINUTE;

interface Count {
  /** Known of all environments, this one's told requests included. */
  shared: number;
  /** Not told yet. */
  own: number;
}

export interface LimiterDeps {
  readonly limits: RateLimits;
  readonly clock: () => number;
  /** Absent: each environment holds the limit by itself. */
  readonly counters?: Pick<Counters, 'add'> | undefined;
  readonly log?: (line: Record<string, unknown>) => void;
}

export type Limiter = (who: Pick<Actor, 'kind' | 'subject'>) => Promise<void>;

export const openLimiter = ({ limits, clock, counters, log }: LimiterDeps): Limiter => {
  let minute = 0;
  let counts = new Map<string, Count>();

  return async ({ kind, subject }) => {
    const now = clock();
    const current = Math.floor(now / MINUTE);
    if (current !== minute) {
      minute = current;
      counts = new Map();
    }
    const count = counts.get(subject) ?? { shared: 0, own: 0 };
    counts.set(subject, count);
    const limit = limits[kind];
    if (count.shared + count.own >= limit) throw throttled((current + 1) * MINUTE - now);
    count.own += 1;
    if (!counters || count.own < stepOf(limit)) return;

    const told = count.own;
    count.own = 0;
    count.shared += told;
    try {
      count.shared = await counters.add(`rate#${subject}#${current}`, told, now + KEEP_MS);
    } catch {
      log?.({ level: 'warn', event: 'rate-counter-silent' });
    }
  };
};

export const stepOf = (limit: number): number => Math.max(5, Math.ceil(limit / 50));

/** https://www.rfc-editor.org/rfc/rfc6585#section-4 */
const throttled = (waitMs: number) =>
  new FhirError('throttled', [{ diagnostics: 'too many requests of this account; try again in the next minute' }], {
    'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))),
  });

type Authenticate<H> = (headers: H) => Promise<Actor>;

/** Counts who was let in; whoever is refused before that costs us nothing but the refusal. */
export const limited =
  <H>(authenticate: Authenticate<H>, limit: Limiter): Authenticate<H> =>
  async (headers) => {
    const actor = await authenticate(headers);
    await limit(actor);
    return actor;
  };
