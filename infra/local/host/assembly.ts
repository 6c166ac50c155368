// Reads a synthesized cloud assembly (cdk.out): the stages, their stacks' templates, and where the assets lie.
// https://docs.aws.amazon.com/cdk/v2/guide/configure-synth.html
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from '../local-dir.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: JsonObject;
  readonly Condition?: string;
}

export interface Template {
  readonly Resources?: Record<string, TemplateResource>;
  readonly Outputs?: Record<string, { Value: Json; Export?: { Name: Json }; Condition?: string }>;
  readonly Parameters?: Record<string, { Type: string; Default?: Json }>;
  readonly Conditions?: Record<string, Json>;
  readonly Mappings?: Record<string, Record<string, Record<string, Json>>>;
}

export interface Stack {
  readonly name: string;
  readonly template: Template;
  readonly account: string;
  readonly awsRegion: string;
}

export interface Stage {
  readonly name: string;
  readonly stacks: readonly Stack[];
  /** Folder of an asset by its hash (the object key in the template, `.zip` left out). */
  readonly asset: (hash: string) => string | undefined;
}

interface Manifest {
  artifacts?: Record<
    string,
    { type: string; displayName?: string; environment?: string; properties?: Record<string, unknown> }
  >;
}

/** What stands in for "the account we deploy to" while nobody deploys. */
const LOCAL_ACCOUNT = '000000000000';
const DEFAULT_AWS_REGION = 'ap-northeast-1';

export const stageNames = (assemblyDir: string): string[] =>
  artifacts(assemblyDir)
    .filter(({ type }) => type === 'cdk:cloud-assembly')
    .map(({ id, displayName }) => stageName(id, displayName));

const stageName = (id: string, displayName: string | undefined) => displayName ?? id.replace(/^assembly-/, '');

export const readStage = (assemblyDir: string, name: string): Stage => {
  const nested = artifacts(assemblyDir).find(
    ({ type, id, displayName }) =>
      type === 'cdk:cloud-assembly' && stageName(id, displayName).toLowerCase() === name.toLowerCase(),
  );
  if (!nested) {
    const known = stageNames(assemblyDir).join(', ') || 'none';
    throw new LocalError(`there is no region ${name}: infra/regions has ${known}`);
  }
  return readStacks(join(assemblyDir, String(nested.properties?.['directoryName'] ?? nested.id)), name);
};

/** The stacks of one (nested) assembly, in an order in which exports come before their imports. */
export const readStacks = (dir: string, name: string): Stage => {
  const stacks = artifacts(dir)
    .filter(({ type }) => type === 'aws:cloudformation:stack')
    .map(({ id, properties, environment }): Stack => {
      const [, account, awsRegion] = /^aws:\/\/([^/]+)\/(.+)$/.exec(environment ?? '') ?? [];
      return {
        name: String(properties?.['stackName'] ?? id),
        template: JSON.parse(readFileSync(join(dir, String(properties?.['templateFile'])), 'utf8')),
        account: !account || account.startsWith('unknown') ? LOCAL_ACCOUNT : account,
        awsRegion: !awsRegion || awsRegion.startsWith('unknown') ? DEFAULT_AWS_REGION : awsRegion,
      };
    });
  const assets = readAssets(dir);
  return { name, stacks, asset: (hash) => assets.get(hash) };
};

const artifacts = (dir: string) => {
  const path = join(dir, 'manifest.json');
  if (!existsSync(path)) throw new LocalError(`${dir} holds no cloud assembly: synthesize first`);
  const { artifacts: found = {} } = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  return Object.entries(found).map(([id, artifact]) => ({ id, ...artifact }));
};

const readAssets = (dir: string): Map<string, string> => {
  const found = new Map<string, string>();
  for (const file of readdirSync(dir).filter((name) => name.endsWith('.assets.json'))) {
    const { files = {} } = JSON.parse(readFileSync(join(dir, file), 'utf8')) as {
      files?: Record<string, { source?: { path?: string }; destinations?: Record<string, { objectKey: string }> }>;
    };
    for (const [hash, { source, destinations = {} }] of Object.entries(files)) {
      if (!source?.path) continue;
      const path = join(dir, source.path);
      found.set(hash, path);
      for (const { objectKey } of Object.values(destinations)) found.set(objectKey.replace(/\.[a-z]+$/, ''), path);
    }
  }
  return found;
};
