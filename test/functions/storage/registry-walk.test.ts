// A walk over what is kept with no patient: functions/search/referrers.ts relies on it.
import { afterAll, describe, expect, it } from 'vitest';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { create, draft, dynamo, memory, NOW } from './given.ts';

describe.each([
  ['memory', memory],
  ['DynamoDB', () => dynamo()],
] as const)('a walk over the registry in %s', (where, open) => {
  afterAll(() => (where === 'DynamoDB' ? stopDynamoDb() : undefined));

  it('sees what is no patient’s, of one type or of all, and nothing else', async () => {
    const resources = await open();
    await resources.commit(
      create(
        draft('Patient', 'p'),
        draft('Provenance', 'of-patient', { patient: 'p' }),
        draft('Provenance', 'alone'),
        draft('Organization', 'org'),
      ),
      NOW,
    );
    const seen = async (type: string | undefined) => {
      const found: string[] = [];
      let after: string | undefined;
      do {
        const page = await resources.walk({ type, isRegistry: true, after });
        found.push(...page.items.map(({ id }) => id));
        after = page.next;
      } while (after !== undefined);
      return found.sort();
    };
    expect(await seen('Provenance')).toEqual(['alone']);
    expect(await seen('Organization')).toEqual(['org']);
    expect(await seen(undefined)).toEqual(['alone', 'org']);
    expect(await seen('Patient')).toEqual([]);
  });
});
