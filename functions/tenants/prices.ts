// What AWS asks for in Tokyo, in US dollars before tax. Sources: the AWS price list of 2026-09 and AWS's price pages, as
// collected in the storage study; those marked "from memory" are to be checked against the bill of the first month.
// Free tiers that end after a year, or that an account shares among all it runs, are left out: idle must be cheap without them.
// The page of usage and cost reads it (usage-cost.ts), and so does what a month without a request costs (infra/costs/idle.ts).

export const PRICES = { awsRegion: 'ap-northeast-1', asOf: '2026-09-30', source: 'https://aws.amazon.com/pricing/' };

export const USD = {
  /** https://aws.amazon.com/kms/pricing/ */
  kmsKeyMonth: 1,
  kmsRequest: 0.03 / 10_000,
  /** ECC keys; from memory. */
  kmsSign: 0.15 / 10_000,
  /** https://aws.amazon.com/cloudwatch/pricing/, one metric of standard resolution; from memory. */
  alarmMetricMonth: 0.1,
  /** But for the first three of an account. */
  dashboardMonth: 3,
  logsIngestGb: 0.76,
  logsStorageGbMonth: 0.033,
  /** https://aws.amazon.com/lambda/pricing/, arm64. */
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2 / 1_000_000,
  /** https://aws.amazon.com/dynamodb/pricing/on-demand/ */
  writeUnit: 0.715 / 1_000_000,
  readUnit: 0.1425 / 1_000_000,
  tableGbMonth: 0.285,
  /** From memory. */
  recoveryGbMonth: 0.228,
  /** https://aws.amazon.com/s3/pricing/ */
  s3GbMonth: 0.025,
  s3Put: 4.7 / 1_000_000,
  s3Get: 0.37 / 1_000_000,
  /** https://aws.amazon.com/api-gateway/pricing/ */
  httpApiRequest: 1.29 / 1_000_000,
  /** https://aws.amazon.com/eventbridge/pricing/: events that S3 sends on request; from memory. */
  s3Event: 1 / 1_000_000,
  /** https://aws.amazon.com/sqs/pricing/; from memory. */
  queueRequest: 0.4 / 1_000_000,
  /** https://aws.amazon.com/cognito/pricing/, after the first 10,000 a month. */
  staffMonth: 0.015,
  residentMonth: 0.0055,
  /** After the first 100 GB a month. */
  dataOutGb: 0.114,
} as const;

/** Minutes of a month as AWS counts them. */
export const MONTH_MINUTES = 730 * 60;

/** Accounts of a pool that sign in for nothing each month. */
export const FREE_ACCOUNTS = 10_000;

/** A month in which nobody calls; test/infra/costs.test.ts computes it from the template and compares. */
export const IDLE_MONTH_USD = 3.95;

/** Where the region file says no other (`yenPerUsd`): a round figure to plan with, not a quotation. */
export const YEN_PER_USD = { rate: 150, asOf: '2026-10-01' };
