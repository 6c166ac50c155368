// The Cognito stand-in, asked by the real client over the wire, with the pools that a test gives it.
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import type { Outbox } from '../../infra/local/cognito/outbox.ts';
import { cognitoService } from '../../infra/local/cognito/service.ts';
import { openUserPools, type UserPools } from '../../infra/local/cognito/user-pools.ts';
import { openService } from '../../infra/local/front/service.ts';
import type { Resource } from '../../infra/local/host/resources.ts';
import { openIam } from '../../infra/local/iam.ts';
import { resourcesOf } from './pool-resource.ts';

export const openCognito = async (
  all: readonly Resource[],
  trigger: Parameters<UserPools['add']>[1] = async (_, event) => event,
  outbox?: Outbox,
) => {
  const iam = openIam();
  const pools = openUserPools(undefined, outbox);
  pools.add(resourcesOf(...all), trigger);
  const { endpoint, stop } = await openService(cognitoService(pools), iam);
  const cognito = new CognitoIdentityProviderClient({
    endpoint,
    region: 'ap-northeast-1',
    credentials: { accessKeyId: iam.operator.accessKeyId, secretAccessKey: iam.operator.secretAccessKey },
    maxAttempts: 1,
  });
  return {
    iam,
    pools,
    endpoint,
    cognito,
    stop: async () => {
      cognito.destroy();
      await stop();
    },
  };
};
