// CloudFormation replaces what is renamed, and a replaced table is an empty one. Whoever changes this list
// says in the commit how deployed regions get their data across.
import { expect, it } from 'vitest';
import { given, synthesized } from './synthesized.ts';

const KEPT = [
  'AWS::DynamoDB::GlobalTable',
  'AWS::S3::Bucket',
  'AWS::KMS::Key',
  'AWS::Cognito::UserPool',
  'AWS::Cognito::UserPoolClient',
  // Addresses that their owners have confirmed.
  'AWS::SNS::Topic',
];

const [stage] = synthesized(given.region()).stages;

it('keeps the logical ids of everything that holds data', () => {
  const ids = Object.entries(stage!.stateful.Resources)
    .filter(([, { Type }]) => KEPT.includes(Type))
    .map(([id]) => id);

  expect(ids).toMatchInlineSnapshot(`
    [
      "KeysDataA2F7C5E6",
      "KeysTokenFA6B06E5",
      "KeysSeal44E72624",
      "TablesClinicalTableB2B79CC3",
      "TablesRegistryTableDF54121E",
      "TablesAuditTableF793DB06",
      "BucketsAccessLogsA5F88218",
      "BucketsDocumentsE696B60E",
      "BucketsUploadsDA8F1F54",
      "BucketsAuditArchive92041AA1",
      "OfficerMailTopicD4293242",
      "StaffPool8CA90F24",
      "StaffPoolConsoleD9DB79ED",
      "ResidentsPoolEA8902EF",
      "ResidentsPoolConsoleD9B254BF",
    ]
  `);
});

it('keeps the keys of the tables: changing one replaces its table', () => {
  const keys = Object.entries(stage!.stateful.Resources)
    .filter(([, { Type }]) => Type === 'AWS::DynamoDB::GlobalTable')
    .map(([id, { Properties }]) => [
      id,
      JSON.stringify([Properties.KeySchema, Properties.LocalSecondaryIndexes ?? []]),
    ]);

  expect(Object.fromEntries(keys)).toMatchInlineSnapshot(`
    {
      "TablesAuditTableF793DB06": "[[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],[]]",
      "TablesClinicalTableB2B79CC3": "[[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],[{"IndexName":"byCode","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"c","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]]",
      "TablesRegistryTableDF54121E": "[[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],[]]",
    }
  `);
});
