// What no form may say, whoever has keyed it in.
import { describe, expect, it } from 'vitest';
import { evidence, form, municipal, openRegion, resident } from './given.ts';

const TOMORROW = '2026-11-23';
const issueOf = ({ status, body }: { status: number; body: { issue: { expression?: string[] }[] } }) => [
  status,
  ...body.issue.flatMap(({ expression = [] }) => expression),
];
const consent = { textVersion: '1' };

describe('a form', () => {
  const { call, joined } = openRegion();
  it.each([
    ['a birth that is to come', { birthDate: TOMORROW }, [422, 'birthDate']],
    ['a signature of tomorrow', { consent: { ...consent, signedOn: TOMORROW } }, [422, 'consent.signedOn']],
    [
      'facilities that are not there, each by its place',
      { consent: { ...consent, except: ['3610000002', '3610000020', '3619999999'] } },
      [422, 'consent.except[1]', 'consent.except[2]'],
    ],
    [
      'a facility that is not there, to be let in',
      { consent: { ...consent, pattern: 'list', facilities: ['3610000020'] } },
      [422, 'consent.facilities[0]'],
    ],
    [
      'a municipality whose check digit does not fit',
      { address: { postcode: '770-0000', text: 'x', municipality: '362019' } },
      [400, 'address.municipality'],
    ],
    [
      'a municipality of no prefecture',
      { address: { postcode: '770-0000', text: 'x', municipality: '99999' } },
      [400, 'address.municipality'],
    ],
  ])('is refused with %s', async (_, more, expected) => {
    expect(issueOf(await call(municipal, 'POST', '/enrolment/people', form(more as object)))).toEqual(expected);
  });

  it('is refused so from a telephone, on a return, in a change and after a death too', async () => {
    const { route: _r, evidence: _e, ...who } = form();
    const application = { ...who, route: 'app', consent: { ...consent, except: ['3619999999'] } };
    expect(issueOf(await call(resident('new'), 'POST', '/me/application', application))[1]).toBe('consent.except[0]');
    expect(
      issueOf(await call(resident('new'), 'POST', '/me/application', { ...application, birthDate: TOMORROW })),
    ).toEqual([422, 'birthDate']);
    const { person } = await joined();
    const at = (step: string, body: object) =>
      call(municipal, 'POST', `/enrolment/people/${person}/${step}`, { ...body, evidence });
    expect(issueOf(await at('changes', { birthDate: TOMORROW }))).toEqual([422, 'birthDate']);
    expect(issueOf(await at('death', { on: TOMORROW }))).toEqual([422, 'on']);
    expect(issueOf(await at('death', { on: '1951-03-31' }))).toEqual([422, 'on']);
    expect((await at('withdrawal', {})).status).toBe(200);
    expect(issueOf(await at('return', { consent: { ...consent, except: ['3619999999'] } }))[1]).toBe(
      'consent.except[0]',
    );
    expect((await at('death', { on: '2026-11-22' })).status).toBe(200);
  });

  it('may be of somebody who is born today', async () => {
    await joined({
      birthDate: '2026-11-22',
      name: { kanji: { family: '紬木', given: '始' }, kana: { family: 'ツムギ', given: 'ハジメ' } },
      insurance: undefined as never,
    });
  });
});
