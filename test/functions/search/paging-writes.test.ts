// Walking all pages while others write: what did not change is found once. https://hl7.org/fhir/R4/http.html#paging
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import type { Resources } from '../../../functions/storage/port.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { dynamo } from '../storage/given.ts';
import { given, NOW, reference, searching, store } from './support.ts';

const observation = (id: string, patient: string, day: number, status = 'final'): Resource =>
  given('Observation', id, {
    status,
    subject: { reference: `Patient/${patient}` },
    encounter: { reference: `Encounter/e-${patient}` },
    ...(day % 9 > 0 && { effectiveDateTime: `2020-0${1 + (day % 8)}-${String(1 + (day % 27)).padStart(2, '0')}` }),
  });

const SEARCHES = [
  'Observation?patient=a',
  'Observation?patient=a,b',
  'Observation?patient=a&status=final',
  'Observation?patient=a&_sort=date',
  'Observation?patient=a&_sort=-date',
  'Observation?patient=a,b&_sort=-_lastUpdated',
  'Patient/a/*',
  'Observation?status:not=none',
  'Observation?encounter.class=AMB',
  'Observation?patient.name=awa',
  'Organization?active:missing=true',
] as const;

describe.each([
  ['memory', 60, () => openMemory(() => NOW).resources],
  ['DynamoDB', 8, () => dynamo()],
] as const)('pages under concurrent writes in %s', (where, runs, open) => {
  afterAll(() => (where === 'DynamoDB' ? stopDynamoDb() : undefined));

  it(`neither lose nor repeat a resource that did not change (${runs} walks)`, async () => {
    const steps = fc.array(
      fc.record({ kind: fc.constantFrom('create', 'update', 'delete'), at: fc.nat(59), day: fc.nat(200) }),
      { minLength: 1, maxLength: 6 },
    );
    let walks = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SEARCHES),
        fc.integer({ min: 2, max: 17 }),
        fc.array(steps, { minLength: 1, maxLength: 5 }),
        fc.nat(1000),
        async (url, count, writes, salt) => {
          const run = `${walks++}-${salt}`;
          const resources: Resources = await open();
          // What writers touch is in `moving`, the rest stands still.
          const still = Array.from({ length: 40 }, (_, i) => observation(`s${i}`, i % 3 ? 'a' : 'b', i * 5));
          const moving = Array.from({ length: 20 }, (_, i) => observation(`m${i}`, i % 2 ? 'a' : 'b', i * 7));
          const others = ['a', 'b'].flatMap((id) => [
            given('Patient', id, { name: [{ family: 'Awa' }] }),
            given('Encounter', `e-${id}`, { subject: { reference: `Patient/${id}` }, class: { code: 'AMB' } }),
          ]);
          const organizations = Array.from({ length: 30 }, (_, i) => given('Organization', `g${i}`, { name: `G${i}` }));
          const engine = await searching([...still, ...moving, ...others, ...organizations], () => NOW, resources);
          const unchanged = new Set(
            [...still, ...others, ...organizations].map((each) => `${each.resourceType}/${each.id}`),
          );
          const wanted = (await engine.all(`${url}${url.includes('?') ? '&' : '?'}_count=1000`)).filter((key) =>
            unchanged.has(key),
          );

          const found: string[] = [];
          let next: string | undefined = `${url}${url.includes('?') ? '&' : '?'}_count=${count}`;
          for (let turn = 0; next !== undefined; turn++) {
            const page = await engine.page(next);
            found.push(...page.matches.map(reference));
            next = page.next;
            for (const { kind, at, day } of writes[turn] ?? []) {
              const id = `m${at % 20}`;
              const patient = (at % 20) % 2 ? 'a' : 'b';
              const previous = await resources.get('Observation', id);
              if (kind === 'create') {
                const fresh = observation(`n${turn}-${at}-${day}`, at % 2 ? 'a' : 'b', day);
                const organization = given('Organization', `n${turn}-${at}`, { name: 'New' });
                await store(resources, [fresh, organization]);
              } else if (kind === 'update') await store(resources, [observation(id, patient, day, 'amended')]);
              else if (previous && !previous.deleted)
                await resources.commit([{ kind: 'delete', previous, facility: previous.facility }], NOW);
            }
          }
          const kept = found.filter((key) => unchanged.has(key));
          expect(kept.toSorted(), `${run} ${url}`).toEqual(wanted.toSorted());
        },
      ),
      { numRuns: runs, seed: 20261122 },
    );
  }, 600_000);
});
