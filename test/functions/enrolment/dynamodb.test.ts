// The desk on DynamoDB: what memory promises there is kept by the tables.
import { afterAll, describe, expect, it } from 'vitest';
import { openRowStore } from '../../../functions/services/row-store.ts';
import { openDynamo } from '../../../functions/storage/dynamo.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { deriveSecrets } from '../../../functions/storage/region-secrets.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';
import { clinicDoctor, crew, doctor, evidence, form, municipal, NOW, openRegion, operator, privacy } from './given.ts';

afterAll(stopDynamoDb);

const onDynamoDb = async () => {
  const client = await dynamoClient();
  const { clinical, registry } = await createTables(client);
  const { documents, seal } = openMemory();
  const keys = deriveSecrets(new Uint8Array(32).fill(9));
  const resources = openDynamo({ client, tables: { clinical, registry }, keys, documents, clock: () => NOW });
  return openRegion(
    { consentDefault: 'blanket' },
    { resources, documents, seal, rows: openRowStore({ client, table: registry }) },
  );
};

const child = form({
  name: { kanji: { family: '紬木', given: '小糸' }, kana: { family: 'ツムギ', given: 'コイト' } },
  birthDate: '2012-05-05',
  insurance: undefined,
});

describe('the desk on DynamoDB', () => {
  it('enrols, finds the duplicate and the card, withdraws, and counts', async () => {
    const region = await onDynamoDb();
    await region.call(operator, 'PUT', '/enrolment/population/36201', {
      name: '架空市',
      asOf: '2026-10-01',
      bands: { '0-17': 20, '18-39': 30, '40-64': 40, '65-74': 50, '75+': 60 },
    });
    const { person, patient, card } = await region.joined();
    expect((await region.call(municipal, 'POST', '/enrolment/people', form())).status).toBe(409);
    expect((await region.call(crew, 'POST', '/enrolment/cards/lookup', { card: card.qr })).body.patient).toBe(patient);
    const enrolled = async () => (await region.call(operator, 'GET', '/enrolment/progress')).body.region.enrolled;
    expect(await enrolled()).toBe(1);

    const basis = {
      resourceType: 'AllergyIntolerance',
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
      },
      code: { text: 'ペニシリン' },
      patient: { reference: `Patient/${patient}` },
    };
    expect((await region.call(doctor, 'POST', '/fhir/AllergyIntolerance', basis)).status).toBe(201);
    const path = `/fhir/AllergyIntolerance?patient=${patient}`;
    expect((await region.call(clinicDoctor, 'GET', path)).body.entry).toHaveLength(1);
    expect((await region.call(municipal, 'POST', `/enrolment/people/${person}/withdrawal`, { evidence })).status).toBe(
      200,
    );
    region.time.now += 5000;
    expect((await region.call(clinicDoctor, 'GET', path)).body.entry ?? []).toEqual([]);
    expect(await enrolled()).toBe(0);
  });

  it('keeps proxies so that they are found from both sides', async () => {
    const region = await onDynamoDb();
    const mother = await region.joined();
    const daughter = await region.joined(child);
    const me = await region.account(mother.person, 'ito@resident.example');
    const path = `/enrolment/people/${daughter.person}/proxies`;
    const grant = { by: mother.person, kind: 'parent', basis: '戸籍謄本 確認済', evidence };
    const granted = await region.call(municipal, 'POST', path, grant);
    expect(granted.status).toBe(201);
    region.time.now += 3000;
    expect((await region.call(me, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(200);
    expect((await region.call(municipal, 'GET', path)).body.proxies).toHaveLength(1);
    const revoked = `/enrolment/proxies/${granted.body.id}/revocation`;
    expect((await region.call(municipal, 'POST', revoked, { evidence })).status).toBe(200);
    region.time.now += 3000;
    expect((await region.call(me, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(404);
  });

  it('opens one case for requests at once, and shows it to person and officer', async () => {
    const region = await onDynamoDb();
    const { person, patient } = await region.joined();
    const me = await region.account(person, 'ito@resident.example');
    const headers = { 'x-purpose': 'BTG', 'x-purpose-reason': encodeURIComponent('救急搬送中で本人に確認できない') };
    const look = () => region.call(crew, 'GET', `/fhir/Patient/${patient}`, undefined, headers);
    const answers = await Promise.all([look(), look(), look()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { cases } = (await region.call(privacy, 'GET', '/admin/break-glass')).body;
    expect(cases).toHaveLength(1);
    expect((await region.call(me, 'GET', '/me/alerts')).body.alerts).toHaveLength(1);
  });
});
