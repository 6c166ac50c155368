import { gone, notFound, refuse } from '../fhir/outcome.ts';
import type { Coding, Meta, Resource } from '../fhir/types.ts';
import type { Answer, Context, FhirRequest, Interaction, Services } from '../interactions/contract.ts';
import { assertUnchanged, isConditional, versionHeaders } from '../interactions/headers.ts';
import { parseId, parseType } from '../interactions/ids.ts';
import { copyOf } from '../interactions/patch/copy.ts';
import { assertReadable, disclose } from '../interactions/permit.ts';
import { assertValid, isObject } from '../interactions/write/body.ts';
import { commitOne, replaceWrite } from '../interactions/write/draft.ts';
import type { Stored } from '../storage/port.ts';
import { Inputs, parametersOf } from './inputs.ts';

type Needs = Pick<Services, 'resources'>;

/** https://hl7.org/fhir/R4/resource-operation-meta.html, of one resource. */
export const meta =
  ({ resources }: Needs): Interaction =>
  async (context, request) => {
    Inputs.of(request, []);
    const stored = await readable({ resources }, context, request);
    disclose(context, 'R', stored);
    return answerOf(stored);
  };

/** https://hl7.org/fhir/R4/resource-operation-meta-add.html. Versions are immutable, so a change makes one. */
export const metaAdd = (services: Needs): Interaction => change(services, add);

/** https://hl7.org/fhir/R4/resource-operation-meta-delete.html. What the rules say of the codes stays (terminology/labels.ts). */
export const metaDelete = (services: Needs): Interaction => change(services, without);

const change =
  (services: Needs, merge: (before: Meta, named: Meta) => Meta): Interaction =>
  async (context, request) => {
    const named = Inputs.of(request, ['meta']).complex('meta');
    if (!named) throw refuse('invalid', 'the operation needs a parameter meta');
    assertMeta(named);
    const previous = await readable(services, context, request);
    const { type, id } = previous;
    assertUnchanged(request.headers, previous, `${type}/${id}`);
    const resource = copyOf(previous.resource()) as Resource;
    resource.meta = merge(resource.meta ?? {}, named);
    assertValid(resource, type);
    const write = replaceWrite(services, context, previous, { type, resource, method: 'PATCH' });
    const stored = write ? await commitOne(services, context, write, isConditional(request.headers)) : previous;
    disclose(context, 'U', stored);
    return answerOf(stored);
  };

const readable = async ({ resources }: Needs, context: Context, { path }: FhirRequest): Promise<Stored> => {
  const type = parseType(path[0]!);
  const id = parseId(type, path[1]!);
  const stored = await resources.get(type, id);
  if (!stored) throw notFound(`${type}/${id}`);
  assertReadable(resources, context, stored);
  if (stored.deleted) throw gone(`${type}/${id}`);
  return stored;
};

const answerOf = (stored: Stored): Answer => ({
  status: 200,
  resource: parametersOf([{ name: 'return', valueMeta: stored.resource().meta }]),
  headers: versionHeaders(stored),
});

const LISTS = ['profile', 'security', 'tag'] as const;

/** Only the three lists can be named; the resource is validated as a whole afterwards. */
function assertMeta(named: Readonly<Record<string, unknown>>): asserts named is Meta {
  for (const list of LISTS) {
    const value = named[list];
    const fits = list === 'profile' ? (item: unknown) => typeof item === 'string' : isObject;
    if (value !== undefined && !(Array.isArray(value) && value.every(fits)))
      throw refuse('invalid', `meta.${list} must be a list, as Meta has it`, `Parameters.parameter.value.${list}`);
  }
}

/** "The identity of a tag or security label is the system+code." */
const isSame = (one: Coding, other: Coding) => one.system === other.system && one.code === other.code;

const add = (before: Meta, named: Meta): Meta => {
  const codings = (had: Coding[] = [], more: Coding[] = []) => {
    const list = [...had];
    for (const coding of more) if (!list.some((each) => isSame(each, coding))) list.push(coding);
    return list;
  };
  return filled(before, {
    profile: [...new Set([...(before.profile ?? []), ...(named.profile ?? [])])],
    security: codings(before.security, named.security),
    tag: codings(before.tag, named.tag),
  });
};

const without = (before: Meta, named: Meta): Meta => {
  const codings = (had: Coding[] = [], fewer: Coding[] = []) =>
    had.filter((each) => !fewer.some((coding) => isSame(each, coding)));
  return filled(before, {
    profile: (before.profile ?? []).filter((url) => !named.profile?.includes(url)),
    security: codings(before.security, named.security),
    tag: codings(before.tag, named.tag),
  });
};

/** FHIR JSON has no empty lists. */
const filled = (before: Meta, lists: Required<Pick<Meta, 'profile' | 'security' | 'tag'>>): Meta => {
  const next: Meta = { ...before, ...lists };
  for (const list of LISTS) if (lists[list].length === 0) delete next[list];
  return next;
};
