// Puts the console where its stack expects it: the built files, and `config.json` with the ids that the other stacks made.
// Needs the AWS CLI with the operator's credentials, as deploying does.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, LocalError, readArgs } from '../command-line.ts';
import { consoleConfig } from '../console-config.ts';
import { RegionFileError, readRegion } from '../regions/read-regions.ts';

const root = join(import.meta.dirname, '../..');
const files = join(root, 'build/console');

const aws = (...args: string[]): string =>
  execFileSync('aws', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** Outputs of a stack by name; `aws` says itself what went wrong. */
const outputsOf = (stack: string, region: string): Record<string, string> => {
  const said = aws('cloudformation', 'describe-stacks', '--stack-name', stack, '--region', region, '--output', 'json');
  const { Stacks: [found] = [] } = JSON.parse(said) as {
    Stacks?: { Outputs?: { OutputKey: string; OutputValue: string }[] }[];
  };
  return Object.fromEntries((found?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
};

const publish = (name: string): string => {
  const region = readRegion(join(root, 'infra/regions', `${name}.json`));
  const stack = (part: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}-${part}`;
  const [stateful, stateless, site] = ['Stateful', 'Stateless', 'Console'].map((part) =>
    outputsOf(stack(part), region.awsRegion),
  ) as [Record<string, string>, Record<string, string>, Record<string, string>];
  const need = (outputs: Record<string, string>, output: string): string => {
    const value = outputs[output];
    if (!value) throw new RegionFileError(`the stacks of ${name} have no output ${output}: deploy them first`);
    return value;
  };
  const config = consoleConfig(region, need(stateless, 'FhirUrl').replace(/\/fhir$/, ''), {
    staffPoolId: need(stateful, 'StaffPoolId'),
    staffClientId: need(stateful, 'StaffClientId'),
    residentsPoolId: need(stateful, 'ResidentsPoolId'),
    residentsClientId: need(stateful, 'ResidentsClientId'),
  });
  const bucket = `s3://${need(site, 'ConsoleBucket')}`;
  execFileSync('npm', ['run', '-s', 'build-console'], { cwd: root, stdio: 'inherit' });
  const folder = mkdtempSync(join(tmpdir(), 'tsumugi-console-'));
  try {
    const file = join(folder, 'config.json');
    writeFileSync(file, JSON.stringify(config));
    // What the new index names must be there before it; what the old one named goes last.
    const forever = ['--cache-control', 'public, max-age=31536000, immutable'];
    aws('s3', 'sync', join(files, 'assets'), `${bucket}/assets`, ...forever);
    const fresh = ['--cache-control', 'no-cache'];
    aws('s3', 'cp', file, `${bucket}/config.json`, ...fresh, '--content-type', 'application/json');
    aws('s3', 'sync', files, bucket, '--exclude', 'assets/*', '--exclude', 'config.json', ...fresh);
    aws('s3', 'sync', join(files, 'assets'), `${bucket}/assets`, '--delete', ...forever);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  aws('cloudfront', 'create-invalidation', '--distribution-id', need(site, 'ConsoleDistribution'), '--paths', '/*');
  return need(site, 'ConsoleUrl');
};

const main = (): number => {
  const usage = 'npm run publish-console -- --region NAME';
  const { values } = readArgs(usage, { options: { region: { type: 'string' } } });
  if (!values.region) throw new LocalError('publish-console needs --region NAME');
  try {
    console.log(`the console is at ${publish(values.region)}`);
    return 0;
  } catch (error) {
    const { code, status } = error as { code?: string; status?: number };
    if (code === 'ENOENT') throw new LocalError('publish-console needs the AWS CLI (aws), which is not on the PATH');
    // What went wrong `aws` has said itself.
    if (status !== undefined) throw new LocalError('the console was not published: see above');
    throw error;
  }
};

await command(main);
