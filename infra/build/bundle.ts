// Builds every Lambda (`npm run bundle`): a folder an entry, `index.mjs` with all that a cold start reads, and beside it what is
// imported only when somebody asks for it. The local host and the CDK app take what stands in build/lambda/<entry>/.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { build, type Metafile, type OutputFile } from 'esbuild';
import { ENTRIES, type Entry } from '../permissions.ts';
import { nodeHttp } from './node-http.ts';
import { packedText } from './packed-text.ts';

const root = join(import.meta.dirname, '../..');
const entriesFolder = join(root, 'functions/entries');
const generated = join(root, 'functions/fhir/generated');

/** Where bundles are written: one folder an entry, and nothing in it but what is deployed. */
export const bundleFolder = join(root, 'build/lambda');

/** Issue 2, point 10: a cold start of `fhir-api` reads less than 700 KB, and is ready in under 120 ms. What few ask for is imported late. */
const MOST_BYTES: Partial<Record<Entry, number>> = { 'fhir-api': 640_000 };

/**
 * Behind the API somebody waits for a cold start: what these import by `import()` is a file of its own. Of the others it is in the
 * one file. Each is a build by itself, since each is deployed alone, and takes most of a second of processor time.
 */
const SPLIT: readonly Entry[] = [
  'fhir-api',
  'admin',
  'audit-reports',
  'identity',
  'ihe',
  'federation',
  'responding-gateway',
];

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
  /** What a cold start reads: the entry's file and what it imports at once. */
  readonly bytes: number;
  /** What is loaded when it is asked for. */
  readonly lateBytes: number;
}

/** Builds all entries; refuses when one is missing, or larger than it may be. */
export const bundle = async ({ folder = bundleFolder } = {}): Promise<Bundle[]> => {
  refuseStrayEntries();
  if (!existsSync(generated))
    execFileSync(process.execPath, [join(root, 'infra/build/definitions.ts')], { stdio: 'inherit' });

  const bundles = await buildOf(
    ENTRIES.filter((entry) => !SPLIT.includes(entry)),
    folder,
    false,
  );
  // One after the other: side by side they would take more than a gigabyte.
  for (const entry of SPLIT) bundles.push(...(await buildOf([entry], folder, true)));
  bundles.sort((a, b) => a.entry.localeCompare(b.entry));
  refuseHeavy(bundles);
  return bundles;
};

const buildOf = async (entries: readonly Entry[], folder: string, splitting: boolean): Promise<Bundle[]> => {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => ({ in: join(entriesFolder, `${entry}.ts`), out: `${entry}/index` })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    chunkNames: `${entries[0]}/[name]-[hash]`,
    write: false,
    metafile: true,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    external: [...NEVER_CALLED, NO_STREAMS],
    plugins: [packedText, nodeHttp],
    sourcemap: 'external',
    legalComments: 'none',
    logLevel: 'warning',
    // CommonJS dependencies call require() for Node's own modules.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    splitting,
  });
  return entries.map((entry) => {
    const own = outputFiles.filter(({ path }) => dirname(path) === join(folder, entry));
    return writeOne(entry, folder, own, metafile);
  });
};

const writeOne = (entry: Entry, folder: string, outputFiles: readonly OutputFile[], metafile: Metafile): Bundle => {
  const index = join(folder, entry, 'index.mjs');
  const atOnce = importedBy(metafile, index, ['import-statement']);
  const ever = importedBy(metafile, index, ['import-statement', 'dynamic-import']);
  // A file of its own is also made for an import() in code that was left out.
  const files = outputFiles.filter(({ path }) => ever.has(path.replace(/\.map$/, '')));
  writeAll(entry, folder, files);
  const code = files.filter(({ path }) => path.endsWith('.mjs'));
  const sum = (wanted: readonly OutputFile[]) => wanted.reduce((bytes, { contents }) => bytes + contents.byteLength, 0);
  return {
    entry,
    bytes: sum(code.filter(({ path }) => atOnce.has(path))),
    lateBytes: sum(code.filter(({ path }) => !atOnce.has(path))),
  };
};

/** The file, what it imports in one of these ways, and so on. */
const importedBy = (
  { outputs }: Pick<Metafile, 'outputs'>,
  file: string,
  kinds: readonly string[],
  found = new Set<string>(),
): ReadonlySet<string> => {
  if (found.has(file)) return found;
  found.add(file);
  const [, output] = Object.entries(outputs).find(([path]) => resolve(root, path) === file) ?? [];
  for (const { path, kind, external } of output?.imports ?? [])
    if (kinds.includes(kind) && !external) importedBy({ outputs }, resolve(root, path), kinds, found);
  return found;
};

/** The entry's file last: it names the others. What it does not name any more goes, since what lies there is deployed. */
const writeAll = (entry: Entry, folder: string, files: readonly OutputFile[]) => {
  const isEntry = ({ path }: OutputFile) => basename(path) === 'index.mjs';
  for (const { path, contents } of [...files.filter((file) => !isEntry(file)), ...files.filter(isEntry)])
    replaceFile(path.endsWith('.map') ? mapOf(path, folder) : path, contents);
  const names = new Set(files.map(({ path }) => basename(path)));
  for (const name of readdirSync(join(folder, entry)))
    if (!names.has(name)) rmSync(join(folder, entry, name), { recursive: true });
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
const mapOf = (path: string, folder: string) => join(`${folder}-maps`, basename(dirname(path)), basename(path));

/** In one step, so that whoever reads at the same time (a test, a running region) gets the old file or the new one. */
const replaceFile = (path: string, contents: Uint8Array | string) => {
  mkdirSync(dirname(path), { recursive: true });
  // Beside the folder of the entry: what lies in there is deployed, and part of its hash.
  const draft = `${dirname(path)}.${basename(path)}.${process.pid}.draft`;
  writeFileSync(draft, contents);
  renameSync(draft, path);
};

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1).padStart(8)} KB`;

if (import.meta.main)
  for (const { entry, bytes, lateBytes } of await bundle())
    console.log(
      `${entry.padEnd(20)} ${kilobytes(bytes)}${lateBytes > 0 ? ` at once, ${kilobytes(lateBytes)} when asked for` : ''}`,
    );
