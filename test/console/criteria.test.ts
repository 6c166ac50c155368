// What a receptionist types, as a search.
import { describe, expect, it } from 'vitest';
import { birthDateOf, criteriaOf } from '../../console/src/clinic/criteria.ts';

describe('a date of birth', () => {
  it.each([
    ['1961-04-12', '1961-04-12'],
    ['1961/4/12', '1961-04-12'],
    ['1961.4.12', '1961-04-12'],
    ['19610412', '1961-04-12'],
    ['1961年4月12日', '1961-04-12'],
    ['S36.4.12', '1961-04-12'],
    ['s36/4/12', '1961-04-12'],
    ['昭和36年4月12日', '1961-04-12'],
    ['H元.1.8', '1989-01-08'],
    ['平成元年1月8日', '1989-01-08'],
    ['R6.2.29', '2024-02-29'],
    ['T15.12.24', '1926-12-24'],
    ['M45.7.29', '1912-07-29'],
    // The last days of an era are written with either.
    ['S64.1.7', '1989-01-07'],
  ])('%s is %s', (typed, date) => {
    expect(birthDateOf(typed)).toBe(date);
  });

  it.each([
    '1961-02-29',
    '1961-13-01',
    '1961-00-10',
    'S36.4.31',
    '20230431',
    'X36.4.12',
    '36.4.12',
    '1961',
    '',
    'みほん',
  ])('%s is none', (typed) => {
    expect(birthDateOf(typed)).toBeUndefined();
  });
});

describe('what is searched', () => {
  it.each([
    ['みほ', { name: ['みほ'] }],
    ['みほん　はるこ', { name: ['みほん', 'はるこ'] }],
    ['みほ S36.4.12', { name: ['みほ'], birthdate: '1961-04-12' }],
    ['S36.4.12', { birthdate: '1961-04-12' }],
    ['00010001', { identifier: '00010001' }],
    ['００１２３', { identifier: '00123' }],
    ['P-778', { identifier: 'P-778' }],
    ['ﾐﾎﾝ', { name: ['ミホン'] }],
    // No such day: then it is a number of something.
    ['19610231', { identifier: '19610231' }],
  ])('%s', (typed, criteria) => {
    expect(criteriaOf(typed)).toEqual(criteria);
  });

  it.each(['', ' ', 'み', '12', '見'])('nothing for %j: too little', (typed) => {
    expect(criteriaOf(typed)).toBeUndefined();
  });
});
