// `npm run -s token -- --region R --as WHO`: prints an access token and nothing else; `--list` the names.
// Systems ask the token endpoint with private_key_jwt, people sign in with password and second factor: no side door.
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { importJWK, type JWK, SignJWT } from 'jose';
import { signIn } from './cognito/client.ts';
import { credentialOf, type PersonCredential, readDemoCredentials, type SystemCredential } from './demo-credentials.ts';
import { readEndpoints, type RegionEndpoints } from './endpoints.ts';
import { LocalError } from './local-dir.ts';

/** An access token for a demo identity of the running stack. */
export const getToken = async (region: string, who: string): Promise<string> => {
  const endpoints = readEndpoints(region);
  const credential = credentialOf(endpoints.dataDir, who);
  return credential.kind === 'system' ? systemToken(endpoints, credential) : personToken(endpoints, credential);
};

/** https://hl7.org/fhir/smart-app-launch/STU2.1/client-confidential-asymmetric.html */
export const systemToken = async ({ token }: RegionEndpoints, by: SystemCredential): Promise<string> => {
  const alg = String(by.privateJwk['alg'] ?? 'ES384');
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg, kid: String(by.privateJwk['kid'] ?? ''), typ: 'JWT' })
    .setIssuer(by.clientId)
    .setSubject(by.clientId)
    .setAudience(token)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('4m')
    .sign(await importJWK(by.privateJwk as JWK, alg));
  const answer = await fetch(token, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: by.scope,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new LocalError(`the token endpoint answered ${answer.status}: ${text}`);
  return (JSON.parse(text) as { access_token: string }).access_token;
};

export const personToken = async (endpoints: RegionEndpoints, by: PersonCredential): Promise<string> => {
  const client = new CognitoIdentityProviderClient({
    endpoint: endpoints.cognito.endpoint,
    region: endpoints.awsRegion,
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' }, // signing in needs none
  });
  const { poolId, clientId } = endpoints.cognito[by.pool];
  const { username, password, totpSecret, clientMetadata } = by;
  try {
    const signedIn = await signIn({
      client,
      poolId,
      clientId,
      username,
      password,
      totpSecret,
      ...(clientMetadata && { clientMetadata }),
    });
    return signedIn.accessToken;
  } catch (error) {
    throw new LocalError(`signing in failed: ${(error as Error).message}`);
  } finally {
    client.destroy();
  }
};

const main = async () => {
  try {
    const { values } = parseArgs({
      options: { region: { type: 'string' }, as: { type: 'string' }, list: { type: 'boolean' } },
    });
    const region = values.region ?? 'tokushima';
    if (values.list) {
      for (const name of Object.keys(readDemoCredentials(readEndpoints(region).dataDir)).sort()) console.log(name);
    } else {
      if (!values.as) throw new LocalError('whose token? npm run -s token -- --region R --as WHO (--list names them)');
      console.log(await getToken(region, values.as));
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
};

if (import.meta.main) await main();
