// Where the built bundles lie, and what a function is told by the stack that is running.
import { bundle, bundleFolder } from '../../../infra/build/bundle.ts';

export const functionEnvironment = {
  folder: async (): Promise<string> => {
    await bundle();
    return bundleFolder;
  },
  of:
    (endpoints: Readonly<Record<string, string>>) =>
    (entry: string): Record<string, string> => ({ ...endpoints, AWS_LAMBDA_FUNCTION_NAME: entry }),
};
