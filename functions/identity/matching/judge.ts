// What becomes of one record, given all records that could be of the same person and the persons that these are linked to.
import type { Card } from './card.ts';
import { type Comparison, compare } from './compare.ts';
import { type Grade, grade, mayStandTogether } from './grade.ts';

export interface Candidate {
  readonly id: string;
  readonly card: Card;
  /** Facility whose record it is. */
  readonly facility: string;
  /** Undefined: linked to nobody yet. */
  readonly person: string | undefined;
  /** People have said that these two are not one. */
  readonly isRuledOut?: boolean | undefined;
}

export interface Scored<T extends Candidate = Candidate> {
  readonly candidate: T;
  readonly pair: Comparison;
  readonly grade: Grade;
}

export interface Judgement<T extends Candidate = Candidate> {
  /** Linked at once: everything of the person that it belongs to, or unlinked records that it makes a person with. */
  readonly certain: readonly Scored<T>[];
  /** For the review queue, best first. */
  readonly possible: readonly Scored<T>[];
}

export type Subject = Pick<Candidate, 'id' | 'card' | 'facility'>;

/** A facility that gave two numbers holds the two for two people; whether it erred is for it to say (duplicates). */
const gradeOf = (subject: Subject, candidate: Candidate, pair: Comparison): Grade => {
  if (candidate.isRuledOut) return 'none';
  const found = grade(pair);
  return found === 'certain' && subject.facility === candidate.facility ? 'possible' : found;
};

const byScore = (a: Scored, b: Scored) => b.pair.score - a.pair.score;

/**
 * What speaks against the pair, when one of them is to join a person for the sake of another record: twins of one sound are both
 * certain of a record that has the sound alone.
 */
const objects = (subject: Subject, { candidate, pair }: Scored): boolean =>
  candidate.isRuledOut === true || candidate.facility === subject.facility || !mayStandTogether(pair);

/**
 * @param candidates every record of every person in question, also those that do not resemble the subject
 */
export const judge = <T extends Candidate>(subject: Subject, candidates: readonly T[]): Judgement<T> => {
  const scored = candidates
    .map((candidate) => {
      const pair = compare(subject.card, candidate.card);
      return { candidate, pair, grade: gradeOf(subject, candidate, pair) };
    })
    .sort(byScore);
  const certain = scored.filter((one) => one.grade === 'certain');
  const groups = new Map(
    [...Map.groupBy(certain, ({ candidate }) => candidate.person ?? `Patient/${candidate.id}`).keys()].map((name) => [
      name,
      scored.filter(({ candidate }) => (candidate.person ?? `Patient/${candidate.id}`) === name),
    ]),
  );
  const agreed = [...groups].filter(([, members]) => !members.some((one) => objects(subject, one)));
  // Certain of several who are not one yet: the best is taken, and people are asked whether all of them are.
  const [taken] = agreed.sort(([, a], [, b]) => b[0]!.pair.score - a[0]!.pair.score);
  const linked = taken?.[1] ?? [];
  const possible = scored.filter((one) => one.grade !== 'none' && !linked.includes(one));
  return { certain: linked, possible };
};
