import { expect, it } from 'vitest';
import { retrying } from '../../../functions/services/retry.ts';

const failing = (...errors: unknown[]) => {
  let calls = 0;
  const call = async () => {
    const error = errors[calls];
    calls += 1;
    if (error) throw error;
    return 'answer';
  };
  return { call, calls: () => calls };
};
const named = (name: string, more = {}) => Object.assign(new Error(name), { name, ...more });

it('says the same again while the service is busy or the line was cut', async () => {
  const { call, calls } = failing(
    named('ThrottlingException'),
    named('Error', { code: 'ECONNRESET' }),
    named('X', { $metadata: { httpStatusCode: 500 } }),
  );
  expect(await retrying(call)).toBe('answer');
  expect(calls()).toBe(4);
});

it('says a transaction again that met another one, and not one that a condition refused', async () => {
  const canceled = (...codes: string[]) =>
    named('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) });
  const met = failing(canceled('None', 'TransactionConflict'));
  expect(await retrying(met.call)).toBe('answer');
  const refused = failing(canceled('ConditionalCheckFailed', 'TransactionConflict'));
  await expect(retrying(refused.call)).rejects.toMatchObject({ name: 'TransactionCanceledException' });
  expect(refused.calls()).toBe(1);
});

it.each(['ConditionalCheckFailedException', 'AccessDeniedException', 'ValidationException'])(
  'does not say again what was refused: %s',
  async (name) => {
    const { call, calls } = failing(named(name, { $metadata: { httpStatusCode: 400 } }));
    await expect(retrying(call)).rejects.toMatchObject({ name });
    expect(calls()).toBe(1);
  },
);

it('gives up at last', async () => {
  const { call, calls } = failing(...Array.from({ length: 9 }, () => named('ThrottlingException')));
  await expect(retrying(call)).rejects.toMatchObject({ name: 'ThrottlingException' });
  expect(calls()).toBe(5);
});
