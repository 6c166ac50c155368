// https://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/fhirpath.html, with the suite of FHIR/fhir-test-cases.
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../../functions/fhir/json.ts';
import { compileNodePath, compilePath, PathError } from '../../../../functions/fhir/path/compile-path.ts';
import { startOf } from '../../../../functions/fhir/path/navigate.ts';
import { sharedData, unpack } from '../shared-data.ts';

const patient = {
  resourceType: 'Patient',
  name: [
    { use: 'official', family: '山田', given: ['花子', 'はな'] },
    { use: 'usual', text: 'Hana' },
  ],
  birthDate: '1950-02-28',
  _birthDate: { extension: [{ url: 'urn:x:time', valueDateTime: '1950-02-28T10:00:00+09:00' }] },
  deceasedDateTime: '2024-01-01',
  generalPractitioner: [
    { reference: 'Organization/o' },
    { reference: 'Practitioner/p' },
    { reference: '#c' },
    { reference: 'urn:uuid:a' },
  ],
  contained: [{ resourceType: 'PractitionerRole', id: 'c' }],
  contact: [{ gender: 'female' }],
};
const observation = { resourceType: 'Observation', valueQuantity: { value: 1 }, effectivePeriod: { start: '2026' } };

const values = (expression: string, resource: unknown = patient) =>
  compilePath(expression)(resource).map(({ value }) => value);
const types = (expression: string, resource: unknown = patient) =>
  compilePath(expression)(resource).map(({ type }) => type);

it('gives each value the type that the definitions say', () => {
  expect(types('Patient.name')).toEqual(['HumanName', 'HumanName']);
  expect(types('Patient.birthDate | Patient.contact | Patient.contact.gender')).toEqual([
    'date',
    'Patient.contact',
    'code',
  ]);
  expect(types('Observation.value | Observation.effective', observation)).toEqual(['Quantity', 'Period']);
  expect(types('contained')).toEqual(['PractitionerRole']);
  expect(types("birthDate.extension('urn:x:time').value")).toEqual(['dateTime']);
});

it('tells where a value hangs', () => {
  const [given] = compilePath('Patient.name.given[1]')(patient);
  expect(given).toMatchObject({ value: 'はな', key: 'given', index: 1, owner: { key: 'name', index: 0 } });
});

it('knows a reference’s type without reading what it refers to', () => {
  expect(values('generalPractitioner.where(resolve() is Practitioner).reference')).toEqual(['Practitioner/p']);
  expect(values('generalPractitioner.where(resolve() is PractitionerRole).reference')).toEqual(['#c']);
});

it.each([
  ["Patient.name.where(use = 'official').given.first()", ['花子']],
  ['Patient.deceased.exists() and Patient.deceased != false', [true]],
  ['(Observation.value as Quantity).value', [1]],
  ['Observation.value.ofType(Range)', []],
])('%s', (expression, expected) => {
  expect(values(expression, expression.includes('Observation') ? observation : patient)).toEqual(expected);
});

it('takes the time that it is given', () => {
  expect(compilePath('today()')(patient, { now: Date.UTC(2026, 10, 22) })).toMatchObject([{ value: '2026-11-22' }]);
});

it.each(['name.', 'name[', "where('", 'name.unheard()', '((', '1 +', '%unknown', '('.repeat(5000), 'a'.repeat(20_000)])(
  'refuses an expression that it cannot read, and does not break',
  (expression) => {
    expect(() => compilePath(expression)(patient)).toThrow(PathError);
  },
);

it.each([
  "name.where(family.matches('(a+)+$'))",
  'name.repeat($this)',
  'name[0].given.aggregate($total)',
  "name.select(use.replaceMatches('a', 'b'))",
])('does not run %s for a client', (expression) => {
  expect(() => compilePath(expression)).toThrow(PathError);
});

describe('an expression that would take the server’s time', () => {
  const many = { resourceType: 'Questionnaire', item: Array.from({ length: 20_000 }, (_, i) => ({ linkId: `i${i}` })) };
  const deep = { resourceType: 'Questionnaire', item: [{ linkId: 'a' }] };
  for (let i = 0; i < 25; i++) deep.item = [{ linkId: 'a', item: deep.item } as never, { linkId: 'b' }];

  it.each([
    [Array(12).fill('descendants()').join('.'), deep],
    ['descendants().exclude(descendants())', many],
    ['item.intersect(item)', many],
    ['item.subsetOf(item)', many],
    ['item | item', many],
    ['item.isDistinct()', many],
    ['item ~ item', many],
    ['item.where($this in %resource.item)', many],
    ['item.select(%resource.item)', many],
    [`item.first().linkId${'.select($this & $this)'.repeat(40)}`, many],
  ])('is given up: %s', (expression, resource) => {
    expect(() => compilePath(expression)(resource)).toThrow(PathError);
  });
});

const isQuantity = (value: unknown): value is { value: number; unit?: string; code?: string } =>
  typeof value === 'object' && value !== null && 'value' in value;

const cases = sharedData('fhir-r4/fhirpath-cases.tar.gz');
const examples = sharedData('fhir-r4/examples-half.tar.gz');

/** Groups that use what we leave out: unit conversion, date arithmetic, functions of later releases. */
const LEFT_OUT = [
  'testQuantity',
  'testEncodeDecode',
  'testEscapeUnescape',
  'testSort',
  'testType',
  'testConformsTo',
  'LowBoundary',
  'HighBoundary',
  'Comparable',
  'Precision',
  'cdaTests',
  'testPlus',
  'testMinus',
  'testMatches',
];
const LEFT_OUT_TESTS = [
  // Names are not checked before an expression runs.
  'testSimpleFail',
  'testSimpleWithWrongContext',
  'testPolymorphismB',
  'testPolymorphismAsB',
  'testPolymorphicsB',
  'testDollarOrderNotAllowed',
  'testFHIRPathAsFunction21',
  'testFHIRPathAsFunction23',
  'testFHIRPathAsFunction24',
  'testIif6',
  'testIif10',
  'from-zulip-2',
  // Doubles and units.
  'testLiteralDecimalStep',
  'testToString4',
  'testNEquality24',
  'testAbs3',
  'testStringQuantityMonthLiteralToQuantity',
  'testStringQuantityYearLiteralToQuantity',
  'testQuantityLiteralWeekToString',
  'testStringQuantityWeekConvertsToQuantityFalse',
  'testBooleanLiteralConvertsToQuantity',
  'testStringHourConvertsToTime',
  // The example of R4 has no such extension.
  'testFHIRPathIsFunction8',
  'testFHIRPathIsFunction9',
  'testFHIRPathIsFunction10',
  'testRepeat5',
  'testIif11',
  'testReplaceMatches2',
];

describe.skipIf(!cases || !examples)(
  `the suite of FHIR/fhir-test-cases${cases ? '' : ' (skipped: no shared data)'}`,
  () => {
    const plain = (text: string) =>
      text
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&apos;', "'")
        .replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
        .replaceAll('&amp;', '&');
    const attributes = (text: string) =>
      Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]));
    const files = examples ? unpack(examples) : new Map<string, Buffer>();
    const INPUTS: Record<string, string> = {
      'patient-example.xml': 'Patient-example.json',
      'observation-example.xml': 'Observation-example.json',
      'appointment-examplereq.json': 'Appointment-examplereq.json',
    };
    const input = (name: string | undefined) => {
      const bytes = name ? files.get(INPUTS[name] ?? '') : undefined;
      return name === undefined ? { resourceType: 'Patient' } : bytes && parseJson(bytes);
    };
    const suite = cases
      ? unpack(cases)
          .get('tests-fhir-r4.xml')!
          .toString()
          .replaceAll(/<!--[\s\S]*?-->/g, '')
      : '';

    const shown = (value: unknown) =>
      isQuantity(value)
        ? `${value.value} '${value.code ?? value.unit}'`
        : typeof value === 'object'
          ? JSON.stringify(value)
          : String(value);
    const same = (a: string, b: string) => a === b || (a !== '' && Number(a) === Number(b));

    for (const [group, name = ''] of suite.matchAll(/<group name="([^"]*)"[\s\S]*?<\/group>/g)) {
      if (LEFT_OUT.includes(name)) continue;
      it(name, () => {
        for (const [, head = '', body = ''] of group.matchAll(/<test ([^>]*)>([\s\S]*?)<\/test>/g)) {
          const test = attributes(head);
          const resource = input(test.inputfile);
          const [, marks = '', written = ''] = /<expression([^>]*)>([\s\S]*?)<\/expression>/.exec(body)!;
          if (!resource || test.mode === 'cda' || LEFT_OUT_TESTS.includes(test.name!)) continue;
          const run = () =>
            compileNodePath(plain(written))(startOf(resource), { now: Date.UTC(2026, 10, 22, 1, 2, 3) });
          if (marks.includes('invalid')) {
            expect(run, test.name).toThrow(PathError);
            continue;
          }
          const wanted = [...body.matchAll(/<output type="\w+">([\s\S]*?)<\/output>/g)].map(([, text = '']) =>
            plain(text).replace(/^@T?/, ''),
          );
          const found = run();
          const answer =
            test.predicate === 'true'
              ? [String(found.length > 0 && found[0]!.value !== false)]
              : found.map(({ value }) => shown(value));
          const isRight =
            answer.length === wanted.length && answer.every((text, i) => same(text.replace(/^@T?/, ''), wanted[i]!));
          expect(
            isRight,
            `${test.name}: ${plain(written)} gave ${answer.length} values, not the ${wanted.length} expected`,
          ).toBe(true);
        }
      });
    }
  },
);
