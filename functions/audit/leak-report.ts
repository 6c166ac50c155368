// Whose data an account, a system or a facility has seen in a time, exactly: what a report of a leak must say (個人情報保護法
// 第26条: 漏えい等報告). One line a person, with what was seen, how often, first and last.
// https://www.ppc.go.jp/personalinfo/legal/leakAction/
import { refuse } from '../fhir/outcome.ts';
import type { AuditTrail } from './trail.ts';

export interface LeakQuery {
  /** Milliseconds, inclusive. */
  readonly from: number;
  readonly to: number;
  /** `sub` of a member of staff or a resident, or a system's client id. */
  readonly account?: string | undefined;
  readonly facility?: string | undefined;
}

export interface Affected {
  readonly patientKey: string;
  /** Answers in which this person's data were. */
  readonly accesses: number;
  readonly changes: number;
  /** Resources, over all answers. */
  readonly resources: number;
  readonly first: number;
  readonly last: number;
  /** Classes of data (functions/search/data-class.ts); of records that do not tell them, the resource types. */
  readonly classes: readonly string[];
  readonly accounts: readonly string[];
  /** One reference of those that were shown, by which the Patient is found. */
  readonly example: string | undefined;
}

export interface LeakReport {
  /** In the order of their keys, which is no order of anything else. */
  readonly persons: readonly Affected[];
  /** Records that the report was made from. */
  readonly records: number;
}

/** About ten seconds of reading; who needs more asks in parts, which add up: a person of two parts is one person. */
export const MOST_RECORDS = 100_000;

export const leakReport = async (
  trail: Pick<AuditTrail, 'each'>,
  { from, to, account, facility }: LeakQuery,
  most = MOST_RECORDS,
): Promise<LeakReport> => {
  const persons = new Map<string, Mutable>();
  let records = 0;
  for await (const { record, time } of trail.each({
    from,
    to,
    actor: account,
    facility: account ? undefined : facility,
  })) {
    if (facility !== undefined && record.facility !== facility) continue;
    records += 1;
    if (records > most)
      throw refuse(
        'tooCostly',
        `more than ${most} accesses in this time; ask for a shorter one, and put the parts together`,
      );
    const { patientKey, outcome, count } = record;
    // What was refused was not shown; what is of nobody concerns nobody.
    if (patientKey === undefined || outcome !== '0' || count === 0) continue;
    const known = persons.get(patientKey);
    const one = known ?? {
      ...NOTHING,
      first: time,
      last: time,
      classes: new Set<string>(),
      accounts: new Set<string>(),
    };
    if (!known) persons.set(patientKey, one);
    one.accesses += 1;
    one.changes += record.action === 'R' ? 0 : 1;
    one.resources += count;
    one.first = Math.min(one.first, time);
    one.last = Math.max(one.last, time);
    for (const name of record.classes ?? record.entities.map(typeOf)) one.classes.add(name);
    one.accounts.add(record.actor);
    one.example = patientOf(record.entities) ?? one.example ?? record.entities[0];
  }
  const list = [...persons].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    records,
    persons: list.map(([patientKey, { classes, accounts, ...rest }]) => ({
      patientKey,
      ...rest,
      classes: [...classes].sort(),
      accounts: [...accounts].sort(),
    })),
  };
};

interface Mutable {
  accesses: number;
  changes: number;
  resources: number;
  first: number;
  last: number;
  readonly classes: Set<string>;
  readonly accounts: Set<string>;
  example: string | undefined;
}

const NOTHING = { accesses: 0, changes: 0, resources: 0, example: undefined };

const typeOf = (reference: string) => reference.slice(0, reference.indexOf('/'));
const patientOf = (entities: readonly string[]) => entities.find((reference) => reference.startsWith('Patient/'));
