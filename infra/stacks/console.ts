// The web: a stack of its own, so that it can be left out, or made again, without touching data or API.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ConsoleSite } from '../constructs/console-site.ts';
import type { RegionFile } from '../regions/schema.ts';

export interface ConsoleProps extends StackProps {
  readonly region: RegionFile;
}

export class Console extends Stack {
  readonly site: ConsoleSite;

  constructor(scope: Construct, id: string, { region, ...props }: ConsoleProps) {
    super(scope, id, props);
    this.site = new ConsoleSite(this, 'Site', { region });
    const { bucket, distribution, origin } = this.site;
    // What `npm run publish-console` reads.
    for (const [name, value] of Object.entries({
      ConsoleUrl: origin,
      ConsoleBucket: bucket.bucketName,
      ConsoleDistribution: distribution.distributionId,
    }))
      new CfnOutput(this, name, { value });
  }
}
