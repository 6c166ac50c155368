import { search } from '../search/search.ts';
import { bundleText, includeEntry, matchEntry, outcomeEntry } from './bundle-text.ts';
import type { Answer, Context, FhirRequest, Interaction, Services } from './contract.ts';
import { fhirBase, preferHandling } from './headers.ts';
import { parseId, parseType } from './ids.ts';
import { assertSearchable, disclose, searchPermit } from './permit.ts';
import type { Subset } from './subset.ts';

type Needs = Pick<Services, 'resources' | 'seal' | 'region' | 'clock'>;

/** FHIR search of one type, by GET or POST: https://hl7.org/fhir/R4/http.html#search */
export const searchType =
  (services: Needs): Interaction =>
  async (context, request) =>
    run(services, context, request, parseType(request.path[0]!), undefined);

/** Search over several types (`_type`) or all: https://hl7.org/fhir/R4/http.html#vsearch */
export const searchSystem =
  (services: Needs): Interaction =>
  async (context, request) =>
    run(services, context, request, undefined, undefined);

/** Search within a compartment, `Patient/p1/Observation` or `Patient/p1/*`: https://hl7.org/fhir/R4/search.html#searchcontexts */
export const searchCompartment =
  (services: Needs): Interaction =>
  async (context, request) => {
    const [compartment, id, type] = request.path as [string, string, string?];
    const all = type === undefined || type === '*' || type === '_search';
    return run(services, context, request, all ? undefined : parseType(type), {
      type: parseType(compartment),
      id: parseId(compartment, id),
    });
  };

const run = async (
  services: Needs,
  context: Context,
  request: FhirRequest,
  type: string | undefined,
  compartment: { type: string; id: string } | undefined,
): Promise<Answer> => {
  // Over several types, what is found is decided one by one.
  if (type !== undefined) assertSearchable(context, type);
  const found = await search(services)(context, {
    type,
    compartment,
    params: request.params,
    handling: preferHandling(request.headers),
    permit: searchPermit(services.resources, context),
  });
  disclose(context, 'R', ...found.matches, ...found.included);

  const base = fhirBase(services.region);
  const subset = subsetOf(found);
  const entries = found.countOnly ? [] : found.matches.map((stored) => matchEntry(base, stored, subset));
  // "The list of elements does not apply to included resources": https://hl7.org/fhir/R4/search.html#elements
  const around = found.elements ? undefined : subset;
  entries.push(...found.included.map((stored) => includeEntry(base, stored, around)));
  if (found.outcome.length > 0) entries.push(outcomeEntry(found.outcome));
  return {
    status: 200,
    text: bundleText({ type: 'searchset', total: found.total, links: linksOf(base, found), entries }),
  };
};

const linksOf = (base: string, { self, next }: { self: string; next?: string }) => [
  { relation: 'self', url: addressOf(base, self) },
  ...(next === undefined ? [] : [{ relation: 'next', url: addressOf(base, next) }]),
];

/** A search of the whole system is one of the base itself, and the base has no slash at its end. */
const addressOf = (base: string, target: string) => (/^[A-Za-z_]/.test(target) ? `${base}/${target}` : base + target);

const subsetOf = ({
  summary,
  elements,
}: {
  summary?: string | undefined;
  elements?: readonly string[] | undefined;
}): Subset | undefined => {
  if (elements) return { elements };
  return summary === 'true' || summary === 'text' || summary === 'data' ? { summary } : undefined;
};
