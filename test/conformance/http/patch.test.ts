// https://hl7.org/fhir/R4/http.html#patch and https://hl7.org/fhir/R4/fhirpatch.html
import { describe, expect, it } from 'vitest';
import { type Api, clinic, given, openApi, stored } from '../../support/api.ts';

const JSON_PATCH = { 'content-type': 'application/json-patch+json' };

const jsonPatch = (api: Api, id: string, operations: unknown, headers: Record<string, string> = {}) =>
  api.send('PATCH', `/Patient/${id}`, { body: JSON.stringify(operations), headers: { ...JSON_PATCH, ...headers } });

const operation = (parts: Record<string, unknown>) => ({
  name: 'operation',
  part: Object.entries(parts).map(([name, value]) =>
    typeof value === 'object'
      ? { name, ...value }
      : typeof value === 'number'
        ? { name, valueInteger: value }
        : { name, valueString: value },
  ),
});
const pathPatch = (api: Api, id: string, ...operations: Record<string, unknown>[]) =>
  api.send('PATCH', `/Patient/${id}`, { body: { resourceType: 'Parameters', parameter: operations.map(operation) } });

describe('JSON Patch', () => {
  it('adds, replaces, removes, copies, moves and tests', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await jsonPatch(api, id, [
      { op: 'test', path: '/gender', value: 'female' },
      { op: 'replace', path: '/gender', value: 'other' },
      { op: 'add', path: '/name/0/given/-', value: 'Second' },
      { op: 'add', path: '/name/0/given/0', value: 'Zero' },
      { op: 'copy', from: '/name/0', path: '/name/-' },
      { op: 'remove', path: '/name/0/given/1' },
      { op: 'move', from: '/name/1/family', path: '/name/1/text' },
    ]);
    expect(got.status).toBe(200);
    expect(got.headers.etag).toBe('W/"2"');
    expect(got.body).toMatchObject({
      gender: 'other',
      name: [
        { family: 'Awa', given: ['Zero', 'Second'] },
        { text: 'Awa', given: ['Zero', 'Hanako', 'Second'] },
      ],
    });
  });

  it('keeps the decimals that it does not touch', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p' }));
    const text = JSON.stringify(given.observation('p', { valueQuantity: { value: 99 } })).replace('99', '1.00');
    const { body } = await api.send('POST', '/Observation', {
      body: text,
      headers: { 'content-type': 'application/fhir+json' },
    });
    const got = await api.send('PATCH', `/Observation/${body.id}`, {
      body: JSON.stringify([{ op: 'replace', path: '/status', value: 'amended' }]),
      headers: JSON_PATCH,
    });
    expect(got.text).toContain('"value":1.00');
  });

  it.each([
    ['a test that fails', [{ op: 'test', path: '/gender', value: 'male' }], 422],
    ['a path that leads nowhere', [{ op: 'replace', path: '/nothing/0', value: 1 }], 422],
    ['an index outside of the list', [{ op: 'add', path: '/name/9', value: {} }], 422],
    ['another id', [{ op: 'replace', path: '/id', value: 'other' }], 422],
    ['what makes no valid resource', [{ op: 'add', path: '/nonsense', value: 1 }], 400],
    ['the prototype', [{ op: 'add', path: '/__proto__/polluted', value: 1 }], 422],
    ['a value moved into itself', [{ op: 'move', from: '/name', path: '/name/0/x' }], 422],
    ['no array', { op: 'add' }, 400],
    ['an operation that there is not', [{ op: 'increase', path: '/gender' }], 400],
  ])('refuses %s, and changes nothing', async (_, operations, status) => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await jsonPatch(api, id, operations);
    expect(got.status).toBe(status);
    expect(got.body.resourceType).toBe('OperationOutcome');
    expect((await api.send('GET', `/Patient/${id}`)).headers.etag).toBe('W/"1"');
    expect({}).not.toHaveProperty('polluted');
  });

  it('answers 412 when If-Match is not the current version', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await jsonPatch(api, id, [{ op: 'replace', path: '/gender', value: 'male' }], { 'if-match': 'W/"2"' });
    expect(got.status).toBe(412);
  });

  it('answers 404 where there is nothing, 410 where it was deleted, and 403 to another facility', async () => {
    const api = openApi();
    expect((await jsonPatch(api, 'nobody', [])).status).toBe(404);
    const { id } = await stored(api, given.patient());
    const other = await api.send('PATCH', `/Patient/${id}`, { body: '[]', headers: JSON_PATCH, as: clinic });
    expect([403, 404]).toContain(other.status);
    await api.send('DELETE', `/Patient/${id}`);
    expect((await jsonPatch(api, id, [])).status).toBe(410);
  });

  it('answers 415 to a patch of another format', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await api.send('PATCH', `/Patient/${id}`, {
      body: '<diff/>',
      headers: { 'content-type': 'application/xml-patch+xml' },
    });
    expect(got.status).toBe(415);
  });
});

describe('FHIRPath Patch', () => {
  it('adds to an element, replaces, inserts, moves and deletes', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient({ name: [{ family: 'Awa', given: ['A', 'B', 'C'] }] }));
    const got = await pathPatch(
      api,
      id,
      { type: { valueCode: 'add' }, path: 'Patient', name: 'active', value: { valueBoolean: true } },
      { type: { valueCode: 'replace' }, path: 'Patient.gender', value: { valueCode: 'male' } },
      { type: { valueCode: 'insert' }, path: 'Patient.name[0].given', index: 1, value: { valueString: 'X' } },
      { type: { valueCode: 'move' }, path: 'Patient.name[0].given', source: 3, destination: 0 },
      { type: { valueCode: 'delete' }, path: "Patient.identifier.where(value = 'P-1')" },
    );
    expect(got.status).toBe(200);
    expect(got.body).toMatchObject({ active: true, gender: 'male', name: [{ given: ['C', 'A', 'X', 'B'] }] });
    expect(got.body.identifier).toBeUndefined();
  });

  it('adds a choice under the name of its type, and a structure from parts', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await pathPatch(
      api,
      id,
      { type: { valueCode: 'add' }, path: 'Patient', name: 'deceased', value: { valueBoolean: false } },
      {
        type: { valueCode: 'add' },
        path: 'Patient',
        name: 'contact',
        value: {
          part: [
            { name: 'name', valueHumanName: { text: 'a contact' } },
            { name: 'gender', valueCode: 'male' },
          ],
        },
      },
      { type: { valueCode: 'replace' }, path: 'Patient.deceased', value: { valueDateTime: '2026-01-01' } },
    );
    expect(got.body).toMatchObject({
      deceasedDateTime: '2026-01-01',
      contact: [{ name: { text: 'a contact' }, gender: 'male' }],
    });
    expect(got.body.deceasedBoolean).toBeUndefined();
  });

  it('deletes nothing when the path leads to nothing', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await pathPatch(api, id, { type: { valueCode: 'delete' }, path: 'Patient.photo' });
    expect(got.status).toBe(200);
    expect(got.headers.etag).toBe('W/"1"');
  });

  it.each([
    { type: { valueCode: 'replace' }, path: 'Patient.photo', value: { valueString: 'x' } },
    { type: { valueCode: 'add' }, path: 'Patient', name: 'gender', value: { valueCode: 'male' } },
    { type: { valueCode: 'add' }, path: 'Patient', name: 'nonsense', value: { valueCode: 'male' } },
    { type: { valueCode: 'delete' }, path: 'Patient' },
    { type: { valueCode: 'insert' }, path: 'Patient.name', index: 9, value: { valueHumanName: {} } },
    { type: { valueCode: 'delete' }, path: 'Patient.name[' },
    { type: { valueCode: 'nonsense' }, path: 'Patient.name' },
  ])('answers 422 to an operation that cannot be done: %j', async (each) => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    expect((await pathPatch(api, id, each)).status).toBe(422);
  });
});

describe('the narrative after a patch', () => {
  const text = (status: string) => ({ status, div: '<div xmlns="http://www.w3.org/1999/xhtml">female</div>' });

  it('is dropped when it was generated, and kept when the patch writes it anew', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient({ text: text('generated') }));
    const change = { op: 'replace', path: '/gender', value: 'male' };
    const anew = { op: 'replace', path: '/text/div', value: '<div xmlns="http://www.w3.org/1999/xhtml">male</div>' };
    expect((await jsonPatch(api, id, [change, anew])).body.text).toMatchObject({ div: anew.value });
    const dropped = await jsonPatch(api, id, [{ op: 'replace', path: '/gender', value: 'other' }]);
    expect(dropped.body.text).toBeUndefined();
  });

  it('is not left behind when it says more than the data: 422', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient({ text: text('additional') }));
    expect((await jsonPatch(api, id, [{ op: 'replace', path: '/gender', value: 'male' }])).status).toBe(422);
  });
});

describe('conditional patch', () => {
  const body = JSON.stringify([{ op: 'replace', path: '/gender', value: 'male' }]);
  const url = '/Patient?identifier=P-1';

  it('patches the one match', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await api.send('PATCH', url, { body, headers: JSON_PATCH });
    expect(got.body).toMatchObject({ id, gender: 'male' });
  });

  it('answers 404 when nothing matches and 412 when several do', async () => {
    const api = openApi();
    expect((await api.send('PATCH', url, { body, headers: JSON_PATCH })).status).toBe(404);
    await stored(api, given.patient());
    await stored(api, given.patient());
    expect((await api.send('PATCH', url, { body, headers: JSON_PATCH })).status).toBe(412);
  });
});
