// Rules come with the record: at the same time, at most two seconds old, and never not at all.
import { describe, expect, it } from 'vitest';
import type { Actor } from '../../../functions/consent/actor.ts';
import { Heads, linkedFor, policyFor, ruled } from '../../../functions/consent/ruled.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import type { Resources } from '../../../functions/storage/port.ts';
import { clinic, hospital } from '../../support/api.ts';
import { create, draft, NOW } from '../storage/given.ts';

const DENY = '{"rules":[{"is":"deny"}]}';

const open = async (as: Actor = clinic, isEager = true) => {
  const time = { now: NOW };
  const { resources: plain } = openMemory(() => time.now);
  const calls: string[] = [];
  const watched: Resources = {
    ...plain,
    headsAt: async (keys) => {
      calls.push(`heads ${keys.length}`);
      return plain.headsAt(keys);
    },
    get: async (type, id) => {
      calls.push('get');
      await new Promise((done) => setTimeout(done, 5));
      calls.push('got');
      return plain.get(type, id);
    },
  };
  const patient = plain.allocate('Patient', {
    patient: undefined,
    otherPatients: [],
    date: undefined,
    spansDays: false,
  });
  const id = plain.allocate('Observation', { patient, otherPatients: [], date: 0, spansDays: false });
  await plain.commit(create(draft('Patient', patient), draft('Observation', id, { patient, date: 0 })), NOW);
  const setPolicy = (policy: string, expectVersion: number) =>
    plain.commit([{ kind: 'head', patient, expectVersion, person: undefined, linked: [patient, 'x'], policy }], NOW);
  await setPolicy(DENY, 0);
  const heads = new Heads(watched, () => time.now);
  const resources = ruled(watched, heads, { actor: as, isEager });
  return { plain, resources, calls, patient, id, time, setPolicy };
};

describe('what a caller reads', () => {
  it('brings the rules along, asked for at the same time', async () => {
    const { resources, calls, id, patient } = await open();
    const stored = (await resources.get('Observation', id))!;
    expect(calls).toEqual(['heads 1', 'get', 'got']);
    expect(policyFor(stored)).toEqual({ rules: [{ is: 'deny' }] });
    expect(linkedFor(stored)).toEqual([patient, 'x']);
  });

  it('asks once for a page, and again after two seconds', async () => {
    const { resources, calls, patient, time, setPolicy } = await open();
    const rules = async () =>
      policyFor((await resources.scan({ patient, type: 'Observation' })).items[0]!).rules.length;
    expect([await rules(), await rules()]).toEqual([1, 1]);
    expect(calls).toEqual(['heads 1']);
    await setPolicy('{"rules":[]}', 1);
    time.now += 1_999;
    expect(await rules()).toBe(1);
    time.now += 1;
    expect(await rules()).toBe(0);
    expect(calls).toEqual(['heads 1', 'heads 1']);
  });

  it('needs none where the own facility wrote it and only writes follow', async () => {
    const { resources, calls, id } = await open(hospital, false);
    await resources.get('Observation', id);
    expect(calls).toEqual(['get', 'got']);
  });

  it('is closed where it was read past the rules, or they cannot be read', async () => {
    const { plain, resources, id, setPolicy } = await open();
    expect(policyFor((await plain.get('Observation', id))!)).toMatchObject({ closed: true });
    await setPolicy('no JSON', 1);
    expect(policyFor((await resources.get('Observation', id))!)).toMatchObject({ closed: true });
  });

  it('is not answered when the heads are not', async () => {
    const { plain, id } = await open();
    const failing = { ...plain, headsAt: () => Promise.reject(new Error('busy')) };
    const reader = ruled(failing, new Heads(failing, () => NOW), { actor: clinic, isEager: true });
    await expect(reader.get('Observation', id)).rejects.toThrow('busy');
  });
});
