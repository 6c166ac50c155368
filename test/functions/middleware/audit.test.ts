import { describe, expect, it } from 'vitest';
import type { Context, Disclosure, FhirRequest } from '../../../functions/interactions/contract.ts';
import { recordsOf } from '../../../functions/middleware/audit.ts';
import { hospital } from '../../support/api.ts';

const request = (method: FhirRequest['method'], ...path: string[]): FhirRequest => ({
  method,
  path,
  params: [],
  headers: {},
  body: undefined,
});
const context = (...disclosed: Disclosure[]): Context => ({
  actor: hospital,
  requestId: 'r',
  now: 0,
  purpose: 'TREAT',
  disclosed,
});
const shown = (patientKey: string | undefined, action: Disclosure['action'], id: number): Disclosure => ({
  patientKey,
  action,
  reference: `Observation/${id}`,
});

describe('audit records', () => {
  it('are one for each person, in which a change outranks a look', () => {
    const records = recordsOf(
      context(shown('a', 'R', 1), shown('b', 'R', 2), shown('a', 'U', 3), shown(undefined, 'C', 4)),
      request('POST'),
      200,
    );
    expect(records.map(({ patientKey, action, count }) => [patientKey, action, count])).toEqual([
      ['a', 'U', 2],
      ['b', 'R', 1],
      [undefined, 'C', 1],
    ]);
    expect(records[0]).toMatchObject({ interaction: 'transaction', outcome: '0', role: 'system', tokenId: 'token-1' });
  });

  it('name 20 at most and say how many there were', () => {
    const [record] = recordsOf(
      context(...Array.from({ length: 25 }, (_, at) => shown('a', 'R', at))),
      request('GET', 'Observation'),
      200,
    );
    expect(record!.entities).toHaveLength(20);
    expect(record!.count).toBe(25);
  });

  it('of a refusal say what was asked for, and nothing of what was touched', () => {
    expect(recordsOf(context(shown('a', 'R', 1)), request('GET', 'Patient', 'p1'), 403)).toMatchObject([
      { patientKey: undefined, entities: ['Patient/p1'], count: 0, outcome: '4', status: 403, interaction: 'read' },
    ]);
    expect(recordsOf(context(), request('GET', 'Patient', '山田'), 404)[0]!.entities).toEqual([]);
    expect(recordsOf(context(), request('DELETE', 'Patient', 'p1'), 500)).toMatchObject([
      { action: 'D', outcome: '8' },
    ]);
  });
});
