// An access token for one of the demo identities, got the way that everybody gets one: an assertion at the token endpoint,
// or password and second factor at Cognito.
import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import { signIn } from '../cognito/client.ts';
import { LocalError } from '../local-dir.ts';
import { cognitoClient, type DemoRegion, demoNames, readSecrets } from './identities.ts';

export const demoToken = async (region: DemoRegion, who: string): Promise<string> => {
  if (!demoNames().includes(who)) throw new LocalError(`nobody is called ${who}: --list lists the names`);
  return who.startsWith('system:') ? systemToken(region, who) : personToken(region, who);
};

/** https://hl7.org/fhir/smart-app-launch/STU2.1/backend-services.html */
const systemToken = async (region: DemoRegion, who: string): Promise<string> => {
  const system = readSecrets(region).systems[who];
  if (!system) throw new LocalError(`${who} has no key yet: npm start makes it`);
  const { clientId, privateJwk } = system;
  const url = `${region.baseUrl}/auth/token`;
  const assertion = await new SignJWT({ iss: clientId, sub: clientId, aud: url, jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES384', kid: privateJwk.kid, typ: 'JWT' })
    .setExpirationTime('4m')
    .sign(await importJWK(privateJwk, 'ES384'));
  const answer = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'system/*.cruds',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
  });
  const body = (await answer.json()) as { access_token?: string; error?: string; error_description?: string };
  if (!body.access_token)
    throw new LocalError(`${url} answered ${answer.status}: ${body.error} ${body.error_description}`);
  return body.access_token;
};

const personToken = async (region: DemoRegion, who: string): Promise<string> => {
  const person = readSecrets(region).people[who];
  if (!person) throw new LocalError(`${who} has no account yet: npm start makes it`);
  const kind = who.startsWith('staff:') ? 'STAFF' : 'RESIDENTS';
  const client = cognitoClient(region);
  try {
    const { accessToken } = await signIn({
      client,
      poolId: region.settings[`${kind}_POOL_ID`] ?? '',
      clientId: region.settings[`${kind}_CLIENT_ID`] ?? '',
      ...person,
    });
    return accessToken;
  } finally {
    client.destroy();
  }
};
