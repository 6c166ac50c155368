import { parseJson } from '../fhir/json.ts';
import { FhirError, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context, FhirRequest, Interaction } from '../interactions/contract.ts';
import { assertSearchable, disclose, searchPermit } from '../interactions/permit.ts';
import { foldIdentifier } from '../search/extract.ts';
import type { Resources, Stored } from '../storage/port.ts';
import { canonicalSystem } from '../terminology/systems.ts';
import type { ReadAs } from './fhir-faces.ts';

/** Whether anybody here gives out identifiers of this system: a facility that the region has, or the region itself. */
export type KnowsDomain = (system: string) => Promise<boolean>;

interface Asked {
  readonly system: string;
  readonly value: string;
  readonly targets: readonly string[];
}

interface Identifier {
  readonly system?: string;
  readonly value?: string;
}

const given = ({ method, params, body }: FhirRequest): (readonly [string, unknown])[] => {
  if (method !== 'POST' || !body) return [...params];
  const resource = parseJson(body) as unknown as { resourceType?: string; parameter?: Record<string, unknown>[] };
  if (resource?.resourceType !== 'Parameters' || !Array.isArray(resource.parameter))
    throw refuse('invalid', 'the body must be Parameters', 'Parameters');
  return resource.parameter.map(({ name, ...value }) => [String(name), Object.values(value)[0]] as const);
};

const tokenOf = (value: unknown): [system: string, value: string] => {
  if (typeof value === 'object' && value !== null) {
    const { system = '', value: of = '' } = value as Identifier;
    return [system, of];
  }
  const text = String(value);
  const bar = text.indexOf('|');
  return bar < 0 ? ['', text] : [text.slice(0, bar), text.slice(bar + 1)];
};

const parsed = (request: FhirRequest): Asked => {
  const all = given(request);
  const sources = all.filter(([name]) => name === 'sourceIdentifier');
  const [system, value] = tokenOf(sources[0]?.[1] ?? '');
  if (sources.length !== 1 || !system || !value)
    throw refuse('invalid', 'sourceIdentifier must be given once, as system|value', 'sourceIdentifier');
  const targets = all
    .filter(([name]) => name === 'targetSystem')
    .flatMap(([, of]) => String(of).split(','))
    .filter(Boolean);
  return { system, value, targets };
};

/** The wording is the profile's: https://profiles.ihe.net/ITI/PIXm/ITI-83.html, 2:3.83.4.2.2 */
const domainNotFound = (status: 'invalid' | 'forbidden', diagnostics: string) =>
  new FhirError(status, [{ code: 'code-invalid', diagnostics }]);

/** Patient $ihe-pix, Mobile Patient Identifier Cross-reference Query [ITI-83]. */
export const pix =
  (readAs: ReadAs, knowsDomain: KnowsDomain): Interaction =>
  async (context, request) => {
    assertSearchable(context, 'Patient');
    const resources = readAs(context);
    const { system, value, targets } = parsed(request);
    if (!(await knowsDomain(system))) throw domainNotFound('invalid', 'sourceIdentifier Assigning Authority not found');
    const known = await Promise.all(targets.map(knowsDomain));
    if (!known.every(Boolean)) throw domainNotFound('forbidden', 'targetSystem not found');

    const sources = await holders(resources, context, { system: canonicalSystem(system), value });
    if (sources.length === 0)
      throw new FhirError('notFound', [{ diagnostics: 'sourceIdentifier Patient Identifier not found' }]);
    const permits = searchPermit(resources, context);
    const heads = await resources.heads(sources.map(({ id }) => id));
    const ids = [...new Set([...sources.map(({ id }) => id), ...heads.flatMap((head) => head?.linked ?? [])])];
    const linked = (await resources.getMany(ids.map((id) => ({ type: 'Patient', id })))).filter(
      (stored): stored is Stored => stored !== undefined && !stored.deleted && permits(stored),
    );
    const wanted = new Set(targets.map(canonicalSystem));
    const identifiers = linked.flatMap((stored) =>
      identifiersOf(stored.resource())
        .filter(
          (one) =>
            !isSource(one, system, value) && (wanted.size === 0 || wanted.has(canonicalSystem(one.system ?? ''))),
        )
        .map((one) => ({ stored, one })),
    );
    const shown =
      wanted.size === 0 ? linked : linked.filter((stored) => identifiers.some((one) => one.stored === stored));
    disclose(context, 'R', ...shown);
    return {
      status: 200,
      resource: {
        resourceType: 'Parameters',
        parameter: [
          ...identifiers.map(({ one }) => ({ name: 'targetIdentifier', valueIdentifier: one })),
          ...shown.map(({ id }) => ({ name: 'targetId', valueReference: { reference: `Patient/${id}` } })),
        ],
      },
    };
  };

/** A number that its facility has merged into another is given to nobody any more (ITI-8, A40). */
const identifiersOf = ({ identifier }: Resource): Identifier[] =>
  Array.isArray(identifier) ? identifier.filter(({ use }) => use !== 'old') : [];

const isSource = (one: Identifier, system: string, value: string): boolean =>
  canonicalSystem(one.system ?? '') === canonicalSystem(system) &&
  foldIdentifier(one.value ?? '') === foldIdentifier(value);

/** Patients that bear the identifier and that the caller may see. */
const holders = async (
  resources: Resources,
  context: Context,
  { system, value }: { system: string; value: string },
): Promise<Stored[]> => {
  const { rows } = await resources.lookup({ bucket: 'identifier', key: foldIdentifier(value), sortPrefix: system });
  const refs = rows
    .filter(({ type, sort }) => type === 'Patient' && sort === system)
    .map(({ type, id }) => ({ type, id }));
  const permits = searchPermit(resources, context);
  return (await resources.getMany(refs)).filter(
    (stored): stored is Stored => stored !== undefined && !stored.deleted && permits(stored),
  );
};
