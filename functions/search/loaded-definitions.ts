// CodeSystems and ValueSets that the region has loaded, and behind them those of R4: for searches by them and for the operations.
import { DEFINITIONS_KEY } from '../fhir/canonical.ts';
import type { Resource } from '../fhir/types.ts';
import type { Resources, Stored } from '../storage/port.ts';
import { builtInCodeSystem, builtInValueSet } from '../terminology/built-in.ts';
import { type CodeSystem, codeSystemOf } from '../terminology/code-system.ts';
import { canonicalSystem, spellingsOf } from '../terminology/systems.ts';
import type { Source } from '../terminology/value-set.ts';

export interface DefinitionReader {
  readonly resources: Pick<Resources, 'lookup' | 'getMany'>;
  readonly permit: (stored: Stored) => boolean;
  /** The caller's. */
  readonly facility: string | undefined;
  /** Is told what was read for the answer. */
  readonly onRead: (stored: Stored) => void;
}

/** Code systems are large and seldom change: what one execution environment has read last, by version. */
const keptOf = new WeakMap<DefinitionReader['resources'], Map<string, CodeSystem>>();
const MOST_KEPT = 8;

export const parsedCodeSystem = (resources: DefinitionReader['resources'], stored: Stored): CodeSystem => {
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

export class LoadedDefinitions implements Source {
  private readonly reader: DefinitionReader;

  constructor(reader: DefinitionReader) {
    this.reader = reader;
  }

  async codeSystem(url: string, version?: string): Promise<CodeSystem | undefined> {
    const name = canonicalSystem(url);
    const builtIn = builtInCodeSystem(name);
    const isWanted = builtIn && (version === undefined || version === builtIn.version);
    if (isWanted && builtIn.isComplete) return builtIn; // nobody writes R4 anew
    const stored = await this.loaded('CodeSystem', spellingsOf(url), version);
    return stored ? parsedCodeSystem(this.reader.resources, stored) : isWanted ? builtIn : undefined;
  }

  async valueSet(canonical: string): Promise<Resource | undefined> {
    const [url = '', version] = canonical.split('|');
    const builtIn = version === undefined || version === '4.0.1' ? builtInValueSet(url) : undefined;
    return builtIn ?? (await this.loaded('ValueSet', [url], version || undefined))?.resource();
  }

  /** By its id here, if the caller may see it. */
  async valueSetOfId(id: string): Promise<Resource | undefined> {
    const [stored] = await this.reader.resources.getMany([{ type: 'ValueSet', id }]);
    if (!stored || stored.deleted || !this.reader.permit(stored)) return undefined;
    this.reader.onRead(stored);
    return stored.resource();
  }

  /** The version that is named, or the newest; what the caller's own facility has loaded goes before what others have. */
  private async loaded(
    type: 'CodeSystem' | 'ValueSet',
    urls: readonly string[],
    version: string | undefined,
  ): Promise<Stored | undefined> {
    const { resources, permit, facility: own, onRead } = this.reader;
    for (const url of urls) {
      const sortPrefix = `${type}|${url}|`;
      const { rows } = await resources.lookup({ bucket: 'identifier', key: DEFINITIONS_KEY, sortPrefix });
      const fitting = rows
        .map((row) => ({ ...row, version: row.sort.slice(sortPrefix.length) }))
        .filter((row) => version === undefined || row.version === version)
        .sort(newestFirst);
      const found = (await resources.getMany(fitting.slice(0, MOST_TWINS).map(({ id }) => ({ type, id }))))
        .filter((stored) => stored !== undefined)
        .filter((stored) => !stored.deleted && permit(stored));
      const chosen = found.find(({ facility }) => facility === own) ?? found[0];
      if (chosen) onRead(chosen);
      if (chosen) return chosen;
    }
    return undefined;
  }
}
