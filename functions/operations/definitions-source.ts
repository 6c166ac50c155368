// CodeSystems and ValueSets that the region has loaded, and behind them those of R4.
import { DEFINITIONS_KEY } from '../fhir/canonical.ts';
import { notFound, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context, Services } from '../interactions/contract.ts';
import { parseId } from '../interactions/ids.ts';
import { assertReadable, assertSearchable, disclose, permitter } from '../interactions/permit.ts';
import type { Stored } from '../storage/port.ts';
import { builtInCodeSystem, builtInValueSet } from '../terminology/built-in.ts';
import { type CodeSystem, codeSystemOf } from '../terminology/code-system.ts';
import { canonicalSystem, spellingsOf } from '../terminology/systems.ts';
import type { Source } from '../terminology/value-set.ts';

type Needs = Pick<Services, 'resources'>;
type DefinitionType = 'CodeSystem' | 'ValueSet';

/** Code systems are large and seldom change: what one execution environment has read last, by version. */
const keptOf = new WeakMap<Needs['resources'], Map<string, CodeSystem>>();
const MOST_KEPT = 8;

const parsed = ({ resources }: Needs, stored: Stored): CodeSystem => {
  const kept = keptOf.get(resources) ?? new Map<string, CodeSystem>();
  keptOf.set(resources, kept);
  const key = `${stored.id}/${stored.version}/${stored.lastUpdated}`;
  const found = kept.get(key) ?? codeSystemOf(stored.resource());
  kept.delete(key); // last used goes last
  kept.set(key, found);
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
  return found;
};

/** So many definitions of one URL are looked at. */
const MOST_TWINS = 20;

/** `1.10` is newer than `1.9`. */
const newestFirst = (one: { version: string }, other: { version: string }) =>
  other.version.localeCompare(one.version, 'en', { numeric: true });

export class Definitions implements Source {
  private readonly services: Needs;
  private readonly context: Context;

  constructor(services: Needs, context: Context) {
    this.services = services;
    this.context = context;
  }

  /** @throws FhirError if the caller may not read definitions */
  static open(services: Needs, context: Context, ...types: DefinitionType[]): Definitions {
    for (const type of types) assertSearchable(context, type);
    return new Definitions(services, context);
  }

  async codeSystem(url: string, version?: string): Promise<CodeSystem | undefined> {
    const name = canonicalSystem(url);
    const builtIn = builtInCodeSystem(name);
    const isWanted = builtIn && (version === undefined || version === builtIn.version);
    if (isWanted && builtIn.isComplete) return builtIn; // nobody writes R4 anew
    const stored = await this.loaded('CodeSystem', spellingsOf(url), version);
    return stored ? parsed(this.services, stored) : isWanted ? builtIn : undefined;
  }

  async valueSet(canonical: string): Promise<Resource | undefined> {
    const [url = '', version] = canonical.split('|');
    const builtIn = version === undefined || version === '4.0.1' ? builtInValueSet(url) : undefined;
    return builtIn ?? (await this.loaded('ValueSet', [url], version || undefined))?.resource();
  }

  /** The resource of an instance-level call. */
  async instance(type: DefinitionType, id: string): Promise<Stored> {
    const { resources } = this.services;
    const stored = await resources.get(type, parseId(type, id));
    if (!stored || stored.deleted) throw notFound(`${type}/${id}`);
    assertReadable(resources, this.context, stored);
    disclose(this.context, 'R', stored);
    return stored;
  }

  async codeSystemOfInstance(id: string): Promise<CodeSystem> {
    return parsed(this.services, await this.instance('CodeSystem', id));
  }

  /** The version that is named, or the newest; what the caller's own facility has loaded goes before what others have. */
  private async loaded(
    type: DefinitionType,
    urls: readonly string[],
    version: string | undefined,
  ): Promise<Stored | undefined> {
    const { resources } = this.services;
    const permit = permitter(resources, this.context);
    for (const url of urls) {
      const sortPrefix = `${type}|${url}|`;
      const { rows } = await resources.lookup({ bucket: 'identifier', key: DEFINITIONS_KEY, sortPrefix });
      const fitting = rows
        .map((row) => ({ ...row, version: row.sort.slice(sortPrefix.length) }))
        .filter((row) => version === undefined || row.version === version)
        .sort(newestFirst);
      const found = (await resources.getMany(fitting.slice(0, MOST_TWINS).map(({ id }) => ({ type, id }))))
        .filter((stored) => stored !== undefined)
        .filter((stored) => !stored.deleted && permit('read', stored).permit);
      const chosen = found.find(({ facility }) => facility === this.context.actor.facility) ?? found[0];
      if (chosen) disclose(this.context, 'R', chosen);
      if (chosen) return chosen;
    }
    return undefined;
  }
}

/** The canonical URL that a request must name. */
export const notKnown = (what: string) => refuse('notFound', `the ${what} is not loaded here`);
