// Patient/$summary: https://hl7.org/fhir/uv/ips/OperationDefinition/summary
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { type Api, BASE, clinic, given, openApi, residentOf, stored } from '../../support/api.ts';

const to = (reference: string) => ({ reference });
const put = (api: Api, resourceType: string, id: string, more: object) => stored(api, { resourceType, id, ...more });
const coded = (code: string, text?: string) => ({ coding: [{ system: 'http://example.org/c', code }], text });
const clinical = (type: string, code: string) => ({
  coding: [{ system: `http://terminology.hl7.org/CodeSystem/${type}-clinical`, code }],
});
const category = (code: string) => [
  { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code }] },
];

interface Section {
  readonly title: string;
  readonly code: { coding: { code: string }[] };
  readonly text: { div: string };
  readonly entry?: { reference: string }[];
  readonly emptyReason?: { coding: { code: string }[] };
}

const chart = async () => {
  const api = openApi();
  await put(api, 'Organization', 'o', { name: 'Hospital' });
  await put(api, 'Practitioner', 'd', { name: [{ family: 'Sudachi' }] });
  await put(api, 'Medication', 'm', { code: coded('m', 'アムロジピン') });
  await stored(api, given.patient({ id: 'p', managingOrganization: to('Organization/o') }));
  const subject = to('Patient/p');
  await put(api, 'Condition', 'now', {
    subject,
    clinicalStatus: clinical('condition', 'active'),
    code: coded('1', '高血圧 <重症>'),
  });
  await put(api, 'Condition', 'then', { subject, clinicalStatus: clinical('condition', 'resolved'), code: coded('2') });
  await put(api, 'Condition', 'wrong', {
    subject,
    verificationStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'entered-in-error' }],
    },
    code: coded('3'),
  });
  await put(api, 'MedicationRequest', 'r', {
    status: 'active',
    intent: 'order',
    subject,
    medicationReference: { ...to('Medication/m'), display: 'アムロジピン' },
    requester: to('Practitioner/d'),
  });
  await put(api, 'MedicationRequest', 'stopped', {
    status: 'stopped',
    intent: 'order',
    subject,
    medicationCodeableConcept: coded('x'),
  });
  await put(api, 'Immunization', 'i', {
    status: 'completed',
    patient: subject,
    vaccineCode: coded('flu'),
    occurrenceDateTime: '2025-11-01',
  });
  await stored(api, given.observation('p', { id: 'lab', category: category('laboratory') }));
  await stored(api, given.observation('p', { id: 'bp', category: category('vital-signs') }));
  await stored(api, given.observation('p', { id: 'survey', category: category('survey') }));
  return api;
};

const summaryOf = async (api: Api, path = '/Patient/p/$summary') => {
  const { status, body } = await api.send('GET', path);
  expect(status).toBe(200);
  const entries = body.entry ?? [];
  const composition = entries[0]!.resource as Resource & { section: Section[] };
  const section = (code: string) => composition.section.find((one) => one.code.coding[0]!.code === code)!;
  return { body, entries, composition, section };
};

describe('Patient/$summary', () => {
  it('is a document that is valid R4: a Composition first, whose every reference is an entry', async () => {
    const { body, entries, composition } = await summaryOf(await chart());
    expect(validate(body, { type: 'Bundle' })).toEqual([]);
    expect(body).toMatchObject({ type: 'document', identifier: { system: 'urn:ietf:rfc:3986' } });
    expect(composition).toMatchObject({
      resourceType: 'Composition',
      type: { coding: [{ code: '60591-5' }] },
      subject: { reference: `${BASE}/Patient/p` },
    });
    const urls = entries.map(({ fullUrl }) => fullUrl);
    expect(new Set(urls).size).toBe(urls.length);
    for (const { reference } of composition.section.flatMap((one) => one.entry ?? []))
      expect(urls).toContain(reference);
  });

  it('holds what is current, by section, and who and what it names', async () => {
    const { entries, section } = await summaryOf(await chart());
    const held = (code: string) => section(code).entry?.map(({ reference }) => reference.slice(BASE.length + 1));
    expect(held('11450-4')).toEqual(['Condition/now']);
    expect(held('11348-0')).toEqual(['Condition/then']);
    expect(held('10160-0')).toEqual(['MedicationRequest/r']);
    expect(held('11369-6')).toEqual(['Immunization/i']);
    expect(held('30954-2')).toEqual(['Observation/lab']);
    expect(held('8716-3')).toEqual(['Observation/bp']);
    const ids = entries.map(({ resource }) => `${resource?.resourceType}/${resource?.id}`);
    expect(ids).toEqual(expect.arrayContaining(['Medication/m', 'Practitioner/d', 'Organization/o', 'Patient/p']));
    for (const left of ['Condition/wrong', 'MedicationRequest/stopped', 'Observation/survey'])
      expect(ids).not.toContain(left);
  });

  it('says in words what the entries are, and no markup of a record becomes markup', async () => {
    const { section } = await summaryOf(await chart());
    expect(section('11450-4').text.div).toContain('<li>高血圧 &lt;重症&gt;</li>');
    expect(section('11369-6').text.div).toContain('flu (2025-11-01)');
  });

  it('says of each section without an entry that there is no information, as IPS 2 wants it', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p' }));
    const { body, composition } = await summaryOf(api);
    expect(validate(body, { type: 'Bundle' })).toEqual([]);
    expect(composition.section).toHaveLength(11);
    for (const one of composition.section) {
      expect(one.entry).toBeUndefined();
      expect(one.emptyReason).toMatchObject({ coding: [{ code: 'unavailable' }] });
      expect(one.text.div).toContain('No information available.');
    }
  });

  it('finds the patient by identifier', async () => {
    const api = await chart();
    const system = 'urn:oid:1.2.392.100495.20.3.51.13610000001';
    const { composition } = await summaryOf(api, `/Patient/$summary?identifier=${system}|P-1`);
    expect(composition.subject).toEqual({ reference: `${BASE}/Patient/p` });
    expect((await api.send('GET', `/Patient/$summary?identifier=${system}|P-2`)).status).toBe(404);
    expect((await api.send('GET', '/Patient/$summary')).status).toBe(400);
    await stored(api, given.patient({ id: 'p2' }));
    expect((await api.send('GET', `/Patient/$summary?identifier=${system}|P-1`)).status).toBe(412);
  });

  it('holds only what the caller may see, and all of it is disclosed', async () => {
    const api = await chart();
    const label = { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HIV' }] };
    await put(api, 'Condition', 'undelivered', {
      subject: to('Patient/p'),
      clinicalStatus: clinical('condition', 'active'),
      code: coded('4'),
      meta: { tag: [{ system: 'http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication', code: 'UNINFORMED' }] },
    });
    await put(api, 'Condition', 'sensitive', {
      subject: to('Patient/p'),
      clinicalStatus: clinical('condition', 'active'),
      code: coded('5'),
      meta: label,
    });
    expect((await api.send('GET', '/Patient/p/$summary', { as: clinic })).status).toBe(404);
    api.recorded.length = 0;
    const { text, status } = await api.send('GET', '/Patient/p/$summary', { as: residentOf('p') });
    expect(status).toBe(200);
    expect(text).not.toContain('Condition/undelivered');
    expect(text).toContain('Condition/now');
    expect(JSON.stringify(api.recorded)).toContain('Condition/now');
  });

  it('makes no other profile', async () => {
    const api = await chart();
    expect((await api.send('GET', '/Patient/p/$summary?profile=http://example.org/other')).status).toBe(501);
  });

  it('shows the newest of many, and says so', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p' }));
    for (let at = 0; at < 55; at++)
      await stored(
        api,
        given.observation('p', {
          category: category('vital-signs'),
          effectiveDateTime: new Date(Date.UTC(2025, 0, 1 + at)).toISOString(),
        }),
      );
    const { section } = await summaryOf(api);
    expect(section('8716-3').entry).toHaveLength(50);
    expect(section('8716-3').text.div).toContain('there may be more');
  });
});
