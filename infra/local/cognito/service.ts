// A stand-in for Cognito user pools: the operations that this project uses, over Cognito's own wire protocol, and the
// key sets at /<pool>/.well-known/jwks.json. Pools, clients, policies and triggers come from the template.
import {
  jsonAnswer,
  jsonBody,
  jsonFault,
  operationOf,
  type Service,
  type ServiceAnswer,
  ServiceError,
  type SignedRequest,
} from '../front/service.ts';
import { ADMIN_OPERATIONS, OWN_OPERATIONS } from './accounts.ts';
import { openPasskeys } from './passkeys.ts';
import { openRecovery } from './recovery.ts';
import { openSignIn } from './sign-in.ts';
import { jwks } from './tokens.ts';
import type { UserPools } from './user-pools.ts';

/** Asked by whoever is not signed in, or with an access token in the body: nobody signs them. */
const UNSIGNED = new Set([
  'InitiateAuth',
  'RespondToAuthChallenge',
  'ForgotPassword',
  'ConfirmForgotPassword',
  'StartWebAuthnRegistration',
  'CompleteWebAuthnRegistration',
  'ListWebAuthnCredentials',
  'DeleteWebAuthnCredential',
]);
const ADMIN_SIGN_IN = new Set(['AdminInitiateAuth', 'AdminRespondToAuthChallenge']);

/** The console calls it from a browser, as it calls the real one. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': 'GET, POST',
  'access-control-expose-headers': '*',
};

export const cognitoService = (pools: UserPools): Service => {
  const signIn = openSignIn(pools);
  const recovery = openRecovery(pools);
  const passkeys = openPasskeys(pools);

  const act = (operation: string, body: Record<string, unknown>): object | Promise<object> => {
    const inSignIn = body['Session'] !== undefined;
    switch (operation) {
      case 'InitiateAuth':
        return signIn.initiateAuth(body);
      case 'RespondToAuthChallenge':
        return signIn.respond(body);
      case 'AdminInitiateAuth':
        return signIn.adminInitiateAuth(body);
      case 'AdminRespondToAuthChallenge':
        return signIn.adminRespond(body);
      case 'ForgotPassword':
        return recovery.forgot(body);
      case 'ConfirmForgotPassword':
        return recovery.confirm(body);
      case 'StartWebAuthnRegistration':
        return passkeys.start(body);
      case 'CompleteWebAuthnRegistration':
        return passkeys.complete(body);
      case 'ListWebAuthnCredentials':
        return passkeys.list(body);
      case 'DeleteWebAuthnCredential':
        return passkeys.remove(body);
      case 'AssociateSoftwareToken':
        if (inSignIn) return signIn.associate(body);
        break;
      case 'VerifySoftwareToken':
        if (inSignIn) return signIn.verify(body);
        break;
    }
    const own = OWN_OPERATIONS[operation];
    if (own) return own(pools, body);
    const admin = ADMIN_OPERATIONS[operation];
    if (admin) return admin(pools.pool(body['UserPoolId']), body);
    throw new ServiceError('UnknownOperationException', `the Cognito stand-in has no ${operation}`);
  };

  return {
    name: 'cognito-idp',
    doubleEncodePath: true,
    unsigned: (request) =>
      request.method !== 'POST' || UNSIGNED.has(operationOf(request)) || operationOf(request) in OWN_OPERATIONS,
    wanted: (request) => {
      const operation = operationOf(request);
      if (!(operation in ADMIN_OPERATIONS) && !ADMIN_SIGN_IN.has(operation)) return []; // refused when it is served
      const { settings } = pools.pool(jsonBody(request)['UserPoolId']);
      return [{ action: `cognito-idp:${operation}`, resource: settings.arn }];
    },
    serve: async (request) => {
      if (request.method === 'OPTIONS') return { status: 204, headers: CORS };
      if (request.method === 'GET') return withCors(wellKnown(pools, request));
      return withCors(jsonAnswer(await act(operationOf(request), jsonBody(request))));
    },
    fault: (error) => withCors(jsonFault(error)),
  };
};

const withCors = (answer: ServiceAnswer): ServiceAnswer => ({ ...answer, headers: { ...answer.headers, ...CORS } });

const wellKnown = (pools: UserPools, { target }: SignedRequest): ServiceAnswer => {
  const [, poolId, file] = /^\/([^/]+)\/\.well-known\/(jwks\.json|openid-configuration)$/.exec(target) ?? [];
  if (!poolId) throw new ServiceError('ResourceNotFoundException', 'Not found', 404);
  const pool = pools.pool(poolId);
  const { issuer } = pool.settings;
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(
      file === 'jwks.json'
        ? jwks(pool)
        : { issuer, jwks_uri: `${issuer}/.well-known/jwks.json`, id_token_signing_alg_values_supported: ['RS256'] },
    ),
  };
};
