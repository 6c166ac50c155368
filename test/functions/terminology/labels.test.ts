// docs/terminology.md, "Sensitive labels"; classes of domain.md 4.4.
import { describe, expect, it } from 'vitest';
import { SENSITIVE, UNDELIVERED, UNINFORMED } from '../../../functions/consent/matrix.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { labels } from '../../../functions/search/data-class.ts';
import { indexEntries } from '../../../functions/search/index-entries.ts';
import {
  ACT_CODE,
  DELIVERY,
  DELIVERY_CODES,
  label,
  RULED,
  ruledLabels,
} from '../../../functions/terminology/labels.ts';
import { clinic, given, openApi, residentOf, stored } from '../../support/api.ts';

const JLAC10 = 'http://medis.or.jp/CodeSystem/master-JLAC10-17digits';
const CLINS = 'http://jpfhir.jp/fhir/clins/CodeSystem';
const ICD = 'http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full';

const observation = (system: string | undefined, code: string): Resource =>
  given.observation('p', { code: { coding: [{ ...(system && { system }), code }] } });
const condition = (system: string, code: string): Resource => ({
  resourceType: 'Condition',
  subject: { reference: 'Patient/p' },
  code: { coding: [{ system, code }] },
});
const codes = (resource: Resource) => ruledLabels(resource).map(({ code }) => code);

describe('A result for HIV', () => {
  const SYSTEMS = [
    JLAC10,
    'urn:oid:1.2.392.200119.4.504',
    '1.2.392.200119.4.504',
    `${CLINS}/JLAC10/JP_CLINS_ObsLabResult_CoreLabo_CS`,
    `${CLINS}/JLAC10/JP_CLINS_ObsLabResult_InfectionLabo_CS`,
    'http://hospital.example/local-codes',
    undefined,
  ];
  it.each(SYSTEMS.flatMap((system) => ['5F500', '5F550', '5F560'].map((head) => [head, system] as const)))(
    'is told by %s in %s',
    (head, system) => expect(codes(observation(system, `${head}155002302321`))).toEqual(['HIV']),
  );

  it('is told by the label of CLINS above the code, in JLAC10 and JLAC11', () => {
    for (const version of ['JLAC10', 'JLAC11'])
      expect(codes(observation(`${CLINS}/${version}/JP_CLINS_ObsLabResult_InfectionLabo_CS`, 'HIV-1-QUANT'))).toEqual([
        'HIV',
      ]);
  });

  it('is told whatever the width, the case and the hyphens of the code', () => {
    for (const code of ['5f560-1550-023-023-21', '５Ｆ５６０１５５００２３０２３２１', '5F560'])
      expect(codes(observation(JLAC10, code))).toEqual(['HIV']);
  });

  it.each(['5F016141002301011', '5F360143002301001', '5E071141002301011', '3D046000001921002', '8A065000002391901'])(
    'is none of the others: %s',
    (code) => expect(codes(observation(JLAC10, code))).toEqual([]),
  );

  it('is told by the component of a panel, by an order and by a report', () => {
    const coding = [{ system: JLAC10, code: '5F560155002302321' }];
    const panel = given.observation('p', { component: [{ code: { coding } }] });
    const order = { resourceType: 'ServiceRequest', code: { coding } };
    const report = { resourceType: 'DiagnosticReport', contained: [{ resourceType: 'Observation', code: { coding } }] };
    for (const resource of [panel, order, report]) expect(codes(resource)).toEqual(['HIV']);
  });
});

describe('A diagnosis in ICD-10', () => {
  it.each([
    ['HIV', 'B20 B21.1 B22 B23.8 B24 b24 Ｂ２４ Z21'],
    ['PSY', 'F00 F03 F20 F20.0 F32.1 F320 F41.9 F84.0 F99 f32'],
    ['PSY SUD', 'F10 F10.2 F11 F15.5 F19.9'],
    ['SEX', 'O03 O04.9 O06 O08 Z30.0 Z31 Z32.1'],
    ['SEX GDIS', 'Z31.5'],
    ['GDIS', 'Q90.9 Q99 G10'],
    ['SDV', 'T74.1 T74 Y06.0 Y07 Y05 Z04.4 Z61.5'],
  ])('of the class %s is labelled: %s', (classes, list) => {
    for (const code of list.split(' ')) {
      expect([...codes(condition(ICD, code))].sort(), code).toEqual(classes.split(' ').sort());
    }
  });

  it.each([
    'A15',
    'B16',
    'B19',
    'B25',
    'E99',
    'G00',
    'O02',
    'O09',
    'O80',
    'Z20.0',
    'Z22',
    'Z29',
    'Z33',
    'I10',
    'T73',
    'Y08',
  ])('of no class is not: %s', (code) => expect(codes(condition(ICD, code))).toEqual([]));

  it.each([
    'urn:oid:2.16.840.1.113883.6.3',
    '2.16.840.1.113883.6.3.1',
    'http://hl7.org/fhir/sid/icd-10',
    'http://hl7.org/fhir/sid/icd-10-cm',
  ])('is known under %s', (system) => expect(codes(condition(system, 'B24'))).toEqual(['HIV']));

  it('is known wherever it stands: reason, indication, cause, family', () => {
    const reason = { coding: [{ system: ICD, code: 'F32.1' }] };
    for (const resource of [
      { resourceType: 'Encounter', reasonCode: [reason] },
      { resourceType: 'MedicationRequest', reasonCode: [reason] },
      { resourceType: 'FamilyMemberHistory', condition: [{ code: reason }] },
    ])
      expect(codes(resource)).toEqual(['PSY']);
  });
});

describe('Genetic information', () => {
  it.each([
    ['a report by LOINC', observation('http://loinc.org', '51969-4')],
    ['a gene by JLAC10', observation(JLAC10, '8C100999901905001')],
    ['chromosomes by JLAC10', observation(JLAC10, '8B100999901905001')],
    ['a sequence', { resourceType: 'MolecularSequence', coordinateSystem: 0 }],
    [
      'a report of the genetics laboratory',
      {
        resourceType: 'DiagnosticReport',
        category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'GE' }] }],
      },
    ],
  ])('is labelled: %s', (_, resource) => expect(codes(resource)).toEqual(['GDIS']));
});

describe('Tags of JP-CLINS', () => {
  const tagged = (...tags: string[]) =>
    given.observation('p', { meta: { tag: tags.map((code) => ({ system: DELIVERY, code })) } });

  it.each(['LTS', 'UNDELIVERED'])('are put into meta.security: %s', (code) => {
    expect(label(tagged(code)).meta?.security).toEqual([{ system: DELIVERY, code }]);
  });

  it('mark what the patient is not to be told as TBOO too, and what is TBOO as untold', () => {
    expect(codes(tagged('UNINFORMED'))).toEqual(['UNINFORMED', 'TBOO']);
    expect(codes(given.observation('p', { meta: { security: [{ system: ACT_CODE, code: 'TBOO' }] } }))).toEqual([
      'UNINFORMED',
      'TBOO',
    ]);
  });

  it('are not taken from other systems', () => {
    const meta = { tag: [{ system: 'http://other.example', code: 'UNINFORMED' }] };
    expect(codes(given.observation('p', { meta }))).toEqual([]);
  });

  it('on an entry hold for the document', () => {
    expect(codes(given.bundle('document', [{ resource: tagged('UNDELIVERED') }]))).toEqual(['UNDELIVERED']);
  });
});

describe('Labels', () => {
  it('agree with the consent rules and with the index', () => {
    for (const code of RULED) expect(SENSITIVE.has(`${ACT_CODE}|${code}`), code).toBe(true);
    expect(DELIVERY_CODES).toEqual(expect.arrayContaining([UNDELIVERED, UNINFORMED]));
    const resource = label(condition(ICD, 'B24'));
    expect(labels(resource)).toEqual([`${ACT_CODE}|HIV`]);
    expect(indexEntries(resource).labels).toEqual([`${ACT_CODE}|HIV`]);
  });

  it('are valid R4, are added once, and leave what the source put', () => {
    const source = { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' };
    const resource = label({ ...condition(ICD, 'B24'), meta: { source: 'urn:x', security: [source] } });
    const text = JSON.stringify(resource);
    expect(validate(resource)).toEqual([]);
    expect(resource.meta?.source).toBe('urn:x');
    expect(resource.meta?.security?.map(({ code }) => code)).toEqual(['R', 'HIV']);
    expect(JSON.stringify(label(resource))).toBe(text);
  });

  it('are not put on definitions, or on a consent that names a class', () => {
    const coding = { system: ICD, code: 'B24' };
    expect(codes({ resourceType: 'ValueSet', compose: { include: [coding] } })).toEqual([]);
    expect(codes({ resourceType: 'Consent', provision: { code: [{ coding: [coding] }] } })).toEqual([]);
  });

  it('leave a resource of no class untouched', () => {
    const resource = given.observation('p');
    expect(label(resource)).toBe(resource);
    expect(resource.meta).toBeUndefined();
  });
});

describe('A sensitive record through the API', () => {
  const region = { name: 'tokushima', baseUrl: 'https://api.tokushima.example', homeCommunityId: '1.2.3' };
  const open = async () => {
    const api = openApi({ region: { ...region, consentDefault: 'implicit' } });
    await stored(api, given.patient({ id: 'p' }));
    return api;
  };

  it('is kept from other facilities, and shown by its own', async () => {
    const api = await open();
    const { id, meta } = await stored(api, observation('1.2.392.200119.4.504', '5F560155002302321'));
    expect(meta?.security?.map(({ code }) => code)).toEqual(['HIV']);
    expect((await api.send('GET', `/Observation/${id}`)).status).toBe(200);
    expect((await api.send('GET', `/Observation/${id}`, { as: clinic })).status).toBe(404);
    expect((await api.send('GET', '/Observation?patient=p', { as: clinic })).body.entry).toBeUndefined();
  });

  it('keeps its label when an update or a patch would drop it', async () => {
    const api = await open();
    const { id } = await stored(api, condition(ICD, 'B24'));
    const again = await api.send('PUT', `/Condition/${id}`, {
      body: { ...condition(ICD, 'B24'), id, recordedDate: '2026-11-01' },
    });
    expect(again.body.meta?.security?.map(({ code }) => code)).toEqual(['HIV']);
    const patched = await api.send('PATCH', `/Condition/${id}`, {
      headers: { 'content-type': 'application/json-patch+json' },
      body: JSON.stringify([{ op: 'remove', path: '/meta/security' }]),
    });
    expect(patched.body.meta?.security?.map(({ code }) => code)).toEqual(['HIV']);
    expect((await api.send('GET', `/Condition/${id}`, { as: clinic })).status).toBe(404);
  });

  it('makes no version when it is sent again without the label', async () => {
    const api = await open();
    const { id } = await stored(api, condition(ICD, 'B24'));
    const again = await api.send('PUT', `/Condition/${id}`, { body: { ...condition(ICD, 'B24'), id } });
    expect(again.headers.etag).toBe('W/"1"');
  });

  it('that the patient has not been told is hidden from the patient', async () => {
    const api = await open();
    const meta = { tag: [{ system: DELIVERY, code: 'UNINFORMED' }] };
    const { id } = await stored(api, { ...condition(ICD, 'C34.9'), meta });
    expect((await api.send('GET', `/Condition/${id}`, { as: residentOf('p') })).status).toBe(404);
  });

  it('is found by its label', async () => {
    const api = await open();
    const { id } = await stored(api, condition(ICD, 'B24'));
    const { body } = await api.send('GET', `/Condition?patient=p&_security=${ACT_CODE}|HIV`);
    expect(body.entry?.map(({ resource }) => resource?.id)).toEqual([id]);
  });

  it('in a transaction is labelled like any other', async () => {
    const api = await open();
    const entry = [{ resource: condition(ICD, 'F20.0'), request: { method: 'POST', url: 'Condition' } }];
    await api.send('POST', '', { body: given.bundle('transaction', entry) });
    expect((await api.send('GET', '/Condition?patient=p', { as: clinic })).body.entry).toBeUndefined();
    expect((await api.send('GET', '/Condition?patient=p')).body.entry).toHaveLength(1);
  });
});
