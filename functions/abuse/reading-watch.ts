// Unusual reading, seen in the audit stream: many persons in an hour, persons of public interest, somebody of one's own family name; and
// who tries many ids that are not the own.
// Nothing is refused here; a privacy officer looks at it, and an alarm says that there is something to look at.
import type { AuditRecord } from '../audit/port.ts';
import type { AlertKind } from './alert.ts';
import type { Counters } from './counters.ts';
import type { Finding, Findings } from './findings.ts';
import type { Officers } from './officers.ts';

export interface Look {
  readonly record: AuditRecord;
  readonly time: number;
}

/** What must be known of a person, and is kept nowhere. */
export interface PersonFacts {
  readonly isVip: boolean;
  /** Family names as they are compared: folded, in kanji and kana. */
  readonly families: readonly string[];
}

export interface WatchDeps {
  readonly counters: Pick<Counters, 'add' | 'collect'>;
  readonly findings: Pick<Findings, 'add'>;
  readonly alert: (kind: AlertKind, count?: number) => void;
  /** Of the facilities that it concerns. */
  readonly officers: Officers;
  readonly personOf: (patientKey: string, entities: readonly string[]) => Promise<PersonFacts | undefined>;
  /** Family names of a member of staff, folded alike. */
  readonly familiesOf: (account: string) => Promise<readonly string[]>;
  readonly clock: () => number;
  readonly limits?: WatchLimits;
}

export interface WatchLimits {
  /** Different persons that a member of staff sees in an hour of the clock. */
  readonly staffPersons: number;
  /** Writes in an hour that were not the account's to make: who tries ids of others, to learn which are taken. */
  readonly refusedWrites: number;
  /** Reads of persons by a system in an hour: it may read a ward's worth at once, but not the region. */
  readonly systemReads: number;
}

/** A ward has 50 beds, an outpatient morning 40 people. */
export const WATCH_LIMITS: WatchLimits = { staffPersons: 100, refusedWrites: 200, systemReads: 20_000 };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KEEP_MS = 3 * HOUR;

export const watchReading = async (deps: WatchDeps, looks: readonly Look[]): Promise<void> => {
  await deps.officers.ofBrokenGlass(looks);
  const seen = looks.filter(({ record }) => isLook(record));
  const byHour = Map.groupBy(seen, ({ record, time }) => `${record.actor}#${Math.floor(time / HOUR)}`);
  for (const [name, group] of byHour) await watchNumber(deps, name, group);

  const refused = looks.filter(({ record }) => isRefusedWrite(record));
  const byAccount = Map.groupBy(refused, ({ record, time }) => `${record.actor}#${Math.floor(time / HOUR)}`);
  for (const [name, group] of byAccount) await watchRefused(deps, name, group);

  const single = new Map<string, Look>();
  for (const look of seen)
    if (look.record.actorKind === 'staff')
      single.set(`${look.record.actor} ${look.record.patientKey} ${Math.floor(look.time / DAY)}`, look);
  for (const look of single.values()) await watchPerson(deps, look);
};

/** Data of a person were shown, to somebody who is not that person. */
const isLook = ({ action, outcome, patientKey, count, actorKind }: AuditRecord) =>
  action === 'R' && outcome === '0' && patientKey !== undefined && count > 0 && actorKind !== 'resident';

const isRefusedWrite = ({ action, status }: AuditRecord) => (action === 'C' || action === 'U') && status === 403;

const watchRefused = async (deps: WatchDeps, name: string, group: readonly Look[]) => {
  const { counters, clock, limits = WATCH_LIMITS } = deps;
  const [{ record, time }] = group as [Look];
  const count = await counters.add(`refused#${name}`, group.length, clock() + KEEP_MS);
  if (count < limits.refusedWrites) return;
  await tell(deps, { ...whoOf(record), kind: 'refused-writes', start: Math.floor(time / HOUR) * HOUR, count });
};

const watchNumber = async (deps: WatchDeps, name: string, group: readonly Look[]) => {
  const { counters, clock, limits = WATCH_LIMITS } = deps;
  const [{ record, time }] = group as [Look];
  const persons = [...new Set(group.map((look) => look.record.patientKey!))];
  const until = clock() + KEEP_MS;
  const isStaff = record.actorKind === 'staff';
  const most = isStaff ? limits.staffPersons : limits.systemReads;
  const count = isStaff
    ? await counters.collect(`watch#${name}`, persons, most, until)
    : await counters.add(`watch#${name}`, persons.length, until);
  if (count < most) return;
  await tell(deps, { ...whoOf(record), kind: 'many-persons', start: Math.floor(time / HOUR) * HOUR, count });
};

const watchPerson = async (deps: WatchDeps, { record, time }: Look) => {
  const person = await deps.personOf(record.patientKey!, record.entities);
  if (!person) return;
  const about = { ...whoOf(record), start: Math.floor(time / DAY) * DAY, person: record.patientKey };
  if (person.isVip) await tell(deps, { ...about, kind: 'vip' });
  if (person.families.length === 0) return;
  const own = await deps.familiesOf(record.actor);
  if (own.some((family) => person.families.includes(family))) await tell(deps, { ...about, kind: 'own-family-name' });
};

const whoOf = ({ actor, role, facility }: AuditRecord) => ({ account: actor, role, facility });

/** The stream may bring a record twice: the queue tells whether it is new. */
const tell = async ({ findings, alert, officers, clock }: WatchDeps, finding: Finding) => {
  if (!(await findings.add(finding, clock()))) return;
  alert(finding.kind);
  await officers.ofFinding(finding);
};
