// `.local/endpoints.json`: where everything of a running stack is. Other people's tests read it: add, never rename.
import { join } from 'node:path';
import { LocalError, localDir, readJson } from './local-dir.ts';
import { operatorEnvironment, type Stack } from './stack.ts';

export interface PoolEndpoint {
  readonly poolId: string;
  readonly clientId: string;
  readonly issuer: string;
  readonly jwks: string;
}

export interface RegionEndpoints {
  readonly fhir: string;
  readonly token: string;
  readonly federation: string;
  readonly console: string;
  readonly homeCommunityId: string;
  readonly baseUrl: string;
  readonly jwks: string;
  readonly smartConfiguration: string;
  readonly awsRegion: string;
  /** Where the region keeps its own things (keys of the demo systems, logs). */
  readonly dataDir: string;
  /** What Cognito would have mailed, of all regions (cognito/outbox.ts). */
  readonly outbox: string;
  readonly cognito: { readonly endpoint: string; readonly staff: PoolEndpoint; readonly residents: PoolEndpoint };
  /** The settings of the functions: names of tables, buckets, keys. */
  readonly settings: Readonly<Record<string, string>>;
  /** For programs that act as the administrator of the account. */
  readonly aws: Readonly<Record<string, string>>;
}

export interface Endpoints {
  readonly pid: number;
  readonly regions: Readonly<Record<string, RegionEndpoints>>;
}

/** Where a region's own things lie. */
export const regionDir = (dir: string, name: string): string => join(dir, name);

export const outboxOf = (dir: string): string => join(dir, 'outbox.ndjson');

export const endpointsOf = (stack: Stack, dir: string): Endpoints => ({
  pid: process.pid,
  regions: Object.fromEntries(
    stack.regions.map(({ name, baseUrl, awsRegion, settings }) => {
      const cognito = stack.endpoints['AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER'] ?? '';
      const pool = (kind: 'STAFF' | 'RESIDENTS'): PoolEndpoint => {
        const poolId = settings[`${kind}_POOL_ID`] ?? '';
        return {
          poolId,
          clientId: settings[`${kind}_CLIENT_ID`] ?? '',
          issuer: `https://cognito-idp.${awsRegion}.amazonaws.com/${poolId}`,
          jwks: `${cognito}/${poolId}/.well-known/jwks.json`,
        };
      };
      const endpoints: RegionEndpoints = {
        fhir: `${baseUrl}/fhir`,
        token: `${baseUrl}/auth/token`,
        federation: `${baseUrl}/federation/fhir`,
        console: `${baseUrl}/console`,
        homeCommunityId: settings['HOME_COMMUNITY_ID'] ?? '',
        baseUrl,
        jwks: `${baseUrl}/auth/jwks.json`,
        smartConfiguration: `${baseUrl}/fhir/.well-known/smart-configuration`,
        awsRegion,
        dataDir: regionDir(dir, name),
        outbox: outboxOf(dir),
        cognito: { endpoint: cognito, staff: pool('STAFF'), residents: pool('RESIDENTS') },
        settings,
        aws: operatorEnvironment(stack, awsRegion),
      };
      return [name, endpoints];
    }),
  ),
});

let ownEndpoints: Endpoints | undefined;

/** The file says that all is up; the seeds of the starting process itself need the addresses before that. */
export const announceToSeeds = (endpoints: Endpoints): void => {
  ownEndpoints = endpoints;
};

/** Of the stack that is running now. */
export const readEndpoints = (region: string): RegionEndpoints => {
  const endpoints = ownEndpoints ?? readJson<Endpoints>(join(localDir(), 'endpoints.json'));
  if (!endpoints) throw new LocalError('nothing is running: npm start');
  const found = endpoints.regions[region];
  if (!found) {
    throw new LocalError(`no region ${region} is running: there is ${Object.keys(endpoints.regions).join(', ')}`);
  }
  return found;
};
