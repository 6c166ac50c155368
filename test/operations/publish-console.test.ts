// With a program named `aws` in the path that writes down how it was called and answers as the AWS CLI does.
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectRoot } from '../../infra/local/local-dir.ts';

let folder: string;
const log = () => join(folder, 'calls');

const OUTPUTS = {
  StaffPoolId: 'ap-northeast-1_staff',
  StaffClientId: 'staff-client',
  ResidentsPoolId: 'ap-northeast-1_residents',
  ResidentsClientId: 'residents-client',
  FhirUrl: 'https://api.example.jp/fhir',
  ConsoleUrl: 'https://d1.cloudfront.net',
  ConsoleBucket: 'console-bucket',
  ConsoleDistribution: 'E123',
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'publish-console-'));
  const answer = JSON.stringify({
    Stacks: [{ Outputs: Object.entries(OUTPUTS).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })) }],
  });
  writeFileSync(join(folder, 'answer.json'), answer);
  const script = [
    '#!/bin/sh',
    `echo "$@" >> ${log()}`,
    `case "$1" in cloudformation) cat ${join(folder, 'answer.json')};; esac`,
    `case "$4" in *config.json) cp "$3" ${join(folder, 'config.json')};; esac`,
  ];
  writeFileSync(join(folder, 'aws'), script.join('\n'));
  chmodSync(join(folder, 'aws'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const publish = (...args: string[]): Promise<{ code: number; said: string }> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(projectRoot, 'infra/operations/publish-console.ts'), ...args],
      { env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } },
      (error, out, err) => resolve({ code: error ? 1 : 0, said: out + err }),
    );
  });

it('puts files before the page that names them, and the settings of the region beside it', async () => {
  expect(await publish('--region', 'tokushima')).toMatchObject({
    code: 0,
    said: expect.stringContaining('https://d1.cloudfront.net'),
  });
  const calls = readFileSync(log(), 'utf8').trim().split('\n');
  expect(calls.filter((call) => call.startsWith('cloudformation')).map((call) => call.split(' ')[3])).toEqual([
    'Tokushima-Stateful',
    'Tokushima-Stateless',
    'Tokushima-Console',
  ]);
  const puts = calls.filter((call) => call.startsWith('s3 ')).map((call) => call.split(' ')[3]);
  expect(puts).toEqual([
    's3://console-bucket/assets',
    's3://console-bucket/config.json',
    's3://console-bucket',
    's3://console-bucket/assets',
  ]);
  expect(calls.at(-1)).toContain('E123');
  expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toMatchObject({
    region: 'tokushima',
    baseUrl: 'https://api.example.jp',
    cognito: { staff: { clientId: 'staff-client' }, residents: { poolId: 'ap-northeast-1_residents' } },
  });
  expect(existsSync(join(projectRoot, 'build/console/index.html'))).toBe(true);
});

it('says in one line what is missing', async () => {
  expect(await publish()).toEqual({ code: 1, said: 'publish-console needs --region NAME\n' });
});
