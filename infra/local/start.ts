// `npm start`: builds what has changed, hosts the synthesized template of each region on this machine, seeds the demo
// data, and stays in the foreground. Flags and files are a contract: docs/local.md.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { unreadable } from '../command-line.ts';
import { buildAssembly, buildConsole } from './build.ts';
import { seedFederation } from './demo/federation.ts';
import { assertJava, DynamoDbLocalError } from './dynamodb.ts';
import { announceToSeeds, endpointsOf, outboxOf, regionDir } from './endpoints.ts';
import type { HostedRegion } from './host/region.ts';
import { LocalError, localDir, lockFolder, makeFolder, parentOf, projectRoot, writeJson } from './local-dir.ts';
import type { Seed, SeedContext } from './seed-context.ts';
import { assertPorts, openStack, operatorEnvironment, type Stack } from './stack.ts';

export interface Options {
  readonly regions: readonly string[];
  readonly port: number;
  readonly memory: boolean;
  readonly empty: boolean;
}

const HIGHEST_PORT = 65_535;

export const readOptions = (args: readonly string[]): Options => {
  const { values } = parse(args);
  const regions = (values.regions ?? 'tokushima,kesen')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const port = /^\d+$/.test(values.port ?? '8001') ? Number(values.port ?? 8001) : Number.NaN;
  if (regions.length === 0) throw new LocalError('--regions needs the name of a region');
  if (new Set(regions).size < regions.length) throw new LocalError('--regions names a region twice');
  if (!Number.isInteger(port) || port < 0 || port + regions.length - 1 > HIGHEST_PORT) {
    throw new LocalError(`--port needs a number from 0 (any free port) to ${HIGHEST_PORT}`);
  }
  return { regions, port, memory: values.memory ?? false, empty: values.empty ?? false };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        regions: { type: 'string' },
        port: { type: 'string' },
        memory: { type: 'boolean' },
        empty: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new LocalError(`${(error as Error).message} (flags: --regions a,b --port N --memory --empty)`);
  }
};

const say = (line: string) => console.log(line);

const start = async (options: Options, stopping: AbortSignal): Promise<() => Promise<void>> => {
  const began = performance.now();
  assertRegions(options.regions);
  const dir = makeFolder(localDir());
  const release = lockFolder(dir);
  const endpointsFile = join(dir, 'endpoints.json');
  const forTests = process.env['TSUMUGI_LOCAL_JVM'] === 'quick';
  rmSync(endpointsFile, { force: true }); // nobody is to read the addresses of the last run
  let stack: Stack | undefined;
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    rmSync(endpointsFile, { force: true });
    stack?.iam.saveExercised(join(dir, 'exercised-actions.json'));
    // A test run has many stacks, whose folders do not outlive them (test/exercised-actions.ts).
    const collected = process.env['TSUMUGI_EXERCISED_DIR'];
    if (collected) stack?.iam.saveExercised(join(collected, `${process.pid}.json`));
    await stack?.stop();
    release();
  };
  try {
    // What is easily wrong is said before a minute is spent on building.
    assertJava();
    await assertPorts(options.port, options.regions.length);
    const assemblyDir = await buildAssembly(say);
    await buildConsole(say);
    stopping.throwIfAborted();
    // What a stack in memory leaves behind (keys, second factors, mail) fits no other stack.
    const ownDir = options.memory ? join(dir, 'memory') : dir;
    if (options.memory) rmSync(ownDir, { recursive: true, force: true });
    stack = await openStack({
      assemblyDir,
      regions: options.regions,
      port: options.port,
      dataDir: options.memory ? undefined : dir,
      outboxFile: outboxOf(ownDir),
      environments: count('TSUMUGI_LOCAL_ENVIRONMENTS', Math.max(1, Math.floor(availableParallelism() / 2))),
      concurrency: count('TSUMUGI_LOCAL_CONCURRENCY', 16),
      forTests,
    });
    stopping.throwIfAborted();
    for (const region of stack.regions) await region.warmTriggers();
    // A test asks for some functions only, and each loads with its first call.
    if (!forTests) for (const region of stack.regions) await region.warm();
    const endpoints = endpointsOf(stack, ownDir);
    announceToSeeds(endpoints);
    for (const region of stack.regions) await region.startEvents();
    for (const region of stack.regions) {
      stopping.throwIfAborted();
      await seed(region, stack, options, ownDir);
    }
    stopping.throwIfAborted();
    const linked = stack.regions.map(({ name, baseUrl, settings }) => ({ region: name, baseUrl, settings, say }));
    await seedFederation(linked, options);
    writeJson(endpointsFile, endpoints);
    await announce(stack, began);
    followDatabase(stack.databasePid, () => stopped, stop);
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Before anything else: a name that is mistyped has nothing to do with what is running. */
const assertRegions = (names: readonly string[]) => {
  const known = readdirSync(join(projectRoot, 'infra/regions')).flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []);
  const unknown = names.find((name) => !known.includes(name.toLowerCase()));
  if (unknown !== undefined)
    throw new LocalError(`there is no region ${unknown}: infra/regions has ${known.join(', ') || 'none'}`);
};

/** docs/local.md says what each does, and why a worker takes several requests at once by default. */
const count = (name: string, fallback: number): number => {
  const value = Number(process.env[name] ?? fallback);
  if (!Number.isInteger(value) || value < 1) throw new LocalError(`${name} needs a whole number from 1`);
  return value;
};

const seed = async (region: HostedRegion, stack: Stack, { empty }: Options, dir: string) => {
  const context: SeedContext = {
    region: region.name,
    awsRegion: region.awsRegion,
    baseUrl: region.baseUrl,
    settings: region.settings,
    aws: operatorEnvironment(stack, region.awsRegion),
    dataDir: makeFolder(regionDir(dir, region.name)),
    say: (line) => say(`${region.name}: ${line}`),
  };
  await (await seedNamed('identities', 'seedIdentities'))?.(context);
  await (await seedNamed('clinical', 'seedOrganizations'))?.(context);
  if (empty) return;
  await (await seedNamed('clinical', 'seedClinical'))?.(context);
  await (await seedNamed('enrolment', 'seedEnrolment'))?.(context);
};

const seedNamed = async (file: string, name: string): Promise<Seed | undefined> => {
  const path = join(projectRoot, 'infra/local/demo', `${file}.ts`);
  if (!existsSync(path)) return undefined;
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  return module[name] as Seed | undefined;
};

const announce = async (stack: Stack, began: number) => {
  for (const { name, baseUrl } of stack.regions) {
    say(`\n${name}`);
    // By this name browsers take passkeys, which an address of numbers cannot have.
    say(`  console   ${baseUrl.replace('127.0.0.1', 'localhost')}/console/`);
    say(`  FHIR      ${baseUrl}/fhir`);
    say(`  tokens    ${baseUrl}/auth/token`);
    say(`  a token   npm run -s token -- --region ${name} --as staff:hospital-doctor   (--list names them all)`);
    say(`  mail      npm run -s mail -- --region ${name}   (invitations and codes, which nobody is sent here)`);
    for (const line of await demoAccounts(name)) say(`  ${line}`);
  }
  say('');
  say(`ready after ${((performance.now() - began) / 1000).toFixed(1)} s (Ctrl-C stops everything)`);
};

/** The demo identities describe themselves. */
const demoAccounts = async (region: string): Promise<string[]> => {
  const path = join(projectRoot, 'infra/local/demo/identities.ts');
  if (!existsSync(path)) return [];
  const { demoAccountLines } = (await import(pathToFileURL(path).href)) as {
    demoAccountLines?: (region: string) => string[];
  };
  return demoAccountLines?.(region) ?? [];
};

const main = async () => {
  const stopping = new AbortController();
  let stop: (() => Promise<void>) | undefined;
  let ending = false;
  const end = async () => {
    stopping.abort();
    if (!stop || ending) return; // still starting: `start` notices
    ending = true;
    await stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end());
  followParent(end);
  try {
    stop = await start(readOptions(process.argv.slice(2)), stopping.signal);
    if (stopping.signal.aborted) await end();
  } catch (error) {
    if (stopping.signal.aborted) process.exit(0);
    console.error(inWords(error));
    process.exit(1);
  }
};

const ON_DISK = new Set(['ENOSPC', 'EROFS', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR']);

/** One line where the machine is at fault; where the program is, all that it knows. */
const inWords = (error: unknown): unknown => {
  if (error instanceof LocalError || error instanceof DynamoDbLocalError) return error.message;
  const { code, path, message = '' } = error as NodeJS.ErrnoException;
  if (message.includes('InvalidCiphertextException'))
    return `the data folder is damaged: ${join(localDir(), 'kms.json')} does not open what is in ${join(localDir(), 'dynamodb')} (put the right one back, or move ${localDir()} away to start empty)`;
  return code !== undefined && ON_DISK.has(code) ? unreadable(path ?? localDir(), error).message : error;
};

/** Somebody else may end it (memory runs out): then we end as well, and say so. */
const followDatabase = (pid: number, stopped: () => boolean, stop: () => Promise<void>) => {
  const timer = setInterval(() => {
    if (stopped()) return;
    try {
      process.kill(pid, 0);
    } catch {
      clearInterval(timer);
      console.error('DynamoDB Local ended unexpectedly: npm start again, what was acknowledged is on disk');
      const end = () => process.exit(1);
      stop().then(end, end);
    }
  }, 1000).unref();
};

/** npm (by a shell in between) that is killed for good cannot pass the signal on: we end when either is gone. */
const followParent = (end: () => void) => {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const ancestors = () => `${process.ppid} ${parentOf(process.ppid)}`;
  const first = ancestors();
  setInterval(() => ancestors() !== first && end(), 500).unref();
};

if (import.meta.main) await main();
