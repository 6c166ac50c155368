// People's logins. Staff sign in with a second factor and are registered by an administrator; residents enrol by themselves.
// Who somebody is at which facility never comes from an attribute of the pool, but from `registry` through the trigger.
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { EnvName } from '../../functions/env.ts';
import { type RegionFile, relyingPartyOf } from '../regions/schema.ts';
import type { Connectable } from './capability.ts';
import type { EntryFunction } from './entry-function.ts';
import { letPasskeysIn, refuseWaysAround } from './passkeys.ts';

const passwordPolicy: cognito.PasswordPolicy = {
  minLength: 12,
  requireLowercase: true,
  requireUppercase: true,
  requireDigits: true,
  requireSymbols: true,
  tempPasswordValidity: Duration.days(3),
};

/** What both pools hold to. */
const common = {
  accountRecovery: cognito.AccountRecovery.EMAIL_ONLY,
  autoVerify: { email: true },
  deletionProtection: true,
  removalPolicy: RemovalPolicy.RETAIN,
  passwordPolicy,
  signInCaseSensitive: false,
} satisfies cognito.UserPoolProps;

const client = {
  generateSecret: false,
  preventUserExistenceErrors: true,
  enableTokenRevocation: true,
  accessTokenValidity: Duration.minutes(15),
  idTokenValidity: Duration.minutes(15),
  // Nothing that a person may write about himself decides anything.
  writeAttributes: new cognito.ClientAttributes().withStandardAttributes({ locale: true }),
} satisfies cognito.UserPoolClientOptions;

/** The mails that Cognito writes by itself: who gets one in Japan is to read it. */
const mail = ({ title: { ja, en }, mailFrom }: RegionFile) => {
  const neverAsked =
    'パスワードやコードを電話やメールでたずねることはありません。Nobody will ever ask you for a password or a code.';
  return {
    userInvitation: {
      emailSubject: `${ja}: 招待 / Invitation`,
      emailBody: [
        '<p>ユーザー名 / User name: {username}<br>仮のパスワード / Temporary password: {####}</p>',
        `<p>${ja}への招待です。3日以内にサインインして、自分のパスワードに変えてください。</p>`,
        `<p>You are invited to ${en}. Please sign in within 3 days and choose a password of your own.</p>`,
        `<p>${neverAsked}</p>`,
      ].join(''),
    },
    // Also for a forgotten password.
    userVerification: {
      emailSubject: `${ja}: 確認コード / Code`,
      emailBody: [
        '<p>確認コード / Code: {####}</p>',
        `<p>${ja}のサインインの画面に、1時間以内に入力してください。心当たりがなければ、何もする必要はありません。</p>`,
        `<p>Please enter it where you sign in to ${en}, within an hour. If you did not ask for it, there is nothing to do.</p>`,
        `<p>${neverAsked}</p>`,
      ].join(''),
    },
    // By itself Cognito sends 50 a day.
    ...(mailFrom !== undefined && { email: cognito.UserPoolEmail.withSES({ fromEmail: mailFrom }) }),
  } satisfies Partial<cognito.UserPoolProps>;
};

/** The host name that passkeys of these people belong to; undefined: they have none. */
const passkeysOf = (region: RegionFile, who: 'staff' | 'residents'): string | undefined =>
  region.passkeys?.for.includes(who) ? relyingPartyOf(region) : undefined;

export interface PoolProps {
  readonly region: RegionFile;
  /** Hears of new passwords, so that older sessions end. */
  readonly accountEvents: EntryFunction;
}

export interface StaffPoolProps extends PoolProps {
  readonly preToken: EntryFunction;
}

export class StaffPool extends Construct implements Connectable {
  readonly pool: cognito.UserPool;
  readonly client: cognito.UserPoolClient;

  constructor(scope: Construct, id: string, { preToken, accountEvents, region }: StaffPoolProps) {
    super(scope, id);
    const passkeys = passkeysOf(region, 'staff');
    this.pool = new cognito.UserPool(this, 'Pool', {
      ...common,
      ...mail(region),
      featurePlan: cognito.FeaturePlan.ESSENTIALS,
      selfSignUpEnabled: false,
      signInAliases: { username: true, email: true },
      mfa: cognito.Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
    });
    this.pool.addTrigger(
      cognito.UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG,
      preToken.lambda,
      cognito.LambdaVersion.V2_0,
    );
    this.pool.addTrigger(cognito.UserPoolOperation.POST_CONFIRMATION, accountEvents.lambda);
    this.client = this.pool.addClient('Console', {
      ...client,
      authFlows: { userSrp: true, ...(passkeys && { user: true }) },
      disableOAuth: true,
      refreshTokenValidity: Duration.hours(10),
      authSessionValidity: Duration.minutes(5),
    });
    if (passkeys) letPasskeysIn(this.pool, passkeys);
    refuseWaysAround(this.pool);
    Validations.of(this.pool).acknowledge({
      id: 'AwsSolutions-COG8',
      reason:
        'The Plus plan costs 0.02 USD per user and month from the first user; a second factor is mandatory instead.',
    });
  }

  connect(fn: EntryFunction, actions: readonly string[]) {
    fn.tell({
      STAFF_POOL_ID: this.pool.userPoolId,
      STAFF_CLIENT_ID: this.client.userPoolClientId,
    } satisfies Partial<Record<EnvName, string>>);
    fn.allow(actions, [this.pool.userPoolArn]);
  }
}

export class ResidentsPool extends Construct implements Connectable {
  readonly pool: cognito.UserPool;
  readonly client: cognito.UserPoolClient;

  constructor(scope: Construct, id: string, { accountEvents, region }: PoolProps) {
    super(scope, id);
    const passkeys = passkeysOf(region, 'residents');
    this.pool = new cognito.UserPool(this, 'Pool', {
      ...common,
      ...mail(region),
      // Passkeys need the dearer plan: docs/costs.md.
      featurePlan: passkeys ? cognito.FeaturePlan.ESSENTIALS : cognito.FeaturePlan.LITE,
      // An account alone shows nothing: enrolment links it to a person (`sub`).
      selfSignUpEnabled: true,
      signInAliases: { email: true },
      mfa: cognito.Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
    });
    this.pool.addTrigger(cognito.UserPoolOperation.POST_CONFIRMATION, accountEvents.lambda);
    // Which scopes a token has is a trigger's word in the dearer plan only; without passkeys there is less to lose.
    if (passkeys)
      this.pool.addTrigger(
        cognito.UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG,
        accountEvents.lambda,
        cognito.LambdaVersion.V2_0,
      );
    this.client = this.pool.addClient('Console', {
      ...client,
      // Signing up writes the address; it is what residents sign in with.
      writeAttributes: new cognito.ClientAttributes().withStandardAttributes({ email: true, locale: true }),
      authFlows: { userSrp: true, ...(passkeys && { user: true }) },
      disableOAuth: true,
      refreshTokenValidity: Duration.days(30),
    });
    if (passkeys) letPasskeysIn(this.pool, passkeys);
    refuseWaysAround(this.pool);
    Validations.of(this.pool).acknowledge(
      {
        id: 'AwsSolutions-COG2',
        reason:
          'Residents of every age sign in; a second factor is offered, and forcing it would keep many of them out of their own records.',
      },
      {
        id: 'AwsSolutions-COG8',
        reason:
          'Lite and Essentials are free for 10,000 people a month; the Plus plan costs 0.02 USD for each from the first.',
      },
    );
  }

  connect(fn: EntryFunction, actions: readonly string[]) {
    fn.tell({
      RESIDENTS_POOL_ID: this.pool.userPoolId,
      RESIDENTS_CLIENT_ID: this.client.userPoolClientId,
    } satisfies Partial<Record<EnvName, string>>);
    fn.allow(actions, [this.pool.userPoolArn]);
  }
}
