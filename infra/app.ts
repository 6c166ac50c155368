// The CDK app: one stage for each file in infra/regions/. `npx cdk synth` needs neither an account nor a network.
import { join } from 'node:path';
import { App, type AppProps, Validations } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks, HIPAASecurityChecks } from 'cdk-nag';
import cdkJson from '../cdk.json' with { type: 'json' };
import { bundle, bundleFolder } from './build/bundle.ts';
import { RegionFileError, readRegions } from './regions/read-regions.ts';
import type { RegionFile } from './regions/schema.ts';
import type { Bundles } from './stacks/bundles.ts';
import { RegionStage } from './stacks/region-stage.ts';

export interface TsumugiProps extends AppProps {
  readonly regions: readonly RegionFile[];
  readonly bundles: Bundles;
  /** Whether cdk-nag looks at it. @default true */
  readonly checked?: boolean;
}

/** The app with its checks: synthesizing fails on a finding of AWS Solutions or HIPAA Security that nobody explained. */
export const tsumugi = ({ regions, bundles, checked = true, ...props }: TsumugiProps) => {
  // Tests and the local host synthesize without the CLI, which would pass the feature flags.
  const app = new App({ context: cdkJson.context, ...props });
  if (checked) Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new HIPAASecurityChecks(app));
  const stages = regions.map((region) => new RegionStage(app, region, bundles));
  return { app, stages };
};

const builtBundles: Bundles = (entry) => lambda.Code.fromAsset(join(bundleFolder, entry));

if (import.meta.main) {
  try {
    const regions = readRegions(join(import.meta.dirname, 'regions'));
    await bundle();
    tsumugi({ regions, bundles: builtBundles }).app.synth();
  } catch (error) {
    if (!(error instanceof RegionFileError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
