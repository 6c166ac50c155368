// The chart as plain functions: what is sorted where, and whose it is.
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../console/src/api/client.ts';
import { regionStateOf } from '../../console/src/clinic/region-state.ts';
import { compositionSections } from '../../console/src/record/composition.ts';
import { amountOf, dateOf, flagOf, namesOf, quantityText, timeOf, valueText } from '../../console/src/record/fhir.ts';
import { byCommunity, chartOf, current, isPast, joined } from '../../console/src/record/record.ts';
import { usablePages } from '../../console/src/record/use-record.ts';
import { charts } from '../../infra/local/demo/clinical/charts.ts';

const at = (kind: string, code: string) => ({ code, organization: `Organization/${kind}` });
const organization = (id: string, name: string, code: string): Resource => ({
  resourceType: 'Organization',
  id,
  name,
  identifier: [{ value: code }],
});
const demo = charts({
  hospital: at('hospital', '3610000001'),
  clinic: at('clinic', '3610000002'),
  pharmacy: at('pharmacy', '3640000003'),
  care: at('care', '9886000004'),
});
const linked = (resource: Resource) =>
  /demo-(resident-1|clinic-1|pharmacy-1)"/.test(JSON.stringify(resource)) || resource.resourceType === 'Organization';
const resources = [
  organization('hospital', 'デモ中央病院', '3610000001'),
  organization('clinic', 'デモ内科医院', '3610000002'),
  organization('pharmacy', 'デモ薬局', '3640000003'),
  ...(Object.values(demo).flat() as Resource[]),
].filter(linked);

describe('the chart of a person whom three facilities know', () => {
  const chart = chartOf('demo-resident-1', resources);

  it('has the banner of the record that was opened', () => {
    expect(chart.patient?.id).toBe('demo-resident-1');
    expect(chart.names).toEqual({ kanji: '見本 春子', kana: 'ミホン ハルコ' });
    expect(chart.records).toHaveLength(3);
  });

  it('says of every line which facility it is from', () => {
    const source = (title: string) => chart.timeline.find((item) => item.title.includes(title));
    expect(source('2型糖尿病')).toMatchObject({ source: 'デモ中央病院', facility: '3610000001' });
    expect(source('急性気管支炎')).toMatchObject({ source: 'デモ内科医院', facility: '3610000002' });
    expect(chart.timeline.filter((item) => item.source === '')).toEqual([]);
  });

  it('names the facilities that care, the last one first', () => {
    expect(chart.carers.map(({ name }) => name).sort()).toEqual(['デモ中央病院', 'デモ内科医院', 'デモ薬局']);
    const times = chart.carers.map(({ last }) => timeOf(last) ?? 0);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it('puts results of one test into one row, oldest first', () => {
    const [first] = chart.labs;
    expect(first?.points).toHaveLength(14);
    expect(chart.labs.map(({ name }) => name)).toContain('HbA1c (NGSP)');
    for (const { points } of chart.labs) {
      const times = points.map(({ time }) => time);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });

  it('keeps the newest first on the time line', () => {
    const times = chart.timeline.map(({ time }) => time!);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });
});

it('attributes what a nurse has written into another facility’s record to the nurse’s facility', () => {
  const written: Resource = {
    resourceType: 'Communication',
    id: 'c1',
    meta: { source: 'urn:tsumugi:facility:3640000003' },
    status: 'completed',
    subject: { reference: 'Patient/demo-resident-1' },
    sent: '2026-11-22T10:00:00+09:00',
    payload: [{ contentString: '服薬を確認' }],
  };
  const { care } = chartOf('demo-resident-1', [...resources, written]);
  expect(care.find(({ resource }) => resource.id === 'c1')).toMatchObject({
    source: 'デモ薬局',
    facility: '3640000003',
  });
});

it('leaves out what was written by mistake, whichever element says so', () => {
  const mistakes: Resource[] = [
    { resourceType: 'Observation', id: 'a', status: 'entered-in-error', effectiveDateTime: '2026-01-01' },
    {
      resourceType: 'Condition',
      id: 'b',
      verificationStatus: { coding: [{ code: 'entered-in-error' }] },
      onsetDateTime: '2026-01-01',
    },
  ];
  expect(chartOf('x', mistakes).timeline).toEqual([]);
});

it('shows what other regions sent with theirs, though ids of two regions may be alike', () => {
  const there = (id: string, source: string, text: string): Resource => ({
    resourceType: 'Condition',
    id,
    meta: { source },
    code: { text },
    onsetDateTime: '2026-01-01',
  });
  const sent = [there('a', 'urn:oid:2.999.3.1', '骨折'), there('b', 'urn:oid:2.999.36.1', '自地域のもの')];
  const own = chartOf('x', [there('a', '', '糖尿病')]);
  const others = [...byCommunity(sent, '2.999.36.1')].map(([oid, of]) => chartOf('', of, oid));
  const chart = joined(own, others);
  expect(chart.problems.map(({ title, region }) => [title, region])).toEqual([
    ['糖尿病', undefined],
    ['骨折', '2.999.3.1'],
  ]);
});

it('draws results of two regions in one row', () => {
  const result = (id: string, date: string, value: number): Resource => ({
    resourceType: 'Observation',
    id,
    code: { text: 'HbA1c', coding: [{ code: '17856-6' }] },
    effectiveDateTime: date,
    valueQuantity: { value, unit: '%' },
  });
  const chart = joined(chartOf('x', [result('a', '2026-02-01', 7)]), [
    chartOf('', [result('a', '2026-01-01', 8)], '気仙'),
  ]);
  expect(chart.labs).toHaveLength(1);
  expect(chart.labs[0]?.points.map(({ value }) => value)).toEqual([8, 7]);
});

it('does not mix units in one row', () => {
  const weight = (id: string, value: number, unit: string): Resource => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    category: [{ coding: [{ code: 'body-measurement' }] }],
    code: { text: '体重', coding: [{ code: '29463-7' }] },
    effectiveDateTime: '2026-01-01',
    valueQuantity: { value, unit },
  });
  const { vitals } = chartOf('x', [weight('a', 60, 'kg'), weight('b', 60_000, 'g')]);
  expect(vitals.map(({ unit }) => unit).sort()).toEqual(['g', 'kg']);
});

it('takes what was dispensed as current for as long as it lasts', () => {
  const dispensed = (days: number): Resource => ({
    resourceType: 'MedicationDispense',
    id: `d${days}`,
    status: 'completed',
    medicationCodeableConcept: { text: '薬' },
    whenHandedOver: '2026-11-01T00:00:00+09:00',
    daysSupply: { value: days },
  });
  const { medicines } = chartOf('x', [dispensed(7), dispensed(30)]);
  expect(current(medicines, Date.parse('2026-11-15')).map(({ resource }) => resource.id)).toEqual(['d30']);
});

describe('reading FHIR for people', () => {
  it.each([
    [{ valueQuantity: { value: 5.8, unit: '%' } }, '5.8 %'],
    [{ valueQuantity: { value: 3, comparator: '<', code: 'mg' } }, '<3 mg'],
    [{ valueString: '陰性' }, '陰性'],
    [{ valueBoolean: false }, 'false'],
    [
      {
        component: [
          { code: { text: '上' }, valueQuantity: { value: 120, unit: 'mmHg' } },
          { code: { text: '下' }, valueQuantity: { value: 80, unit: 'mmHg' } },
        ],
      },
      '上 120 mmHg, 下 80 mmHg',
    ],
    [{}, ''],
  ])('shows %j as %s', (value, text) => {
    expect(valueText({ resourceType: 'Observation', ...value } as Resource)).toBe(text);
  });

  it('flags by the laboratory’s word first, then by its range', () => {
    const observation = (more: object) => ({ resourceType: 'Observation', ...more }) as Resource;
    const range = { referenceRange: [{ low: { value: 1 }, high: { value: 2 } }] };
    expect(flagOf(observation({ valueQuantity: { value: 3 }, ...range }))).toBe('high');
    expect(flagOf(observation({ valueQuantity: { value: 0.5 }, ...range }))).toBe('low');
    expect(flagOf(observation({ interpretation: [{ coding: [{ code: 'L' }] }] }))).toBe('low');
    expect(flagOf(observation({ valueQuantity: { value: 1.5 }, ...range }))).toBeUndefined();
  });

  it('reads dates of any precision, and none as none', () => {
    expect(timeOf('2026')).toBe(Date.parse('2026-01-01T00:00:00+09:00'));
    expect(timeOf('2026-11')).toBe(Date.parse('2026-11-01T00:00:00+09:00'));
    expect(timeOf('2026-11-22')).toBe(Date.parse('2026-11-22T00:00:00+09:00'));
    expect(timeOf('no date')).toBeUndefined();
    expect(timeOf(undefined)).toBeUndefined();
    expect(dateOf({ resourceType: 'Encounter', period: { end: '2026-01-02' } })).toBe('2026-01-02');
    expect(dateOf({ resourceType: 'Encounter' })).toBeUndefined();
  });

  it('tells kana from kanji with and without JP Core’s mark, and leaves out old names', () => {
    const marked = (valueCode: string, text: string) => ({
      text,
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation', valueCode }],
    });
    const patient = (...name: object[]) => ({ resourceType: 'Patient', name }) as Resource;
    expect(namesOf(patient(marked('SYL', 'ミホン'), marked('IDE', '見本')))).toEqual({ kanji: '見本', kana: 'ミホン' });
    expect(namesOf(patient({ text: 'ミホン ハルコ' }, { text: '見本 春子' }))).toEqual({
      kanji: '見本 春子',
      kana: 'ミホン ハルコ',
    });
    expect(namesOf(patient({ text: '旧姓 春子', use: 'old' }, { family: '見本', given: ['春子'] })).kanji).toBe(
      '見本 春子',
    );
    expect(namesOf(patient())).toEqual({ kanji: '', kana: '' });
  });

  it('has no number for what has none', () => {
    expect(amountOf({ resourceType: 'Observation', valueString: '1+' })).toBeUndefined();
    expect(quantityText({})).toBe('');
  });
});

it('lists the entries of a section that has no narrative', () => {
  const composition = {
    resourceType: 'Composition',
    section: [
      { title: '病名', entry: [{ reference: 'Condition/a' }, { display: '高血圧症' }] },
      { title: '経過', text: { div: '<div>良好</div>' }, section: [{ code: { text: '検査' } }] },
    ],
  } as unknown as Resource;
  expect(
    compositionSections(
      composition,
      () => '良好',
      (reference) => (reference === 'Condition/a' ? '糖尿病' : undefined),
    ),
  ).toEqual([
    { title: '病名', text: '糖尿病\n高血圧症', sections: [] },
    { title: '経過', text: '良好', sections: [{ title: '検査', text: '', sections: [] }] },
  ]);
});

it('sorts a long record a few times, and not after every page', () => {
  const sorted = new Set(Array.from({ length: 21 }, (_, loaded) => usablePages(loaded, loaded < 20)));
  expect([...sorted]).toEqual([0, 1, 2, 4, 8, 16, 20]);
});

it.each([
  ['timeout', 'no answer within 8 s', 'down'],
  ['transient', 'not asked at this moment', 'down'],
  ['suppressed', 'not asked: the person shares nothing with it', 'closed'],
  ['business-rule', 'not asked: the link contract does not cover this purpose of use', 'closed'],
  ['multiple-matches', 'nobody there is certainly this person', 'unsure'],
  ['incomplete', 'it says that its own answer is not complete', 'part'],
  ['security', 'its answer is about somebody else', 'refused'],
] as const)('tells what became of a region: %s', (code, rule, state) => {
  expect(regionStateOf({ code, diagnostics: `気仙地域 (デモ) (urn:oid:2.999.3.1): ${rule}` })).toEqual({
    region: '気仙地域 (デモ)',
    state,
  });
});

it('takes a warning that names no region for something else', () => {
  expect(regionStateOf({ code: 'incomplete', diagnostics: 'the page ends early' })).toBeUndefined();
});

describe('a line as it is read at a desk', () => {
  const subject = { reference: 'Patient/p' };
  const quantity = (value: number, unit: string) => ({ valueQuantity: { value, unit } });
  const coded = (code: string) => ({ code: { coding: [{ system: 'http://loinc.org', code }] } });
  const vital = (id: string, code: string, more: object): Resource => ({
    resourceType: 'Observation',
    id,
    subject,
    category: [{ coding: [{ code: 'vital-signs' }] }],
    effectiveDateTime: '2026-11-20T09:00:00+09:00',
    ...coded(code),
    ...more,
  });

  it('has blood pressure as one, and units as people write them', () => {
    const pressure = vital('bp', '85354-9', {
      component: [
        { ...coded('8480-6'), ...quantity(137, 'mm[Hg]') },
        { ...coded('8462-4'), ...quantity(93, 'mm[Hg]') },
      ],
    });
    expect(valueText(pressure)).toBe('137/93 mmHg');
    expect(quantityText({ value: 36.5, unit: 'Cel' })).toBe('36.5 ℃');
    expect(quantityText({ value: 4000, unit: '{steps}' })).toBe('4000 steps');
    expect(quantityText({ value: 3, unit: '1' })).toBe('3');
    const { vitals } = chartOf('p', [vital('t', '8310-5', quantity(36.5, 'Cel')), pressure]);
    expect(vitals.map(({ key, unit }) => [key.split('|')[0], unit])).toEqual([
      ['8480-6', 'mmHg'],
      ['8462-4', 'mmHg'],
      ['8310-5', '℃'],
    ]);
  });

  it('says until when a medicine is for, and who prescribed it', () => {
    const request: Resource = {
      resourceType: 'MedicationRequest',
      id: 'm',
      status: 'active',
      intent: 'order',
      subject,
      authoredOn: '2026-11-01T10:00:00+09:00',
      medicationCodeableConcept: { text: 'アムロジピン錠5mg' },
      dosageInstruction: [{ text: '1日1回 朝食後' }],
      dispenseRequest: { expectedSupplyDuration: { value: 28, unit: '日', code: 'd' } },
      requester: { reference: 'Practitioner/d' },
    };
    const doctor: Resource = { resourceType: 'Practitioner', id: 'd', name: [{ text: '見本 医師' }] };
    expect(chartOf('p', [request, doctor]).medicines[0]?.detail).toBe('1日1回 朝食後 〜2026/11/28 見本 医師');
    const unsaid = { ...request, dispenseRequest: undefined, requester: undefined } as unknown as Resource;
    expect(chartOf('p', [unsaid]).medicines[0]?.detail).toBe('1日1回 朝食後');
  });

  it('tells problems that are over from those that are there, remission being there', () => {
    const states = ['active', 'recurrence', 'remission', 'resolved', 'inactive', undefined].map((code, at) => ({
      resourceType: 'Condition',
      id: `c${at}`,
      subject,
      ...(code && { clinicalStatus: { coding: [{ code }] } }),
    }));
    expect(
      chartOf('p', states)
        .problems.filter(isPast)
        .map(({ resource }) => resource.id),
    ).toEqual(['c3', 'c4']);
  });

  it('goes by the status of a problem, and by the day that it ended only where there is none', () => {
    const problem = (id: string, code: string | undefined, abatementDateTime: string): Resource => ({
      resourceType: 'Condition',
      id,
      subject,
      abatementDateTime,
      ...(code && { clinicalStatus: { coding: [{ code }] } }),
    });
    const { problems } = chartOf('p', [
      problem('lymphoma', 'remission', '2020-05-01'),
      problem('recurrent', 'recurrence', '2020-05-01'),
      problem('infarction', 'resolved', '2999-01-01'),
      problem('fracture', undefined, '2020'),
      problem('splint', undefined, '2999-01-01'),
      problem('unreadable', undefined, 'spring'),
    ]);
    expect(problems.filter(isPast).map(({ resource }) => resource.id)).toEqual(['infarction', 'fracture']);
  });

  it('takes the facility from the visit where the record of the person does not say it, a department with its house', () => {
    const house = organization('house', '県立病院', '3610000099');
    const ward: Resource = {
      resourceType: 'Organization',
      id: 'ward',
      name: '内科',
      partOf: { reference: 'Organization/house' },
    };
    const visit: Resource = {
      resourceType: 'Encounter',
      id: 'e',
      subject,
      serviceProvider: { reference: 'Organization/ward' },
      period: { start: '2026-11-20' },
    };
    const result = vital('o', '8310-5', { ...quantity(36.5, 'Cel'), encounter: { reference: 'Encounter/e' } });
    const { timeline } = chartOf('p', [{ resourceType: 'Patient', id: 'p' }, house, ward, visit, result]);
    expect(timeline.map(({ source, facility }) => [source, facility])).toEqual([
      ['県立病院 内科', '3610000099'],
      ['県立病院 内科', '3610000099'],
    ]);
  });
});
