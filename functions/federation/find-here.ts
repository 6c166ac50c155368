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

export const findHere = async (
  context: Context,
  { resources, ...parts }: HandleParts & { readonly resources: Resources },
  asked: DiscoverRequest,
): Promise<DiscoverAnswer> => {
  assertSearchable(context, 'Patient');
  const patient = asPatient(asked);
  const permits = searchPermit(resources, context);
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
  const linked = heads[certain.findIndex(({ stored }) => stored === best)]?.linked ?? [best.id];
  const members = (await resources.getMany(linked.map((id) => ({ type: 'Patient', id })))).filter(
    (stored): stored is Stored => stored !== undefined && !stored.deleted && permits(stored),
  );
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
