// Compiling is not loading: each built bundle is started once, with the settings that its stack gives it.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bundle, bundle } from '../../infra/build/bundle.ts';
import { ENTRIES, type Entry } from '../../infra/permissions.ts';
import { given, ofType, synthesized } from './synthesized.ts';

const run = promisify(execFile);
const [stage] = synthesized(given.region()).stages;

// Just enough of AWS for a cold start: the wrapped data key in `registry`, and KMS that opens it.
const aws = createServer((request, answer) => {
  const target = String(request.headers['x-amz-target']);
  const body = target.endsWith('Decrypt')
    ? { Plaintext: Buffer.alloc(32, 7).toString('base64') }
    : { Item: { p: { S: 'K' }, s: { S: 'data-key' }, z: { B: Buffer.from('wrapped').toString('base64') } } };
  answer.setHeader('content-type', 'application/x-amz-json-1.0').end(JSON.stringify(body));
});

let folder: string;
let bundles: Bundle[];
beforeAll(async () => {
  await new Promise<void>((listening) => aws.listen(0, '127.0.0.1', listening));
  folder = join(mkdtempSync(join(tmpdir(), 'tsumugi-bundles-')), 'lambda');
  bundles = await bundle({ folder });
}, 120_000);
afterAll(() => {
  aws.close();
  rmSync(dirname(folder), { recursive: true, force: true });
});

/** The names that the template sets; what stands behind them does not matter for loading. */
const settingsOf = (entry: Entry): Record<string, string> => {
  const fn = [stage!.stateful, stage!.stateless]
    .flatMap((template) => ofType(template, 'AWS::Lambda::Function'))
    .find(([, { Properties }]) => Properties.Description === `functions/entries/${entry}.ts`);
  if (!fn) throw new Error(`no function ${entry}`);
  const { Variables } = fn[1].Properties.Environment as { Variables: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(Variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : (WELL_FORMED[name] ?? name.toLowerCase()),
    ]),
  );
};
const WELL_FORMED: Record<string, string> = {
  BASE_URL: 'https://api.example.jp',
  STAFF_POOL_ID: 'ap-northeast-1_abcdefghi',
  RESIDENTS_POOL_ID: 'ap-northeast-1_jklmnopqr',
};

it('builds one file for each entry, and nothing beside it', () => {
  expect(bundles.map(({ entry }) => entry)).toEqual([...ENTRIES].sort());
  for (const { entry } of bundles) expect(readdirSync(join(folder, entry))).toEqual(['index.mjs']);
});

it.each(ENTRIES)('%s loads with the settings that its stack gives it', async (entry) => {
  const url = pathToFileURL(join(folder, entry, 'index.mjs')).href;
  const env = {
    ...settingsOf(entry),
    AWS_REGION: 'ap-northeast-1',
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
    AWS_LAMBDA_FUNCTION_NAME: entry,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
  };

  const { stdout } = await run(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { handler } = await import('${url}'); console.log(typeof handler); process.exit(0)`,
    ],
    { env },
  );

  expect(stdout.trim()).toBe('function');
});
