import type { Resource } from '../fhir/types.ts';
import { WriteRefused } from '../storage/write-refused.ts';
import { storeData } from './binary.ts';
import { matches, onlyMatch, parseCriteria } from './conditional.ts';
import type { Context, Interaction, Services } from './contract.ts';
import { parseType } from './ids.ts';
import { assertReadable, disclose } from './permit.ts';
import { writtenAnswer } from './write/answer.ts';
import { commitOne, createWrite } from './write/draft.ts';
import { readWritable } from './write/writable.ts';

type Needs = Pick<Services, 'resources' | 'documents' | 'seal' | 'region' | 'clock' | 'profiles'>;

/**
 * FHIR create: https://hl7.org/fhir/R4/http.html#create
 * With `If-None-Exist`, conditional create: https://hl7.org/fhir/R4/http.html#ccreate
 */
export const create =
  (services: Needs): Interaction =>
  async (context, request) => {
    const type = parseType(request.path[0]!);
    const { resource, issues } = await readWritable(services, request, type);
    const criteria = request.headers['if-none-exist'];

    const { stored, isNew } =
      criteria === undefined
        ? await store(services, context, type, resource)
        : await storeIfNone(services, context, type, resource, criteria);
    disclose(context, isNew ? 'C' : 'R', stored);
    return writtenAnswer(services, request, isNew ? 201 : 200, stored, issues);
  };

const store = async (services: Needs, context: Context, type: string, resource: Resource, seed?: string) => {
  if (type === 'Binary') await storeData(services, context, resource);
  const write = createWrite(services, context, { type, resource, method: 'POST' }, { seed });
  return { stored: await commitOne(services, context, write, false), isNew: true };
};

/** The id is made from the criteria, so that of two requests at once the later one meets the earlier one's resource. */
const storeIfNone = async (services: Needs, context: Context, type: string, resource: Resource, criteria: string) => {
  const params = parseCriteria(type, criteria);
  const existing = onlyMatch(type, await matches(services, context, type, params));
  if (existing) {
    assertReadable(services.resources, context, existing);
    return { stored: existing, isNew: false };
  }
  const seed = JSON.stringify([context.actor.facility, type, [...params].sort()]);
  try {
    return await store(services, context, type, resource, seed);
  } catch (error) {
    if (!(error instanceof WriteRefused) || error.reason !== 'exists') throw error;
    return storeAfterRace(services, context, type, resource, params);
  }
};

/** The id was used: by a twin of this request a moment ago, or by a resource that is deleted or no longer matches. */
const storeAfterRace = async (
  services: Needs,
  context: Context,
  type: string,
  resource: Resource,
  params: readonly (readonly [string, string])[],
) => {
  const twin = onlyMatch(type, await matches(services, context, type, params));
  return twin ? { stored: twin, isNew: false } : store(services, context, type, resource);
};
