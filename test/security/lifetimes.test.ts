// Sessions and tokens are short: what a thief of a device or a key can do ends by itself.
import { expect, it } from 'vitest';
import { given, ofType, synthesized } from '../infra/synthesized.ts';

const [stage] = synthesized(given.region()).stages;
const clients = ofType(stage!.stateful, 'AWS::Cognito::UserPoolClient').map(
  ([id, { Properties }]) => [id, Properties] as const,
);
const of = (name: string) => clients.find(([id]) => id.includes(name))![1];

const MINUTES = { seconds: 1 / 60, minutes: 1, hours: 60, days: 1_440 } as const;
const minutes = (client: Record<string, unknown>, token: 'AccessToken' | 'IdToken' | 'RefreshToken'): number => {
  const units = client.TokenValidityUnits as Record<string, keyof typeof MINUTES>;
  return Number(client[`${token}Validity`]) * MINUTES[units[token]!];
};

it.each(clients)('an access token of %s lives a quarter of an hour', (_, client) => {
  expect(minutes(client, 'AccessToken')).toBeLessThanOrEqual(15);
  expect(minutes(client, 'IdToken')).toBeLessThanOrEqual(15);
  expect(client.EnableTokenRevocation).not.toBe(false);
  expect(client.PreventUserExistenceErrors).toBe('ENABLED');
});

it('a session of staff ends with the working day', () => {
  expect(minutes(of('Staff'), 'RefreshToken')).toBeLessThanOrEqual(12 * 60);
  expect(Number(of('Staff').AuthSessionValidity)).toBeLessThanOrEqual(5);
});

it('a session of a resident ends within a month', () => {
  expect(minutes(of('Residents'), 'RefreshToken')).toBeLessThanOrEqual(30 * MINUTES.days);
});

it('the audit archive is locked for five years at least', () => {
  const locked = ofType(stage!.stateful, 'AWS::S3::Bucket').find(([, { Properties }]) => Properties.ObjectLockEnabled);
  const { Rule } = locked![1].Properties.ObjectLockConfiguration as {
    Rule: { DefaultRetention: { Days: number; Mode: string } };
  };
  expect(Rule.DefaultRetention.Days).toBeGreaterThanOrEqual(5 * 365);
});
