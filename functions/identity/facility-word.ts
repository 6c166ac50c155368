// What a facility says of its own records is believed as far as it concerns nobody else's: of two numbers one is a mistake
// (https://hl7.org/fhir/R4/patient.html#merge, HL7 v2 A40), or a record is there no more. Called for each change by resolve.ts.
import type { Resource } from '../fhir/types.ts';
import type { Stored } from '../storage/port.ts';
import { compare } from './matching/compare.ts';
import { readPairs, ruling } from './pairs.ts';
import { type Group, groupsOf, isEnrolled, joining, splitting, survivorOf } from './persons.ts';
import type { IdentityServices } from './store.ts';

type Linked = Resource & { link?: readonly { type?: string; other?: { reference?: string } }[] };

/** A duplicate that was merged is nobody's question any more. */
export const isReplaced = (patient: Resource): boolean => replacements(patient).length > 0;

const replacements = ({ link }: Linked): string[] =>
  (Array.isArray(link) ? link : [])
    .filter(({ type }) => type === 'replaced-by')
    .map(({ other }) => other?.reference?.replace(/^Patient\//, '') ?? '');

export type Merged = { readonly outcome: 'linked'; readonly kept: string } | { readonly outcome: 'review' } | undefined;

/**
 * The replaced record goes to the person of the one that is kept. Where others know the replaced one as somebody, one facility's
 * word would join their patients too, and who has joined by herself has a say: then people are asked.
 */
export const followMerge = async (services: IdentityServices, replaced: Stored): Promise<Merged> => {
  const { resources, clock } = services;
  const [kept] = replacements(replaced.resource());
  const target = kept === undefined ? undefined : await resources.get('Patient', kept);
  // Neither another facility's record, nor one that is not there.
  if (!target || target.deleted || target.facility !== replaced.facility) return undefined;
  const groups = await groupsOf(services, [replaced.id, target.id]);
  const [goes, stays] = [replaced, target].map(({ id }) => groups.find((group) => idsOf(group).includes(id)));
  if (!goes || !stays || goes === stays) return undefined;
  const [row] = await readPairs(resources, [[replaced.id, target.id]]);
  const state = row!.pair?.ruling.state;
  // People have decided, or are asked already.
  if (state !== undefined && state !== 'settled') return state === 'review' ? { outcome: 'review' } : undefined;
  const cardOf = (group: Group, id: string) => group.members.find((member) => member.id === id)!.card;
  const said = {
    agreement: compare(cardOf(goes, replaced.id), cardOf(stays, target.id)),
    // The facility's decision, not the rules': what speaks against it is no doubt of theirs.
    by: replaced.facility,
    at: new Date(clock()).toISOString(),
    reason: 'the facility has merged the two',
  };
  const isItsAffair = goes.members.every(({ stored }) => stored.facility === replaced.facility);
  if (!isItsAffair || isEnrolled(goes.person)) {
    await resources.commit([ruling(row!, { ...said, state: 'review' })], clock());
    return { outcome: 'review' };
  }
  const { writes, undo } = await joining(services, ...survivorOf(stays, goes), 'level4');
  await resources.commit([ruling(row!, { ...said, state: 'linked', undo }), ...writes], clock());
  return { outcome: 'linked', kept: target.id };
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
