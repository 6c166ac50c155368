// The parts of the host that are pure: intrinsics, routes, patterns, schedules, payloads.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is how CloudFormation writes Fn::Sub.
import { describe, expect, it } from 'vitest';
import { wantedOf } from '../../infra/local/front/dynamodb-front.ts';
import type { Json, Stack } from '../../infra/local/host/assembly.ts';
import { matches } from '../../infra/local/host/event-pattern.ts';
import { toAnswer } from '../../infra/local/host/http-event.ts';
import { evaluate } from '../../infra/local/host/intrinsics.ts';
import { routeTable } from '../../infra/local/host/routes.ts';
import { nextRun } from '../../infra/local/host/schedule-expression.ts';

const stack: Stack = {
  name: 'Test',
  account: '111122223333',
  awsRegion: 'ap-northeast-1',
  template: {
    Parameters: { Bootstrap: { Type: 'String', Default: '/cdk/version' } },
    Mappings: { Sizes: { small: { memory: 128 } } },
    Conditions: { InJapan: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'ap-northeast-1'] } },
  },
};
const value = (json: Json) =>
  evaluate(json, {
    stack,
    ref: (id) => `ref-${id}`,
    attribute: (id, name) => `${id}.${name}`,
    imported: (name) => `imported-${name}`,
  });

describe('intrinsics', () => {
  it.each<[string, Json, Json]>([
    ['Ref of a resource', { Ref: 'Table' }, 'ref-Table'],
    ['Ref of a parameter', { Ref: 'Bootstrap' }, '/cdk/version'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::AccountId' }, '111122223333'],
    ['GetAtt', { 'Fn::GetAtt': ['Table', 'Stream.Arn'] }, 'Table.Stream.Arn'],
    ['Join', { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':x']] }, 'arn:aws:x'],
    ['Sub', { 'Fn::Sub': '${AWS::Region}/${Table.Arn}/${!kept}' }, 'ap-northeast-1/Table.Arn/${kept}'],
    ['Sub with names', { 'Fn::Sub': ['${a}-${Table}', { a: { Ref: 'X' } }] }, 'ref-X-ref-Table'],
    ['Select of Split', { 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    ['ImportValue', { 'Fn::ImportValue': 'Stateful:Table' }, 'imported-Stateful:Table'],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', 'small', 'memory'] }, 128],
    ['If', { 'Fn::If': ['InJapan', 'yes', 'no'] }, 'yes'],
    ['AWS::NoValue', { kept: 1, gone: { 'Fn::If': ['InJapan', { Ref: 'AWS::NoValue' }, 2] } }, { kept: 1 }],
    [
      'a Condition of a policy',
      { Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      { Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ],
  ])('%s', (_, given, expected) => {
    expect(value(given)).toEqual(expected);
  });

  it('refuses a function that it does not know, rather than pass it on as data', () => {
    expect(() => value({ 'Fn::Transform': {} })).toThrow(/Fn::Transform/);
  });
});

describe('routes', () => {
  const find = routeTable(
    ['$default', 'ANY /fhir/{proxy+}', 'GET /fhir/.well-known/smart-configuration', 'GET /a/{id}', 'ANY /a/{id}'].map(
      (key) => ({
        key,
        target: key,
      }),
    ),
  );
  it.each([
    ['GET', '/fhir/.well-known/smart-configuration', 'GET /fhir/.well-known/smart-configuration', {}],
    ['GET', '/fhir/Patient/a%2Fb', 'ANY /fhir/{proxy+}', { proxy: 'Patient/a/b' }],
    ['GET', '/fhir/', 'ANY /fhir/{proxy+}', { proxy: '' }],
    ['GET', '/fhir', '$default', {}],
    ['GET', '/a/1', 'GET /a/{id}', { id: '1' }],
    ['PUT', '/a/1', 'ANY /a/{id}', { id: '1' }],
    ['GET', '/a/1/2', '$default', {}],
  ])('%s %s goes to %s', (method, path, key, pathParameters) => {
    expect(find(method, path)).toMatchObject({ route: { key }, pathParameters });
  });
});

describe('answers of functions', () => {
  it.each([
    ['a value without a status is the body of a 200', { ok: true }, { status: 200, body: '{"ok":true}' }],
    ['nothing at all is a fault', null, { status: 500 }],
    ['a status that is none is a fault', { statusCode: 'x' }, { status: 500 }],
    ['a body that is no text is a fault', { statusCode: 200, body: {} }, { status: 500 }],
    ['more than 6 MB is a fault', { statusCode: 200, body: 'x'.repeat(6_300_000) }, { status: 500 }],
  ])('%s', (_, result, expected) => {
    expect(toAnswer(result)).toMatchObject(expected);
  });
});

describe('event patterns', () => {
  const event = { source: 'aws.s3', detail: { object: { key: 'incoming/a', size: 1 } } };
  it.each<[Json, boolean]>([
    [{ source: ['aws.s3', 'other'] }, true],
    [{ source: ['other'] }, false],
    [{ detail: { object: { key: [{ prefix: 'incoming/' }] } } }, true],
    [{ detail: { object: { key: [{ suffix: 'b' }] } } }, false],
    [{ detail: { missing: [{ exists: false }] } }, true],
    [{ source: [{ 'anything-but': ['aws.ec2'] }] }, true],
  ])('%j: %s', (pattern, expected) => {
    expect(matches(pattern as never, event)).toBe(expected);
  });
});

describe('schedules', () => {
  const at = Date.parse('2026-11-22T13:37:20Z'); // a Sunday
  it.each([
    ['rate(1 minute)', '2026-11-22T13:38:20.000Z'],
    ['rate(2 hours)', '2026-11-22T15:37:20.000Z'],
    ['cron(0/15 * * * ? *)', '2026-11-22T13:45:00.000Z'],
    ['cron(0 3 * * ? *)', '2026-11-23T03:00:00.000Z'],
    ['cron(30 9 ? * MON-FRI *)', '2026-11-23T09:30:00.000Z'],
    ['cron(0 0 1 JAN ? *)', '2027-01-01T00:00:00.000Z'],
  ])('%s runs next at %s', (expression, expected) => {
    expect(new Date(nextRun(expression, at)).toISOString()).toBe(expected);
  });

  it('refuses an expression that it cannot read', () => {
    expect(() => nextRun('every now and then', at)).toThrow(/cannot read/);
  });
});

describe('what IAM is asked for a DynamoDB call', () => {
  const tables = new Map([
    ['T', { arn: 'arn:T', keyArn: undefined }],
    ['K', { arn: 'arn:K', keyArn: 'arn:key' }],
  ]);
  const asked = (operation: string, body: object) =>
    wantedOf(operation, body as Record<string, unknown>, { arn: 'arn:aws:iam::1:role/r' }, tables).map(
      ({ action, resource }) => `${action} ${resource}`,
    );
  it.each<[string, object, string[]]>([
    ['GetItem', { TableName: 'T' }, ['dynamodb:GetItem arn:T']],
    ['Query', { TableName: 'T', IndexName: 'i' }, ['dynamodb:Query arn:T/index/i']],
    ['GetItem', { TableName: 'K' }, ['dynamodb:GetItem arn:K', 'kms:Decrypt arn:key']],
    [
      'BatchGetItem',
      { RequestItems: { T: {}, K: {} } },
      ['dynamodb:BatchGetItem arn:T', 'dynamodb:BatchGetItem arn:K', 'kms:Decrypt arn:key'],
    ],
    [
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName: 'T' } },
          { ConditionCheck: { TableName: 'T' } },
          { Update: { TableName: 'T' } },
        ],
      },
      ['dynamodb:PutItem arn:T', 'dynamodb:ConditionCheckItem arn:T', 'dynamodb:UpdateItem arn:T'],
    ],
    [
      'BatchExecuteStatement',
      {
        Statements: [
          { Statement: `INSERT INTO "T" VALUE {'p':?}` },
          { Statement: `INSERT INTO "T" VALUE {'p':?}` },
          { Statement: 'UPDATE "K" SET "n"=? WHERE "p"=?' },
          { Statement: 'DELETE FROM "T" WHERE "p"=?' },
        ],
      },
      [
        'dynamodb:PartiQLInsert arn:T',
        'dynamodb:PartiQLUpdate arn:K',
        'kms:Decrypt arn:key',
        'dynamodb:PartiQLDelete arn:T',
      ],
    ],
    [
      'BatchExecuteStatement',
      { Statements: [{ Statement: 'EXISTS (SELECT * FROM "T")' }] },
      ['dynamodb:PartiQLSelect arn:aws:dynamodb:ap-northeast-1:1:table/'],
    ],
    ['TransactGetItems', { TransactItems: [{ Get: { TableName: 'T' } }] }, ['dynamodb:GetItem arn:T']],
    ['ListTables', {}, ['dynamodb:ListTables *']],
  ])('%s %j', (operation, body, expected) => {
    expect(asked(operation, body)).toEqual(expected);
  });
});
