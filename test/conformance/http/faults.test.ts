// What a server of health records must survive.
import { describe, expect, it } from 'vitest';
import { FhirError } from '../../../functions/fhir/outcome.ts';
import { given, openApi, stored } from '../../support/api.ts';

const FHIR = { 'content-type': 'application/fhir+json' };

describe('bodies that are no resource', () => {
  it.each([
    ['text that is not JSON', '{"resourceType":"Patient",'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a string', '"Patient"'],
    ['a number', '1'],
    ['no resourceType', '{}'],
    ['a resourceType that is no text', '{"resourceType":1}'],
    ['a name twice', '{"resourceType":"Patient","gender":"male","gender":"female"}'],
    ['a byte order mark', '\ufeff{"resourceType":"Patient"}'],
    ['100,000 levels', `{"resourceType":"Patient","extension":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['1,000 levels of objects', `${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`],
  ])('answers 400 to %s', async (_, body) => {
    const got = await openApi().send('POST', '/Patient', { body, headers: FHIR });
    expect(got.status).toBe(400);
    expect(got.body.resourceType).toBe('OperationOutcome');
  });

  it('answers 400 to bytes that are not UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"resourceType":"Patient","name":[{"text":"'),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('"}]}'),
    ]);
    const got = await openApi().send('POST', '/Patient', { bytes, headers: FHIR });
    expect(got.status).toBe(400);
  });

  it('answers 413 to 20 MB, and names the way for large files', async () => {
    const got = await openApi().send('POST', '/', { bytes: Buffer.alloc(20 * 1024 * 1024, 0x20), headers: FHIR });
    expect(got.status).toBe(413);
    expect(got.body.issue?.[0]?.diagnostics).toContain('docs/loading.md');
  });

  it('reads a body that API Gateway handed on as text', async () => {
    const body = given.patient({ name: [{ text: '花子' }] });
    const got = await openApi().send('POST', '/Patient', { body, asText: true });
    expect(got.status).toBe(201);
    expect(got.text).toContain('花子');
  });

  it('never echoes what it could not read', async () => {
    const got = await openApi().send('POST', '/Patient', {
      body: '{"resourceType":"Patient", secret-word',
      headers: FHIR,
    });
    expect(got.text).not.toContain('secret');
  });
});

describe('faults on our side', () => {
  it('says nothing but a number when something unforeseen happens, and logs no value', async () => {
    const broken = openApi();
    const api = openApi({
      resources: { ...broken.services.resources, get: () => Promise.reject(new Error('Awa Hanako at line 3')) },
    });
    const got = await api.send('GET', '/Patient/p1');
    expect(got.status).toBe(500);
    expect(got.body.issue).toEqual([
      { severity: 'error', code: 'exception', diagnostics: 'something went wrong on our side; request request-1' },
    ]);
    expect(JSON.stringify(api.logged)).not.toContain('Awa');
    expect(api.logged).toMatchObject([{ level: 'error', event: 'fault', requestId: 'request-1', name: 'Error' }]);
  });

  it('logs refusals by rule, without ids, queries or values', async () => {
    const api = openApi();
    await api.send('GET', '/Patient/secret-id?name=secret-name');
    expect(api.logged).toMatchObject([{ event: 'refused', status: 404, target: 'Patient', method: 'GET' }]);
    expect(JSON.stringify(api.logged)).not.toContain('secret');
  });

  it('answers 503 when the store cannot be reached', async () => {
    const api = openApi();
    const resources = {
      ...api.services.resources,
      get: () => Promise.reject(new FhirError('unavailable', [{ diagnostics: 'try again' }], { 'retry-after': '1' })),
    };
    const got = await openApi({ resources }).send('GET', '/Patient/p1');
    expect(got.status).toBe(503);
    expect(got.headers['retry-after']).toBe('1');
  });

  it('answers 422 when an answer does not fit into what Lambda may send, and sends it when gzip is taken', async () => {
    const api = openApi();
    const text = `<div xmlns="http://www.w3.org/1999/xhtml">${'"'.repeat(3_300_000)}</div>`;
    const { id } = await api.services.resources
      .commit(
        [
          {
            kind: 'create',
            draft: {
              type: 'Basic',
              id: 'large',
              text: JSON.stringify({ text: { status: 'generated', div: text }, code: { text: 'x' } }),
              facility: '3610000001',
              method: 'PUT',
              index: {
                patient: undefined,
                otherPatients: [],
                date: undefined,
                spansDays: false,
                code: undefined,
                tokens: [],
                work: [],
                lookups: [],
                dataClass: 'clinical',
                labels: [],
              },
            },
          },
        ],
        api.time.now,
      )
      .then(([stored]) => stored!);
    const refused = await api.send('GET', `/Basic/${id}`);
    expect(refused.status).toBe(422);
    expect(refused.body.issue?.[0]).toMatchObject({ code: 'too-costly' });
    expect((await api.send('GET', `/Basic/${id}`, { headers: { 'accept-encoding': 'gzip' } })).status).toBe(200);
  });
});

describe('the audit trail', () => {
  it('has one record for each person whose data was shown, with at most 20 names and the count', async () => {
    const api = openApi();
    for (const patient of ['p1', 'p2']) {
      await stored(api, given.patient({ id: patient }));
      for (let at = 0; at < 25; at++) await stored(api, given.observation(patient));
    }
    api.recorded.length = 0;
    await api.send('GET', '/Patient/p1/$everything');
    expect(api.recorded).toHaveLength(1);
    expect(api.recorded[0]).toMatchObject({
      action: 'R',
      interaction: '$everything',
      actor: 'system-hospital',
      facility: '3610000001',
      purpose: 'TREAT',
      count: 26,
      outcome: '0',
      status: 200,
    });
    expect(api.recorded[0]!.entities).toHaveLength(20);
    expect(api.recorded[0]!.patientKey).toBe(api.services.resources.patientKey('p1'));
  });

  it('records a refusal to a caller who is known, and nothing of one who is not', async () => {
    const api = openApi();
    await api.send('GET', '/Patient/nobody');
    expect(api.recorded).toMatchObject([
      { action: 'R', outcome: '4', status: 404, patientKey: undefined, entities: ['Patient/nobody'], count: 0 },
    ]);
    api.recorded.length = 0;
    await api.send('GET', '/Patient/nobody', { anonymous: true });
    expect(api.recorded).toEqual([]);
  });

  it('keeps the answer back when the record cannot be written', async () => {
    const api = openApi({
      audit: {
        record: () =>
          Promise.reject(new FhirError('unavailable', [{ diagnostics: 'the audit trail cannot be written' }])),
      },
    });
    const got = await api.send('POST', '/Patient', { body: given.patient() });
    expect(got.status).toBe(503);
    expect(got.text).not.toContain('Awa');
  });
});
