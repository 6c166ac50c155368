// The profiles that are always there: JP Core 1.2.0, from our tables.
import { JP_CORE_VERSION, jpCoreProfiles, jpCoreValueSet } from './jp-core/index.ts';
import type { Compiled, Known, Profile } from './rules.ts';
import { compileProfile } from './tree.ts';

export const splitCanonical = (canonical: string): [url: string, version: string | undefined] => {
  const at = canonical.indexOf('|');
  return at < 0 ? [canonical, undefined] : [canonical.slice(0, at), canonical.slice(at + 1)];
};

/** `1.2` is met by `1.2.0`. */
export const versionFits = (wanted: string | undefined, version: string | undefined): boolean =>
  wanted === undefined || version === undefined || version === wanted || version.startsWith(`${wanted}.`);

const compiled = new Map<string, Compiled>();

const basesOf = (profile: Profile): Profile[] => {
  const base = profile.base === undefined ? undefined : jpCoreProfiles().get(profile.base);
  return base ? [...basesOf(base), base] : [];
};

const jpCoreProfile = (canonical: string): Compiled | undefined => {
  const [url, version] = splitCanonical(canonical);
  const known = compiled.get(url);
  const profile = known ? undefined : jpCoreProfiles().get(url);
  if (!known && !profile) return undefined;
  if (!versionFits(version, jpCoreProfiles().get(url)?.version)) return undefined;
  if (known) return known;
  const made = compileProfile(profile!, basesOf(profile!));
  compiled.set(url, made);
  return made;
};

export const BUILT_IN_VERSION = JP_CORE_VERSION;

export const BUILT_IN: Known = {
  profile: jpCoreProfile,
  valueSet: (canonical) => jpCoreValueSet(splitCanonical(canonical)[0]),
};
