// A facility has registered or changed a Patient: whose record is it? Called for each change by the stream (entries/identity-feed.ts), and
// directly by whoever cannot wait. The same call again changes nothing.
import type { AuditRecord } from '../audit/port.ts';
import { REGION_OWNER } from '../consent/matrix.ts';
import { candidatesOf } from './candidates.ts';
import { followDeletion, followLinks, followMerge, isReplaced } from './facility-word.ts';
import { readInsured, takeCoverage } from './insured.ts';
import { compare } from './matching/compare.ts';
import { contradicts, mayStandTogether } from './matching/grade.ts';
import { type Candidate, judge, type Scored } from './matching/judge.ts';
import { between, type PairRow, type Ruling, readPairs, ruling } from './pairs.ts';
import { ensurePerson, type Group, groupsOf, isEnrolled, joining, survivorOf } from './persons.ts';
import { deciding, type IdentityServices } from './store.ts';

export const FEED = 'identity-feed';

export type Outcome = 'linked' | 'review' | 'alone' | 'known' | 'gone';

interface Found extends Candidate {
  readonly group: Group;
}

const MOST_QUESTIONS = 10;

export const resolve = (services: IdentityServices, patient: string, by = FEED): Promise<Outcome> =>
  deciding(() => resolveOnce(services, patient, by));

/** A facility has written a Coverage: whose record its patient's is may be another matter now. */
export const resolveCoverage = async (services: IdentityServices, coverage: string): Promise<Outcome> => {
  const patient = await takeCoverage(services, coverage);
  return patient === undefined ? 'known' : resolve(services, patient);
};

const resolveOnce = async (services: IdentityServices, patient: string, by: string): Promise<Outcome> => {
  const { resources, clock } = services;
  const [stored, insurancesOf] = await Promise.all([
    resources.get('Patient', patient),
    readInsured(resources, [patient]),
  ]);
  if (!stored) return 'gone';
  if (stored.deleted) {
    const left = await followDeletion(services, patient);
    if (left.length > 0)
      await services.audit.record(recordsOf(services, 'identity-unlink', [patient, ...left.slice(0, 1)], by));
    return 'gone';
  }
  const resource = stored.resource();
  if (isReplaced(resource)) {
    const merged = await followMerge(services, stored);
    if (merged?.outcome === 'linked')
      await services.audit.record(recordsOf(services, 'identity-link', [patient, merged.other], by));
    return merged && merged.outcome !== 'unlinked' ? merged.outcome : alone(services, patient);
  }
  const said = await followLinks(services, stored);
  if (said?.outcome === 'review') return 'review';
  if (said) {
    const interaction = said.outcome === 'linked' ? 'identity-link' : 'identity-unlink';
    await services.audit.record(recordsOf(services, interaction, [patient, said.other], by));
    return said.outcome === 'linked' ? 'linked' : alone(services, patient);
  }
  const candidates = await candidatesOf(resources, resource, insurancesOf(stored));
  if (candidates.length === 0) return alone(services, patient);
  const groups = await groupsOf(services, [patient, ...candidates]);
  const own = groups.find(({ members }) => members.some(({ id }) => id === patient))!;
  const subject = own.members.find(({ id }) => id === patient)!;
  const others = groups.filter((group) => group !== own);
  const doubts = await doubt(services, own, patient);

  const compared = others.flatMap((group) => candidatesIn(group));
  const mine = { id: patient, card: subject.card, facility: stored.facility };
  // What people have decided is read for those pairs alone that would matter.
  const open = judge(mine, compared);
  const near = new Set([...open.certain, ...open.possible].map(({ candidate }) => candidate.group));
  const ids = (group: Group) => group.members.map(({ id }) => id);
  const pairs = await readPairs(
    resources,
    [...near].flatMap((group) => between(ids(own), ids(group))),
  );
  const known = new Map(pairs.map((row) => [row.patients.join('|'), row]));
  const rowOf = (a: string, b: string): PairRow => known.get(a < b ? `${a}|${b}` : `${b}|${a}`)!;
  const isRuledOut = (a: string, b: string) => rowOf(a, b).pair?.ruling.state === 'different';
  const verdict = judge(
    mine,
    compared.filter(({ group }) => near.has(group)).map((one) => ({ ...one, isRuledOut: isRuledOut(patient, one.id) })),
  );
  const [best] = verdict.certain;
  const now = clock();
  const judged = (state: Ruling['state'], scored: Scored): Ruling => ({
    state,
    agreement: scored.pair,
    by,
    at: new Date(now).toISOString(),
  });

  /** What is open between this person and others: one question for each of them, by the pair that says most. */
  const ask = async (graded: readonly Scored<Found>[]): Promise<number> => {
    const questions = [...Map.groupBy(graded, ({ candidate }) => candidate.group)].flatMap(([group, [most]]) => {
      const states = between(ids(own), ids(group)).map(([one, other]) => rowOf(one, other).pair?.ruling.state);
      // People have said that the two are two; whoever is asked about another of their records is asked the same again.
      if (states.includes('different')) return [];
      const row = rowOf(patient, most!.candidate.id);
      return [{ isOpen: states.includes('review'), isNew: row.pair === undefined, row, most: most! }];
    });
    const fresh = questions.filter(({ isOpen, isNew }) => isNew && !isOpen).slice(0, MOST_QUESTIONS);
    if (fresh.length > 0)
      await resources.commit(
        fresh.map(({ row, most }) => ruling(row, judged('review', most))),
        now,
      );
    return questions.filter(({ isOpen, isNew }) => isNew || isOpen).length;
  };

  if (best && mayJoin(own, best.candidate.group, subject.id, isRuledOut)) {
    const [stays, goes] = survivorOf(best.candidate.group, own);
    const { writes, undo } = await joining(services, stays, goes, assuranceOf(best));
    const decided = rowOf(patient, best.candidate.id);
    const settled = between(ids(own), ids(best.candidate.group))
      .map(([one, other]) => rowOf(one, other))
      .filter((row) => row !== decided && row.pair?.ruling.state === 'review');
    await resources.commit(
      [
        ruling(decided, { ...judged('linked', best), undo }),
        ...settled.map((row) =>
          ruling(row, { ...row.pair!.ruling, state: 'settled', by, at: new Date(now).toISOString() }),
        ),
        ...writes,
      ],
      now,
    );
    await services.audit.record(recordsOf(services, 'identity-link', [patient, best.candidate.id], by));
    // What has just become one person may be certain of others besides, and much of what is open may have been asked of the rest of it.
    if (verdict.possible.length > 0) await resolveOnce(services, patient, by);
    return 'linked';
  }
  const graded = [...verdict.certain.filter(({ grade }) => grade !== 'none'), ...verdict.possible];
  const asked = await ask(graded);
  if (asked + doubts > 0) return 'review';
  return own.members.length > 1 ? 'known' : 'alone';
};

/** The most there is of it: somebody whom nobody else knows. */
const alone = async (services: IdentityServices, patient: string): Promise<Outcome> => {
  const [head] = await services.resources.heads([patient]);
  await ensurePerson(services, patient, head);
  if (!head || head.linked.length < 2) return 'alone';
  const [own] = await groupsOf(services, [patient]);
  return own && (await doubt(services, own, patient)) > 0 ? 'review' : 'known';
};

/** A record that was linked by rule says something else now: what it was linked by may have been the mistake. Nothing is undone by rule. */
const doubt = async ({ resources, clock }: IdentityServices, own: Group, patient: string): Promise<number> => {
  const subject = own.members.find(({ id }) => id === patient);
  const against = own.members
    .filter((member) => member !== subject && !member.stored.deleted)
    .map((member) => ({ id: member.id, agreement: compare(subject!.card, member.card) }))
    .filter(({ agreement }) => contradicts(agreement));
  const rows = await readPairs(
    resources,
    against.map(({ id }) => [patient, id] as const),
  );
  const linked = rows.filter(({ pair }) => pair?.ruling.state === 'linked' && pair.ruling.by === FEED);
  const fresh = linked.filter(({ pair }) => pair!.ruling.doubt === undefined);
  if (fresh.length > 0) {
    const agreementOf = (row: PairRow) => against.find(({ id }) => row.patients.includes(id))!.agreement;
    await resources.commit(
      fresh.map((row) => ruling(row, { ...row.pair!.ruling, doubt: true, agreement: agreementOf(row) })),
      clock(),
    );
  }
  return linked.filter(({ pair }) => pair!.ruling.doubt !== false).length;
};

const candidatesIn = (group: Group): Found[] =>
  group.members
    .filter(({ stored }) => !stored.deleted && !isReplaced(stored.resource()))
    .map(({ id, card, stored }) => ({ id, card, facility: stored.facility, person: group.person.id, group }));

/** One number of one insured person, or of one facility's patient: as good as looked at. */
const assuranceOf = ({ pair }: Scored) => (pair.insurance === 'person' || pair.number === 'same' ? 'level4' : 'level3');

/** The rest of both sides must bear it too: nobody is linked to two people for the sake of a third. */
const mayJoin = (own: Group, other: Group, subject: string, isRuledOut: (a: string, b: string) => boolean): boolean => {
  if (isEnrolled(own.person) && isEnrolled(other.person)) return false;
  return own.members
    .filter(({ id }) => id !== subject)
    .every((mine) =>
      other.members.every(
        (theirs) =>
          !isRuledOut(mine.id, theirs.id) &&
          mine.stored.facility !== theirs.stored.facility &&
          mayStandTogether(compare(mine.card, theirs.card)),
      ),
    );
};

/** One for each of the two: who is the resident of either sees it. */
const recordsOf = (
  { resources }: IdentityServices,
  interaction: 'identity-link' | 'identity-unlink',
  patients: readonly string[],
  by: string,
): AuditRecord[] =>
  patients.map((patient) => ({
    action: 'U',
    interaction,
    actor: by,
    actorKind: 'system',
    role: 'system',
    facility: REGION_OWNER,
    tokenId: by,
    purpose: 'HOPERAT',
    requestId: by,
    patientKey: resources.patientKey(patient),
    entities: patients.map((id) => `Patient/${id}`),
    count: 1,
    outcome: '0',
    status: 200,
  }));
