// Cognito over its public wire protocol: signing in with SRP (the password never leaves the browser), the second factor,
// first-login password and factor set-up, refreshing and signing out. The same calls in AWS and against the local stand-in.
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
import type { PoolConfig } from '../config.ts';

export interface Tokens {
  readonly access: string;
  readonly refresh: string | undefined;
}

/** What is asked next. `session` is good for one answer. */
export type Step =
  | { readonly kind: 'signed-in'; readonly tokens: Tokens }
  | { readonly kind: 'second-factor'; readonly session: string; readonly username: string }
  | { readonly kind: 'new-password'; readonly session: string; readonly username: string }
  | { readonly kind: 'factor-setup'; readonly session: string; readonly username: string; readonly secret: string };

/** Cognito's own name of the fault: `NotAuthorizedException`, `CodeMismatchException`, … */
export class CognitoError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export interface ChallengeAnswer {
  readonly ChallengeName?: string;
  readonly Session?: string;
  readonly ChallengeParameters?: Readonly<Record<string, string>>;
  readonly AuthenticationResult?: { readonly AccessToken: string; readonly RefreshToken?: string };
}

/** What would tell somebody who has an account, and in which state it is. */
const SILENT = new Set(['UserNotFoundException', 'NotAuthorizedException', 'InvalidParameterException']);

export class Cognito {
  readonly #endpoint: string;
  readonly #pool: PoolConfig;

  constructor(endpoint: string, pool: PoolConfig) {
    this.#endpoint = endpoint;
    this.#pool = pool;
  }

  async signIn(username: string, password: string): Promise<Step> {
    // Big numbers: loaded when somebody signs in, not with the page.
    const { createSrpSession, signSrpSession, wrapAuthChallenge, wrapInitiateAuth } = await import(
      'cognito-srp-helper'
    );
    const { clientId, poolId } = this.#pool;
    const srp = createSrpSession(username, password, poolId, false);
    const started = await this.call(
      'InitiateAuth',
      wrapInitiateAuth(srp, {
        ClientId: clientId,
        AuthFlow: 'USER_SRP_AUTH',
        AuthParameters: { CHALLENGE_NAME: 'SRP_A', USERNAME: username },
      }),
    );
    const signed = signSrpSession(srp, started as Parameters<typeof signSrpSession>[1]);
    const answer = await this.call(
      'RespondToAuthChallenge',
      wrapAuthChallenge(signed, {
        ClientId: clientId,
        ChallengeName: 'PASSWORD_VERIFIER',
        ChallengeResponses: { USERNAME: started.ChallengeParameters?.['USER_ID_FOR_SRP'] ?? username },
      }),
    );
    return this.#next(answer, username);
  }

  secondFactor(step: { session: string; username: string }, code: string): Promise<Step> {
    return this.respond('SOFTWARE_TOKEN_MFA', step, { SOFTWARE_TOKEN_MFA_CODE: code });
  }

  newPassword(step: { session: string; username: string }, password: string): Promise<Step> {
    return this.respond('NEW_PASSWORD_REQUIRED', step, { NEW_PASSWORD: password });
  }

  async factorSetup(step: { session: string; username: string }, code: string): Promise<Step> {
    const { Session } = await this.call('VerifySoftwareToken', { Session: step.session, UserCode: code });
    return this.respond('MFA_SETUP', { ...step, session: Session ?? step.session }, {});
  }

  async refresh(token: string): Promise<Tokens> {
    const { AuthenticationResult: result } = await this.call('InitiateAuth', {
      ClientId: this.#pool.clientId,
      AuthFlow: 'REFRESH_TOKEN_AUTH',
      AuthParameters: { REFRESH_TOKEN: token },
    });
    if (!result) throw new CognitoError('NotAuthorizedException');
    return { access: result.AccessToken, refresh: result.RefreshToken ?? token };
  }

  /** Whoever it is: a code goes to the verified address, if there is one, and the answer is the same if there is none. */
  async forgot(username: string): Promise<void> {
    await this.call('ForgotPassword', { ClientId: this.#pool.clientId, Username: username }).catch((error: unknown) => {
      if (!(error instanceof CognitoError) || !SILENT.has(error.code)) throw error;
    });
  }

  async newForgotten(username: string, code: string, password: string): Promise<void> {
    const { clientId } = this.#pool;
    const answer = { ClientId: clientId, Username: username, ConfirmationCode: code, Password: password };
    await this.call('ConfirmForgotPassword', answer);
  }

  /** All of the owner's sessions, this one too; access tokens of the own API end by themselves. */
  async endSessions(access: string): Promise<void> {
    await this.call('GlobalSignOut', { AccessToken: access });
  }

  /** The first factor that stands for both (passkeys.ts asks the browser for it). */
  async chooseFirst(username: string, challenge: string): Promise<ChallengeAnswer> {
    return this.call('InitiateAuth', {
      ClientId: this.#pool.clientId,
      AuthFlow: 'USER_AUTH',
      AuthParameters: { USERNAME: username, PREFERRED_CHALLENGE: challenge },
    });
  }

  /** Best effort: a session that the server no longer knows is over too. */
  async signOut({ refresh }: Tokens): Promise<void> {
    if (refresh === undefined) return;
    await this.call('RevokeToken', { Token: refresh, ClientId: this.#pool.clientId }).catch(() => {});
  }

  async respond(
    challenge: string,
    { session, username }: { session: string; username: string },
    responses: Record<string, string>,
  ): Promise<Step> {
    const answer = await this.call('RespondToAuthChallenge', {
      ClientId: this.#pool.clientId,
      ChallengeName: challenge,
      Session: session,
      ChallengeResponses: { USERNAME: username, ...responses },
    });
    return this.#next(answer, username);
  }

  async #next(answer: ChallengeAnswer, name: string): Promise<Step> {
    const { AuthenticationResult: result, ChallengeName, Session: session = '', ChallengeParameters = {} } = answer;
    if (result) return { kind: 'signed-in', tokens: { access: result.AccessToken, refresh: result.RefreshToken } };
    const username = ChallengeParameters['USER_ID_FOR_SRP'] ?? name;
    switch (ChallengeName) {
      case 'SOFTWARE_TOKEN_MFA':
        return { kind: 'second-factor', session, username };
      case 'NEW_PASSWORD_REQUIRED':
        return { kind: 'new-password', session, username };
      case 'MFA_SETUP': {
        const started = await this.call('AssociateSoftwareToken', { Session: session });
        return {
          kind: 'factor-setup',
          session: started.Session ?? session,
          username,
          secret: started.SecretCode ?? '',
        };
      }
      default:
        throw new CognitoError(ChallengeName ?? 'UnknownChallenge');
    }
  }

  async call<Answer = ChallengeAnswer & { readonly SecretCode?: string }>(
    operation: string,
    body: object,
  ): Promise<Answer> {
    const answer = await fetch(this.#endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
      },
      body: JSON.stringify(body),
    });
    const found = (await answer.json().catch(() => ({}))) as Answer & { __type?: string };
    if (!answer.ok) throw new CognitoError((found.__type ?? 'Unknown').replace(/^.*#/, ''));
    return found;
  }
}
