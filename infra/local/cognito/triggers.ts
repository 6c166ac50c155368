// Functions that Cognito asks while it works: five seconds, and whatever goes wrong is told to whoever signs in.
// https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
import { ServiceError } from '../front/service.ts';
import type { User, UserPool } from './user-pools.ts';

const TRIGGER_MS = 5000;

/** What every event says, whichever trigger it is for. */
export const triggerEvent = (
  { settings }: UserPool,
  clientId: string,
  user: User,
  clientMetadata: unknown,
): { userPoolId: string; request: { userAttributes: Record<string, string> } } & Record<string, unknown> => ({
  region: settings.awsRegion,
  userPoolId: settings.id,
  userName: user.username,
  callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId },
  request: {
    userAttributes: { sub: user.sub, 'cognito:user_status': user.status, ...user.attributes },
    ...(clientMetadata !== undefined && { clientMetadata }),
  },
});

/** The `response` of what the function gives back. */
export const askTrigger = async (
  pool: UserPool,
  functionArn: string,
  event: object,
  name: 'PreTokenGeneration' | 'PostConfirmation',
): Promise<Record<string, unknown>> => {
  let answer: unknown;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('the trigger took longer than five seconds')), TRIGGER_MS);
  try {
    answer = await Promise.race([pool.invokeTrigger(functionArn, event), late.promise]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ServiceError('UserLambdaValidationException', `${name} failed with error ${message}.`);
  } finally {
    clearTimeout(timer);
  }
  const { response } = (answer ?? {}) as { response?: unknown };
  if (typeof response !== 'object' || response === null)
    throw new ServiceError('InvalidLambdaResponseException', 'Unrecognizable lambda output');
  return response as Record<string, unknown>;
};
