// EventBridge: schedules of the template's rules, and the events that S3 announces.
import { randomUUID } from 'node:crypto';
import type { JsonObject } from './assembly.ts';
import type { AsyncInvoke } from './async-invoke.ts';
import { matches } from './event-pattern.ts';
import type { FunctionPool } from './function-pool.ts';
import { requirePermission } from './http-api.ts';
import type { Resource, Resources } from './resources.ts';
import { nextRun } from './schedule-expression.ts';

export interface BusEvent {
  readonly source: string;
  readonly detailType: string;
  readonly resources: readonly string[];
  readonly detail: object;
}

export interface EventBus {
  /** Hands the event to every rule that it matches. */
  put(event: BusEvent): void;
  /** Schedules run from here on. */
  start(): void;
  stop(): void;
}

interface Target {
  readonly fn: FunctionPool;
  readonly input: object | undefined;
}

export const openEventBus = (
  resources: Resources,
  functions: (arn: string) => FunctionPool | undefined,
  invoke: AsyncInvoke,
  clock: () => number = Date.now,
): EventBus => {
  const timers = new Set<NodeJS.Timeout>();
  const rules = resources
    .ofType('AWS::Events::Rule')
    .filter(({ properties }) => properties['State'] !== 'DISABLED')
    .map((rule) => ({ rule, targets: targetsOf(resources, rule, functions) }));

  const envelope = (event: BusEvent) => ({
    version: '0',
    id: randomUUID(),
    'detail-type': event.detailType,
    source: event.source,
    account: resources.account,
    time: new Date(clock()).toISOString().replace(/\.\d+/, ''),
    region: resources.awsRegion,
    resources: event.resources,
    detail: event.detail,
  });

  const deliver = (targets: readonly Target[], event: object) => {
    for (const { fn, input } of targets) void invoke(fn, input ?? event);
  };

  const schedule = (rule: Resource, targets: readonly Target[], expression: string) => {
    const now = clock();
    const timer = setTimeout(() => {
      timers.delete(timer);
      deliver(
        targets,
        envelope({
          source: 'aws.events',
          detailType: 'Scheduled Event',
          resources: [rule.attribute('Arn')],
          detail: {},
        }),
      );
      schedule(rule, targets, expression);
    }, nextRun(expression, now) - now);
    timer.unref();
    timers.add(timer);
  };

  return {
    start: () => {
      for (const { rule, targets } of rules) {
        const expression = rule.properties['ScheduleExpression'];
        if (typeof expression === 'string') schedule(rule, targets, expression);
      }
    },
    put: (event) => {
      const sent = envelope(event);
      for (const { rule, targets } of rules) {
        const pattern = rule.properties['EventPattern'] as JsonObject | undefined;
        if (pattern && matches(pattern, sent)) deliver(targets, sent);
      }
    },
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
};

const targetsOf = (
  resources: Resources,
  rule: Resource,
  functions: (arn: string) => FunctionPool | undefined,
): Target[] =>
  ((rule.properties['Targets'] ?? []) as JsonObject[]).flatMap((target) => {
    const fn = functions(String(target['Arn']));
    if (!fn) return []; // a target that is no function of ours
    requirePermission(resources, fn.arn, 'events.amazonaws.com', `the rule ${rule.ref}`);
    const input = target['Input'];
    return [{ fn, input: typeof input === 'string' ? (JSON.parse(input) as object) : undefined }];
  });
