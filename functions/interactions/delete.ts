import { operationOutcome, refuse } from '../fhir/outcome.ts';
import type { Stored } from '../storage/port.ts';
import { matches, onlyMatch } from './conditional.ts';
import type { Answer, Context, FhirRequest, Interaction, Services } from './contract.ts';
import { assertUnchanged, isConditional, preferReturn, versionHeaders } from './headers.ts';
import { parseId, parseType } from './ids.ts';
import { assertWritable, disclose, knownTo } from './permit.ts';
import { commitOne, deleteWrite } from './write/draft.ts';

type Needs = Pick<Services, 'resources' | 'region' | 'clock'>;

/**
 * FHIR delete: https://hl7.org/fhir/R4/http.html#delete. Deleting what is not there, or not any more, succeeds; so does deleting
 * what the caller may not know of, and nothing happens: the answers are the same. A Patient with a chart stays (409): what it holds would be
 * about nobody.
 */
export const del =
  (services: Needs): Interaction =>
  async (context, request) => {
    const type = parseType(request.path[0]!);
    const id = parseId(type, request.path[1]!);
    assertWritable(context, type, 'delete');
    const stored = await services.resources.get(type, id);
    return remove(services, context, request, knownTo(services.resources, context, stored));
  };

/** https://hl7.org/fhir/R4/http.html#3.1.0.7.1: one match at most, as the CapabilityStatement says. */
export const conditionalDelete =
  (services: Needs): Interaction =>
  async (context, request) => {
    const type = parseType(request.path[0]!);
    assertWritable(context, type, 'delete');
    const found = onlyMatch(type, await matches(services, context, type, request.params));
    return remove(services, context, request, found);
  };

const remove = async (
  services: Needs,
  context: Context,
  request: FhirRequest,
  previous: Stored | undefined,
): Promise<Answer> => {
  assertUnchanged(request.headers, previous, 'the resource');
  if (!previous) return answer(request);
  const write = deleteWrite(services, context, previous);
  if (previous.deleted) return answer(request, previous);
  if (previous.type === 'Patient' && (await hasChart(services, previous)))
    throw refuse('conflict', `Patient/${previous.id} is named by other records of its facility; delete them first`);
  const stored = await commitOne(services, context, write, isConditional(request.headers));
  disclose(context, 'D', stored);
  return answer(request, stored);
};

/** Whether the facility's own records are kept with its Patient. A transaction that deletes them together is not asked. */
const hasChart = async ({ resources }: Needs, { id, facility }: Stored): Promise<boolean> => {
  let after: string | undefined;
  do {
    const page = await resources.scan({ patient: id, limit: 10, after });
    if (page.items.some((one) => one.facility === facility && one.type !== 'Patient')) return true;
    after = page.next;
  } while (after !== undefined);
  return false;
};

const answer = ({ headers }: FhirRequest, stored?: Stored): Answer => {
  const version = stored && versionHeaders(stored);
  if (preferReturn(headers) !== 'OperationOutcome') return { status: 204, ...(version && { headers: version }) };
  const diagnostics = stored ? `${stored.type}/${stored.id} is deleted` : 'there was nothing to delete';
  const resource = operationOutcome([{ severity: 'information', code: 'informational', diagnostics }]);
  return { status: 200, resource, ...(version && { headers: version }) };
};
