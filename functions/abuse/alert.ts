// A number for CloudWatch, written as a log line: no call, no permission. What happened stands in the privacy officer's queue and in
// the trail; the line says the kind only.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

export const METRIC = { namespace: 'Tsumugi', name: 'PrivacyAlerts' } as const;

export type AlertKind =
  | 'many-persons'
  | 'vip'
  | 'own-family-name'
  | 'refused-writes'
  | 'audit-tampering'
  | 'break-glass';

/** Past Lambda's `console`, which would wrap the line in another object. */
const toStdout = (line: string) => void process.stdout.write(`${line}\n`);

export const openAlerts =
  ({ region, clock, write = toStdout }: { region: string; clock: () => number; write?: (line: string) => void }) =>
  (kind: AlertKind, count = 1): void => {
    const metrics = [{ Name: METRIC.name, Unit: 'Count' }];
    write(
      JSON.stringify({
        _aws: {
          Timestamp: clock(),
          CloudWatchMetrics: [{ Namespace: METRIC.namespace, Dimensions: [['Region']], Metrics: metrics }],
        },
        Region: region,
        [METRIC.name]: count,
        kind,
        level: 'WARN',
      }),
    );
  };
