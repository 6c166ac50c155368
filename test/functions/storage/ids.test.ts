// Ids as docs/architecture.md describes them, and the cursors' seal.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dateOfChars, openIds } from '../../../functions/storage/ids.ts';
import { sortKey } from '../../../functions/storage/order.ts';
import { deriveSecrets } from '../../../functions/storage/region-secrets.ts';
import { openSeal } from '../../../functions/storage/seal.ts';

const secrets = deriveSecrets(new Uint8Array(32).fill(1));
const ids = openIds(secrets, () => Date.UTC(2026, 10, 22));
const placement = (patient: string | undefined, date: number | undefined) => ({
  patient,
  otherPatients: [],
  date,
  spansDays: false,
});

it('reads back what an id encrypts, whatever the bits', () => {
  const home = fc.record({
    key: fc.bigInt(1n, 2n ** 60n - 1n),
    date: fc.bigInt(0n, 2n ** 35n - 1n),
    random: fc.bigInt(0n, 2n ** 33n - 1n),
  });
  const chars = (value: bigint, length: number) => value.toString(32).padStart(length, '0');
  fc.assert(
    fc.property(home, ({ key, date, random }) => {
      const at = { key: chars(key, 12), date: chars(date, 7), random: chars(random, 7) };
      const id = ids.idAt('Observation', at);
      expect(ids.isServerId(id)).toBe(true);
      expect(ids.homeOf('Observation', id)).toEqual({ ...at, spans: at.random >= '4' });
    }),
  );
});

it('makes the same id of a place when it is asked again, however many came between, and another for a Patient', () => {
  const at = (random: number) => ({
    key: '0123456789ab',
    date: '0000000',
    random: random.toString(32).padStart(7, '0'),
  });
  const first = Array.from({ length: 12_000 }, (_, random) => ids.idAt('Observation', at(random)));

  expect(first.map((_, random) => ids.idAt('Observation', at(random)))).toEqual(first);
  expect(new Set(first).size).toBe(first.length);
  expect(ids.idAt('Patient', at(0))).not.toBe(first[0]);
});

it('leads from a child to the partition of its Patient, with no look-up', () => {
  const patient = ids.allocate('Patient', placement(undefined, undefined));
  const child = ids.allocate('Observation', placement(patient, 1_700_000_000));

  expect(ids.homeOf('Observation', child).key).toBe(ids.patientKey(patient));
  expect(dateOfChars(ids.homeOf('Observation', child).date)).toBe(1_700_000_000);
});

it('leads nowhere when the id of another type is read as a Patient', () => {
  const patient = ids.allocate('Patient', placement(undefined, undefined));
  const child = ids.allocate('Observation', placement(patient, 0));

  expect(ids.patientKey(child)).not.toBe(ids.patientKey(patient));
});

it('gives the same id for the same seed and placement, and another for another', () => {
  const allocate = (seed: string, patient = 'p1') => ids.allocate('Condition', placement(patient, undefined), seed);

  expect(allocate('a')).toBe(allocate('a'));
  expect(allocate('a')).not.toBe(allocate('b'));
  expect(allocate('a')).not.toBe(allocate('a', 'p2'));
});

it('knows its own ids from those that clients choose', () => {
  expect(ids.isServerId(ids.allocate('Organization', placement(undefined, undefined)))).toBe(true);
  for (const id of ['p1', 'b1c2d3e4-0000-4000-8000-000000000000', '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'a'.repeat(26)]) {
    expect(ids.isServerId(id)).toBe(false);
  }
});

it('sorts the newest first', () => {
  const keyAt = (date: number) =>
    sortKey('Observation', {
      ...ids.homeOf('Observation', ids.allocate('Observation', placement('p', date))),
      spans: false,
    });

  expect([keyAt(-3e9), keyAt(0), keyAt(1_700_000_000), keyAt(1_800_000_000)].sort()).toEqual(
    [keyAt(1_800_000_000), keyAt(1_700_000_000), keyAt(0), keyAt(-3e9)].map((key) =>
      expect.stringContaining(key.slice(0, 9)),
    ),
  );
});

it('opens a sealed value only where it was made for, and not when it was touched', () => {
  const seal = openSeal(secrets);
  const token = seal.seal({ after: 'x' }, 'actor|query');

  expect(seal.open(token, 'actor|query')).toEqual({ after: 'x' });
  expect(seal.open(token, 'other|query')).toBeUndefined();
  for (let at = 0; at < token.length; at += 1) {
    const touched = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
    expect(seal.open(touched, 'actor|query')).toBeUndefined();
  }
  expect(seal.open('', 'actor|query')).toBeUndefined();
});
