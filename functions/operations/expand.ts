import { refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context, Interaction, Services } from '../interactions/contract.ts';
import { fold } from '../search/kana.ts';
import { displayIn } from '../terminology/code-system.ts';
import { type Member, membersOf, tooCostly } from '../terminology/value-set.ts';
import { Definitions, notKnown } from './definitions-source.ts';
import { Inputs } from './inputs.ts';

type Needs = Pick<Services, 'resources' | 'region'>;

const TAKES = [
  ...['url', 'valueSet', 'valueSetVersion', 'filter', 'offset', 'count', 'activeOnly', 'includeDesignations'],
  ...['includeDefinition', 'excludeNested', 'excludeNotForUI', 'excludePostCoordinated', 'displayLanguage'],
];

/** Codes in one answer, and codes that are looked at for it. */
const MOST_SHOWN = 1_000;
const MOST_LOOKED_AT = 200_000;

/** The codes of a value set, flat: https://hl7.org/fhir/R4/valueset-operation-expand.html */
export const expand =
  (services: Needs): Interaction =>
  async (context, request) => {
    const inputs = Inputs.of(request, TAKES);
    const definitions = Definitions.open(services, context, 'ValueSet', 'CodeSystem');
    const valueSet = await valueSetOf(definitions, inputs, request.path);
    const wanted = wantedBy(inputs);
    const { total, page } = pick((await membersOf(definitions, valueSet)).all(), wanted);
    if (inputs.count('count') === undefined && total - wanted.offset > MOST_SHOWN)
      throw tooCostly(`the expansion has more than ${MOST_SHOWN} codes: ask for it with offset and count, or a filter`);
    return { status: 200, resource: expansionOf(valueSet, inputs, wanted, total, page, context) };
  };

/** By the address, by `url`, or sent along. */
export const valueSetOf = async (
  definitions: Definitions,
  inputs: Inputs,
  path: readonly string[],
): Promise<Resource> => {
  if (path.length === 3) return (await definitions.instance('ValueSet', path[1]!)).resource();
  const sent = inputs.resource('valueSet', 'ValueSet');
  if (sent) return sent;
  const url = inputs.text('url');
  if (url === undefined) throw refuse('invalid', 'the operation needs a url or a valueSet');
  const version = inputs.text('valueSetVersion');
  const found = await definitions.valueSet(version === undefined ? url : `${url}|${version}`);
  if (!found) throw notKnown('value set');
  return found;
};

interface Wanted {
  readonly words: readonly string[];
  readonly offset: number;
  readonly count: number;
  readonly activeOnly: boolean;
  readonly forUserInterface: boolean;
}

const wantedBy = (inputs: Inputs): Wanted => ({
  words: (inputs.text('filter') ?? '')
    .split(/\s+/)
    .map((word) => fold(word))
    .filter(Boolean),
  offset: inputs.count('offset') ?? 0,
  count: Math.min(inputs.count('count') ?? MOST_SHOWN, MOST_SHOWN),
  activeOnly: inputs.flag('activeOnly') ?? false,
  forUserInterface: inputs.flag('excludeNotForUI') ?? false,
});

/** Every word must begin or stand in the code or in one of its names, folded as names are in searches. */
const hasWords = ({ code, display = '', designations }: Member, words: readonly string[]): boolean => {
  if (words.length === 0) return true;
  const texts = [code, display, ...designations.map(({ value }) => value)].map(fold);
  return words.every((word) => texts.some((text) => text.includes(word)));
};

const pick = (all: Iterable<Member>, { words, offset, count, activeOnly, forUserInterface }: Wanted) => {
  const page: Member[] = [];
  let total = 0;
  let seen = 0;
  for (const member of all) {
    if (++seen > MOST_LOOKED_AT) throw tooCostly('the value set is larger than one request may look through');
    if ((activeOnly && member.isInactive) || (forUserInterface && member.isAbstract) || !hasWords(member, words))
      continue;
    if (total >= offset && page.length < count) page.push(member);
    total++;
  }
  return { total, page };
};

/** "All the parameters that affect the contents of the expansion" are recorded. */
const RECORDED = { filter: 'String', offset: 'Integer', count: 'Integer', activeOnly: 'Boolean' } as const;

const recorded = (inputs: Inputs) =>
  Object.entries({ ...RECORDED, excludeNotForUI: 'Boolean', displayLanguage: 'Code' }).flatMap(([name, type]) => {
    const text = inputs.text(name);
    if (text === undefined) return [];
    const value = type === 'Integer' ? Number(text) : type === 'Boolean' ? text === 'true' : text;
    return [{ name, [`value${type}`]: value }];
  });

const expansionOf = (
  valueSet: Resource,
  inputs: Inputs,
  { offset }: Wanted,
  total: number,
  page: readonly Member[],
  { now }: Context,
): Resource => {
  const { text: _text, compose, expansion: _before, status = 'active', ...rest } = valueSet;
  const parameter = recorded(inputs);
  const contains = page.map((member) => containsOf(member, inputs));
  return {
    ...rest,
    status,
    ...(inputs.flag('includeDefinition') && compose !== undefined && { compose }),
    expansion: {
      timestamp: new Date(now).toISOString(),
      total,
      offset,
      ...(parameter.length > 0 && { parameter }),
      ...(contains.length > 0 && { contains }),
    },
  };
};

const containsOf = (member: Member, inputs: Inputs) => {
  const { system, version, code, designations, isInactive, isAbstract } = member;
  const display = displayIn(member, inputs.text('displayLanguage'));
  return {
    system,
    ...(isAbstract && { abstract: true }),
    ...(isInactive && { inactive: true }),
    ...(version !== undefined && { version }),
    code,
    ...(display !== undefined && { display }),
    ...(inputs.flag('includeDesignations') && designations.length > 0 && { designation: designations }),
  };
};
