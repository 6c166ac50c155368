// Where the built bundles lie, and settings under which each can be imported. Nothing is called, so names need not exist.
import { Env } from '../../../functions/env.ts';
import { bundle, bundleFolder } from '../../../infra/build/bundle.ts';

const settings = Object.fromEntries(Object.keys(Env.shape).map((name) => [name, `bench-${name.toLowerCase()}`]));

export const functionEnvironment = {
  folder: async (): Promise<string> => {
    await bundle();
    return bundleFolder;
  },
  of: (entry: string): Record<string, string> => ({
    ...settings,
    BASE_URL: 'http://127.0.0.1:9',
    STAFF_POOL_ID: 'ap-northeast-1_bench0001',
    RESIDENTS_POOL_ID: 'ap-northeast-1_bench0002',
    AWS_REGION: 'ap-northeast-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_LAMBDA_FUNCTION_NAME: entry,
  }),
};
