// A resource against the profiles that it claims, or that its region asks for: https://hl7.org/fhir/R4/profiling.html
import { isResourceType } from '../fhir/resource-types.ts';
import type { Issue, Resource } from '../fhir/types.ts';
import { Faults } from '../fhir/validate/faults.ts';
import { BUILT_IN } from './built-in.ts';
import { Check, type Surroundings } from './check.ts';
import { checkExtensions } from './extensions.ts';
import { generalJpProfile } from './jp-core/index.ts';
import type { Known } from './rules.ts';
import { isObject } from './values.ts';

/** `true`: every type that JP Core has a profile for; or the types that must meet theirs. Infra: `requireJpCore` of a region file. */
export type RequireJpCore = boolean | readonly string[];

/** What the region asks of a resource, whatever it claims. */
export const requiredProfiles = (rule: RequireJpCore | undefined, resource: Resource): string[] => {
  if (rule === undefined || rule === false) return [];
  if (rule !== true && !rule.includes(resource.resourceType)) return [];
  const profile = generalJpProfile(resource);
  return profile === undefined ? [] : [profile];
};

export interface ProfileOptions {
  /** Canonicals of profiles that the resource must meet besides those that it claims. */
  readonly required?: readonly string[] | undefined;
  /** @default JP Core 1.2.0 */
  readonly known?: Known | undefined;
  /** `$validate`: also warn of profiles that are not known, and of what cannot be checked. */
  readonly verbose?: boolean | undefined;
}

/**
 * What a valid R4 resource lacks of its profiles, and so do the resources within it (contained, entries): each issue at its
 * FHIRPath. Errors refuse a write, warnings do not. A profile that nobody here knows says nothing.
 */
export const profileIssues = (resource: Resource, options: ProfileOptions = {}): Issue[] => {
  const { required = [], known = BUILT_IN, verbose = false } = options;
  const claims = claimsOf(resource);
  if (claims.length === 0 && required.length === 0 && !hasInner(resource)) return NOTHING;
  const faults = new Faults();
  faults.enter(resource.resourceType);
  const around = { known, verbose, env: { resource, rootResource: resource }, entries: entriesOf(resource) };
  checkOne(faults, resource, [...claims, ...required], around);
  inner(faults, resource, around);
  return faults.issues;
};

const NOTHING: Issue[] = [];

export const claimsOf = ({ meta }: Resource): string[] =>
  Array.isArray(meta?.profile) ? meta.profile.filter((url) => typeof url === 'string') : [];

const hasInner = ({ resourceType, contained }: Resource): boolean =>
  contained !== undefined || resourceType === 'Bundle' || resourceType === 'Parameters';

/** Every R4 type is a profile of itself, and is checked already. */
const isCoreType = (canonical: string): boolean =>
  /^http:\/\/hl7\.org\/fhir\/StructureDefinition\/([A-Za-z]+)(?:\||$)/.test(canonical) &&
  isResourceType(canonical.slice(40).split('|')[0]);

const checkOne = (faults: Faults, resource: Resource, profiles: readonly string[], around: Surroundings): void => {
  const value = { type: resource.resourceType, value: resource };
  let isChecked = false;
  for (const canonical of new Set(profiles)) {
    const profile = around.known.profile(canonical);
    if (!profile) {
      if (around.verbose && !isCoreType(canonical))
        faults.add(
          'structure',
          `the profile ${canonical} is not known here and was not checked`,
          'meta.profile',
          'warning',
        );
    } else if (profile.type !== resource.resourceType)
      faults.add('structure', `${profile.name} is a profile of ${profile.type}`, 'meta.profile');
    else {
      isChecked = true;
      new Check(faults, profile, around).run(value);
    }
  }
  if (isChecked) checkExtensions(faults, value, around);
};

/** Contained resources, entries of a Bundle, resources in Parameters: those that claim a profile must meet it. */
const inner = (faults: Faults, resource: Resource, around: Surroundings): void => {
  each(faults, resource.contained, 'contained', (item) => innerOne(faults, item, resource, around, false));
  if (resource.resourceType === 'Bundle' || resource.resourceType === 'Parameters') {
    const [list, name] = resource.resourceType === 'Bundle' ? ['entry', 'resource'] : ['parameter', 'resource'];
    each(faults, resource[list], list, (item) => {
      faults.enter(name);
      innerOne(faults, item[name], resource, around, true);
      faults.leave();
    });
  }
};

const innerOne = (faults: Faults, value: unknown, root: Resource, around: Surroundings, standsAlone: boolean): void => {
  if (!isObject(value) || !isResourceType(value.resourceType)) return;
  const resource = value as Resource;
  const env = { resource, rootResource: standsAlone ? resource : root };
  const within = { ...around, env, entries: entriesOf(resource) ?? around.entries };
  const claims = claimsOf(resource);
  if (claims.length > 0) checkOne(faults, resource, claims, within);
  inner(faults, resource, within);
};

const each = (faults: Faults, list: unknown, name: string, run: (item: Record<string, unknown>) => void): void => {
  if (!Array.isArray(list)) return;
  faults.enter(name);
  for (const [index, item] of list.entries()) {
    faults.enter(index);
    if (isObject(item)) run(item);
    faults.leave();
  }
  faults.leave();
};

/** A reference finds an entry by its url, or by the type and id at its end: https://hl7.org/fhir/R4/bundle.html#references */
const entriesOf = ({ resourceType, entry }: Resource): ReadonlyMap<string, unknown> | undefined => {
  if (resourceType !== 'Bundle' || !Array.isArray(entry)) return undefined;
  const found = new Map<string, unknown>();
  for (const item of entry) {
    if (!isObject(item) || typeof item.fullUrl !== 'string') continue;
    found.set(item.fullUrl, item.resource);
    const tail = /\/([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})$/.exec(item.fullUrl)?.[1];
    if (tail !== undefined) found.set(`/${tail}`, item.resource);
  }
  return found;
};
