// What chains, `_has`, includes and canonical URLs cost on DynamoDB: requests, and read units as it reports them. The table is in docs/search.md.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDynamo } from '../../../functions/storage/dynamo.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';
import { metered, type Spent } from '../../support/dynamodb-faults.ts';
import { secrets } from '../storage/given.ts';
import { given, NOW, type Searching, searching } from './support.ts';

let engine: Searching;
let spent: Spent & { reset(): void };

beforeAll(async () => {
  const client = await dynamoClient();
  spent = metered(client);
  const tables = await createTables(client);
  const resources = openDynamo({ client, tables, keys: secrets, documents: openMemory().documents, clock: () => NOW });
  const subject = { reference: 'Patient/p' };
  engine = await searching(
    [
      given('Organization', 'org', { name: 'Hospital' }),
      ...Array.from({ length: 30 }, (_, i) => given('ValueSet', `v${i}`, { url: `http://acme.org/v/${i}` })),
      given('Questionnaire', 'q', { url: 'http://acme.org/q' }),
      given('QuestionnaireResponse', 'r', { subject: { reference: 'Patient/p' }, questionnaire: 'http://acme.org/q' }),
      given('Patient', 'p', { identifier: [{ system: 'http://n', value: '7' }], name: [{ family: 'Awa' }] }),
      given('Encounter', 'e', { subject, class: { code: 'AMB' }, serviceProvider: { reference: 'Organization/org' } }),
      ...Array.from({ length: 20 }, (_, i) =>
        given('Observation', `o${i}`, { status: 'final', subject, encounter: { reference: 'Encounter/e' } }),
      ),
    ],
    () => NOW,
    resources,
  );
});
afterAll(() => stopDynamoDb());

describe('on DynamoDB', () => {
  it.each([
    // The rows; the partition; the patient, to be sure.
    ['a chain over the patient', 'Observation?patient.identifier=http://n|7', 20, 0, 3, 3],
    // The partition; the encounter (its alias, then itself).
    ['a chain within a chart', 'Observation?patient=p&encounter.class=AMB', 20, 0, 2, 2],
    ['a chain of two steps', 'Observation?patient=p&encounter.service-provider.name=hosp', 20, 0, 3, 3],
    // The row and the patient; the partition.
    ['_has on a patient', 'Patient?identifier=http://n|7&_has:Observation:patient:status=final', 1, 0, 3, 3],
    // The partition twice; 16 shards of what is no patient's, all but the first at once (empty ones are free here, ½-1 unit on AWS).
    ['_has on an encounter', 'Encounter?patient=p&_has:Observation:encounter:status=final', 1, 0, 18, 2],
    [
      '_include of two',
      'Observation?patient=p&_include=Observation:patient&_include=Observation:encounter',
      20,
      2,
      3,
      3,
    ],
    [
      '_revinclude of a chart',
      'Patient?_id=p&_revinclude=Observation:patient&_revinclude=Encounter:patient',
      1,
      21,
      3,
      3,
    ],
    // The rows of the URL; the definition.
    ['a canonical URL', 'ValueSet?url=http://acme.org/v/7', 1, 0, 2, 2],
    // The chart, which a short list reads to its end; the rows; the definition.
    [
      'a canonical reference',
      'QuestionnaireResponse?patient=p&_include=QuestionnaireResponse:questionnaire',
      1,
      1,
      4,
      3,
    ],
  ] as const)('%s costs what docs/search.md says', async (_, url, matches, included, requests, units) => {
    await engine.page(url); // where a client-assigned id leads is kept from then on
    spent.reset();
    const page = await engine.page(url);
    expect(page).toMatchObject({ matches: { length: matches }, included: { length: included } });
    expect(page.outcome).toEqual([]);
    expect(spent).toMatchObject({ trips: requests, units });
  });
});
