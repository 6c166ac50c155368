import { refuse } from '../fhir/outcome.ts';
import type { Issue, Resource } from '../fhir/types.ts';
import type { Stored } from '../storage/port.ts';
import { storeData } from './binary.ts';
import { matches, onlyMatch } from './conditional.ts';
import type { Answer, Context, FhirRequest, Interaction, Services } from './contract.ts';
import { assertUnchanged, isConditional, isCreateOnly } from './headers.ts';
import { ID_RULE, isId, parseType } from './ids.ts';
import { assertWritable, disclose, knownTo } from './permit.ts';
import { writtenAnswer } from './write/answer.ts';
import { commitOne, createWrite, replaceWrite } from './write/draft.ts';
import { readWritable } from './write/writable.ts';

type Needs = Pick<Services, 'resources' | 'documents' | 'seal' | 'region' | 'clock' | 'profiles'>;

interface Sent {
  readonly type: string;
  readonly resource: Resource;
  readonly issues: readonly Issue[];
  /** A Binary that came as it is. */
  readonly isRaw: boolean;
}

/** FHIR update, with create on update: https://hl7.org/fhir/R4/http.html#update */
export const update =
  (services: Needs): Interaction =>
  async (context, request) => {
    const type = parseType(request.path[0]!);
    const id = request.path[1]!;
    if (!isId(id)) throw refuse('invalid', `the id in the path must be ${ID_RULE}`);
    assertWritable(context, type, 'update', 'create');
    const sent = { type, ...(await readWritable(services, request, type)) };
    // A raw Binary has no element to hold its id.
    if (sent.isRaw) sent.resource.id = id;
    if (sent.resource.id !== id) throw refuse('invalid', `${type}.id must be the id in the path`, `${type}.id`);

    const previous = await services.resources.get(type, id);
    if (sent.isRaw && previous && !previous.deleted) keepSecurity(sent.resource, previous);
    return put(services, context, request, sent, id, previous);
  };

/** New bytes without `X-Security-Context` stay whose they were: nobody opens a document by forgetting a header. */
const keepSecurity = (resource: Resource, previous: Stored): void => {
  const { securityContext } = previous.resource();
  if (securityContext !== undefined) resource.securityContext ??= securityContext;
};

/** https://hl7.org/fhir/R4/http.html#cond-update */
export const conditionalUpdate =
  (services: Needs): Interaction =>
  async (context, request) => {
    const type = parseType(request.path[0]!);
    assertWritable(context, type, 'update', 'create');
    const sent = { type, ...(await readWritable(services, request, type)) };

    const found = onlyMatch(type, await matches(services, context, type, request.params));
    if (!found) return put(services, context, request, sent, sent.resource.id, await existing(services, context, sent));
    if (sent.resource.id !== undefined && sent.resource.id !== found.id) {
      throw refuse('invalid', `${type}.id is not the id of the resource that the criteria match`, `${type}.id`);
    }
    return put(services, context, request, sent, found.id, found);
  };

/** No match, but the client named an id: a resource that has it already does not meet the criteria, if the client may know of it. */
const existing = async (
  { resources }: Needs,
  context: Context,
  { type, resource }: Sent,
): Promise<Stored | undefined> => {
  if (resource.id === undefined) return undefined;
  const stored = await resources.get(type, resource.id);
  if (stored && !stored.deleted && knownTo(resources, context, stored))
    throw refuse('conflict', `${type}/${resource.id} exists and does not meet the criteria`);
  return stored;
};

const put = async (
  services: Needs,
  context: Context,
  request: FhirRequest,
  { type, resource, issues }: Sent,
  id: string | undefined,
  previous: Stored | undefined,
): Promise<Answer> => {
  const known = knownTo(services.resources, context, previous);
  assertUnchanged(request.headers, known, `${type}/${id ?? ''}`);
  if (isCreateOnly(request.headers) && known && !known.deleted)
    throw refuse('stale', `${type}/${id ?? ''} exists already`);
  if (type === 'Binary') await storeData(services, context, resource);
  const change = { type, resource, method: 'PUT' } as const;
  const write = previous
    ? replaceWrite(services, context, previous, change)
    : createWrite(services, context, change, { id });
  const stored = write ? await commitOne(services, context, write, isConditional(request.headers)) : previous!;
  const isNew = !previous || previous.deleted;
  disclose(context, isNew ? 'C' : 'U', stored);
  return writtenAnswer(services, request, isNew ? 201 : 200, stored, issues);
};
