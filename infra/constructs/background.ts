// What runs without a request: schedules, streams, uploads. What fails for good lands in one dead-letter queue,
// which an alarm watches; nothing is lost silently.
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Connectable } from './capability.ts';
import type { EntryFunction } from './entry-function.ts';

export class Background extends Construct {
  /** Events that failed for good: where the record is, not what it holds. */
  readonly deadLetters: sqs.Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.deadLetters = new sqs.Queue(this, 'DeadLetters', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is the dead-letter queue itself; an alarm says when something is in it.',
    });
  }

  get connections() {
    const { queueArn } = this.deadLetters;
    return { 'dead-letters': { connect: (fn, actions) => fn.allow(actions, [queueArn]) } } satisfies Record<
      string,
      Connectable
    >;
  }

  /** A run that failed is not repeated: the next one does the same work. */
  every(minutes: number, fn: EntryFunction) {
    new events.Rule(this, `${fn.node.id}Schedule`, {
      description: `${fn.entry} every ${minutes} min`,
      schedule: events.Schedule.rate(Duration.minutes(minutes)),
      targets: [
        new targets.LambdaFunction(fn.lambda, {
          retryAttempts: 0,
          maxEventAge: Duration.minutes(minutes),
          deadLetterQueue: this.deadLetters,
        }),
      ],
    });
    this.whenItFails(fn, 0);
  }

  /** Changes of a table, in order within a partition. A bad record is found by halving, and does not hold up the rest. */
  follow(
    id: string,
    streamArn: string,
    fn: EntryFunction,
    { batchSize = 200, windowSeconds = 0, only }: { batchSize?: number; windowSeconds?: number; only?: object } = {},
  ) {
    new lambda.EventSourceMapping(this, `${fn.node.id}${id}`, {
      target: fn.lambda,
      eventSourceArn: streamArn,
      startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      batchSize,
      ...(windowSeconds > 0 && { maxBatchingWindow: Duration.seconds(windowSeconds) }),
      bisectBatchOnError: true,
      // What does not match costs no invocation.
      ...(only && { filters: [{ pattern: JSON.stringify(only) }] }),
      retryAttempts: 10,
      reportBatchItemFailures: true,
      onFailure: this.destination,
    });
  }

  /** `Object Created` of EventBridge, https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
  onUpload(bucket: s3.IBucket, prefix: string, fn: EntryFunction) {
    new events.Rule(this, `${fn.node.id}Uploads`, {
      description: `${fn.entry} for each object under ${prefix}`,
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [bucket.bucketName] }, object: { key: [{ prefix }] } },
      },
      targets: [new targets.LambdaFunction(fn.lambda, { retryAttempts: 2, deadLetterQueue: this.deadLetters })],
    });
    this.whenItFails(fn, 2);
  }

  private whenItFails(fn: EntryFunction, retryAttempts: number) {
    new lambda.EventInvokeConfig(this, `${fn.node.id}Failures`, {
      function: fn.lambda,
      retryAttempts,
      onFailure: this.destination,
    });
  }

  /** The permission to send comes from infra/permissions.ts, as all others do. */
  private get destination() {
    return { bind: () => ({ destination: this.deadLetters.queueArn }) };
  }
}
