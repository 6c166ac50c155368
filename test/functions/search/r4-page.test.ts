// Statements of R4's search page that no other file here shows, found by going through its own text:
// https://hl7.org/fhir/R4/search.html (docs/conformance-search.md)
import { describe, expect, it } from 'vitest';
import { RESOURCE_TYPES } from '../../../functions/fhir/resource-types.ts';
import { parametersOf } from '../../../functions/search/parameters.ts';
import { BASE, given, searching } from './support.ts';

const to = (reference: string) => ({ reference });
const found = async (resources: ReturnType<typeof given>[], url: string) =>
  (await (await searching(resources)).all(url)).map((each) => each.split('/')[1]).toSorted();
const refusal = async (url: string) => {
  const { page } = await searching([]);
  return page(url).then(
    () => undefined,
    (error: { refusal: string; status: number; issues: { code: string }[] }) => error,
  );
};

describe('names', () => {
  it('of two parameters of a type never differ in case alone', () => {
    for (const type of RESOURCE_TYPES) {
      const names = [...parametersOf(type).keys()];
      expect(new Set(names.map((name) => name.toLowerCase())).size, type).toBe(names.length);
    }
  });
});

describe('a modifier that is not supported', () => {
  it.each(['Condition?code:in=http://vs', 'Condition?code:below=x', 'Location?partof:above=1', 'Patient?name:text=x'])(
    'is refused with 400 and says so: %s',
    async (url) => expect(await refusal(url)).toMatchObject({ status: 400 }),
  );
});

describe('_id', () => {
  it('is exact and case-sensitive', async () => {
    const patients = [given('Patient', 'a'), given('Patient', 'A')];
    expect(await found(patients, 'Patient?_id=A')).toEqual(['A']);
  });
});

describe(':missing', () => {
  it('is true where an element is there with extensions but no value', async () => {
    const one = given('Patient', 'x', { _gender: { extension: [{ url: 'http://why', valueCode: 'unknown' }] } });
    expect(await found([one], 'Patient?gender:missing=true')).toEqual(['x']);
    expect(await found([one], 'Patient?gender:missing=false')).toEqual([]);
  });
});

describe('_profile', () => {
  it('takes a profile of this server by its relative address', async () => {
    const profile = `${BASE}/fhir/StructureDefinition/lipid`;
    const reports = [
      given('DiagnosticReport', 'ours', { meta: { profile: [profile] } }),
      given('DiagnosticReport', 'theirs', { meta: { profile: ['http://other/StructureDefinition/lipid'] } }),
    ];
    expect(await found(reports, `DiagnosticReport?_profile=${profile}`)).toEqual(['ours']);
    expect(await found(reports, 'DiagnosticReport?_profile=StructureDefinition/lipid')).toEqual(['ours']);
  });
});

describe('a number against an integer', () => {
  const at = (id: string, start: number) => given('MolecularSequence', id, { variant: [{ start }] });
  const two = [at('two', 2), at('three', 3)];
  it.each([
    ['2', ['two']],
    ['2.0', ['two']],
    ['2.5', []],
    ['ne2', ['three']],
  ])('%s', async (value, wanted) =>
    expect(await found(two, `MolecularSequence?variant-start=${value}`)).toEqual(wanted),
  );
});

describe('a date against a Timing', () => {
  it('sees its outer limits only', async () => {
    const occurrenceTiming = {
      repeat: { boundsPeriod: { start: '2013-01-31', end: '2013-03-24' }, frequency: 1, period: 2, periodUnit: 'd' },
    };
    const one = given('ServiceRequest', 'every-second-day', { occurrenceTiming });
    expect(await found([one], 'ServiceRequest?occurrence=ap2013-02-01')).toEqual(['every-second-day']);
    expect(await found([one], 'ServiceRequest?occurrence=ge2013-03-23')).toEqual(['every-second-day']);
    expect(await found([one], 'ServiceRequest?occurrence=sa2013-01-30')).toEqual(['every-second-day']);
    expect(await found([one], 'ServiceRequest?occurrence=2013-02-01')).toEqual([]);
  });
});

describe('a family name of several words', () => {
  const carreno = given('Patient', 'carreno', { name: [{ family: 'Carreño Quiñones', given: ['Eve'] }] });
  it.each(['Carreno', 'Quinones', 'quin', 'carreno quinones'])('is found by %s', async (name) => {
    expect(await found([carreno], `Patient?family=${name}`)).toEqual(['carreno']);
    expect(await found([carreno], `Patient?name=${name}`)).toEqual(['carreno']);
  });
  it('is exactly itself, and no part of it begins within a word', async () => {
    expect(await found([carreno], 'Patient?family:exact=Quiñones')).toEqual([]);
    expect(await found([carreno], 'Patient?family=ones')).toEqual([]);
  });
});

describe('a MIME type', () => {
  const document = (id: string, contentType: string) =>
    given('DocumentReference', id, { status: 'current', content: [{ attachment: { contentType } }] });
  const documents = [
    document('plain', 'text/xml'),
    document('charset', 'text/xml; charset=UTF-8'),
    document('pdf', 'application/pdf'),
  ];
  it('is one code, parameters and all', async () =>
    expect(await found(documents, 'DocumentReference?contenttype=text/xml')).toEqual(['plain']));
  it('with :below is its base part', async () =>
    expect(await found(documents, 'DocumentReference?contenttype:below=text/xml')).toEqual(['charset', 'plain']));
});

describe('a canonical reference', () => {
  const answers = (id: string, questionnaire: string) => given('QuestionnaireResponse', id, { questionnaire });
  const all = [
    answers('a', 'http://q/Q|1.0'),
    answers('b', 'http://q/Q|1.1'),
    answers('c', 'http://q/Q|2.0'),
    answers('d', 'http://q/Q|10'),
  ];
  it('with :below is of any version, or of those that begin so', async () => {
    expect(await found(all, 'QuestionnaireResponse?questionnaire:below=http://q/Q')).toEqual(['a', 'b', 'c', 'd']);
    expect(await found(all, 'QuestionnaireResponse?questionnaire:below=http://q/Q|1')).toEqual(['a', 'b']);
  });
  it('has no identifier of its own to search by', async () =>
    expect(await refusal('QuestionnaireResponse?questionnaire:identifier=x')).toMatchObject({ status: 400 }));
});

describe('a resource within a resource', () => {
  it('is searched as what a reference leads to', async () => {
    const composition = { resourceType: 'Composition', id: 'c', status: 'final', title: 'Referral' };
    const bundle = given('Bundle', 'document', { type: 'document', entry: [{ resource: composition }] });
    expect(await found([bundle], 'Bundle?composition.title=ref')).toEqual(['document']);
    expect(await found([bundle], 'Bundle?composition=Composition/c')).toEqual(['document']);
  });
});

describe('an identifier', () => {
  it('with :text is found by the text of its type', async () => {
    const one = given('Patient', 'x', { identifier: [{ value: '7', type: { text: 'Medical record' } }] });
    expect(await found([one], 'Patient?identifier:text=medical')).toEqual(['x']);
  });
});

describe('a reference that has an identifier only', () => {
  const logical = given('Observation', 'x', { subject: { type: 'Patient', identifier: { value: '7' } } });
  it('is neither chained over nor included', async () => {
    const patient = given('Patient', 'p', { identifier: [{ value: '7' }], name: [{ family: 'Awa' }] });
    const { page } = await searching([logical, patient]);
    expect((await page('Observation?subject:Patient.name=awa')).matches).toEqual([]);
    expect((await page('Observation?_id=x&_include=Observation:subject')).included).toEqual([]);
    expect(await refusal('Observation?subject:identifier.name=awa')).toMatchObject({ status: 400 });
  });
});

describe('escaping', () => {
  it('that is none is an error', async () => {
    expect(await refusal('Observation?code=xx\\xx')).toMatchObject({ status: 400 });
    expect(await refusal('Observation?code=xx\\')).toMatchObject({ status: 400 });
    expect(await refusal('Observation?code=xx\\\\xx')).toBeUndefined();
  });
});

describe('a reference to a version', () => {
  it('that _include answers with the current one says so', async () => {
    const provenance = (version: number) => given('Provenance', 'p', { target: [to(`Patient/x/_history/${version}`)] });
    const of = async (version: number) => {
      const { page } = await searching([given('Patient', 'x'), provenance(version)]);
      return page('Provenance?_id=p&_include=Provenance:target');
    };
    expect(await of(7)).toMatchObject({ included: [{ id: 'x' }], outcome: [{ severity: 'warning' }] });
    expect(await of(1)).toMatchObject({ included: [{ id: 'x' }], outcome: [] });
  });
});

describe('a chain over a reference to a version', () => {
  it('is asked on the current one, and says so', async () => {
    const of = async (version: number) => {
      const observation = given('Observation', 'o', { subject: to(`Patient/x/_history/${version}`) });
      const { page } = await searching([given('Patient', 'x', { name: [{ family: 'Awa' }] }), observation]);
      return page('Observation?subject:Patient.name=awa');
    };
    expect(await of(7)).toMatchObject({ matches: [{ id: 'o' }], outcome: [{ severity: 'warning' }] });
    expect(await of(1)).toMatchObject({ matches: [{ id: 'o' }], outcome: [] });
  });
});

describe('_sort by a string', () => {
  it('does not regard case', async () => {
    const named = (id: string, name: string) => given('Organization', id, { name });
    const { all } = await searching([named('3', 'Clinic'), named('1', 'apothecary'), named('2', 'Baths')]);
    expect(await all('Organization?_sort=name')).toEqual(['Organization/1', 'Organization/2', 'Organization/3']);
  });
});

describe('_count=0', () => {
  it('is a count: no entry, no next', async () => {
    const { page } = await searching([given('Patient', 'a'), given('Patient', 'b')]);
    const { total, matches, next, countOnly } = await page('Patient?_count=0');
    expect({ total, matches, next, countOnly }).toMatchObject({ total: 2, next: undefined, countOnly: true });
  });
});
