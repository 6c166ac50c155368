// What a facility says of its own records is believed as far as it concerns nobody else's: of two numbers one is a mistake
// (https://hl7.org/fhir/R4/patient.html#merge, HL7 v2 A40), two numbers are one patient's, or are not (`seealso`, A24 and A37), or a record
// is there no more. Called for each change by resolve.ts.
import { FhirError } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Stored } from '../storage/port.ts';
import { unlink } from './desk.ts';
import { compare } from './matching/compare.ts';
import { readPairs, ruling } from './pairs.ts';
import { type Group, groupsOf, isEnrolled, joining, splitting, survivorOf } from './persons.ts';
import type { IdentityServices } from './store.ts';

type Linked = Resource & { link?: readonly { type?: string; other?: { reference?: string } }[] };

/** A duplicate that was merged is nobody's question any more. */
export const isReplaced = (patient: Resource): boolean => replacements(patient).length > 0;

const linksOf = ({ link }: Linked, of: string): string[] =>
  (Array.isArray(link) ? link : [])
    .filter(({ type }) => type === of)
    .map(({ other }) => other?.reference?.replace(/^Patient\//, '') ?? '');
const replacements = (patient: Linked) => linksOf(patient, 'replaced-by');

export type Followed =
  | { readonly outcome: 'linked' | 'unlinked'; readonly other: string }
  | { readonly outcome: 'review' }
  | undefined;

const MERGED = 'the facility has merged the two';
const LINKED = 'the facility has linked the two';
const UNLINKED = 'the facility has unlinked the two';
/** `seealso` links of one record that are followed; a person has few numbers at one facility. */
const MOST_LINKS = 5;

/** The replaced record goes to the person of the one that is kept. */
export const followMerge = async (services: IdentityServices, replaced: Stored): Promise<Followed> => {
  const [kept] = replacements(replaced.resource());
  return kept === undefined ? undefined : followJoin(services, replaced, kept, MERGED);
};

/** HL7 v2 A24, `Patient.link` of type `seealso`: two numbers of one patient, each of which goes on being used. And A37, which takes it back. */
export const followLinks = async (services: IdentityServices, stored: Stored): Promise<Followed> => {
  for (const other of linksOf(stored.resource(), 'seealso').slice(0, MOST_LINKS)) {
    const followed = await followJoin(services, stored, other, LINKED);
    if (followed) return followed;
  }
  return followUnlink(services, stored);
};

/**
 * Two records of one facility become one person's. Where others know the one that comes as somebody, one facility's word would join
 * their patients too, and who has joined by herself has a say: then people are asked.
 */
const followJoin = async (
  services: IdentityServices,
  comes: Stored,
  other: string,
  reason: string,
): Promise<Followed> => {
  const { resources, clock } = services;
  const target = await resources.get('Patient', other);
  // Neither another facility's record, nor one that is not there.
  if (!target || target.deleted || target.facility !== comes.facility) return undefined;
  const groups = await groupsOf(services, [comes.id, target.id]);
  const [goes, stays] = [comes, target].map(({ id }) => groups.find((group) => idsOf(group).includes(id)));
  if (!goes || !stays || goes === stays) return undefined;
  const [row] = await readPairs(resources, [[comes.id, target.id]]);
  const before = row!.pair?.ruling;
  // People have decided, or are asked already; what the facility itself has said it may say otherwise.
  const isOpen =
    !before || before.state === 'settled' || (before.state === 'different' && before.by === comes.facility);
  if (!isOpen) return before.state === 'review' ? { outcome: 'review' } : undefined;
  const cardOf = (group: Group, id: string) => group.members.find((member) => member.id === id)!.card;
  const said = {
    agreement: compare(cardOf(goes, comes.id), cardOf(stays, target.id)),
    // The facility's decision, not the rules': what speaks against it is no doubt of theirs.
    by: comes.facility,
    at: new Date(clock()).toISOString(),
    reason,
  };
  const isItsAffair = goes.members.every(({ stored }) => stored.facility === comes.facility);
  if (!isItsAffair || isEnrolled(goes.person)) {
    await resources.commit([ruling(row!, { ...said, state: 'review' })], clock());
    return { outcome: 'review' };
  }
  const { writes, undo } = await joining(services, ...survivorOf(stays, goes), 'level4');
  await resources.commit([ruling(row!, { ...said, state: 'linked', undo }), ...writes], clock());
  return { outcome: 'linked', other: target.id };
};

/** What the facility had linked and links no more comes apart, if nothing was linked to it since; otherwise people are asked. */
const followUnlink = async (services: IdentityServices, stored: Stored): Promise<Followed> => {
  const { resources, clock } = services;
  const [head] = await resources.heads([stored.id]);
  const others = (head?.linked ?? []).filter((id) => id !== stored.id);
  if (others.length === 0) return undefined;
  const rows = await readPairs(
    resources,
    others.map((id) => [stored.id, id] as const),
  );
  for (const row of rows) {
    const { pair } = row;
    if (pair?.ruling.state !== 'linked' || pair.ruling.reason !== LINKED || pair.ruling.by !== stored.facility)
      continue;
    const other = row.patients.find((id) => id !== stored.id)!;
    const target = await resources.get('Patient', other);
    const isSaid = (one: Resource, of: string) => linksOf(one, 'seealso').includes(of);
    if (isSaid(stored.resource(), other) || (target && !target.deleted && isSaid(target.resource(), stored.id)))
      continue;
    try {
      await unlink(services, row.id, { by: stored.facility, reason: UNLINKED });
      return { outcome: 'unlinked', other };
    } catch (error) {
      if (!(error instanceof FhirError) || error.refusal !== 'conflict') throw error;
      if (pair.ruling.doubt === undefined)
        await resources.commit([ruling(row, { ...pair.ruling, doubt: true })], clock());
      return { outcome: 'review' };
    }
  }
  return undefined;
};

/**
 * A record that was deleted and holds nothing leaves its person: its id may come to be somebody else's. One with a chart stays, since
 * the chart is the person's as before. Gives the records that it has left.
 */
export const followDeletion = async (services: IdentityServices, deleted: string): Promise<readonly string[]> => {
  const { resources, clock } = services;
  const [head] = await resources.heads([deleted]);
  const others = (head?.linked ?? []).filter((id) => id !== deleted);
  if (others.length === 0 || (await holdsSomething(services, deleted))) return [];
  const [group] = await groupsOf(services, others);
  if (!group || !idsOf(group).includes(deleted) || idsOf(group).length < 2) return [];
  const { writes } = await splitting(services, group, [deleted]);
  await resources.commit(writes, clock());
  return others;
};

const holdsSomething = async ({ resources }: IdentityServices, patient: string): Promise<boolean> => {
  let after: string | undefined;
  do {
    const page = await resources.scan({ patient, type: undefined, limit: 1, after });
    if (page.items.length > 0) return true;
    after = page.next;
  } while (after !== undefined);
  return false;
};

const idsOf = ({ members }: Group) => members.map(({ id }) => id);
