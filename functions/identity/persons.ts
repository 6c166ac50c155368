// Persons and the records that are linked to them. Every Patient has a Person from its first registration on, so that two records
// become one by joining two Persons, and come apart again by giving each its own back.

import { refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Head, HeadWrite, Resources, Stored, Write } from '../storage/port.ts';
import { WriteRefused } from '../storage/write-refused.ts';
import { readInsured } from './insured.ts';
import { type Card, cardOf } from './matching/card.ts';
import { creating, type IdentityServices, NOWHERE, replacing } from './store.ts';

/** https://hl7.org/fhir/R4/valueset-identity-assuranceLevel.html: 3 by rule, 4 looked at by people or proven by an identifier. */
export type Assurance = 'level3' | 'level4';

export interface PersonLink {
  readonly target?: { readonly reference?: string };
  readonly assurance?: string;
}
export interface Person extends Resource {
  link?: PersonLink[];
}

export interface Member {
  readonly id: string;
  readonly stored: Stored;
  readonly card: Card;
  readonly head: Head;
}

export interface Group {
  readonly person: Stored;
  readonly members: readonly Member[];
}

const PATIENT = /^Patient\/([A-Za-z0-9\-.]{1,64})$/;
export const patientsOf = (person: Resource): string[] =>
  ((person as Person).link ?? []).flatMap(({ target }) => PATIENT.exec(target?.reference ?? '')?.[1] ?? []);

/** The same as enrolment names the Person of a region's Patient after it (enrolment/records.ts). */
export const personIdOf = ({ allocate }: Pick<Resources, 'allocate'>, patient: string): string =>
  allocate('Person', NOWHERE, `person-of|${patient}`);

const linkTo = (patient: string, assurance: Assurance): PersonLink => ({
  target: { reference: `Patient/${patient}` },
  assurance,
});

/** Enrolled: a Person that a resident has signed for. It stays, whatever is linked to it. */
export const isEnrolled = (person: Stored): boolean => person.text().includes('"urn:tsumugi:enrolment"');

/** Gives a Patient its Person, if it has none yet. */
export const ensurePerson = async (
  { resources, clock, policyOver }: IdentityServices,
  patient: string,
  head: Head | undefined,
): Promise<void> => {
  if (head?.person !== undefined) return;
  const id = personIdOf(resources, patient);
  const person = { resourceType: 'Person', active: true, link: [linkTo(patient, 'level3')] };
  // Whoever writes a Consent writes the head with it: without a head there is none, and the condition on the head keeps it so.
  const policy = head && (await policyOver([patient]));
  const commit = (write: Write) => resources.commit([write, headWrite(head, patient, id, [patient], policy)], clock());
  try {
    await commit(creating(person, id));
  } catch (error) {
    const known =
      error instanceof WriteRefused && error.reason === 'exists' ? await resources.get('Person', id) : undefined;
    if (!known) throw error;
    await commit(replacing(known, person));
  }
};

export const headWrite = (
  head: Head | undefined,
  patient: string,
  person: string,
  linked: readonly string[],
  policy: string | undefined,
): HeadWrite => ({ kind: 'head', patient, expectVersion: head?.version ?? 0, person, linked, policy });

/** The groups that these Patients belong to, whole: each once. Patients that are not there, or deleted, have none. */
export const groupsOf = async (services: IdentityServices, ids: readonly string[]): Promise<Group[]> => {
  const { resources } = services;
  const asked = [...new Set(ids)];
  const present = await resources.getMany(asked.map((id) => ({ type: 'Patient', id })));
  const there = asked.filter((_, at) => present[at] && !present[at].deleted);
  let heads = await resources.heads(there);
  const orphans = there.filter((_, at) => heads[at]?.person === undefined);
  if (orphans.length > 0) {
    await Promise.all(
      there.map((id, at) => (heads[at]?.person === undefined ? ensurePerson(services, id, heads[at]) : undefined)),
    );
    heads = await resources.heads(there);
  }
  const persons = [...new Set(heads.flatMap((head) => head?.person ?? []))];
  const members = [...new Set([...there, ...heads.flatMap((head) => head?.linked ?? [])])];
  const [storedPersons, storedMembers, allHeads, insurancesOf] = await Promise.all([
    resources.getMany(persons.map((id) => ({ type: 'Person', id }))),
    resources.getMany(members.map((id) => ({ type: 'Patient', id }))),
    resources.heads(members),
    readInsured(resources, members),
  ]);
  const cardIn = (stored: Stored): Card =>
    stored.deleted ? cardOf({ resourceType: 'Patient' }) : cardOf(stored.resource(), insurancesOf(stored));
  return persons.map((id, at) => {
    const person = storedPersons[at];
    if (!person || person.deleted) throw refuse('fault', `Person/${id} is named by a head and is not there`);
    return {
      person,
      members: members.flatMap((patient, place): Member[] => {
        const stored = storedMembers[place];
        const head = allHeads[place];
        if (head?.person !== id || !stored) return [];
        return [{ id: patient, stored, head, card: cardIn(stored) }];
      }),
    };
  });
};

/** Whose Person stays: who has enrolled, then who has more records, then the older one. */
export const survivorOf = (a: Group, b: Group): [stays: Group, goes: Group] => {
  const order = [
    Number(isEnrolled(b.person)) - Number(isEnrolled(a.person)),
    b.members.length - a.members.length,
    a.person.lastUpdated - b.person.lastUpdated,
    a.person.id < b.person.id ? -1 : 1,
  ];
  return (order.find((one) => one !== 0) ?? 0) <= 0 ? [a, b] : [b, a];
};

/** What gives both sides back as they were. */
export interface Undo {
  readonly stays: { readonly id: string; readonly version: number };
  readonly goes: { readonly id: string; readonly version: number };
  readonly moved: readonly string[];
}

/** Writes that make one Person of two. The one that goes points at the one that stays, and remembers nothing else: its history does. */
export const joining = async (
  { policyOver }: IdentityServices,
  stays: Group,
  goes: Group,
  assurance: Assurance,
): Promise<{ writes: Write[]; undo: Undo }> => {
  const person = stays.person.resource() as Person;
  const moved = patientsOf(goes.person.resource());
  const link = [...(person.link ?? []), ...moved.map((patient) => linkTo(patient, assurance))];
  const next = { ...person, link };
  const retired = {
    ...(goes.person.resource() as Person),
    active: false,
    link: [{ target: { reference: `Person/${stays.person.id}` } }],
  };
  const linked = patientsOf(next);
  const policy = await policyOver(linked);
  return {
    writes: [
      replacing(stays.person, next),
      replacing(goes.person, retired),
      ...[...stays.members, ...goes.members].map(({ id, head }) =>
        headWrite(head, id, stays.person.id, linked, policy),
      ),
    ],
    undo: {
      stays: { id: stays.person.id, version: stays.person.version },
      goes: { id: goes.person.id, version: goes.person.version },
      moved,
    },
  };
};

/** Writes that give a Person a record which comes to be in the same commit, and so never was anybody else's. */
export const adding = async (
  { policyOver }: IdentityServices,
  { person, members }: Group,
  patient: string,
  assurance: Assurance,
): Promise<Write[]> => {
  const before = person.resource() as Person;
  const next = { ...before, link: [...(before.link ?? []), linkTo(patient, assurance)] };
  const linked = patientsOf(next);
  const policy = await policyOver(linked);
  return [
    replacing(person, next),
    ...members.map(({ id, head }) => headWrite(head, id, person.id, linked, policy)),
    headWrite(undefined, patient, person.id, linked, policy),
  ];
};

/** The Person as it was at a version: for a Person that nobody has touched since, byte for byte. */
const versionOf = async (resources: Resources, { id, version }: Undo['stays']): Promise<Resource> => {
  const stored = await resources.getVersion('Person', id, version);
  if (!stored || stored.deleted) throw refuse('fault', `Person/${id}: an earlier version is not there`);
  return stored.resource();
};

/** Writes that undo a joining. What was linked to the Person since stays with it. */
export const parting = async (
  { resources, policyOver }: IdentityServices,
  undo: Undo,
): Promise<{ writes: Write[]; stayed: readonly string[] }> => {
  const heads = await resources.heads(undo.moved);
  const now = new Set(heads.map((head) => head?.person));
  const [current] = now;
  const goes = await resources.get('Person', undo.goes.id);
  if (now.size !== 1 || current === undefined || !goes || goes.version !== undo.goes.version + 1)
    throw refuse('conflict', 'the records were linked otherwise since; split the person instead');
  const stays = await resources.get('Person', current);
  if (!stays || stays.deleted) throw refuse('fault', `Person/${current} is named by a head and is not there`);

  const untouched = stays.id === undo.stays.id && stays.version === undo.stays.version + 1;
  const person = stays.resource() as Person;
  const without = {
    ...person,
    link: (person.link ?? []).filter(({ target }) => !undo.moved.some((id) => target?.reference === `Patient/${id}`)),
  };
  const before = untouched ? await versionOf(resources, undo.stays) : without;
  const stayed = patientsOf(before);
  const [stayedHeads, stayedPolicy, movedPolicy] = await Promise.all([
    resources.heads(stayed),
    policyOver(stayed),
    policyOver(undo.moved),
  ]);
  return {
    stayed,
    writes: [
      replacing(stays, before),
      replacing(goes, await versionOf(resources, undo.goes)),
      ...stayed.map((id, at) => headWrite(stayedHeads[at], id, stays.id, stayed, stayedPolicy)),
      ...undo.moved.map((id, at) => headWrite(heads[at], id, goes.id, undo.moved, movedPolicy)),
    ],
  };
};

/** Writes that take some records of a Person out into one of their own. */
export const splitting = async (
  { resources, policyOver }: IdentityServices,
  group: Group,
  out: readonly string[],
): Promise<{ writes: Write[]; person: string }> => {
  const person = group.person.resource() as Person;
  const rest = patientsOf(person).filter((id) => !out.includes(id));
  const links = (person.link ?? []).filter(({ target }) => out.some((id) => target?.reference === `Patient/${id}`));
  if (rest.length === 0 || links.length !== out.length)
    throw refuse('unprocessable', 'patients: some, and not all, of the records of this person', 'patients');
  const own = personIdOf(resources, out[0]!);
  const known = own === group.person.id ? undefined : await resources.get('Person', own);
  const id = own === group.person.id ? resources.allocate('Person', NOWHERE) : own;
  const next = {
    ...(known && !known.deleted ? known.resource() : { resourceType: 'Person' }),
    active: true,
    link: links,
  };
  const [outPolicy, restPolicy] = await Promise.all([policyOver(out), policyOver(rest)]);
  return {
    person: id,
    writes: [
      replacing(group.person, { ...person, link: (person.link ?? []).filter((one) => !links.includes(one)) }),
      known ? replacing(known, next) : creating(next, id),
      ...group.members.map(({ id: patient, head }) =>
        out.includes(patient)
          ? headWrite(head, patient, id, out, outPolicy)
          : headWrite(head, patient, group.person.id, rest, restPolicy),
      ),
    ],
  };
};
