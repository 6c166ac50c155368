// Breaking the glass: who may, with what reason, for how long. What is then shown is for consent/decide.ts to say.
import { randomBytes } from 'node:crypto';
import { rulesOf } from '../consent/matrix.ts';
import { forbidden, refuse } from '../fhir/outcome.ts';
import type { Resources } from '../storage/port.ts';
import type { Case, Cases } from './cases.ts';
import type { BreakGlass, Grant } from './port.ts';

/** Characters; less than that explains nothing. */
export const SHORTEST_REASON = 10;
export const LONGEST_REASON = 200;

/** One request is about one person, or a family in one car. */
const MOST_AT_ONCE = 5;

const REVIEW_MS = 3 * 24 * 3_600_000;

export interface BreakGlassDeps {
  readonly cases: Cases;
  readonly resources: Pick<Resources, 'get' | 'patientKey' | 'heads'>;
  /** The time box. @default 30 */
  readonly minutes?: number | undefined;
  /** Wakes the privacy officer, once for each case; what it is about stands in the queue. */
  readonly alert?: (() => void) | undefined;
}

export const openBreakGlass = ({ cases, resources, minutes = 30, alert }: BreakGlassDeps): BreakGlass => {
  /** Patients that exist, and the partition key of each with those of the person's other records. */
  const whom = async (patients: readonly string[], resource: { type: string; id: string } | undefined) => {
    const keys = new Map<string, readonly string[]>();
    const stored = await Promise.all(patients.map((id) => resources.get('Patient', id)));
    const there = patients.filter((_, at) => stored[at] && !stored[at].deleted);
    const heads = there.length > 0 ? await resources.heads(there) : [];
    for (const [at, id] of there.entries()) {
      const linked = [id, ...(heads[at]?.linked ?? [])].map((one) => resources.patientKey(one));
      keys.set(resources.patientKey(id), [...new Set(linked)]);
    }
    const other = resource && (await resources.get(resource.type, resource.id));
    if (other?.patientKey !== undefined && !keys.has(other.patientKey)) keys.set(other.patientKey, [other.patientKey]);
    return keys;
  };

  return {
    open: async ({ actor, reason, patients, resource, now }) => {
      // Never a system: somebody must answer for it.
      if (actor.kind !== 'staff' || actor.facility === undefined || !rulesOf(actor).breaksGlass)
        throw forbidden('this role may not break the glass');
      const why = readReason(reason);
      if (patients.length > MOST_AT_ONCE)
        throw refuse('invalid', `a request that breaks the glass names ${MOST_AT_ONCE} patients at most`);
      const have = [...(await cases.openOf(actor.subject, now))];
      const wanted = await whom(patients, resource);
      const fresh = [...wanted].filter(([key]) => !have.some(({ keys }) => keys.includes(key)));
      if (fresh.length === 0) return { grants: have.map(bare), reason: why };
      for (const [patientKey, keys] of fresh) {
        const opened: Case = {
          id: `${String(now).padStart(13, '0')}-${randomBytes(8).toString('hex')}`,
          subject: actor.subject,
          role: actor.role,
          facility: actor.facility,
          patientKey,
          keys,
          reason: why,
          from: now,
          until: now + minutes * 60_000,
          due: now + REVIEW_MS,
          reviews: [],
        };
        // Two requests of one screen at once: the other one has opened it.
        if (await cases.open(opened)) alert?.();
      }
      return { grants: (await cases.openOf(actor.subject, now)).map(bare), reason: why };
    },
  };
};

const bare = ({ id, keys, until }: Grant): Grant => ({ id, keys, until });

/** Headers hold ASCII, so a Japanese reason comes percent-encoded (UTF-8). */
export const readReason = (header: string | undefined): string => {
  const text = decoded(header ?? '')
    .normalize('NFKC')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  const length = [...text].length;
  if (length < SHORTEST_REASON)
    throw refuse('invalid', `X-Purpose-Reason must say why, in ${SHORTEST_REASON} characters or more`);
  if (length > LONGEST_REASON)
    throw refuse('invalid', `X-Purpose-Reason may have ${LONGEST_REASON} characters at most`);
  return text;
};

const decoded = (header: string): string => {
  try {
    return decodeURIComponent(header);
  } catch {
    throw refuse('invalid', 'X-Purpose-Reason must be percent-encoded UTF-8');
  }
};
