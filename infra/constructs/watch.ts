// What wakes somebody up. Each alarm costs 0.10 USD a month, so there are six, and each has its heading in the
// runbook part of docs/deployment.md.
import { Duration, Stack } from 'aws-cdk-lib';
import type * as apigw from 'aws-cdk-lib/aws-apigatewayv2';
import * as budgets from 'aws-cdk-lib/aws-budgets';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { RegionFile } from '../regions/schema.ts';
import type { EntryFunction } from './entry-function.ts';

export interface WatchProps {
  readonly region: RegionFile;
  readonly key: kms.IKey;
  readonly api: apigw.HttpApi;
  readonly fhirApi: EntryFunction;
  readonly sealer: EntryFunction;
  readonly changeFeed: EntryFunction;
  readonly preTokenName: string;
  readonly deadLetters: sqs.IQueue;
}

export class Watch extends Construct {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, props: WatchProps) {
    super(scope, id);
    const { region, key, api, sealer, changeFeed, preTokenName, deadLetters } = props;
    this.topic = this.alarmTopic(region, key);

    this.alarm('ServerErrors', {
      alarmDescription: 'The API answers 5xx: more than 5 in 5 minutes.',
      metric: api.metricServerError({ period: Duration.minutes(5), statistic: 'Sum' }),
      threshold: 5,
    });
    this.alarm('SealerSilent', {
      alarmDescription: 'The audit trail is not sealed: the sealer did not run for 15 minutes.',
      metric: sealer.lambda.metricInvocations({ period: Duration.minutes(15) }),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    });
    this.alarm('DeadLetters', {
      alarmDescription:
        'Work failed for good: a seal, a sweep, a change record or an upload is in the dead-letter queue.',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(5),
        statistic: 'Maximum',
      }),
      threshold: 0,
    });
    this.alarm('ChangeFeedLag', {
      alarmDescription: 'Type and system history trail the writes by more than 10 minutes.',
      metric: changeFeed.lambda.metric('IteratorAge', { period: Duration.minutes(5), statistic: 'Maximum' }),
      threshold: Duration.minutes(10).toMilliseconds(),
    });
    this.alarm('SignInErrors', {
      alarmDescription: 'Staff cannot sign in: the pre-token trigger fails.',
      metric: new cloudwatch.Metric({
        namespace: 'AWS/Lambda',
        metricName: 'Errors',
        dimensionsMap: { FunctionName: preTokenName },
        period: Duration.minutes(5),
        statistic: 'Sum',
      }),
      threshold: 0,
    });
    this.alarm('PrivacyAlerts', {
      alarmDescription:
        'The glass was broken (/admin/break-glass), somebody reads what is unusual (/audit/unusual), or the audit trail was tampered with.',
      metric: new cloudwatch.Metric({
        namespace: 'Tsumugi',
        metricName: 'PrivacyAlerts',
        dimensionsMap: { Region: region.name },
        period: Duration.minutes(5),
        statistic: 'Sum',
      }),
      threshold: 0,
    });
    if (region.alarmEmail) this.budget(region, region.alarmEmail);
    if (region.dashboard) this.dashboard(props);
  }

  private alarmTopic(region: RegionFile, key: kms.IKey) {
    const topic = new sns.Topic(this, 'Topic', {
      displayName: `Tsumugi ${region.name}`,
      masterKey: key,
      enforceSSL: true,
    });
    topic.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (region.alarmEmail) topic.addSubscription(new EmailSubscription(region.alarmEmail));
    return topic;
  }

  private alarm(
    id: string,
    props: Pick<cloudwatch.AlarmProps, 'alarmDescription' | 'metric' | 'threshold'> & Partial<cloudwatch.AlarmProps>,
  ) {
    const alarm = new cloudwatch.Alarm(this, id, {
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      ...props,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
  }

  /** What one looks at when an alarm rang: is it slow, does it fail, does it lag. */
  private dashboard({ region, api, fhirApi, sealer, changeFeed, deadLetters }: WatchProps) {
    const graph = (title: string, ...left: cloudwatch.IMetric[]) =>
      new cloudwatch.GraphWidget({ title, left, width: 12 });
    const board = new cloudwatch.Dashboard(this, 'Dashboard', { dashboardName: `tsumugi-${region.name}` });
    board.addWidgets(
      graph('Requests', api.metricCount(), api.metricClientError(), api.metricServerError()),
      graph('Latency', api.metricLatency({ statistic: 'p50' }), api.metricLatency({ statistic: 'p95' })),
      graph(
        'Functions at once',
        fhirApi.lambda.metric('ConcurrentExecutions', { statistic: 'Maximum' }),
        fhirApi.lambda.metricThrottles(),
      ),
      graph(
        'Behind the requests',
        sealer.lambda.metricInvocations(),
        changeFeed.lambda.metric('IteratorAge', { statistic: 'Maximum' }),
        deadLetters.metricApproximateNumberOfMessagesVisible(),
      ),
    );
  }

  /** Of the whole account: a region should have one of its own (docs/deployment.md). Budgets that only notify are free. */
  private budget(region: RegionFile, address: string) {
    const notify = (notificationType: string, threshold: number) => ({
      notification: { notificationType, threshold, thresholdType: 'PERCENTAGE', comparisonOperator: 'GREATER_THAN' },
      subscribers: [{ subscriptionType: 'EMAIL', address }],
    });
    new budgets.CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: region.monthlyBudgetUsd, unit: 'USD' },
      },
      notificationsWithSubscribers: [notify('ACTUAL', 80), notify('FORECASTED', 100)],
    });
  }
}
