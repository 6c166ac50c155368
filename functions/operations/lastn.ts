import { refuse } from '../fhir/outcome.ts';
import type { Issue, Resource } from '../fhir/types.ts';
import { bundleText, matchEntry, outcomeEntry } from '../interactions/bundle-text.ts';
import type { Context, FhirRequest, Interaction, Services } from '../interactions/contract.ts';
import { fhirBase, preferHandling } from '../interactions/headers.ts';
import { assertSearchable, disclose, searchPermit } from '../interactions/permit.ts';
import { isObject } from '../interactions/write/body.ts';
import { parametersOf } from '../search/parameters.ts';
import { clinicalSpan } from '../search/placement.ts';
import { search } from '../search/search.ts';
import type { Stored } from '../storage/port.ts';
import { tooCostly } from '../terminology/value-set.ts';
import { Inputs } from './inputs.ts';

type Needs = Pick<Services, 'resources' | 'seal' | 'region' | 'clock'>;
type Params = readonly (readonly [string, string])[];

/** Pages of a thousand that one call reads, and bytes that it answers. */
const MOST_PAGES = 20;
const PAGE = 1_000;
const MAX_BYTES = 4_000_000;

const ASKS_FOR_CODES = /^(?:category|(?:combo-|component-)?(?:code|code-value-.+|value-concept))(?::|$)/;

/**
 * The latest observations of a patient, so many of each code. Ties are shown whole.
 * https://hl7.org/fhir/R4/observation-operation-lastn.html
 */
export const lastn =
  (services: Needs): Interaction =>
  async (context, request) => {
    assertSearchable(context, 'Observation');
    const { max, params } = asked(request);
    const { all, outcome } = await observations(services, context, params, preferHandling(request.headers));
    const shown = grouped(all).flatMap((group) => newest(group, max));

    const base = fhirBase(services.region);
    const entries = shown.map((stored) => matchEntry(base, stored));
    if (entries.reduce((sum, entry) => sum + entry.length, 0) > MAX_BYTES)
      throw tooCostly('the answer is too large: ask for fewer codes, or with a smaller max');
    disclose(context, 'R', ...shown);
    if (outcome.length > 0) entries.push(outcomeEntry(outcome));
    const query = [...params, ['max', String(max)] as const].map(
      ([name, value]) => `${name}=${encodeURIComponent(value)}`,
    );
    const links = [{ relation: 'self', url: `${base}/Observation/$lastn?${query.join('&')}` }];
    return { status: 200, text: bundleText({ type: 'searchset', total: shown.length, links, entries }) };
  };

/** Search parameters of Observation, by GET as in any search, by POST in a Parameters resource. */
const asked = (request: FhirRequest): { max: number; params: Params } => {
  const names = [...request.params.map(([name]) => name), ...Inputs.bodyOf(request).map(({ name }) => String(name))];
  const known = (name: string) =>
    name === 'max' || (parametersOf('Observation').has(name.split(/[:.]/)[0]!) && !name.startsWith('_has'));
  const unknown = names.filter((name) => !known(name) && name !== '_format' && name !== '_pretty');
  if (unknown.length > 0) throw refuse('invalid', '$lastn takes max and the search parameters of Observation');
  const inputs = Inputs.of(request, [...names, 'max']);
  const max = inputs.count('max') ?? 1;
  if (max < 1) throw refuse('invalid', 'max must be at least 1');
  const params = [...new Set(names)]
    .filter((name) => name !== 'max' && !['_format', '_pretty'].includes(name))
    .flatMap((name) => inputs.texts(name).map((value) => [name, value] as const));
  assertBounded(params);
  return { max, params };
};

/** "SHALL include a subject … and a category or a code." */
const assertBounded = (params: Params) => {
  const subject = params.filter(([name]) => /^(?:patient|subject)(?::Patient)?$/.test(name));
  if (subject.length !== 1 || subject[0]![1].includes(','))
    throw refuse('invalid', '$lastn needs one patient or subject');
  if (!params.some(([name]) => ASKS_FOR_CODES.test(name)))
    throw refuse('invalid', '$lastn needs a category or a parameter that asks for codes');
};

/** Every match, or a refusal: of a part nobody could say which ones are the last. */
const observations = async (
  services: Needs,
  context: Context,
  params: Params,
  handling: 'strict' | 'lenient',
): Promise<{ all: Stored[]; outcome: Issue[] }> => {
  const permit = searchPermit(services.resources, context);
  const ask = (some: Params) => search(services)(context, { type: 'Observation', params: some, handling, permit });
  let page = await ask([...params, ['_count', String(PAGE)], ['_sort', '-date']]);
  const { outcome } = page;
  const all = [...page.matches];
  for (let pages = 1; page.next !== undefined; pages++) {
    if (pages === MOST_PAGES) throw tooCostly('the patient has too many observations: name codes or a shorter time');
    page = await ask([['_cursor', new URLSearchParams(page.next.split('?')[1]).get('_cursor')!]]);
    all.push(...page.matches);
  }
  return { all, outcome };
};

/** Codes of an Observation, each a name of its group; a text where there is no code. */
const namesOf = ({ code }: Resource): string[] => {
  if (!isObject(code)) return [];
  const codings = (Array.isArray(code.coding) ? code.coding : []).filter(isObject);
  const names = codings.filter((each) => each.code !== undefined).map((each) => `${each.system ?? ''}|${each.code}`);
  return names.length > 0 ? names : [`text ${code.text ?? ''}`];
};

/** "Code translations are assumed to be equal and the grouping SHALL follow the transitive property." Newest group first. */
const grouped = (all: readonly Stored[]): Stored[][] => {
  const parent = new Map<string, string>();
  const root = (name: string): string => {
    let at = name;
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) at = up;
    parent.set(name, at);
    return at;
  };
  const named = all.map((stored) => ({ stored, names: namesOf(stored.resource()) }));
  for (const { names } of named) for (const name of names) parent.set(root(name), root(names[0]!));
  const groups = new Map<string, Stored[]>();
  for (const { stored, names } of named) {
    const group = root(names[0] ?? '');
    const members = groups.get(group);
    if (members) members.push(stored);
    else groups.set(group, [stored]);
  }
  return [...groups.values()];
};

const timeOf = (stored: Stored): number => clinicalSpan(stored.resource())?.low ?? Number.NEGATIVE_INFINITY;

/** "In case of a tie … both will be returned." */
const newest = (group: readonly Stored[], max: number): Stored[] => {
  const sorted = group.map((stored) => ({ stored, time: timeOf(stored) })).sort((a, b) => b.time - a.time);
  const last = sorted[Math.min(max, sorted.length) - 1]!.time;
  return sorted.filter(({ time }, at) => at < max || time === last).map(({ stored }) => stored);
};
