// `requireJpCore` and `profilePublisher`, from the region file to the Lambda: docs/profiles.md
import { describe, expect, it } from 'vitest';
import { profileSettingsOf } from '../../../functions/env.ts';
import { RegionFile } from '../../../infra/regions/schema.ts';
import { given, synthesized } from '../../infra/synthesized.ts';

const REGIONS: readonly (readonly [Partial<RegionFile>, ReturnType<typeof profileSettingsOf>])[] = [
  [{}, { requireJpCore: [], publisher: undefined }],
  [{ requireJpCore: true }, { requireJpCore: true, publisher: undefined }],
  [
    { requireJpCore: ['Patient', 'Observation'], profilePublisher: '9886000007' },
    { requireJpCore: ['Patient', 'Observation'], publisher: '9886000007' },
  ],
];

type Variables = Record<string, string>;
interface Function {
  readonly Properties?: { readonly Environment?: { readonly Variables?: Variables } };
}

const environmentsOf = (regions: readonly RegionFile[]): Variables[] =>
  synthesized(...regions).stages.map(({ stacks }) => {
    const templates: { Resources: Record<string, Function> }[] = stacks.map(({ template }) => template);
    const functions = templates.flatMap(({ Resources }) => Object.values(Resources));
    const told = functions.flatMap(({ Properties }): Variables[] => [Properties?.Environment?.Variables ?? {}]);
    return told.find(({ REQUIRE_JP_CORE }) => REQUIRE_JP_CORE !== undefined)!;
  });

describe('profiles of a region', () => {
  it('reach its functions', { timeout: 120_000 }, () => {
    const regions = REGIONS.map(([changes], at) =>
      given.region({ name: `testing${at}`, homeCommunityId: `2.999.${at + 1}`, ...changes }),
    );
    expect(environmentsOf(regions).map(profileSettingsOf)).toEqual(REGIONS.map(([, expected]) => expected));
  });

  it('are nothing where nobody said them', () => {
    expect(profileSettingsOf({})).toEqual({ requireJpCore: [], publisher: undefined });
  });

  it('must be types and a facility', () => {
    for (const wrong of [{ requireJpCore: ['patient'] }, { requireJpCore: 'yes' }, { profilePublisher: '12' }])
      expect(RegionFile.safeParse({ ...given.region(), ...wrong }).success).toBe(false);
  });
});
