// What the console must know of its region before anybody signs in: `config.json` beside its files. Nothing in it is secret.
import { type RegionFile, relyingPartyOf } from './regions/schema.ts';

/** Also in console/src/config.ts, which reads it. */
export interface ConsoleConfig {
  readonly region: string;
  readonly title: { readonly ja: string; readonly en: string };
  readonly homeCommunityId: string;
  /** Of the API, no slash at the end. */
  readonly baseUrl: string;
  /** How long an emergency access lasts, as the API has it. */
  readonly breakGlassMinutes: number;
  readonly cognito: {
    readonly endpoint: string;
    readonly staff: PoolConfig;
    readonly residents: PoolConfig;
  };
  /** Left out: nobody has passkeys. Browsers know them on pages of this host name only. */
  readonly passkeys?: { readonly relyingParty: string; readonly for: readonly ('staff' | 'residents')[] };
}

interface PoolConfig {
  readonly poolId: string;
  readonly clientId: string;
}

/** Ids as the stack's outputs and the functions' settings have them. */
export interface ConsoleSettings {
  readonly staffPoolId: string;
  readonly staffClientId: string;
  readonly residentsPoolId: string;
  readonly residentsClientId: string;
}

export const consoleConfig = (
  region: RegionFile,
  baseUrl: string,
  { staffPoolId, staffClientId, residentsPoolId, residentsClientId }: ConsoleSettings,
  cognitoEndpoint = `https://cognito-idp.${region.awsRegion}.amazonaws.com`,
): ConsoleConfig => {
  const { name, title, homeCommunityId, breakGlassMinutes = 30, passkeys } = region;
  return {
    region: name,
    title,
    homeCommunityId,
    baseUrl,
    breakGlassMinutes,
    cognito: {
      endpoint: cognitoEndpoint,
      staff: { poolId: staffPoolId, clientId: staffClientId },
      residents: { poolId: residentsPoolId, clientId: residentsClientId },
    },
    ...(passkeys && { passkeys: { relyingParty: relyingPartyOf(region), for: passkeys.for } }),
  };
};
