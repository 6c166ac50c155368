// Another region asks whether a person is known here: match, no match, or "say more" (XCPD). One certain person, or nobody: that there
// are several is told by asking for more, never by whom. Only records that the asker may see count: a person who shares nothing with
// other regions is not there.
// https://profiles.ihe.net/ITI/TF/Volume2/ITI-55.html
import type { Resource } from '../fhir/types.ts';
import { candidatesOf } from '../identity/candidates.ts';
import { cardOf } from '../identity/matching/card.ts';
import { compare } from '../identity/matching/compare.ts';
import { grade } from '../identity/matching/grade.ts';
import type { Context } from '../interactions/contract.ts';
import { assertSearchable, disclose, searchPermit } from '../interactions/permit.ts';
import type { Resources, Stored } from '../storage/port.ts';
import { type HandleParts, sealHandle } from './handles.ts';
import type { ATTRIBUTES, DiscoverAnswer, DiscoverRequest } from './messages.ts';
import type { Found } from './pairings.ts';

interface Scored {
  readonly stored: Stored;
  readonly score: number;
}

const asPatient = ({ identifiers, demographics }: DiscoverRequest): Resource => ({
  resourceType: 'Patient',
  identifier: identifiers,
  ...demographics,
});

/** Numbers that are one person's own: a patient number in full, or an insurance with its branch 枝番. */
const sharesNumber = (asked: Resource, stored: Stored): boolean => {
  const { number, insurance } = compare(cardOf(asked), cardOf(stored.resource()));
  return insurance !== 'relative' && (number === 'same' || insurance === 'person');
};

const lacking = ({ identifiers, demographics }: DiscoverRequest): (typeof ATTRIBUTES)[number][] => {
  const has = {
    name: demographics?.name.length,
    birthDate: demographics?.birthDate,
    gender: demographics?.gender,
    telecom: demographics?.telecom.length,
    address: demographics?.address.length,
    identifier: identifiers.length,
  };
  return (Object.keys(has) as (keyof typeof has)[]).filter((name) => !has[name]);
};

export interface FindParts extends HandleParts {
  readonly resources: Resources;
}

/** One certain person, by that one's best record and all that are linked to it; or what is told in the place of it. */
const certainOf = async (
  resources: Resources,
  asked: DiscoverRequest,
  permits: (stored: Stored) => boolean,
): Promise<
  | { readonly kind: 'certain'; readonly best: Stored; readonly linked: readonly string[] }
  | Exclude<DiscoverAnswer, { kind: 'match' }>
> => {
  const patient = asPatient(asked);
  const found = (
    await resources.getMany((await candidatesOf(resources, patient)).map((id) => ({ type: 'Patient', id })))
  ).filter((stored): stored is Stored => stored !== undefined && !stored.deleted && permits(stored));
  const card = cardOf(patient);
  const scored = found.map((stored) => ({ stored, pair: compare(card, cardOf(stored.resource())) }));
  const isCertain = ({ stored, pair }: (typeof scored)[number]) =>
    asked.demographics ? grade(pair) === 'certain' : sharesNumber(patient, stored);
  const certain: Scored[] = scored.filter(isCertain).map(({ stored, pair }) => ({ stored, score: pair.score }));
  if (certain.length === 0) {
    const isPossible = scored.some(({ pair }) =>
      asked.demographics ? grade(pair) !== 'none' : pair.insurance === 'family',
    );
    return isPossible ? { kind: 'ask', attributes: lacking(asked) } : { kind: 'none' };
  }

  const heads = await resources.heads(certain.map(({ stored }) => stored.id));
  const persons = new Set(heads.map((head, at) => head?.person ?? certain[at]!.stored.id));
  if (persons.size > 1) return { kind: 'ask', attributes: lacking(asked) };
  const best = certain.reduce((a, b) => (b.score > a.score ? b : a)).stored;
  return {
    kind: 'certain',
    best,
    linked: heads[certain.findIndex(({ stored }) => stored === best)]?.linked ?? [best.id],
  };
};

/** Who it is that an emergency is about: whether anything of the person may be seen is decided when the glass is broken. */
export const whoHere = async (resources: Resources, asked: DiscoverRequest): Promise<string | undefined> => {
  const found = await certainOf(resources, asked, () => true);
  return found.kind === 'certain' ? found.best.id : undefined;
};

const membersOf = async (
  resources: Resources,
  linked: readonly string[],
  permits: (stored: Stored) => boolean,
): Promise<Stored[]> =>
  (await resources.getMany(linked.map((id) => ({ type: 'Patient', id })))).filter(
    (stored): stored is Stored => stored !== undefined && !stored.deleted && permits(stored),
  );

/** Who is paired is known, and is not there all the same for whom consent shows nothing. No word about who it is. */
export const findPaired = async (
  context: Context,
  parts: FindParts,
  { patient, linked, pairing }: Found,
): Promise<DiscoverAnswer> => {
  assertSearchable(context, 'Patient');
  const { resources } = parts;
  const members = await membersOf(resources, linked, searchPermit(resources, context));
  if (members.length === 0) return { kind: 'none' };
  disclose(context, 'R', members[0]!);
  return {
    kind: 'match',
    handle: await sealHandle(parts, context.actor.community ?? '', patient, pairing),
    patients: members.map(({ id }) => id),
  };
};

export const findHere = async (
  context: Context,
  { resources, ...parts }: FindParts,
  asked: DiscoverRequest,
): Promise<DiscoverAnswer> => {
  assertSearchable(context, 'Patient');
  const permits = searchPermit(resources, context);
  const found = await certainOf(resources, asked, permits);
  if (found.kind !== 'certain') return found;
  const { best, linked } = found;
  const members = await membersOf(resources, linked, permits);
  disclose(context, 'R', best);
  const { birthDate, gender } = best.resource();
  return {
    kind: 'match',
    handle: await sealHandle({ ...parts, resources }, context.actor.community ?? '', best.id),
    patients: members.map(({ id }) => id),
    ...(typeof birthDate === 'string' && { birthDate }),
    ...(typeof gender === 'string' && { gender }),
  };
};
