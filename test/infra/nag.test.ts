// cdk-nag, AWS Solutions and HIPAA Security: every finding is fixed, or explained beside its resource.
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, it } from 'vitest';
import { checkedSynthesis, given, synthesized } from './synthesized.ts';

const certificateArn = 'arn:aws:acm:ap-northeast-1:123456789012:certificate/00000000-0000-0000-0000-000000000001';

it.each([
  ['with the least that a region file says', given.region()],
  [
    'with all that a region file can say',
    given.region({
      domain: { name: 'api.example.jp', certificateArn },
      mtlsDomain: { name: 'ihe.example.jp', certificateArn, truststore: 's3://bucket-of-trust/truststore.pem' },
      alarmEmail: 'operator@example.jp',
      dashboard: true,
      reservedConcurrency: { 'fhir-api': 100 },
    }),
  ],
])(
  'leaves no finding unexplained %s',
  (_, region) => {
    expect(() => checkedSynthesis(region)).not.toThrow();
  },
  120_000,
);

it('explains each acknowledgement in a sentence that someone could argue with', () => {
  const { acknowledged } = synthesized(given.region());

  expect(acknowledged.length).toBeGreaterThan(0);
  for (const { rule, reason } of acknowledged) expect(reason, rule).toMatch(/^.{40,}\.$/s);
});

it('fails the synthesis of what nobody explained', () => {
  const app = new App();
  const stack = new Stack(app, 'Open');
  new Bucket(stack, 'Bucket');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

  expect(() => app.synth()).toThrow('AwsSolutions-S10');
});
