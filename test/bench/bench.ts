// `npm run bench`: our API through HTTP beside the raw DynamoDB operations that it needs, in one run on one machine.
// --only http,process,cold,validation,federation,decision,audit (or names of scenarios: http for these alone, no document), --clients 1,8,32,
// --seconds N a turn, --turns N, --warm N seconds, --dry (writes no document)
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDynamoDbLocal } from '../../infra/local/dynamodb.ts';
import { coldStarts } from './parts/cold-start.ts';
import { family, isJava, listeningPort } from './parts/cpu.ts';
import { functionEnvironment } from './parts/function-environment.ts';
import { throughHttp } from './parts/http.ts';
import {
  capacityTable,
  coldTable,
  cpuTable,
  inProcessTable,
  machine,
  table,
  throughput,
  validationTable,
  walkRate,
  writeBetween,
} from './parts/report.ts';
import { type ScenarioName, scenarioNames } from './parts/scenarios.ts';
import { startStack } from './parts/stack.ts';

const REGION = 'tokushima';
const PARTS = ['http', 'process', 'cold', 'validation', 'federation', 'decision', 'audit'] as const;
const document = join(import.meta.dirname, '../../docs/performance.md');

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: PARTS.join(',') },
    clients: { type: 'string', default: '1,8,32' },
    seconds: { type: 'string', default: '1.5' },
    turns: { type: 'string', default: '2' },
    warm: { type: 'string', default: '30' },
    dry: { type: 'boolean', default: false },
  },
});
const only = values.only.split(',');
const unknown = only.filter((name) => ![...PARTS, ...scenarioNames].some((known) => known === name));
if (unknown.length > 0) throw new Error(`no such part or scenario: ${unknown.join(', ')}`);
const named = scenarioNames.filter((name) => only.includes(name));
const scenarios: readonly ScenarioName[] = named.length > 0 ? named : scenarioNames;
const wants = (part: (typeof PARTS)[number]) =>
  only.includes(part) || (part === 'http' && named.length > 0 && !only.includes('process'));
const clients = values.clients.split(',').map(Number);
const [seconds, turns, warm] = [Number(values.seconds), Number(values.turns), Number(values.warm)];

const say = (line: string) => console.log(line);

/** A part of the document; what was measured for some scenarios only is not written. */
const publish = (part: (typeof PARTS)[number], ...text: string[]) => {
  const whole = [`Measured ${machine()}.`, ...text.filter(Boolean)].join('\n\n');
  if (values.dry || named.length > 0) say(whole);
  else writeBetween(document, `bench:${part}`, whole);
};

/** What belongs to another page than that of speed. */
const figures = (page: string, part: (typeof PARTS)[number], text: string) => {
  const whole = `Measured ${machine()}.\n\n${text}`;
  if (values.dry) say(whole);
  else writeBetween(join(import.meta.dirname, '../../docs', page), `bench:${part}`, whole);
};

const onStack = async () => {
  say('starting the stack');
  const stack = await startStack({ args: ['--regions', REGION, '--memory', '--empty'] });
  say(`ready after ${stack.seconds.toFixed(1)} s`);
  const java = family(stack.pid).find(isJava);
  const port = java === undefined ? undefined : listeningPort(java);
  // Where the stack's own DynamoDB cannot be found (not Linux), the ceiling gets one like it.
  const other = port === undefined ? await startDynamoDbLocal() : undefined;
  const endpoint = other?.endpoint ?? `http://127.0.0.1:${port}`;
  try {
    if (wants('cold')) {
      say('cold starts');
      const bundles = await functionEnvironment.folder();
      publish('cold', coldTable(await coldStarts(bundles, functionEnvironment.of(stack.endpoints(REGION)))));
    }
    if (!wants('http') && !wants('process')) return;
    say('recording what each request asks of DynamoDB');
    // Not before the stack has generated what the functions are made of.
    const { localAws, openInProcessApi } = await import('./parts/in-process-api.ts');
    const { openRecorder, record } = await import('./parts/recorder.ts');
    const { openHeld } = await import('./parts/held.ts');
    const api = await openInProcessApi(endpoint, Math.max(...clients), (client) => ({
      recorder: openRecorder(client),
      held: openHeld(client),
    }));
    const { recorder, held } = api.watcher;
    if (wants('http')) {
      recorder.turn(true);
      const recordings = [];
      for (const scenario of scenarios)
        recordings.push(await record(api, recorder.take, scenario, Math.max(...clients)));
      recorder.turn(false);
      const rows = await throughHttp({
        stack,
        region: REGION,
        java,
        aws: localAws(endpoint),
        recordings,
        auditTable: api.tables.audit,
        scenarios,
        clients,
        seconds,
        turns,
        warmSeconds: warm,
        say,
      });
      publish(
        'http',
        `${turns} turns of ${seconds} s each for ours and for the ceiling, after ${warm} s of warm-up; data in memory.`,
        throughput(rows),
        walkRate(rows, recordings),
        'What a request asks of DynamoDB, its audit records included (rows of a transaction count twice, as in AWS):',
        capacityTable(recordings),
        'CPU for each request at 8 clients, in milliseconds:',
        cpuTable(rows, clients.includes(8) ? 8 : (clients[0] ?? 1)),
      );
    }
    if (wants('process')) {
      say('in one process');
      const { inProcess } = await import('./parts/in-process.ts');
      publish('process', inProcessTable(await inProcess(api, held, scenarios, seconds, 8)));
    }
  } finally {
    await other?.stop();
    await stack.close();
  }
};

if (wants('http') || wants('process') || wants('cold')) await onStack();
if (wants('validation')) {
  say('validation');
  const { validationCosts } = await import('./parts/validation.ts');
  publish('validation', validationTable(validationCosts()));
}
if (wants('federation')) {
  say('federation');
  const { federationCosts } = await import('./parts/federation.ts');
  const { charts, fanOut, signature } = await federationCosts();
  const { soapCosts } = await import('./parts/federation-soap.ts');
  const soapAndAssertion = await soapCosts();
  const page = join(import.meta.dirname, '../../docs/federation.md');
  for (const [name, text] of Object.entries({ charts, 'fan-out': fanOut, signature, ...soapAndAssertion })) {
    if (values.dry) say(text);
    else writeBetween(page, `federation:${name}`, `Measured ${machine()}.\n\n${text}`);
  }
}
if (wants('decision')) {
  say('the decision of one record');
  const { decisionCosts } = await import('./parts/decision.ts');
  figures('consent.md', 'decision', table(['decision', 'µs a record'], decisionCosts()));
}
if (wants('audit')) {
  say('audit of one request');
  const { auditCosts } = await import('./parts/audit-cost.ts');
  figures('security.md', 'audit', table(['persons a request', 'µs a request', 'µs a record'], await auditCosts()));
}
process.exit(0);
