// `npm run load -- --region R [--as SYSTEM] FILE…`: loads FHIR bundles and NDJSON into a running region. docs/loading.md.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parseJson } from '../../functions/fhir/json.ts';
import type { Issue, Resource } from '../../functions/fhir/types.ts';
import { validate } from '../../functions/fhir/validate.ts';
import { profileIssues } from '../../functions/profiles/profiles.ts';
import { command, readArgs } from '../command-line.ts';
import { readEndpoints } from './endpoints.ts';
import { Journal } from './load/journal.ts';
import { type Plan, plan } from './load/plan.ts';
import type { Unit } from './load/ready.ts';
import { Report } from './load/report.ts';
import { ruleOf, Sender } from './load/send.ts';
import { Target } from './load/target.ts';
import { LocalError, localDir } from './local-dir.ts';
import { getToken } from './token.ts';

const USAGE = `npm run load -- --region REGION [--as system:hospital] [--strict] [--parallel 6] [--upload-above 1000] FILE…
  FILE: FHIR bundles (.json), NDJSON (.ndjson), archives of them (.tar), each also as .gz, or a folder`;

interface Options {
  readonly region: string;
  readonly as: string;
  readonly parallel: number;
  /** Entries of a patient above which the upload way is taken. */
  readonly mostEntries: number | undefined;
  /** A refused resource, or a file without one, makes the run fail. */
  readonly strict: boolean;
  readonly files: readonly string[];
}

const options = (args: readonly string[]): Options => {
  const { values, positionals } = readArgs(USAGE, {
    args: [...args],
    allowPositionals: true,
    options: {
      region: { type: 'string' },
      as: { type: 'string', default: 'system:hospital' },
      parallel: { type: 'string', default: '6' },
      'upload-above': { type: 'string' },
      strict: { type: 'boolean', default: false },
    },
  });
  const parallel = Number(values.parallel);
  if (!values.region) throw new LocalError(`--region is missing\n${USAGE}`);
  if (positionals.length === 0) throw new LocalError(`no FILE is named\n${USAGE}`);
  if (!Number.isInteger(parallel) || parallel < 1 || parallel > 32) throw new LocalError('--parallel is 1 to 32');
  const above = values['upload-above'];
  const mostEntries = above === undefined ? undefined : Number(above);
  if (mostEntries !== undefined && !(mostEntries >= 1 && mostEntries <= 5_000)) {
    throw new LocalError('--upload-above is 1 to 5000');
  }
  const { region, as, strict } = values;
  return { region, as, parallel, mostEntries, strict, files: positionals };
};

/** The facility is in the token that the system got; we only read it, the server is the one that verifies. */
const facilityIn = (token: string): string => {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8') || '{}');
  const facility = (claims as { facility?: unknown }).facility;
  if (typeof facility !== 'string') throw new LocalError('only a facility loads files: --as names none');
  return facility;
};

/**
 * The rules of the server, asked here: what it would refuse is left out of what is sent, and reported. Profiles that only the
 * region knows are the server's to check; what they refuse is left out when it says so.
 */
const check = (resource: Resource): string[] => {
  const broken = faultsOf(validate(resource, { type: resource.resourceType, conditional: true }));
  return (broken.length > 0 ? broken : faultsOf(profileIssues(resource))).map(ruleOf);
};

const faultsOf = (issues: readonly Issue[]) =>
  issues.filter(({ severity }) => severity === 'error' || severity === 'fatal');

/** Sends `units`, a few at a time, in order. */
const sendAll = async (units: readonly Unit[], sender: Sender, report: Report, parallel: number): Promise<void> => {
  const waiting = units.values();
  const worker = async () => {
    for (const unit of waiting) {
      await sender.send(unit);
      report.unitsDone++;
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
};

export const load = async ({ region, as, parallel, mostEntries, files }: Options): Promise<Report> => {
  const target = new Target({ fhir: readEndpoints(region).fhir, token: () => getToken(region, as) });
  const folder = join(localDir(), 'load');
  const report = new Report(join(folder, `refused-${new Date().toISOString().replaceAll(':', '-')}.ndjson`));
  const name = createHash('sha256')
    .update([region, as, ...files].join('\n'))
    .digest('hex')
    .slice(0, 16);
  const journal = new Journal(join(folder, `${name}.journal`));
  let planned: Plan | undefined;
  report.start();
  try {
    const facility = facilityIn(await target.token());
    report.phase('reading');
    planned = await plan(files, { facility, parse: parseJson, check, report });
    report.unitsTotal = planned.first.length + planned.rest.length;
    const sender = new Sender({ target, report, journal, ...(mostEntries !== undefined && { mostEntries }) });
    if (planned.first.length > 0) report.phase('shared resources');
    await sendAll(planned.first, sender, report, 1);
    if (planned.rest.length > 0) report.phase('patients');
    await sendAll(planned.rest, sender, report, parallel);
    if (report.failed + report.damaged === 0) journal.clear();
    return report;
  } finally {
    report.stop();
    await planned?.close();
  }
};

const main = async (): Promise<number> => {
  // What was acknowledged is in the journal. Pressed twice it must not end before the records on the temporary disk are gone.
  process.on('SIGINT', () => {
    console.error(`${process.stderr.isTTY ? '\r\x1b[K' : ''}stopped; run the same command again to go on`);
    process.exit(130);
  });
  const given = options(process.argv.slice(2));
  const report = await load(given);
  console.log(report.summary());
  return report.exitCode(given);
};

if (import.meta.main) await command(main);
