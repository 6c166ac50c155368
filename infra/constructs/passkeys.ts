// Passkeys (WebAuthn) in a user pool, so that they stand for both factors and never for less.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_WebAuthnConfigurationType.html
import { Stack } from 'aws-cdk-lib';
import { CfnUserPool, type UserPool } from 'aws-cdk-lib/aws-cognito';

const cfnOf = (pool: UserPool): CfnUserPool => {
  const found = pool.node.defaultChild;
  if (!(found instanceof CfnUserPool)) throw new Error('a user pool without its resource');
  return found;
};

/** What something is (the device) and what somebody knows or is (its PIN, a finger), both, before there is a token. */
export const letPasskeysIn = (pool: UserPool, relyingParty: string): void => {
  const cfn = cfnOf(pool);
  cfn.addPropertyOverride('Policies.SignInPolicy.AllowedFirstAuthFactors', ['PASSWORD', 'WEB_AUTHN']);
  cfn.webAuthnRelyingPartyId = relyingParty;
  cfn.webAuthnUserVerification = 'required';
  cfn.webAuthnFactorConfiguration = 'MULTI_FACTOR_WITH_USER_VERIFICATION';
};

/** Synthesizing fails when the template has a first factor that would stand alone: a code by mail, or a passkey as one factor. */
export const refuseWaysAround = (pool: UserPool): void =>
  pool.node.addValidation({
    validate: () => {
      const cfn = cfnOf(pool);
      // As it will be written, overrides included.
      const written = Stack.of(pool).resolve(cfn._toCloudFormation()) as {
        readonly Resources: Readonly<Record<string, { readonly Properties: PoolProperties }>>;
      };
      return Object.values(written.Resources).flatMap(({ Properties }) => waysAround(Properties));
    },
  });

interface PoolProperties {
  readonly Policies?: { readonly SignInPolicy?: { readonly AllowedFirstAuthFactors?: readonly string[] } };
  readonly WebAuthnFactorConfiguration?: string;
  readonly WebAuthnUserVerification?: string;
  readonly UserPoolTier?: string;
}

const waysAround = (pool: PoolProperties): string[] => {
  const first = pool.Policies?.SignInPolicy?.AllowedFirstAuthFactors ?? ['PASSWORD'];
  const alone = first.filter((factor) => factor !== 'PASSWORD' && factor !== 'WEB_AUTHN');
  const rules: [boolean, string][] = [
    [alone.length === 0, `${alone.join(', ')} would be a first factor by itself`],
    ...(first.includes('WEB_AUTHN')
      ? ([
          [
            pool.WebAuthnFactorConfiguration === 'MULTI_FACTOR_WITH_USER_VERIFICATION',
            'a passkey would be one factor and stand for two: WebAuthnFactorConfiguration must be MULTI_FACTOR_WITH_USER_VERIFICATION',
          ],
          [pool.WebAuthnUserVerification === 'required', 'WebAuthnUserVerification must be "required"'],
          [pool.UserPoolTier !== 'LITE', 'passkeys need the Essentials plan'],
        ] satisfies [boolean, string][])
      : []),
  ];
  return rules.filter(([holds]) => !holds).map(([, why]) => why);
};
