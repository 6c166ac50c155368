// Who looked: by person, by account, by time, by id; and as IHE BALP AuditEvent.
import { afterAll, describe, expect, it } from 'vitest';
import { auditEvent, auditEventId } from '../../../functions/audit/audit-event.ts';
import { auditOn } from '../../../functions/audit/chain.ts';
import { trailOn } from '../../../functions/audit/trail.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { handClock, openDynamo, openMemory, record } from './given.ts';

afterAll(stopDynamoDb);

const MINUTE = 60_000;

describe.each([
  ['memory', openMemory],
  ['DynamoDB', openDynamo],
] as const)('the trail in %s', (_, open) => {
  it('finds every record of a person, account or time, across chains and months, and none of another', async () => {
    const { table } = await open();
    const start = Date.parse('2026-11-30T23:30:00Z');
    const clock = handClock(start);
    const environments = ['a', 'b'].map((id) => auditOn(table, { clock, environmentId: id }));
    for (let i = 0; i < 40; i += 1) {
      const patientKey = i % 5 === 4 ? undefined : `person${i % 3}`;
      await environments[i % 2]!.record([record({ patientKey, actor: `staff-${i % 4}`, requestId: `r${i}` })]);
      clock.advance(3 * MINUTE); // goes past the month, the pointers' five minutes and the chains' hour
    }
    const trail = trailOn(table);
    const numbers = async (query: Partial<Parameters<typeof trail.search>[0]>) =>
      (await trail.search({ from: start, to: clock(), ...query })).records
        .map((found) => Number(found.record.requestId.slice(1)))
        .sort((x, y) => x - y);
    const expected = (keep: (i: number) => boolean) => Array.from({ length: 40 }, (_, i) => i).filter(keep);
    const at = (i: number) => start + i * 3 * MINUTE;

    expect(await numbers({})).toEqual(expected(() => true));
    expect(await numbers({ patientKey: 'person1' })).toEqual(expected((i) => i % 5 !== 4 && i % 3 === 1));
    expect(await numbers({ actor: 'staff-2' })).toEqual(expected((i) => i % 4 === 2));
    expect(await numbers({ patientKey: 'person1', actor: 'staff-2' })).toEqual(
      expected((i) => i % 5 !== 4 && i % 3 === 1 && i % 4 === 2),
    );
    expect(await numbers({ from: at(7), to: at(23) })).toEqual(expected((i) => i >= 7 && i <= 23));
    expect(await numbers({ from: at(7), to: at(23), patientKey: 'person2' })).toEqual(
      expected((i) => i >= 7 && i <= 23 && i % 5 !== 4 && i % 3 === 2),
    );
    expect(await numbers({ from: at(21), to: at(33), actor: 'staff-0' })).toEqual(
      expected((i) => i >= 21 && i <= 33 && i % 4 === 0),
    );
    expect(await numbers({ patientKey: 'nobody' })).toEqual([]);
    expect((await trail.search({ from: start, to: clock(), most: 5 })).more).toBe(true);
  });

  it('reads one by the id of its AuditEvent', async () => {
    const { table } = await open();
    const clock = handClock();
    await auditOn(table, { clock, environmentId: 'a' }).record([record()]);
    const trail = trailOn(table);
    const [found] = (await trail.search({ from: 0, to: clock(), actor: 'staff-1' })).records.length
      ? (await trail.search({ from: clock() - MINUTE, to: clock(), patientKey: 'person1' })).records
      : [];
    expect(await trail.read(auditEventId(found!))).toEqual(found);
    for (const id of ['', 'x', '../..', 'aa-1-1', `${auditEventId(found!)}0`])
      expect(await trail.read(id)).toBeUndefined();
  });
});

describe('as AuditEvent', () => {
  const rendered = (more: Parameters<typeof record>[0] = {}, patientId?: string) =>
    auditEvent(
      {
        chain: 'ab',
        number: 3,
        time: Date.parse('2026-11-22T09:00:00Z'),
        previous: Buffer.alloc(32),
        hash: Buffer.alloc(32),
        record: record(more),
      },
      { baseUrl: 'https://api.example', patientId },
    );

  it('says who looked at whom, when, why and with what outcome', () => {
    expect(rendered({}, 'p1')).toMatchObject({
      resourceType: 'AuditEvent',
      id: 'ab-1795338000000-3',
      type: { code: 'rest' },
      subtype: [{ system: 'http://hl7.org/fhir/restful-interaction', code: 'read' }],
      action: 'R',
      recorded: '2026-11-22T09:00:00.000Z',
      outcome: '0',
      agent: [{}, {}, { who: { identifier: { value: 'staff-1' } }, requestor: true, role: [{ text: 'doctor' }] }],
      entity: [
        { what: { reference: 'Patient/p1' }, role: { code: '1' } },
        { what: { reference: 'Observation/o1' } },
        {},
      ],
    });
  });

  it('has exactly one requestor', () => {
    for (const actorKind of ['staff', 'system', 'resident'] as const)
      expect(
        (rendered({ actorKind }).agent as { requestor: boolean }[]).filter(({ requestor }) => requestor),
      ).toHaveLength(1);
  });

  it.each<Parameters<typeof record>[0]>([
    {},
    { patientKey: undefined, entities: [], purpose: '' },
    { interaction: 'search-type', action: 'R', actorKind: 'system', role: 'system' },
    { interaction: '$everything', action: 'R', facility: undefined, actorKind: 'resident', role: 'resident' },
    { interaction: 'token', action: 'E', outcome: '4', status: 401 },
    { interaction: 'transaction', action: 'C' },
  ])('is valid R4: %j', (more) => {
    expect(validate(rendered(more))).toEqual([]);
  });

  it('says how many there were when not all are named', () => {
    expect(JSON.stringify(rendered({ count: 400 }))).toContain('400 resources in all');
  });
});
