// A region's templates without the Lambdas' code: what the infra tests look at.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { tsumugi } from '../../infra/app.ts';
import { RegionFile } from '../../infra/regions/schema.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Template {
  readonly Resources: Record<string, Resource>;
  readonly Outputs: Record<string, unknown>;
}

export const given = {
  region: (changes: Partial<RegionFile> = {}): RegionFile =>
    RegionFile.parse({
      name: 'testing',
      title: { ja: '試験', en: 'Testing' },
      prefecture: '36',
      homeCommunityId: '2.999.1',
      awsRegion: 'ap-northeast-1',
      monthlyBudgetUsd: 50,
      logRetentionDays: 365,
      audit: { lockMode: 'GOVERNANCE', lockYears: 5 },
      throttling: { rate: 100, burst: 200 },
      consentDefault: 'implicit',
      ...changes,
    }),
};

export const synthesized = (...regions: RegionFile[]) => synthesize(regions, false);

/** Throws when cdk-nag finds something that nobody explained. */
export const checkedSynthesis = (...regions: RegionFile[]) => synthesize(regions, true);

const synthesize = (regions: readonly RegionFile[], checked: boolean) => {
  const outdir = mkdtempSync(join(tmpdir(), 'tsumugi-synth-'));
  try {
    const { app, stages } = tsumugi({
      regions,
      checked,
      outdir,
      bundles: () => Code.fromInline('exports.handler = () => {}'),
    });
    const assembly = app.synth();
    return {
      stages: stages.map((stage) => {
        const stacks = assembly.getNestedAssembly(stage.artifactId).stacks;
        // Read while the folder is there: a stack reads its template when it is first asked.
        for (const stack of stacks) void stack.template;
        const template = (name: string): Template => stacks.find(({ id }) => id.includes(name))?.template;
        return {
          name: stage.stageName,
          stacks,
          stateful: template('Stateful'),
          stateless: template('Stateless'),
        };
      }),
      acknowledged: app.node.findAll().flatMap(({ node }) =>
        node.metadata
          .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
          .flatMap(({ data }) => Object.entries(data as Record<string, string>))
          .map(([rule, reason]) => ({ rule, reason })),
      ),
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
};

export const ofType = (template: Template, type: string): [string, Resource][] =>
  Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
