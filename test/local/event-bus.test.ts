// Schedules and rules: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JsonObject } from '../../infra/local/host/assembly.ts';
import { asyncInvoker } from '../../infra/local/host/async-invoke.ts';
import { openDeadLetters } from '../../infra/local/host/dead-letters.ts';
import { openEventBus } from '../../infra/local/host/event-bus.ts';
import type { FunctionPool } from '../../infra/local/host/function-pool.ts';
import type { Resource, Resources } from '../../infra/local/host/resources.ts';
import { resourcesOf } from '../support/pool-resource.ts';

const FN = 'arn:aws:lambda:ap-northeast-1:000000000000:function:sealer';
const QUEUE = 'arn:aws:sqs:ap-northeast-1:000000000000:dead';

const resource = (type: string, ref: string, properties: JsonObject, arn = ref): Resource => ({
  stack: 's',
  account: '000000000000',
  awsRegion: 'ap-northeast-1',
  logicalId: ref,
  type,
  properties,
  ref,
  attribute: () => arn,
});

const permission = resource('AWS::Lambda::Permission', 'p', { FunctionName: FN, Principal: 'events.amazonaws.com' });
const rule = (properties: JsonObject) =>
  resource('AWS::Events::Rule', 'rule', { Targets: [{ Arn: FN, Id: 'T' }], ...properties });

const running = (fails = 0) => {
  const events: object[] = [];
  const pool: FunctionPool = {
    name: 'sealer',
    arn: FN,
    invoke: async (event) => {
      events.push(event as object);
      if (events.length <= fails) throw new Error('as told');
      return null;
    },
    warm: async () => {},
    stop: async () => {},
  };
  return { events, pool };
};
const open = (all: Resources, pool: FunctionPool) => {
  const deadLetters = openDeadLetters(all, undefined);
  const bus = openEventBus(all, (arn) => (arn === FN ? pool : undefined), asyncInvoker(all, deadLetters));
  return { bus, deadLetters };
};

describe('the event bus', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('invokes the target of a schedule at its rate, from the start until the stop', async () => {
    const { events, pool } = running();
    const { bus } = open(resourcesOf(permission, rule({ ScheduleExpression: 'rate(1 minute)' })), pool);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(events).toHaveLength(0);
    bus.start();
    await vi.advanceTimersByTimeAsync(150_000);
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({ source: 'aws.events', 'detail-type': 'Scheduled Event', resources: ['rule'] });
    bus.stop();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(events).toHaveLength(2);
  });

  it('hands over the input that the rule has instead of the event', async () => {
    const { events, pool } = running();
    const target = { Arn: FN, Id: 'T', Input: '{"task":"sweep"}' };
    const { bus } = open(
      resourcesOf(permission, rule({ ScheduleExpression: 'rate(1 minute)', Targets: [target] })),
      pool,
    );
    bus.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(events).toEqual([{ task: 'sweep' }]);
    bus.stop();
  });

  it('gives a failing event its retries, and then to the dead-letter queue', async () => {
    const { events, pool } = running(3);
    const all = resourcesOf(
      permission,
      rule({ EventPattern: { source: ['aws.s3'] } }),
      resource('AWS::SQS::Queue', 'dead', {}, QUEUE),
      resource('AWS::Lambda::EventInvokeConfig', 'c', {
        FunctionName: 'sealer',
        MaximumRetryAttempts: 2,
        DestinationConfig: { OnFailure: { Destination: QUEUE } },
      }),
    );
    const { bus, deadLetters } = open(all, pool);
    bus.put({ source: 'aws.s3', detailType: 'Object Created', resources: [], detail: {} });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(events).toHaveLength(3);
    expect(deadLetters.messages).toMatchObject([
      { queue: 'dead', message: { requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 } } },
    ]);
  });

  it('refuses a rule whose target it may not invoke, as nothing would happen in AWS', () => {
    const { pool } = running();
    expect(() => open(resourcesOf(rule({ ScheduleExpression: 'rate(1 minute)' })), pool)).toThrow(
      /Permission is missing/,
    );
  });
});
