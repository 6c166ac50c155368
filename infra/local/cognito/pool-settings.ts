// What a user pool and its clients are in the template.
import type { JsonObject } from '../host/assembly.ts';
import type { Resource, Resources } from '../host/resources.ts';
import { LocalError } from '../local-dir.ts';

export interface PasswordPolicy {
  readonly minimumLength: number;
  readonly requireLowercase: boolean;
  readonly requireUppercase: boolean;
  readonly requireNumbers: boolean;
  readonly requireSymbols: boolean;
  readonly temporaryDays: number;
}

export interface PoolClient {
  readonly id: string;
  readonly poolId: string;
  readonly flows: readonly string[];
  readonly accessSeconds: number;
  readonly idSeconds: number;
  readonly refreshSeconds: number;
  readonly sessionSeconds: number;
  readonly hidesUsers: boolean;
}

export interface PasskeySettings {
  readonly relyingParty: string;
  readonly userVerification: 'required' | 'preferred';
  /** A passkey with user verification stands for both factors. */
  readonly bothFactors: boolean;
}

export interface PoolSettings {
  readonly id: string;
  readonly arn: string;
  readonly awsRegion: string;
  readonly issuer: string;
  /** Part of the id after the underscore: SRP mixes it in. */
  readonly name: string;
  readonly passwords: PasswordPolicy;
  readonly mfa: 'ON' | 'OPTIONAL' | 'OFF';
  readonly emailIsUsername: boolean;
  readonly emailIsAlias: boolean;
  readonly caseSensitive: boolean;
  /** Whether a forgotten password is replaced by a code that goes to the verified address. */
  readonly recoversByEmail: boolean;
  readonly passkeys: PasskeySettings | undefined;
  readonly preToken: { readonly arn: string; readonly version: string } | undefined;
  /** ARN of the function that hears of confirmed sign-ups and of new passwords. */
  readonly postConfirmation: string | undefined;
}

export const poolSettings = (pool: Resource): PoolSettings => {
  const { properties } = pool;
  const policy = ((properties['Policies'] as JsonObject | undefined)?.['PasswordPolicy'] ?? {}) as JsonObject;
  const required = (name: string) => policy[name] !== false; // Cognito's default asks for all of them
  const lambda = (properties['LambdaConfig'] ?? {}) as JsonObject;
  const preToken = lambda['PreTokenGenerationConfig'] as JsonObject | undefined;
  const arn = preToken?.['LambdaArn'] ?? lambda['PreTokenGeneration'];
  return {
    id: pool.ref,
    arn: pool.attribute('Arn'),
    awsRegion: pool.awsRegion,
    issuer: pool.attribute('ProviderURL'),
    name: pool.ref.slice(pool.ref.indexOf('_') + 1),
    passwords: {
      minimumLength: Number(policy['MinimumLength'] ?? 8),
      requireLowercase: required('RequireLowercase'),
      requireUppercase: required('RequireUppercase'),
      requireNumbers: required('RequireNumbers'),
      requireSymbols: required('RequireSymbols'),
      temporaryDays: Number(policy['TemporaryPasswordValidityDays'] ?? 7),
    },
    mfa: (properties['MfaConfiguration'] ?? 'OFF') as PoolSettings['mfa'],
    emailIsUsername: listed(properties['UsernameAttributes']).includes('email'),
    emailIsAlias: listed(properties['AliasAttributes']).includes('email'),
    recoversByEmail: recoversByEmail(properties),
    passkeys: passkeySettings(properties),
    caseSensitive: (properties['UsernameConfiguration'] as JsonObject | undefined)?.['CaseSensitive'] === true,
    preToken: typeof arn === 'string' ? { arn, version: String(preToken?.['LambdaVersion'] ?? 'V1_0') } : undefined,
    postConfirmation: typeof lambda['PostConfirmation'] === 'string' ? lambda['PostConfirmation'] : undefined,
  };
};

/** https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AccountRecoverySettingType.html */
const recoversByEmail = (properties: JsonObject): boolean => {
  const setting = properties['AccountRecoverySetting'] as { RecoveryMechanisms?: { Name?: string }[] } | undefined;
  return setting?.RecoveryMechanisms?.some(({ Name }) => Name === 'verified_email') ?? true;
};

/** Refuses what Cognito refuses when the pool is made. */
const passkeySettings = (properties: JsonObject): PasskeySettings | undefined => {
  const policies = properties['Policies'] as { SignInPolicy?: { AllowedFirstAuthFactors?: string[] } } | undefined;
  if (!policies?.SignInPolicy?.AllowedFirstAuthFactors?.includes('WEB_AUTHN')) return undefined;
  const relyingParty = properties['WebAuthnRelyingPartyID'];
  const bothFactors = properties['WebAuthnFactorConfiguration'] === 'MULTI_FACTOR_WITH_USER_VERIFICATION';
  if (properties['UserPoolTier'] === 'LITE') throw new LocalError('a user pool of the Lite plan cannot have passkeys');
  if (typeof relyingParty !== 'string') throw new LocalError('a user pool with passkeys needs a relying party');
  if (!bothFactors && properties['MfaConfiguration'] === 'ON')
    throw new LocalError('a passkey cannot be a single factor in a user pool that demands two');
  const userVerification = properties['WebAuthnUserVerification'] === 'required' ? 'required' : 'preferred';
  return { relyingParty, userVerification, bothFactors };
};

const UNIT_SECONDS: Record<string, number> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 };

export const poolClients = (resources: Resources): PoolClient[] =>
  resources.ofType('AWS::Cognito::UserPoolClient').map(({ ref, properties }) => {
    const units = (properties['TokenValidityUnits'] ?? {}) as JsonObject;
    const seconds = (value: string, unit: string, fallback: [number, string]) => {
      const given = properties[value];
      if (given === undefined) return fallback[0] * UNIT_SECONDS[fallback[1]]!;
      return Number(given) * UNIT_SECONDS[String(units[unit] ?? fallback[1])]!;
    };
    return {
      id: ref,
      poolId: String(properties['UserPoolId']),
      flows: listed(properties['ExplicitAuthFlows']),
      accessSeconds: seconds('AccessTokenValidity', 'AccessToken', [1, 'hours']),
      idSeconds: seconds('IdTokenValidity', 'IdToken', [1, 'hours']),
      refreshSeconds: seconds('RefreshTokenValidity', 'RefreshToken', [30, 'days']),
      sessionSeconds: Number(properties['AuthSessionValidity'] ?? 3) * 60,
      hidesUsers: properties['PreventUserExistenceErrors'] === 'ENABLED',
    };
  });

const listed = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
