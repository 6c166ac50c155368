// Heads (functions/storage/port.ts): one promise, kept by both stores; the DynamoDB one also when every commit is staged.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeadWrite, Resources, Write } from '../../../functions/storage/port.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { create, draft, dynamo, memory, NOW } from './given.ts';

afterAll(stopDynamoDb);

let count = 0;
const fresh = () => `patient-${++count}`;
const head = (patient: string, expectVersion: number, over: Partial<HeadWrite> = {}): HeadWrite => ({
  kind: 'head',
  patient,
  expectVersion,
  person: undefined,
  linked: [patient],
  policy: undefined,
  ...over,
});

describe.each([
  ['memory', memory],
  ['DynamoDB', () => dynamo()],
  ['DynamoDB, staged', () => dynamo({ transactionRows: 0, batchRows: 25 })],
] as const)('Heads in %s', (_, open) => {
  let resources: Resources;
  beforeAll(async () => {
    resources = await open();
  });

  it('are undefined until somebody writes them, a Patient or none', async () => {
    const patient = fresh();
    await resources.commit(create(draft('Patient', patient)), NOW);

    expect(await resources.heads([patient, 'nobody'])).toEqual([undefined, undefined]);
    expect(await resources.heads([])).toEqual([]);
  });

  it('say what was written, by id and by key, in the order asked', async () => {
    const [one, two] = [fresh(), fresh()];
    const linked = [one, two];
    await resources.commit(
      [head(one, 0, { person: 'person-1', linked, policy: '{"rules":[]}' }), head(two, 0, { linked })],
      NOW,
    );

    const expected = [
      { patient: two, linked, version: 1 },
      { patient: one, person: 'person-1', linked, policy: '{"rules":[]}', version: 1 },
      { patient: two, linked, version: 1 },
    ];
    expect(await resources.heads([two, one, two])).toEqual(expected);
    expect(await resources.headsAt([two, one, two].map(resources.patientKey))).toEqual(expected);
  });

  it('are written with resources, all or none; only resources are answered', async () => {
    const patient = fresh();
    const written = await resources.commit(
      [...create(draft('Patient', patient), draft('Consent', `c-${patient}`, { patient })), head(patient, 0)],
      NOW,
    );
    expect(written.map(({ type }) => type)).toEqual(['Patient', 'Consent']);

    const stale: Write[] = [...create(draft('Consent', `d-${patient}`, { patient })), head(patient, 0)];
    await expect(resources.commit(stale, NOW)).rejects.toMatchObject({ reason: 'changed', at: 1 });
    expect(await resources.get('Consent', `d-${patient}`)).toBeUndefined();

    const taken: Write[] = [...create(draft('Consent', `c-${patient}`, { patient })), head(patient, 1)];
    await expect(resources.commit(taken, NOW)).rejects.toMatchObject({ reason: 'exists', at: 0 });
    expect((await resources.heads([patient]))[0]?.version).toBe(1);
  });

  it('are followed by who names the version, and by nobody else', async () => {
    const patient = fresh();
    await resources.commit([head(patient, 0, { policy: 'one' })], NOW);

    for (const wrong of [0, 2])
      await expect(resources.commit([head(patient, wrong)], NOW)).rejects.toMatchObject({
        reason: 'changed',
        at: 0,
        refusal: 'stale',
      });
    await resources.commit([head(patient, 1, { policy: 'two' })], NOW);

    expect((await resources.heads([patient]))[0]).toMatchObject({ policy: 'two', version: 2 });
  });

  it('of two who follow the same version one is refused', async () => {
    const patient = fresh();
    const both = await Promise.allSettled([
      resources.commit([head(patient, 0, { policy: 'one' })], NOW),
      resources.commit([head(patient, 0, { policy: 'two' })], NOW),
    ]);

    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await resources.heads([patient]))[0]?.version).toBe(1);
  });

  it('stay when the Patient is created after them, or once more', async () => {
    const patient = fresh();
    await resources.commit([head(patient, 0, { person: 'person-2' })], NOW);
    await resources.commit(create(draft('Patient', patient)), NOW);

    expect((await resources.heads([patient]))[0]).toMatchObject({ person: 'person-2', version: 1 });
    await resources.commit([head(patient, 1, { person: 'person-3' })], NOW);
    expect((await resources.heads([patient]))[0]).toMatchObject({ person: 'person-3', version: 2 });
  });

  it('are no resources: no scan, walk or history of changes knows them', async () => {
    const patient = fresh();
    await resources.commit([head(patient, 0)], NOW);

    expect((await resources.scan({ patient })).items).toEqual([]);
    expect((await resources.walk({ type: undefined })).items.filter(({ type }) => !type)).toEqual([]);
  });
});
