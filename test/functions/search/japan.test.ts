// The search parameters of JP Core 1.2.0: https://jpfhir.jp/fhir/core/1.2.0/
import { describe, expect, it } from 'vitest';
import { given, searching } from './support.ts';

const EXT = 'http://jpfhir.jp/fhir/core/Extension/StructureDefinition';
const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';
const ext = (name: string, value: object) => ({ url: `${EXT}/${name}`, ...value });
const named = (id: string, kana: string | undefined, use = 'usual') =>
  given('Patient', id, {
    gender: 'female',
    name: [
      { use: 'official', extension: [{ url: REPRESENTATION, valueCode: 'IDE' }], text: '漢字', family: '漢字' },
      ...(kana ? [{ use, extension: [{ url: REPRESENTATION, valueCode: 'SYL' }], text: kana }] : []),
    ],
  });

const resources = [
  given('Coverage', 'c', {
    beneficiary: { reference: 'Patient/p' },
    extension: [
      ext('JP_Coverage_InsuredPersonSymbol', { valueString: '１２−３４' }),
      ext('JP_Coverage_InsuredPersonNumber', { valueString: '0056' }),
      ext('JP_Coverage_InsuredPersonSubNumber', { valueString: '02' }),
    ],
  }),
  given('Coverage', 'other', {
    beneficiary: { reference: 'Patient/p' },
    extension: [{ url: 'http://x', valueString: '0056' }],
  }),
  given('MedicationRequest', 'm', {
    subject: { reference: 'Patient/p' },
    dosageInstruction: [
      {
        extension: [
          ext('JP_MedicationDosage_PeriodOfUse', { valuePeriod: { start: '2026-11-22', end: '2026-11-28' } }),
        ],
      },
    ],
  }),
  given('Organization', 'o', {
    extension: [
      ext('JP_Organization_PrefectureNo', { valueCoding: { system: 'urn:oid:1.2.392.100495.20.3.21', code: '36' } }),
      ext('JP_Organization_InsuranceOrganizationCategory', { valueCoding: { system: 'http://c', code: '1' } }),
      ext('JP_Organization_InsuranceOrganizationNo', { valueIdentifier: { system: 'http://n', value: '0000001' } }),
    ],
  }),
];

describe('the parameters of JP Core', () => {
  it.each([
    ['Coverage?patient=p&jp-insured-personsymbol=12-34', ['Coverage/c']],
    ['Coverage?patient=p&jp-insured-personnumber=0056', ['Coverage/c']],
    ['Coverage?patient=p&jp-insured-personnumber:exact=005', []],
    ['Coverage?jp-insured-personsubnumber=02', ['Coverage/c']],
    ['MedicationRequest?patient=p&jp-medication-start=2026-11-22', ['MedicationRequest/m']],
    ['MedicationRequest?patient=p&jp-medication-start=gt2026-11-22', []],
    ['Organization?jp-prefectureno=36', ['Organization/o']],
    ['Organization?jp-prefectureno=urn:oid:1.2.392.100495.20.3.21|36', ['Organization/o']],
    ['Organization?jp-insurance-organizationcategory=http://c|1', ['Organization/o']],
    ['Organization?jp-insurance-organizationcategory=2', []],
    ['Organization?jp-insurance-organizationno=http://n|0000001', ['Organization/o']],
    ['Organization?jp-insurance-organizationno=０００００01', ['Organization/o']],
    ['Organization?jp-prefectureno:missing=true', []],
  ])('%s', async (url, wanted) => expect(await (await searching(resources)).all(url)).toEqual(wanted));
});

describe('jp-kana-sort', () => {
  const people = [
    named('ka', 'カトウ'),
    named('ga', 'ガトウ'),
    named('ki', 'ｷﾄｳ'),
    named('kaa', 'かあとう'),
    named('ka-', 'カートウ'),
    named('a', 'あだち'),
    named('none', undefined),
    named('nickname', 'アアア', 'nickname'),
  ];
  it('orders people as a Japanese index does, whatever width or kana they are written in; who has no reading comes last', async () => {
    const { all } = await searching(people);
    const order = ['a', 'kaa', 'ka-', 'ka', 'ga', 'ki'].map((id) => `Patient/${id}`);
    expect(await all('Patient?gender=female&_sort=jp-kana-sort')).toEqual([
      ...order,
      'Patient/nickname',
      'Patient/none',
    ]);
    expect((await all('Patient?gender=female&_sort=-jp-kana-sort&_count=3')).slice(0, 6)).toEqual(order.toReversed());
  });
  it('orders by an official reading where there is no usual one, and by its parts where it has no text', async () => {
    const inParts = named('sato', 'x', 'official');
    const [, name] = inParts.name as Record<string, unknown>[];
    const parts = { ...inParts, name: [{ ...name, text: undefined, family: 'サトウ', given: ['ハナ'] }] };
    const { all } = await searching([named('wada', 'ワダ', 'official'), parts, named('ota', 'オオタ')]);
    expect(await all('Patient?gender=female&_sort=jp-kana-sort')).toEqual([
      'Patient/ota',
      'Patient/sato',
      'Patient/wada',
    ]);
  });
  it('is a search parameter too', async () => {
    const { all } = await searching(people);
    expect(await all('Patient?jp-kana-sort=きと')).toEqual(['Patient/ki']);
    expect(await all('Patient?jp-kana-sort=アア')).toEqual([]);
  });
});
