// Prefixes, precision and ranges, sentence by sentence: https://hl7.org/fhir/R4/search.html#prefix, #date, #number, #quantity
import { describe, expect, it } from 'vitest';
import { given, searching } from './support.ts';

const found = async (resources: ReturnType<typeof given>[], url: string) =>
  (await (await searching(resources)).all(url)).map((reference) => reference.split('/')[1]);

describe('a date', () => {
  const dated = (id: string, effectiveDateTime: string) => given('Observation', id, { effectiveDateTime });
  const during = (id: string, start?: string, end?: string) =>
    given('Observation', id, { effectivePeriod: { ...(start && { start }), ...(end && { end }) } });
  const resources = [
    dated('midnight', '2013-01-14T00:00:00+09:00'),
    dated('morning', '2013-01-14T10:00:00+09:00'),
    dated('next', '2013-01-15T00:00:00+09:00'),
    dated('day', '2013-01-14'),
    dated('month', '2013-01'),
    dated('year', '2013'),
  ];
  const search = async (value: string, all = resources) => (await found(all, `Observation?date=${value}`)).toSorted();

  it('matches a day with all that lies within it, and not the midnight after', async () => {
    expect(await search('2013-01-14')).toEqual(['day', 'midnight', 'morning']);
    expect(await search('eq2013-01-14')).toEqual(['day', 'midnight', 'morning']);
  });
  it('does not match a month or year by a day, but a day by a month or year', async () => {
    expect(await search('2013-01')).toEqual(['day', 'midnight', 'month', 'morning', 'next']);
    expect(await search('2013')).toEqual(['day', 'midnight', 'month', 'morning', 'next', 'year']);
  });
  it('with ne matches what is not within the day', async () => {
    expect(await search('ne2013-01-14')).toEqual(['month', 'next', 'year']);
  });
  it('with lt of a moment matches the day that began before it', async () => {
    expect(await search('lt2013-01-14T10:00:00%2B09:00')).toEqual(['day', 'midnight', 'month', 'year']);
  });
  it('with gt of a moment matches the day that ends after it', async () => {
    expect(await search('gt2013-01-14T10:00:00%2B09:00')).toEqual(['day', 'month', 'next', 'year']);
  });
  it('with ge includes a period that may reach beyond, and with sa only what starts after', async () => {
    const stays = [
      during('from-january', '2013-01-21'),
      during('from-mid-march', '2013-03-15'),
      during('over', '2013-01-01', '2013-02-01'),
    ];
    expect(await search('ge2013-03-14', stays)).toEqual(['from-january', 'from-mid-march']);
    expect(await search('sa2013-03-14', stays)).toEqual(['from-mid-march']);
  });
  it('with le includes a period that began before, and with eb only what ended before', async () => {
    const stays = [
      during('from-january', '2013-01-21'),
      during('until-march-13', '2013-01-01', '2013-03-13'),
      during('until', undefined, '2013-03-14'),
    ];
    expect(await search('le2013-03-14', stays)).toEqual(['from-january', 'until', 'until-march-13']);
    expect(await search('eb2013-03-14', stays)).toEqual(['until-march-13']);
  });
  it('with ap matches what overlaps the date, widened by a tenth of its distance from now', async () => {
    // 13.9 years before the test's now: 506 days either way
    expect(await search('ap2013-01-14', [dated('near', '2014-06-01'), dated('far', '2014-07-15')])).toEqual(['near']);
  });
  it('of a minute matches the seconds in it', async () => {
    expect(await search('2013-01-14T10:00%2B09:00')).toEqual(['morning']);
  });
  it('without time zone is taken in the local one, and compared across zones', async () => {
    expect(await search('2013-01-14T10:00:00')).toEqual(['morning']);
    expect(await search('2013-01-14T01:00:00Z')).toEqual(['morning']);
  });
  it('with a plus that a client forgot to encode is still read', async () => {
    expect(await search('2013-01-14T10:00:00 09:00')).toEqual(['morning']);
  });
  it('finds a Timing by its outer limits', async () => {
    const timing = given('Observation', 't', { effectiveTiming: { event: ['2013-01-02', '2013-03-04'] } });
    expect(await search('2013-02', [timing])).toEqual([]);
    expect(await search('2013', [timing])).toEqual(['t']);
    expect(await search('gt2013-03-01', [timing])).toEqual(['t']);
  });
  it('finds a long stay in a patient by a day in the middle of it', async () => {
    const stay = given('Encounter', 'stay', {
      subject: { reference: 'Patient/p' },
      period: { start: '2020-01-01T10:00:00+09:00', end: '2020-03-01T10:00:00+09:00' },
    });
    expect(await found([stay], 'Encounter?patient=p&date=ge2020-02-01')).toEqual(['stay']);
    expect(await found([stay], 'Encounter?patient=p&date=ge2020-02-01&date=le2020-02-01')).toEqual(['stay']);
    expect(await found([stay], 'Encounter?patient=p&date=gt2020-03-02')).toEqual([]);
  });
});

describe('a number', () => {
  const risk = (id: string, probabilityDecimal: number) =>
    given('RiskAssessment', id, { prediction: [{ probabilityDecimal }] });
  const risks = [
    risk('94', 94),
    risk('97', 97),
    risk('99', 99.4),
    risk('99-5', 99.5),
    risk('100', 100),
    risk('100-004', 100.004),
    risk('100-4', 100.4),
    risk('100-5', 100.5),
    risk('106', 106),
  ];
  const search = (value: string) => found(risks, `RiskAssessment?probability=${value}&_sort=probability`);

  it('100 is [99.5, 100.5)', async () => expect(await search('100')).toEqual(['99-5', '100', '100-004', '100-4']));
  it('100.00 is [99.995, 100.005)', async () => expect(await search('100.00')).toEqual(['100', '100-004']));
  it('1e2 is [95, 105)', async () =>
    expect(await search('1e2')).toEqual(['97', '99', '99-5', '100', '100-004', '100-4', '100-5']));
  it('lt100 is less than exactly 100', async () => expect(await search('lt100')).toEqual(['94', '97', '99', '99-5']));
  it('le100 is up to exactly 100', async () =>
    expect(await search('le100')).toEqual(['94', '97', '99', '99-5', '100']));
  it('gt100 is more than exactly 100', async () =>
    expect(await search('gt100')).toEqual(['100-004', '100-4', '100-5', '106']));
  it('ge100 is exactly 100 and more', async () =>
    expect(await search('ge100')).toEqual(['100', '100-004', '100-4', '100-5', '106']));
  it('ne100 is what 100 is not', async () => expect(await search('ne100')).toEqual(['94', '97', '99', '100-5', '106']));
  it('sa100 starts after, eb100 ends before', async () => {
    expect(await search('sa100')).toEqual(['100-004', '100-4', '100-5', '106']);
    expect(await search('eb100')).toEqual(['94', '97', '99', '99-5']);
  });
  it('ap100 is within a tenth', async () => expect(await search('ap100')).toHaveLength(9));
});

describe('a quantity', () => {
  const UCUM = 'http://unitsofmeasure.org';
  const amount = (id: string, valueQuantity: Record<string, unknown>) => given('Observation', id, { valueQuantity });
  const amounts = [
    amount('mg', { value: 5.4, unit: 'mg', system: UCUM, code: 'mg' }),
    amount('other', { value: 5.42, unit: 'mg', system: 'http://other', code: 'mg' }),
    amount('unit', { value: 5.4, unit: 'mg' }),
    amount('g', { value: 5.4, unit: 'g', system: UCUM, code: 'g' }),
    amount('below', { value: 5, comparator: '<', system: UCUM, code: 'mg' }),
  ];
  const search = async (value: string, all = amounts) =>
    (await found(all, `Observation?value-quantity=${value}`)).toSorted();

  it('without unit matches any', async () => expect(await search('5.4')).toEqual(['g', 'mg', 'other', 'unit']));
  it('with system and code matches these', async () => expect(await search(`5.4|${UCUM}|mg`)).toEqual(['mg']));
  it('with a code alone matches code or unit', async () =>
    expect(await search('5.4||mg')).toEqual(['mg', 'other', 'unit']));
  it('is found by its value where its text was kept, as 5.40', async () => {
    expect(await search('5.4', [amount('kept', { value: JSON.rawJSON('5.40') })])).toEqual(['kept']);
    expect(await search('gt5.4', [amount('kept', { value: JSON.rawJSON('5.40') })])).toEqual([]);
  });
  it('is a range by its precision', async () => expect(await search('5.42')).toEqual(['other']));
  it('takes a comparator as the range that it is', async () => {
    expect(await search(`lt4|${UCUM}|mg`)).toEqual(['below']);
    expect(await search(`ge5|${UCUM}|mg`)).toEqual(['mg']);
  });
  it('matches a Range by overlap, and eq only when it lies within', async () => {
    const goals = [
      given('Condition', 'c', {
        onsetRange: { low: { value: 30, code: 'a', system: UCUM }, high: { value: 40, code: 'a', system: UCUM } },
      }),
    ];
    const age = (value: string) => found(goals, `Condition?onset-age=${value}`);
    expect(await age('35')).toEqual([]);
    expect(await age('gt35')).toEqual(['c']);
    expect(await age('lt35')).toEqual(['c']);
    expect(await age('gt41')).toEqual([]);
  });
  it('keeps apart codes that differ in case, as UCUM does', async () => {
    expect(await search('gt1||MG')).toEqual([]);
  });
});

describe('a composite', () => {
  const pressure = given('Observation', 'bp', {
    code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
    component: [
      { code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] }, valueQuantity: { value: 140 } },
      { code: { coding: [{ system: 'http://loinc.org', code: '8462-4' }] }, valueQuantity: { value: 90 } },
    ],
  });
  it('matches when both hold within one component', async () => {
    expect(await found([pressure], 'Observation?component-code-value-quantity=http://loinc.org|8480-6$gt130')).toEqual([
      'bp',
    ]);
  });
  it('does not match across components', async () => {
    expect(await found([pressure], 'Observation?component-code-value-quantity=8462-4$gt130')).toEqual([]);
    expect(await found([pressure], 'Observation?component-code=8462-4&component-value-quantity=gt130')).toEqual(['bp']);
  });
});
