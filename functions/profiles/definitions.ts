// Profiles and value sets that were loaded, beside those that are built in.

import type { Resource } from '../fhir/types.ts';
import { canonicalSystem } from '../terminology/systems.ts';

import { BUILT_IN, BUILT_IN_VERSION, splitCanonical, versionFits } from './built-in.ts';
import { jpCoreProfiles } from './jp-core/index.ts';
import type { Compiled, Known, Profile, Rule, ValueSetTest } from './rules.ts';
import { coreTypeOf, profileOf } from './structure-definition.ts';
import { compileProfile } from './tree.ts';
import { codesOf, partsOf, testOf } from './value-set.ts';

/** `1.10.0` is newer than `1.9.2`; what is no number goes by its letters. */
const newer = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

interface Versioned<T> {
  readonly version: string | undefined;
  readonly held: T;
}

/** Definitions by url, several versions of each. */
class Shelf<T> {
  private readonly byUrl = new Map<string, Versioned<T>[]>();

  put(url: string, version: string | undefined, held: T): void {
    const others = (this.byUrl.get(url) ?? []).filter((other) => other.version !== version);
    this.byUrl.set(
      url,
      [...others, { version, held }].sort((a, b) => newer(b.version ?? '', a.version ?? '')),
    );
  }

  /** The newest version that fits. */
  find(canonical: string): Versioned<T> | undefined {
    const [url, version] = splitCanonical(canonical);
    return this.byUrl.get(url)?.find((item) => versionFits(version, item.version));
  }
}

export class Definitions implements Known {
  private readonly profiles = new Shelf<Profile>();
  private readonly sets = new Shelf<Resource>();
  private readonly codes = new Map<string, ReadonlySet<string> | undefined>();
  private readonly compiled = new Map<Profile, Compiled>();
  private readonly tests = new Map<Resource, ValueSetTest>();
  /** The type of a profile that is loaded somewhere else, known without reading it. */
  private readonly typeOf: (canonical: string) => string | undefined;

  constructor(typeOf: (canonical: string) => string | undefined = () => undefined) {
    this.typeOf = typeOf;
  }

  /** Takes a StructureDefinition, ValueSet or CodeSystem, and says which others it needs. */
  add(resource: Resource): string[] {
    const { resourceType, url } = resource;
    if (typeof url !== 'string') return [];
    const version = typeof resource.version === 'string' ? resource.version : undefined;
    if (resourceType === 'CodeSystem') this.codes.set(canonicalSystem(url), codesOf(resource));
    if (resourceType === 'ValueSet') {
      this.sets.put(url, version, resource);
      const { systems, sets } = partsOf(resource);
      return [...systems, ...sets];
    }
    if (resourceType !== 'StructureDefinition') return [];
    const profile = profileOf(resource);
    if (!profile) return [];
    this.profiles.put(url, version, profile);
    return needsOf(profile);
  }

  /** A newer version wins, whether it is built in or loaded; of one version that which was loaded. */
  profile(canonical: string): Compiled | undefined {
    const loaded = this.profiles.find(canonical);
    const builtIn = BUILT_IN.profile(canonical);
    if (!loaded) return builtIn;
    if (builtIn && loaded.version !== undefined && newer(BUILT_IN_VERSION, loaded.version) > 0) return builtIn;
    return this.compile(loaded.held);
  }

  valueSet(canonical: string): ValueSetTest | undefined {
    const found = this.sets.find(canonical);
    if (!found) return BUILT_IN.valueSet(canonical);
    const known = this.tests.get(found.held);
    if (known) return known;
    // Put down before it is made: a set may include itself by a detour.
    this.tests.set(found.held, () => undefined);
    const test = testOf(
      found.held,
      (system) => this.codes.get(system),
      (url) => this.valueSet(url),
    );
    this.tests.set(found.held, test);
    return test;
  }

  private compile(profile: Profile): Compiled {
    const known = this.compiled.get(profile);
    if (known) return known;
    const made = compileProfile(this.targeted(profile), this.bases(profile, 0));
    this.compiled.set(profile, made);
    return made;
  }

  private bases({ base }: Profile, depth: number): Profile[] {
    const found =
      base === undefined || depth > 20 ? undefined : (this.profiles.find(base)?.held ?? builtInProfile(base));
    return found ? [...this.bases(found, depth + 1), this.targeted(found)] : [];
  }

  /** Profiles of referenced resources as the types that they constrain; one that nobody knows leaves the reference open. */
  private targeted(profile: Profile): Profile {
    const rules = profile.rules.map((rule): Rule => {
      if (!rule.targetProfiles) return rule;
      const types = rule.targetProfiles.map((url) => this.typeAt(url));
      const isOpen = types.some((type) => type === undefined || type === 'Resource');
      return isOpen ? rule : { ...rule, targets: [...new Set(types as string[])] };
    });
    return { ...profile, rules };
  }

  private typeAt(canonical: string): string | undefined {
    return (
      coreTypeOf(canonical) ??
      this.profiles.find(canonical)?.held.type ??
      builtInProfile(canonical)?.type ??
      this.typeOf(canonical)
    );
  }
}

const builtInProfile = (canonical: string): Profile | undefined => jpCoreProfiles().get(splitCanonical(canonical)[0]);

const needsOf = ({ base, rules }: Profile): string[] => {
  const byProfile = rules.some(({ slicing }) => slicing?.by.some(({ type }) => type === 'profile'));
  return [
    ...(base === undefined ? [] : [base]),
    ...rules.flatMap(({ profiles, binding, targetProfiles }) => [
      ...(profiles ?? []),
      ...(binding ? [binding.valueSet] : []),
      ...(byProfile && targetProfiles ? targetProfiles : []),
    ]),
  ];
};
