// What the people at the identity desk do: look at what the matcher was not sure of, and decide. Every decision can be taken back.
import { forbidden, notFound, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Stored } from '../storage/port.ts';
import { compare } from './matching/compare.ts';
import { between, isOpen, type Pair, type PairRow, pairOf, QUEUE, type Ruling, readPairs, ruling } from './pairs.ts';
import { type Group, groupsOf, isEnrolled, joining, parting, patientsOf, splitting, survivorOf } from './persons.ts';
import { deciding, type IdentityServices, replacing } from './store.ts';

export interface Decision {
  /** Who decides: `sub` or client id. */
  readonly by: string;
  readonly reason?: string | undefined;
}

const conflict = (diagnostics: string) => refuse('conflict', diagnostics);

const rulingOf = (
  services: IdentityServices,
  { by, reason }: Decision,
  more: Pick<Ruling, 'state'> & Partial<Ruling>,
): Ruling => ({
  by,
  at: new Date(services.clock()).toISOString(),
  ...(reason !== undefined && { reason }),
  ...more,
});

export interface Question extends Pair {
  /** Persons whose records the two are, in their order; undefined: none yet. */
  readonly persons: readonly (string | undefined)[];
  /** How many records would be one person's if the answer is yes. */
  readonly records: number;
}

/** Who is in question more than once is decided on once: the other questions about a person follow the likeliest. */
const together = (questions: readonly Question[]): Question[] => {
  const of = new Map<string, Question[]>();
  const groups = new Set<Question[]>();
  for (const question of questions) {
    const named = question.persons.filter((person) => person !== undefined);
    const [group = [], ...others] = new Set(
      named.flatMap((person) => [of.get(person)].filter((one) => one !== undefined)),
    );
    for (const other of others) {
      group.push(...other);
      groups.delete(other);
    }
    group.push(question);
    groups.add(group);
    for (const { persons } of group) for (const person of persons) if (person !== undefined) of.set(person, group);
  }
  return [...groups].flat();
};

/** One page of the queue, the likeliest first. */
export const queue = async ({ resources }: IdentityServices, after?: string | undefined) => {
  const { rows, next } = await resources.lookup({ bucket: 'work', key: QUEUE, after });
  const stored = await resources.getMany(rows.map(({ id }) => ({ type: 'Linkage', id })));
  const pairs = stored.flatMap((one) => pairOf(one) ?? []).filter((pair) => isOpen(pair.ruling));
  const patients = [...new Set(pairs.flatMap(({ patients: both }) => both))];
  const heads = new Map((await resources.heads(patients)).map((head, at) => [patients[at]!, head]));
  const questions = pairs.map((pair) => ({
    ...pair,
    persons: pair.patients.map((id) => heads.get(id)?.person),
    records: new Set(pair.patients.flatMap((id) => heads.get(id)?.linked ?? [id])).size,
  }));
  return { pairs: together(questions), next };
};

export const needPair = async ({ resources }: IdentityServices, id: string): Promise<Pair> => {
  const pair = pairOf(await resources.get('Linkage', id));
  if (!pair) throw notFound('a pair with this id');
  return pair;
};

export const needPatient = async ({ resources }: IdentityServices, id: string): Promise<Stored> => {
  const stored = await resources.get('Patient', id);
  if (!stored || stored.deleted) throw notFound('a Patient with this id');
  return stored;
};

const ids = ({ members }: Group) => members.map(({ id }) => id);
const groupOf = (groups: readonly Group[], patient: string): Group => {
  const found = groups.find((group) => ids(group).includes(patient));
  if (!found) throw notFound('a Patient with this id');
  return found;
};

/** The two are one person: all that is linked to either is linked to both from now on. */
export const link = (
  services: IdentityServices,
  [a, b]: readonly [string, string],
  decision: Decision,
): Promise<Pair> =>
  deciding(async () => {
    if (a === b) throw refuse('invalid', 'patients: two different records', 'patients');
    const groups = await groupsOf(services, [a, b]);
    const [one, other] = [groupOf(groups, a), groupOf(groups, b)];
    if (one === other) throw conflict('the records are of one person already');
    if (isEnrolled(one.person) && isEnrolled(other.person))
      throw conflict('both have joined by themselves; end one of the two enrolments first');
    const [stays, goes] = survivorOf(one, other);
    const rows = await readPairs(services.resources, between(ids(one), ids(other)));
    const decided = rowOf(rows, a, b);
    const { writes, undo } = await joining(services, stays, goes, 'level4');
    const agreement = compare(cardIn(one, a), cardIn(other, b));
    const also = rows.filter(
      (row) => row !== decided && ['review', 'different'].includes(row.pair?.ruling.state ?? ''),
    );
    await services.resources.commit(
      [
        ruling(decided, rulingOf(services, decision, { state: 'linked', agreement, undo })),
        ...also.map((row) =>
          ruling(row, { ...row.pair!.ruling, ...rulingOf(services, decision, { state: 'settled' }) }),
        ),
        ...writes,
      ],
      services.clock(),
    );
    return needPair(services, decided.id);
  });

const rowOf = (rows: readonly PairRow[], a: string, b: string): PairRow =>
  rows.find(({ patients }) => patients.includes(a) && patients.includes(b))!;
const cardIn = (group: Group, patient: string) => group.members.find(({ id }) => id === patient)!.card;

/** The two are two people: they are never linked by rule, and nobody is asked again. */
export const different = (
  services: IdentityServices,
  [a, b]: readonly [string, string],
  decision: Decision,
): Promise<Pair> =>
  deciding(async () => {
    if (a === b) throw refuse('invalid', 'patients: two different records', 'patients');
    const groups = await groupsOf(services, [a, b]);
    if (groupOf(groups, a) === groupOf(groups, b)) throw conflict('the records are linked; unlink them first');
    const rows = await readPairs(services.resources, between(ids(groupOf(groups, a)), ids(groupOf(groups, b))));
    const row = rowOf(rows, a, b);
    const agreement =
      row.pair?.ruling.agreement ?? compare(cardIn(groupOf(groups, a), a), cardIn(groupOf(groups, b), b));
    const apart = (one: PairRow, of = one.pair?.ruling.agreement) =>
      ruling(one, rulingOf(services, decision, { state: 'different', agreement: of }));
    // Of the same two people something else may be open: it is the same question.
    const also = rows.filter((one) => one !== row && one.pair?.ruling.state === 'review');
    await services.resources.commit([apart(row, agreement), ...also.map((one) => apart(one))], services.clock());
    return needPair(services, row.id);
  });

/** What apart means for every pair across the two sides: nothing links them again by rule. */
const keptApart = async (
  services: IdentityServices,
  decision: Decision,
  out: readonly string[],
  rest: readonly string[],
) => {
  const rows = await readPairs(services.resources, between(out, rest));
  return rows.map((row) => {
    const { agreement } = row.pair?.ruling ?? {};
    return ruling(row, rulingOf(services, decision, { state: 'different', agreement }));
  });
};

/** Takes a link back, a person's or the matcher's: both sides are as they were before it. */
export const unlink = (services: IdentityServices, id: string, decision: Decision) =>
  deciding(async () => {
    const pair = await needPair(services, id);
    const { undo, state } = pair.ruling;
    if (state !== 'linked' || !undo) throw conflict('the pair is not one that was linked');
    const { writes, stayed } = await parting(services, undo);
    const apart = await keptApart(services, decision, undo.moved, stayed);
    await services.resources.commit([...apart, ...writes], services.clock());
    return { pair: await needPair(services, id), patients: [...undo.moved, ...stayed] };
  });

/** A link that is in doubt is right after all: nobody is asked again. */
export const confirm = (services: IdentityServices, id: string, decision: Decision): Promise<Pair> =>
  deciding(async () => {
    const pair = await needPair(services, id);
    if (pair.ruling.state !== 'linked') throw conflict('the pair is not one that was linked');
    const next = { ...pair.ruling, ...rulingOf(services, decision, { state: 'linked', doubt: false }) };
    await services.resources.commit([ruling({ ...pair, pair }, next)], services.clock());
    return needPair(services, id);
  });

/** Some records of a person are somebody else's: they get a Person of their own. */
export const split = (services: IdentityServices, person: string, out: readonly string[], decision: Decision) =>
  deciding(async () => {
    const stored = await services.resources.get('Person', person);
    if (!stored || stored.deleted) throw notFound('a Person with this id');
    const [group] = await groupsOf(services, patientsOf(stored.resource()).slice(0, 1));
    if (!group || group.person.id !== person) throw conflict('the Person has no records of its own');
    const set = [...new Set(out)];
    const { writes, person: made } = await splitting(services, group, set);
    const rest = ids(group).filter((id) => !set.includes(id));
    await services.resources.commit([...(await keptApart(services, decision, set, rest)), ...writes], services.clock());
    return { person: made, patients: [...set, ...rest] };
  });

type Linked = Resource & { link?: { other: { reference: string }; type: string }[] };

const withLink = (patient: Resource, other: string, type: 'replaces' | 'replaced-by', more: object = {}): Resource => ({
  ...patient,
  ...more,
  link: [...((patient as Linked).link ?? []), { other: { reference: `Patient/${other}` }, type }],
});

/**
 * A facility has one patient under two numbers: https://hl7.org/fhir/R4/patient.html#merge. The records stay where they are, one is
 * marked as replaced by the other, and both are linked to one person.
 */
export const merge = async (
  services: IdentityServices,
  kept: string,
  replaced: string,
  decision: Decision,
): Promise<Pair> => {
  if (kept === replaced) throw refuse('invalid', 'replaced: another record than the one that is kept', 'replaced');
  const [keeps, goes] = await Promise.all([needPatient(services, kept), needPatient(services, replaced)]);
  if (keeps.facility !== goes.facility)
    throw forbidden('only two records of one facility are merged; link records of two');
  const groups = await groupsOf(services, [kept, replaced]);
  if (groupOf(groups, kept) !== groupOf(groups, replaced)) await link(services, [kept, replaced], decision);
  return deciding(async () => {
    const [current, gone] = await Promise.all([needPatient(services, kept), needPatient(services, replaced)]);
    const [row] = await readPairs(services.resources, [[kept, replaced]]);
    if (row!.pair?.ruling.state === 'duplicate') throw conflict('the two were merged already');
    const ofFacility = { facility: current.facility };
    const before = { kept: current.version, replaced: gone.version };
    await services.resources.commit(
      [
        replacing(current, withLink(current.resource(), replaced, 'replaces'), ofFacility),
        replacing(gone, withLink(gone.resource(), kept, 'replaced-by', { active: false }), ofFacility),
        ruling(row!, { ...row!.pair?.ruling, ...rulingOf(services, decision, { state: 'duplicate', before }) }, [
          kept,
          replaced,
        ]),
      ],
      services.clock(),
    );
    return needPair(services, row!.id);
  });
};

const withoutLink = (patient: Resource, other: string, before: Resource): Resource => {
  const left = ((patient as Linked).link ?? []).filter(({ other: { reference } }) => reference !== `Patient/${other}`);
  const { link: _link, active: _active, ...rest } = patient;
  return {
    ...rest,
    ...(before.active !== undefined && { active: before.active }),
    ...(left.length > 0 && { link: left }),
  };
};

/** Takes a merge back: both Patients as they were, unless a facility has changed one since; then only the marks of the merge go. */
export const unmerge = (services: IdentityServices, id: string, decision: Decision): Promise<Pair> =>
  deciding(async () => {
    const { resources } = services;
    const pair = await needPair(services, id);
    const { before, state } = pair.ruling;
    if (state !== 'duplicate' || !before) throw conflict('the pair is not one that was merged');
    const [kept, replaced] = pair.patients;
    const back = async (patient: string, version: number, other: string) => {
      const [now, then] = await Promise.all([
        needPatient(services, patient),
        resources.getVersion('Patient', patient, version),
      ]);
      const was = then!.resource();
      const next = now.version === version + 1 ? was : withoutLink(now.resource(), other, was);
      return replacing(now, next, { facility: now.facility });
    };
    const writes = await Promise.all([back(kept, before.kept, replaced), back(replaced, before.replaced, kept)]);
    const [row] = await readPairs(resources, [[kept, replaced]]);
    const { before: _before, ...was } = pair.ruling;
    const next = { ...was, ...rulingOf(services, decision, { state: was.undo ? 'linked' : 'settled' }) };
    await resources.commit([...writes, ruling(row!, next)], services.clock());
    return needPair(services, id);
  });
