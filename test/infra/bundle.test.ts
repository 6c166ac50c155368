// Compiling is not loading: each built bundle is started once, with the settings that its stack gives it.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
});
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

it('builds a folder for each entry: what it reads at once, what it imports later, and nothing beside', () => {
  expect(bundles.map(({ entry }) => entry)).toEqual([...ENTRIES].sort());
  for (const { entry, bytes, lateBytes } of bundles) {
    const files = readdirSync(join(folder, entry)).map((name) => readFileSync(join(folder, entry, name), 'utf8'));
    const names = readdirSync(join(folder, entry));
    expect(names).toContain('index.mjs');
    for (const name of names.filter((one) => one !== 'index.mjs'))
      expect(
        files.some((text) => text.includes(name)),
        `${entry}/${name}`,
      ).toBe(true);
    expect(bytes + lateBytes).toBe(files.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
  }
});

it('leaves to later what few requests need', () => {
  const { bytes, lateBytes } = bundles.find(({ entry }) => entry === 'fhir-api')!;
  expect(bytes).toBeLessThan(640_000);
  expect(lateBytes).toBeGreaterThan(50_000);
});

const UNDICI = 'NativeModule internal/deps/undici/undici';

it.each(ENTRIES)(
  '%s loads with the settings that its stack gives it, and so does what it imports later',
  async (entry) => {
    const files = readdirSync(join(folder, entry)).filter((name) => name !== 'index.mjs');
    const env = {
      ...settingsOf(entry),
      AWS_REGION: 'ap-northeast-1',
      AWS_ACCESS_KEY_ID: 'none',
      AWS_SECRET_ACCESS_KEY: 'none',
      AWS_LAMBDA_FUNCTION_NAME: entry,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
    };
    const script = `
    const [folder, ...later] = process.argv.slice(1);
    const { handler } = await import(folder + '/index.mjs');
    const undici = process.moduleLoadList.includes('${UNDICI}');
    for (const name of later) await import(folder + '/' + name);
    console.log(JSON.stringify({ handler: typeof handler, undici }));
    process.exit(0);`;

    const { stdout } = await run(
      process.execPath,
      ['--input-type=module', '-e', script, pathToFileURL(join(folder, entry)).href, ...files],
      { env },
    );

    // Node's fetch is not loaded with it: a fifth of a cold start.
    expect(JSON.parse(stdout)).toEqual({ handler: 'function', undici: false });
  },
);
