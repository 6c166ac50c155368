// The KMS stand-in with one symmetric key, asked over the wire as a Lambda asks KMS.
import { type CallJson, openAws, openKms } from '../../functions/services/aws-fetch.ts';
import { openService } from '../../infra/local/front/service.ts';
import { openIam } from '../../infra/local/iam.ts';
import { openKeyStore } from '../../infra/local/kms/keys.ts';
import { kmsService } from '../../infra/local/kms/service.ts';

const ID = '11111111-1111-4111-a111-111111111111';

export interface TestKms {
  readonly kms: CallJson;
  readonly keyId: string;
  /** Operations that were asked for, by name. */
  readonly asked: string[];
  stop(): Promise<void>;
}

export const openTestKms = async (): Promise<TestKms> => {
  const iam = openIam();
  const keys = openKeyStore(undefined);
  const arn = `arn:aws:kms:ap-northeast-1:000000000000:key/${ID}`;
  keys.ensure({ id: ID, arn, spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT' });
  const listening = await openService(kmsService(keys), iam);
  const call = openKms(
    openAws('kms', {
      env: {
        AWS_REGION: 'ap-northeast-1',
        AWS_ACCESS_KEY_ID: iam.operator.accessKeyId,
        AWS_SECRET_ACCESS_KEY: iam.operator.secretAccessKey,
        AWS_ENDPOINT_URL_KMS: listening.endpoint,
      },
    }),
  );
  const asked: string[] = [];
  return {
    keyId: ID,
    asked,
    kms: (target, body) => {
      asked.push(target.replace('TrentService.', ''));
      return call(target, body);
    },
    stop: () => listening.stop(),
  };
};
