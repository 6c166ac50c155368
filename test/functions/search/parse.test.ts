// What is refused, what is ignored, and how the answer says so: https://hl7.org/fhir/R4/search.html#errors
import { describe, expect, it } from 'vitest';
import { FhirError } from '../../../functions/fhir/outcome.ts';
import { given, type Searching, searching } from './support.ts';

const SECRET = 'yamada-himitsu';
const engine = searching([given('Patient', 'p', { name: [{ family: 'Yamada' }] })]);
const page = async (...args: Parameters<Searching['page']>) => (await engine).page(...args);
const refusal = (url: string) =>
  page(url, { handling: 'lenient' }).then(
    () => undefined,
    (error: unknown) => error as FhirError,
  );

describe('an unknown parameter', () => {
  it('is an error under Prefer: handling=strict', async () => {
    await expect(page('Patient?colour=red', { handling: 'strict' })).rejects.toMatchObject({ refusal: 'invalid' });
  });
  it('is otherwise ignored, left out of the self link and told in an outcome', async () => {
    const answer = await page('Patient?colour=red&family=yamada', { handling: 'lenient' });
    expect(answer.matches).toHaveLength(1);
    expect(answer.self).toBe('Patient?family=yamada');
    expect(answer.outcome).toEqual([
      expect.objectContaining({ severity: 'warning', diagnostics: expect.stringContaining('colour') }),
    ]);
  });
  it('is not echoed where it does not look like a name', async () => {
    const answer = await page(`Patient?${encodeURIComponent('山田 太郎')}=1`, { handling: 'lenient' });
    expect(JSON.stringify(answer.outcome)).not.toContain('山田');
  });
  it('is one that the type does not have, in a search over several types', async () => {
    await expect(page('?_type=Patient,Observation&code=x')).rejects.toMatchObject({ refusal: 'invalid' });
    await expect(page('?_type=Patient,Observation&identifier=x')).resolves.toBeDefined();
  });
});

describe('a malformed value', () => {
  it.each([
    ['Observation?date=', 'yesterday'],
    ['Observation?date=', '2013-13'],
    ['Observation?date=', '2013-02-30'],
    ['Observation?date=', '2013-01-14T10'],
    ['Observation?date=', '2013-01-14T24:00'],
    ['Observation?date=', 'xx2013'],
    ['Observation?value-quantity=', `${SECRET}`],
    ['Observation?value-quantity=', '5|a|b|c'],
    ['RiskAssessment?probability=', '1,2x'],
    ['Patient?identifier=', 'a|b|c'],
    ['Patient?identifier=', '|'],
    ['Patient?identifier:of-type=', 'a|b'],
    ['Patient?family=', 'a,,b'],
    ['Patient?family:missing=', 'maybe'],
    ['Observation?code-value-quantity=', '8480-6'],
    ['Observation?subject:Patient=', 'Group/1'],
    ['Patient?_count=', '-1'],
    ['Patient?_count=', 'many'],
    ['Patient?_total=', 'roughly'],
    ['Patient?_summary=', 'short'],
    ['?_type=', 'Unicorn'],
  ])('%s%s is refused as invalid, by the name of the parameter and not its value', async (start, value) => {
    const error = await refusal(start + encodeURIComponent(value));
    expect(error).toBeInstanceOf(FhirError);
    expect(error!.refusal).toBe('invalid');
    expect(error!.message).toContain(start.split('?')[1]!.split(/[:=]/)[0]);
    expect(JSON.stringify(error!.issues)).not.toContain(SECRET);
  });
});

describe('more than one request should ask', () => {
  it('is refused: thousands of values, or hundreds of parameters', async () => {
    expect((await refusal(`Patient?_id=${Array(1001).fill('x').join()}`))?.refusal).toBe('invalid');
    expect((await refusal(`Patient?${Array(201).fill('family=x').join('&')}`))?.refusal).toBe('invalid');
  });
});

describe('a modifier', () => {
  it.each([
    'Patient?family:unknown=x',
    'Observation?date:exact=2013',
    'Patient?gender:contains=m',
    'Observation?code:exact=x',
  ])('that the parameter does not take is refused, never ignored: %s', async (url) =>
    expect((await refusal(url))?.refusal).toBe('invalid'),
  );
  it('that follows a hierarchy of resources is refused as not supported', async () =>
    expect(await refusal('Location?partof:below=1')).toMatchObject({
      refusal: 'invalid',
      issues: [{ code: 'not-supported' }],
    }));
});

describe('what we do not answer yet', () => {
  it.each([
    ['Patient?_list=$current-problems', '_list'],
    ['Patient?_filter=x', '_filter'],
    ['Patient?_query=x', '_query'],
    ['Patient?_containedType=both', '_containedType'],
    ['Patient?_text=x', '_text'],
    ['Patient?_content=x', '_content'],
    ['Patient?_contained=true', '_contained'],
    ['Location?near=1|2', 'near'],
    ['Patient?_sort=_score', '_sort'],
  ])('%s is refused by its name, never silently ignored', async (url, name) => {
    const error = await refusal(url);
    expect(error).toMatchObject({ refusal: 'notSupported' });
    expect(error!.message).toContain(name);
  });
});

describe('_contained=false', () => {
  it('is what is answered in any case', async () =>
    expect(await page('Patient?_contained=false')).toMatchObject({ self: 'Patient?_contained=false', outcome: [] }));
});

describe('a parameter without value', () => {
  it('is ignored and said so, or refused when strict', async () => {
    const answer = await page('Patient?family=', { handling: 'lenient' });
    expect(answer).toMatchObject({ self: 'Patient', outcome: [{ severity: 'warning' }] });
    await expect(page('Patient?family=', { handling: 'strict' })).rejects.toMatchObject({ refusal: 'invalid' });
  });
  it.each([
    'Observation?patient=',
    'Observation?subject:Patient=',
    'Observation?patient.family=',
    'Patient?_has:Observation:patient:code=',
  ])('is told where it would have narrowed the answer to somebody: %s', async (url) => {
    const { self, outcome } = await page(url, { handling: 'lenient' });
    expect(self).not.toContain('=');
    expect(outcome).toEqual([
      expect.objectContaining({
        severity: 'warning',
        diagnostics: expect.stringMatching(/has no value; it was ignored$/),
      }),
    ]);
    await expect(page(url, { handling: 'strict' })).rejects.toMatchObject({ refusal: 'invalid' });
  });
});

describe('the self link', () => {
  it('shows the parameters that were used, _count as it was bounded', async () => {
    expect((await page('Patient?family=yamada&_count=5000&_sort=family,-birthdate')).self).toBe(
      'Patient?family=yamada&_count=1000&_sort=family%2C-birthdate',
    );
  });
  it('says whether linked records were searched', async () => {
    const self = async (url: string) => (await page(url)).self;
    expect(await self('Observation?patient=p&_linked=true')).toBe('Observation?patient=p&_linked=true');
    expect(await self('Observation?patient=p&_linked=false')).toBe('Observation?patient=p&_linked=false');
    expect(await self('Observation?patient=p')).toBe('Observation?patient=p'); // a system's
  });
});

it('a type that R4 does not have is unknown', async () => {
  await expect(page('Unicorn?name=x')).rejects.toMatchObject({ refusal: 'unknownType' });
});
