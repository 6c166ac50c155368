// Builds every Lambda: one esbuild call for all entries, one file each (`npm run bundle`).
// The local host and the CDK app take what stands in build/lambda/<entry>/.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { ENTRIES, type Entry } from '../permissions.ts';
import { packedText } from './packed-text.ts';

const root = join(import.meta.dirname, '../..');
const entriesFolder = join(root, 'functions/entries');
const generated = join(root, 'functions/fhir/generated');

/** Where bundles are written: one folder an entry, and nothing in it but what is deployed. */
export const bundleFolder = join(root, 'build/lambda');

/** Issue 2, point 10: a cold start of `fhir-api` is ready in under 120 ms, and 700 KB is what that leaves. */
const MOST_BYTES: Partial<Record<Entry, number>> = { 'fhir-api': 700_000 };

/**
 * Lambda hands credentials over in the environment, where the SDK looks first. The other places (files, single sign-on,
 * web identity) are imported only when that fails, and would be a third of a small bundle.
 */
const NEVER_CALLED = [
  ...['ini', 'sso', 'process', 'web-identity', 'http', 'login'].map((place) => `@aws-sdk/credential-provider-${place}`),
  '@smithy/credential-provider-imds', // EC2 and containers
];

/** Imported by the SDK only for operations that stream events; none of ours does. */
const NO_STREAMS = '@smithy/core/event-streams';

export interface Bundle {
  readonly entry: Entry;
  readonly bytes: number;
}

/** Builds all entries; refuses when one is missing, or larger than it may be. */
export const bundle = async ({ folder = bundleFolder } = {}): Promise<Bundle[]> => {
  refuseStrayEntries();
  if (!existsSync(generated))
    execFileSync(process.execPath, [join(root, 'infra/build/definitions.ts')], { stdio: 'inherit' });

  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES.map((entry) => ({ in: join(entriesFolder, `${entry}.ts`), out: `${entry}/index` })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    external: [...NEVER_CALLED, NO_STREAMS],
    plugins: [packedText],
    sourcemap: 'external',
    legalComments: 'none',
    logLevel: 'warning',
    // CommonJS dependencies call require() for Node's own modules.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  for (const { path, contents } of outputFiles)
    replaceFile(path.endsWith('.map') ? mapOf(path, folder) : path, contents);

  const bundles = outputFiles
    .filter(({ path }) => path.endsWith('.mjs'))
    .map(({ path, contents }) => ({ entry: basename(dirname(path)) as Entry, bytes: contents.byteLength }))
    .sort((a, b) => a.entry.localeCompare(b.entry));
  refuseHeavy(bundles);
  return bundles;
};

/** Entries and permissions name the same functions, or one of them was forgotten. */
const refuseStrayEntries = () => {
  const found = readdirSync(entriesFolder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'));
  const missing = ENTRIES.filter((entry) => !found.includes(entry));
  const stray = found.filter((entry) => !ENTRIES.some((known) => known === entry));
  if (missing.length > 0)
    throw new Error(`missing entry: ${missing.map((entry) => `functions/entries/${entry}.ts`).join(', ')}`);
  if (stray.length > 0) throw new Error(`entry without permissions in infra/permissions.ts: ${stray.join(', ')}`);
};

const refuseHeavy = (bundles: readonly Bundle[]) => {
  const heavy = bundles.filter(({ entry, bytes }) => bytes > (MOST_BYTES[entry] ?? Number.POSITIVE_INFINITY));
  if (heavy.length > 0)
    throw new Error(
      heavy
        .map(({ entry, bytes }) => `${entry} has ${bytes} bytes, at most ${MOST_BYTES[entry]} are allowed`)
        .join('; '),
    );
};

/** Source maps stay at home, beside the folder: loading one costs 30 ms of each cold start. */
const mapOf = (path: string, folder: string) => join(`${folder}-maps`, `${basename(dirname(path))}.mjs.map`);

/** In one step, so that whoever reads at the same time (a test, a running region) gets the old file or the new one. */
const replaceFile = (path: string, contents: Uint8Array | string) => {
  mkdirSync(dirname(path), { recursive: true });
  // Beside the folder of the entry: what lies in there is deployed, and part of its hash.
  const draft = `${dirname(path)}.${process.pid}.draft`;
  writeFileSync(draft, contents);
  renameSync(draft, path);
};

if (import.meta.main)
  for (const { entry, bytes } of await bundle())
    console.log(`${entry.padEnd(20)} ${(bytes / 1000).toFixed(1).padStart(8)} KB`);
