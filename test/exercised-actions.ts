// After a whole test run: every action of infra/permissions.ts was used by its function on some stack of the run, or stands below
// with the reason why not. Each local stack writes what its roles have used (infra/local/start.ts); here it is put together.
// A global set-up of vitest, so that it is a part of `npm test`; a run of some files only proves nothing, and is not judged.
// What is missing fails the run (TSUMUGI_EXERCISED_CHECK=print: is printed only). A reason that was not needed is printed: some functions
// are woken by the clock, and a slow run gives them work that a quick one does not.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { Exercised } from '../infra/local/iam.ts';
import { type Capability, ENTRIES, PERMISSIONS } from '../infra/permissions.ts';

const BY_LAMBDA =
  'Lambda itself does this as the function; the local host stands in for Lambda and does it without asking';
const FIRST_START = 'the first function of all makes the data key of a region; on a stack of the run that is fhir-api';
const ON_FAILURE =
  'needs a commit that fails between two services; held by functions/storage tests with injected faults';
const AT_THE_DESK =
  'the store needs it for a person with several records, or one that moves; held by functions/enrolment and functions/storage tests';

const AT_LARGE =
  'the store needs it for a commit of more rows than one transaction holds, or one whose rows move; held by functions/storage and functions/identity tests on DynamoDB Local';
const LARGE_PATIENT =
  'needs a Patient with a photograph of over 300 KB at this function; the store is that of fhir-api';
const AFTER_A_DEATH =
  'needs a function that died in a large commit, and five minutes more; held by test/functions/storage/faults.test.ts';
const NOT_THERE =
  'S3 asks for it only where an object is not there that a row names; held by functions/storage tests and test/local/s3.test.ts';

const each = (reason: string, ...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, reason]));

/** `<entry> <capability> <action>`, or the action alone for all → why no stack of the run uses it. */
export const NOT_EXERCISED: Readonly<Record<string, string>> = {
  'dynamodb:ListStreams': BY_LAMBDA,
  'sqs:SendMessage': BY_LAMBDA,
  's3:ListBucket': NOT_THERE,
  ...Object.fromEntries(
    ENTRIES.filter((entry) => entry !== 'fhir-api').map((entry) => [
      `${entry} data-key kms:GenerateDataKeyWithoutPlaintext`,
      FIRST_START,
    ]),
  ),
  'fhir-api documents s3:DeleteObject bodies/*': ON_FAILURE,
  'bulk-load documents s3:DeleteObject bodies/*': ON_FAILURE,
  'admin registry dynamodb:BatchGetItem': AT_THE_DESK,
  'admin clinical dynamodb:UpdateItem': AT_THE_DESK,
  'admin clinical dynamodb:DeleteItem': AT_THE_DESK,
  'admin data-key kms:GenerateDataKeyWithoutPlaintext':
    'when the first request of a region is made at the desk; on a local stack the seeds come first, through fhir-api',
  'ihe documents s3:DeleteObject bodies/*': ON_FAILURE,
  'federation documents s3:GetObject bodies/*':
    'needs a federated chart with a resource over 300 KB; the store is that of fhir-api',
  'federation registry dynamodb:UpdateItem':
    'the limiter tells the others only what an account asks beyond a fiftieth of its limit; held by functions/abuse tests',
  'federation data-key kms:GenerateDataKeyWithoutPlaintext':
    'when the first request of a region is a federated one; on a local stack the seeds come first, through fhir-api',
  'responding-gateway documents s3:GetObject bodies/*':
    'needs a document of over 300 KB of metadata; the store is that of fhir-api',
  'responding-gateway registry dynamodb:UpdateItem':
    'the limiter tells the others only what an account asks beyond a fiftieth of its limit; held by functions/abuse tests',
  'audit-reports documents s3:GetObject bodies/*':
    'needs a leak report whose only trace of a person is a resource over 300 KB',
  'reading-watch documents s3:GetObject bodies/*': 'needs a demo Patient with a photograph of over 300 KB',
  'transaction-sweeper documents s3:DeleteObject bodies/*': ON_FAILURE,
  ...each(
    AFTER_A_DEATH,
    ...['GetItem', 'Query', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'].map(
      (action) => `transaction-sweeper registry dynamodb:${action}`,
    ),
    ...['BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'].map(
      (action) => `transaction-sweeper clinical dynamodb:${action}`,
    ),
  ),
  ...each(
    AT_LARGE,
    'identity clinical dynamodb:UpdateItem',
    'identity clinical dynamodb:DeleteItem',
    'identity registry dynamodb:BatchGetItem',
    'identity registry dynamodb:UpdateItem',
    'identity registry dynamodb:DeleteItem',
    'identity-feed clinical dynamodb:UpdateItem',
    'identity-feed clinical dynamodb:DeleteItem',
    'identity-feed registry dynamodb:UpdateItem',
  ),
  'identity-feed registry dynamodb:DeleteItem':
    'a question that a later record answers leaves the queue, whoever comes first: the feed, or the desk of the same test; held by test/functions/identity',
  ...each(
    LARGE_PATIENT,
    'identity documents s3:GetObject bodies/*',
    'identity documents s3:PutObject bodies/*',
    'identity-feed documents s3:PutObject bodies/*',
  ),
  'identity documents s3:DeleteObject bodies/*': ON_FAILURE,
  'identity-feed documents s3:DeleteObject bodies/*': ON_FAILURE,
  'bulk-load documents s3:GetObject binary/*':
    'needs an upload that changes a Binary in place, whose bytes are compared first; held by test/bulk/uploads.test.ts',
  'audit-sealer audit-archive s3:GetObject seals/*':
    'needs a sealer that died between the archive and the table; held by test/functions/audit/seal.test.ts',
  'audit-reports registry dynamodb:BatchGetItem':
    'needs a leak report whose only trace of a person is a record under an id that a client chose',
  'audit-reports token-key kms:GetPublicKey': 'verifies the token of a system, which may make no report, to refuse it',
};

/** How the names of the local stack tell a capability: the ids of the constructs are in them. */
const PLACES: Partial<Record<Capability, RegExp>> = {
  clinical: /Clinical/,
  registry: /Registry/,
  audit: /TablesAudit/,
  documents: /bucketsdocuments/i,
  uploads: /bucketsuploads/i,
  'audit-archive': /bucketsauditarchive/i,
};

/** What is allowed, and neither was used nor has a reason. */
export const unexercised = (
  used: ReadonlyMap<string, ReadonlySet<string>>,
  permissions: Readonly<Record<string, Partial<Record<Capability, Readonly<Record<string, string>>>>>> = PERMISSIONS,
): string[] =>
  Object.entries(permissions).flatMap(([entry, capabilities]) =>
    Object.entries(capabilities).flatMap(([capability, grant]) =>
      Object.keys(grant)
        .filter((key) => !excused(entry, capability, key) && !wasUsed(used.get(entry), capability as Capability, key))
        .map((key) => `${entry} ${capability} ${key}`),
    ),
  );

/** Reasons that are not needed any more, or never were. */
export const needlessReasons = (used: ReadonlyMap<string, ReadonlySet<string>>): string[] =>
  Object.keys(NOT_EXERCISED).filter((reason) => {
    const about = ENTRIES.flatMap((entry) =>
      Object.entries(PERMISSIONS[entry]).flatMap(([capability, grant]) =>
        Object.keys(grant)
          .filter((key) => reason === `${entry} ${capability} ${key}` || reason === key)
          .map((key) => [entry, capability as Capability, key] as const),
      ),
    );
    return about.length > 0 && about.every(([entry, capability, key]) => wasUsed(used.get(entry), capability, key));
  });

const excused = (entry: string, capability: string, key: string) =>
  `${entry} ${capability} ${key}` in NOT_EXERCISED || key in NOT_EXERCISED;

/** `key`: `dynamodb:Query`, `s3:PutObject seals/*`. */
const wasUsed = (uses: ReadonlySet<string> | undefined, capability: Capability, key: string): boolean => {
  const [action = '', objects] = key.split(' ');
  const place = PLACES[capability];
  return [...(uses ?? [])].some((use) => {
    const [name, on = ''] = use.split(' ');
    if (name !== action || on.startsWith('via')) return false;
    return (place === undefined || place.test(on)) && (objects === undefined || on.endsWith(`/${objects}`));
  });
};

/** Entry → what it used, over all stacks of the run. */
export const readUses = (dir: string): Map<string, Set<string>> => {
  const used = new Map<string, Set<string>>();
  for (const file of readdirSync(dir)) {
    const roles = JSON.parse(readFileSync(join(dir, file), 'utf8')) as Record<string, Exercised>;
    for (const { entry, uses } of Object.values(roles)) {
      if (entry === undefined) continue;
      const known = used.get(entry) ?? new Set<string>();
      for (const use of uses) known.add(use);
      used.set(entry, known);
    }
  }
  return used;
};

export const setup = (project: TestProject) => {
  const dir = mkdtempSync(join(tmpdir(), 'tsumugi-exercised-'));
  process.env['TSUMUGI_EXERCISED_DIR'] = dir;
  return async () => {
    const used = readUses(dir);
    rmSync(dir, { recursive: true, force: true });
    if (!(await isWhole(project))) return;
    const needless = needlessReasons(used);
    if (needless.length > 0) console.warn(`reasons that this run did not need:\n${needless.join('\n')}`);
    const missing = unexercised(used);
    if (missing.length === 0) return;
    const text = `allowed, and used by no test of the run (test/exercised-actions.ts):\n${missing.join('\n')}`;
    if (process.env['TSUMUGI_EXERCISED_CHECK'] === 'print') return console.warn(text);
    process.exitCode = 1;
    throw new Error(text);
  };
};

/** Every file ran, and nothing failed: what failed may be why an action was not used. */
const isWhole = async (project: TestProject): Promise<boolean> => {
  const { testFiles } = await project.globTestFiles();
  const run = project.vitest.state.getTestModules();
  const ran = new Set(run.filter((module) => module.ok()).map(({ moduleId }) => moduleId));
  return testFiles.every((file) => ran.has(file));
};
