// What the seeds leave for `npm run token`: how each demo system and person signs in. One file a region, for us alone.
import { join } from 'node:path';
import { LocalError, readJson, writeJson } from './local-dir.ts';

export interface SystemCredential {
  readonly kind: 'system';
  readonly clientId: string;
  /** Private key of `private_key_jwt`, with `kid` and `alg` (ES384 or RS384). */
  readonly privateJwk: Readonly<Record<string, unknown>>;
  /** What is asked for, `system/*.cruds`. */
  readonly scope: string;
}

export interface PersonCredential {
  readonly kind: 'person';
  readonly pool: 'staff' | 'residents';
  readonly username: string;
  readonly password: string;
  /** Base32, when a second factor is set up. */
  readonly totpSecret?: string | undefined;
  /** Handed to the pre-token trigger: which facility, where there are several. */
  readonly clientMetadata?: Readonly<Record<string, string>> | undefined;
}

/** `system:hospital`, `staff:nurse`, `resident:1` → how to sign in. */
export type DemoCredentials = Readonly<Record<string, SystemCredential | PersonCredential>>;

const file = (dataDir: string) => join(dataDir, 'demo-credentials.json');

/** `dataDir` of the region, as the seeds get it. */
export const readDemoCredentials = (dataDir: string): DemoCredentials => readJson<DemoCredentials>(file(dataDir)) ?? {};

export const writeDemoCredentials = (dataDir: string, credentials: DemoCredentials): void =>
  writeJson(file(dataDir), credentials);

export const credentialOf = (dataDir: string, who: string): SystemCredential | PersonCredential => {
  const all = readDemoCredentials(dataDir);
  const found = all[who];
  if (!found) throw new LocalError(`nobody is called ${who}: there is ${Object.keys(all).sort().join(', ') || 'nobody'}`);
  return found;
};
