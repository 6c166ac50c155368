// One region: its stacks, deployed together.
import { Stage, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { RegionFile } from '../regions/schema.ts';
import type { Bundles } from './bundles.ts';
import { Console } from './console.ts';
import { Stateful } from './stateful.ts';
import { Stateless } from './stateless.ts';

export class RegionStage extends Stage {
  readonly stateful: Stateful;
  readonly stateless: Stateless;
  readonly console: Console;

  constructor(scope: Construct, region: RegionFile, bundles: Bundles) {
    super(scope, capitalized(region.name), {
      env: { region: region.awsRegion, ...(region.account !== undefined && { account: region.account }) },
    });
    this.stateful = new Stateful(this, 'Stateful', {
      region,
      bundles,
      description: `Tsumugi ${region.title.en}: tables, buckets, keys and accounts`,
      terminationProtection: true,
    });
    this.console = new Console(this, 'Console', { region, description: `Tsumugi ${region.title.en}: console` });
    this.stateless = new Stateless(this, 'Stateless', {
      region,
      bundles,
      stateful: this.stateful,
      consoleOrigin: this.console.site.origin,
      description: `Tsumugi ${region.title.en}: API and functions`,
    });
    Tags.of(this).add('tsumugi:region', region.name);
  }
}

const capitalized = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
