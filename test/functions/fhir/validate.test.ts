// https://hl7.org/fhir/R4/validation.html
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../functions/fhir/json.ts';
import { validate } from '../../../functions/fhir/validate.ts';

const observation = {
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
  subject: { reference: 'Patient/p1' },
  effectiveDateTime: '2026-11-22T09:00:00+09:00',
  valueQuantity: { value: 13.5, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
};
const patient = {
  resourceType: 'Patient',
  name: [{ family: '山田', given: ['花子'] }],
  gender: 'female',
  birthDate: '1950-02-28',
};
const narrative = (inner: string) => ({
  resourceType: 'Basic',
  code: { text: 'x' },
  text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>` },
});
const bundle = (type: string, ...entry: object[]) => ({ resourceType: 'Bundle', type, entry });

/** Where the faults are. */
const faults = (resource: unknown) => validate(resource).map(({ expression }) => expression?.[0]);

it('finds nothing wrong with a valid resource', () => {
  expect(validate(observation)).toEqual([]);
  expect(validate(patient)).toEqual([]);
});

it('names all faults at once, each with its FHIRPath, and echoes no value', () => {
  const issues = validate({
    ...patient,
    name: [{ family: 7, given: 'Hanako', nickname: 'geheim' }],
    gender: 'geheim',
    birthDate: '2023-02-30',
    deceasedBoolean: true,
    deceasedDateTime: '2024-01-01',
  });
  expect(issues.map(({ expression, code }) => [expression?.[0], code])).toEqual([
    ['Patient.name[0].family', 'value'],
    ['Patient.name[0].given', 'structure'],
    ['Patient.name[0].nickname', 'structure'],
    ['Patient.gender', 'code-invalid'],
    ['Patient.birthDate', 'value'],
    ['Patient.deceased', 'structure'],
  ]);
  expect(JSON.stringify(issues)).not.toMatch(/geheim|Hanako|2023-02-30/);
});

it('lists a hundred faults and says that there are more', () => {
  const issues = validate({ ...patient, name: Array.from({ length: 300 }, () => ({ family: 1 })) });
  expect(issues).toHaveLength(101);
  expect(issues.at(-1)!.diagnostics).toContain('more than 100 faults');
});

it.each([
  ['an unknown element', { ...patient, favouriteColour: 'red' }, 'Patient.favouriteColour'],
  ['an element of Medplum’s own', { ...patient, meta: { project: 'x' } }, 'Patient.meta.project'],
  [
    'an element of a later release',
    { resourceType: 'ResearchStudy', status: 'active', label: [] },
    'ResearchStudy.label',
  ],
  ['an unknown resource type', { resourceType: 'Bot' }, 'Resource'],
  ['a missing element', { ...observation, status: undefined }, 'Observation.status'],
  ['an array where there is one value', { ...patient, gender: ['female'] }, 'Patient.gender'],
  ['a value where there is an array', { ...patient, name: { family: 'x' } }, 'Patient.name'],
  ['an empty array', { ...patient, name: [] }, 'Patient.name'],
  ['an empty object', { ...patient, maritalStatus: {} }, 'Patient.maritalStatus'],
  ['an element with an id alone', { ...patient, maritalStatus: { id: 'a' } }, 'Patient.maritalStatus'],
  ['an empty string', { ...patient, birthDate: '' }, 'Patient.birthDate'],
  ['null', { ...patient, birthDate: null }, 'Patient.birthDate'],
  ['null in a list of elements', { ...patient, name: [null] }, 'Patient.name[0]'],
  ['null in a list without extensions', { ...patient, name: [{ given: ['a', null] }] }, 'Patient.name[0].given[1]'],
  ['two types of a choice', { ...observation, valueString: 'x' }, 'Observation.value'],
  [
    'a type that a choice does not have',
    { ...observation, valueQuantity: undefined, valueMoney: { value: 1 } },
    'Observation.valueMoney',
  ],
  ['a string for a number', { ...observation, valueQuantity: { value: '13' } }, 'Observation.value.value'],
  ['a string for a boolean', { ...patient, active: 'true' }, 'Patient.active'],
  ['an object for a string', { ...patient, name: [{ family: { a: 1 } }] }, 'Patient.name[0].family'],
  ['a control character', { ...patient, name: [{ family: 'a\u0000b' }] }, 'Patient.name[0].family'],
  ['half a character', { ...patient, name: [{ family: 'a\ud842' }] }, 'Patient.name[0].family'],
  [
    'an extension with value and extensions',
    { ...patient, extension: [{ url: 'u:a', valueCode: 'a', extension: [{ url: 'b', valueCode: 'b' }] }] },
    'Patient.extension[0]',
  ],
  ['an extension with neither', { ...patient, extension: [{ url: 'u:a' }] }, 'Patient.extension[0]'],
  ['an extension without url', { ...patient, extension: [{ valueCode: 'a' }] }, 'Patient.extension[0].url'],
  [
    'extensions of an element that is no primitive',
    { ...patient, _name: [{ extension: [{ url: 'u:a', valueCode: 'a' }] }] },
    'Patient._name',
  ],
  [
    'a reference to a wrong type',
    { ...observation, subject: { reference: 'Organization/o1' } },
    'Observation.subject.reference',
  ],
  [
    'an absolute reference to a wrong type',
    { ...observation, subject: { reference: 'https://a.example/fhir/Organization/o1' } },
    'Observation.subject.reference',
  ],
  [
    'a reference whose type says otherwise',
    { ...observation, subject: { reference: 'Patient/p1', type: 'Group' } },
    'Observation.subject.type',
  ],
  [
    'a reference to no type of R4',
    { ...observation, subject: { reference: 'Person1/p1' } },
    'Observation.subject.reference',
  ],
  ['a reference that is none', { ...observation, subject: { reference: 'p1' } }, 'Observation.subject.reference'],
  [
    'a conditional reference outside a transaction',
    { ...observation, subject: { reference: 'Patient?identifier=a' } },
    'Observation.subject.reference',
  ],
  [
    'a reference to what is not contained',
    { ...observation, subject: { reference: '#p1' } },
    'Observation.subject.reference',
  ],
  ['a code outside a required binding', { ...observation, status: 'done' }, 'Observation.status'],
  [
    'a CodeableConcept outside a required binding',
    {
      resourceType: 'Condition',
      subject: { reference: 'Patient/p1' },
      verificationStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'sure' }],
      },
    },
    'Condition.verificationStatus',
  ],
  ['a media type that is none', { ...patient, photo: [{ contentType: 'pdf' }] }, 'Patient.photo[0].contentType'],
  [
    'a currency that is none',
    { resourceType: 'Account', status: 'active', extension: [{ url: 'u:a', valueMoney: { currency: 'QQQ' } }] },
    'Account.extension[0].value.currency',
  ],
  [
    'a resource inside a contained resource',
    { ...observation, subject: { reference: '#p' }, contained: [{ ...patient, id: 'p', contained: [] }] },
    'Observation.contained[0].contained',
  ],
])('refuses %s', (_, resource, path) => {
  expect(faults(resource)).toContain(path);
});

describe('primitives', () => {
  const withValue = (key: string, value: unknown) => ({
    resourceType: 'Basic',
    code: { text: 'x' },
    extension: [{ url: 'u:a', [key]: value }],
  });

  it.each([
    ['valueDate', '2023-02-30'],
    ['valueDate', '2023-13'],
    ['valueDate', '23-01-01'],
    ['valueDate', '0000'],
    ['valueDate', '1900-02-29'],
    ['valueDate', '2023-01-01T00:00:00Z'],
    ['valueDateTime', '2023-01-01T10:00'],
    ['valueDateTime', '2023-01-01T10:00:00'],
    ['valueDateTime', '2023-01-01T24:00:00Z'],
    ['valueDateTime', '2023-04-31T10:00:00Z'],
    ['valueInstant', '2023-01-01'],
    ['valueTime', '25:00:00'],
    ['valueTime', '10:00'],
    ['valueInteger', 1.5],
    ['valueInteger', 2 ** 31],
    ['valueUnsignedInt', -1],
    ['valuePositiveInt', 0],
    ['valueCode', ' a'],
    ['valueCode', 'a  b'],
    ['valueId', 'a_b'],
    ['valueId', 'x'.repeat(65)],
    ['valueUri', 'a b'],
    ['valueOid', 'urn:oid:3.1'],
    ['valueOid', '1.2.3'],
    ['valueUuid', 'urn:uuid:A'],
    ['valueBase64Binary', 'abc'],
    ['valueBase64Binary', '*aa='],
    ['valueString', 'x'.repeat(1024 * 1024 + 1)],
    ['valueDecimal', '1.0'],
  ])('refuses %s of a wrong form', (key, value) => {
    expect(faults(withValue(key, value))).toEqual(['Basic.extension[0].value']);
  });

  it.each([
    ['valueDate', '2024-02-29'],
    ['valueDate', '2023'],
    ['valueDateTime', '2023-12'],
    ['valueDateTime', '2023-12-31T23:59:60.123456+14:00'],
    ['valueInstant', '2023-01-01T00:00:00-09:30'],
    ['valueTime', '23:59:59.5'],
    ['valueInteger', -(2 ** 31)],
    ['valueUnsignedInt', 0],
    ['valueCode', 'a b'],
    ['valueOid', 'urn:oid:1.2.392.100495'],
    ['valueUuid', 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520'],
    ['valueBase64Binary', 'YWJj\nZGU='],
    ['valueString', ' 髙\n'],
    ['valueBoolean', false],
  ])('accepts %s', (key, value) => {
    expect(faults(withValue(key, value))).toEqual([]);
  });

  it('refuses a decimal that no double can hold', () => {
    expect(faults(parseJson(JSON.stringify(withValue('valueDecimal', 0)).replace(':0}', ':1E400}')))).toHaveLength(1);
  });

  it('accepts a decimal in any form that JSON has, and no decimal as an integer', () => {
    expect(validate(parseJson(JSON.stringify(withValue('valueDecimal', 0)).replace(':0}', ':1.00E2}')))).toEqual([]);
    expect(faults(parseJson(JSON.stringify(withValue('valueInteger', 0)).replace(':0}', ':1.0}')))).toHaveLength(1);
  });

  it('accepts a primitive that has extensions only, and null in both arrays to keep them in step', () => {
    const why = {
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }],
    };
    expect(validate({ ...patient, birthDate: undefined, _birthDate: why })).toEqual([]);
    expect(
      validate({ ...patient, name: [{ given: ['a', null, 'b'], _given: [null, why, { id: 'x', ...why }] }] }),
    ).toEqual([]);
    expect(faults({ ...patient, name: [{ given: ['a', null], _given: [null] }] })).toEqual(['Patient.name[0].given']);
    expect(faults({ ...patient, _gender: { id: 'x' } })).toEqual([]);
    expect(faults({ ...patient, gender: undefined, _gender: { id: 'x' } })).toEqual(['Patient.gender']);
  });
});

describe('narratives', () => {
  it.each([
    '<p>text <b>bold</b><br/></p>',
    '<table border="1" class="x"><tbody><tr><td colspan="2" style="color: red">&#160;a &amp; b &nbsp;</td></tr></tbody></table>',
    '<a href="https://example.org/?a=1&amp;b=2">x</a><a name="n"/><img src="data:image/png;base64,AAAA" alt="x"/><!-- note -->',
    '<a href="Patient/p1">x</a><a href="#n">y</a>',
  ])('accepts %s', (inner) => {
    expect(validate(narrative(inner))).toEqual([]);
  });

  it.each([
    '<script>alert(1)</script>',
    '<p onclick="alert(1)">x</p>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" java&#x09;script:alert(1)">x</a>',
    '<a href="java&Tab;script&colon;alert(1)">x</a>',
    '<a href="data:text/html;base64,AAAA">x</a>',
    '<img src="vbscript:x" alt="x"/>',
    '<p style="background: url(javascript:x)">x</p>',
    '<iframe src="https://example.org">x</iframe>',
    '<form action="/"><input name="x"/></form>',
    '<style>p { color: red }</style>',
    '<object data="x">x</object>',
    '<svg><animate/></svg>',
    '<p>x',
    '<p>x</b></p>',
    '<br>',
    '<p class=x>x</p>',
    'a & b',
    '<![CDATA[x]]>',
    '</div><div>x',
    ' ',
  ])('refuses %s', (inner) => {
    expect(faults(narrative(inner))).toEqual(['Basic.text.div']);
  });

  it('refuses a narrative that is not one div of XHTML', () => {
    const withDiv = (div: string) => ({ ...narrative(''), text: { status: 'generated', div } });
    for (const div of [
      '<div>x</div>',
      '<p xmlns="http://www.w3.org/1999/xhtml">x</p>',
      'x',
      '<div xmlns="http://www.w3.org/1999/xhtml">x</div> y',
    ])
      expect(faults(withDiv(div))).toEqual(['Basic.text.div']);
  });
});

describe('contained resources', () => {
  it('are validated, and found by the references to them', () => {
    const contained = [{ ...patient, id: 'p', gender: 'x' }];
    expect(faults({ ...observation, contained, subject: { reference: '#p' } })).toEqual([
      'Observation.contained[0].gender',
    ]);
  });

  it('must be of a type that the reference allows', () => {
    const contained = [{ resourceType: 'Organization', id: 'o', name: 'x' }];
    expect(faults({ ...observation, contained, subject: { reference: '#o' } })).toEqual([
      'Observation.subject.reference',
    ]);
  });

  it('must be referred to (dom-3), have no version (dom-4), no labels (dom-5) and an id', () => {
    const security = [{ code: 'R' }];
    expect(faults({ ...observation, contained: [{ ...patient, id: 'p' }] })).toEqual(['Observation.contained[0]']);
    const contained = [{ ...patient, id: 'p', meta: { versionId: '1', security } }];
    expect(
      validate({ ...observation, contained, subject: { reference: '#p' } }).map(
        ({ diagnostics }) => diagnostics.split(': ')[1],
      ),
    ).toEqual(['dom-4', 'dom-5']);
    expect(faults({ ...observation, contained: [patient] })).toEqual(['Observation.contained[0]']);
  });

  it('may refer to their container', () => {
    const contained = [
      {
        resourceType: 'Provenance',
        id: 'v',
        target: [{ reference: '#' }],
        recorded: '2026-01-01T00:00:00Z',
        agent: [{ who: { display: 'x' } }],
      },
    ];
    expect(validate({ ...observation, contained })).toEqual([]);
  });
});

describe('bundles', () => {
  const request = { method: 'POST', url: 'Patient' };

  it('are validated with the resources in their entries', () => {
    expect(faults(bundle('transaction', { request, resource: { ...patient, gender: 'x' } }))).toEqual([
      'Bundle.entry[0].resource.gender',
    ]);
  });

  it('let entries of a transaction refer by a search', () => {
    const resource = { ...observation, subject: { reference: 'Patient?identifier=a|b' } };
    expect(validate(bundle('transaction', { request, resource }))).toEqual([]);
    expect(validate(resource, { conditional: true })).toEqual([]);
    expect(faults(bundle('collection', { resource }))).toEqual(['Bundle.entry[0].resource.subject.reference']);
  });

  it('keep the rules that hold for their type', () => {
    const keys = (resource: unknown) => validate(resource).map(({ diagnostics }) => diagnostics.split(': ')[1]);
    expect(keys(bundle('transaction', { resource: patient }))).toContain('bdl-3');
    expect(keys({ ...bundle('collection'), entry: undefined, total: 3 })).toContain('bdl-1');
    expect(keys(bundle('document', { resource: patient }))).toEqual(
      expect.arrayContaining(['bdl-9', 'bdl-10', 'bdl-11']),
    );
    expect(
      keys(
        bundle(
          'collection',
          { fullUrl: 'urn:uuid:a', resource: patient },
          { fullUrl: 'urn:uuid:a', resource: patient },
        ),
      ),
    ).toContain('bdl-7');
  });
});

describe('invariants', () => {
  it.each([
    ['per-1', { ...patient, name: [{ family: 'x', period: { start: '2026-02-01', end: '2026-01-31' } }] }],
    ['qty-3', { ...observation, valueQuantity: { value: 1, code: 'mg' } }],
    ['obs-6', { ...observation, dataAbsentReason: { text: 'x' } }],
    ['obs-7', { ...observation, component: [{ code: observation.code, valueString: 'x' }] }],
    ['obs-3', { ...observation, referenceRange: [{ type: { text: 'x' } }] }],
    [
      'rng-2',
      {
        ...observation,
        valueQuantity: undefined,
        valueRange: { low: { value: 2, unit: 'g' }, high: { value: 1, unit: 'g' } },
      },
    ],
    ['sqty-1', { ...observation, referenceRange: [{ low: { value: 1, comparator: '<' } }] }],
    ['att-1', { ...patient, photo: [{ data: 'YWJj' }] }],
    ['cpt-2', { ...patient, telecom: [{ value: '000' }] }],
    ['pat-1', { ...patient, contact: [{ gender: 'male' }] }],
    ['org-1', { resourceType: 'Organization', active: true }],
    [
      'tim-1',
      {
        resourceType: 'MedicationRequest',
        status: 'active',
        intent: 'order',
        subject: { reference: 'Patient/p' },
        medicationCodeableConcept: { text: 'x' },
        dosageInstruction: [{ timing: { repeat: { duration: 1 } } }],
      },
    ],
    [
      'con-4',
      {
        resourceType: 'Condition',
        subject: { reference: 'Patient/p' },
        abatementString: 'x',
        clinicalStatus: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
        },
      },
    ],
    ['ait-1', { resourceType: 'AllergyIntolerance', patient: { reference: 'Patient/p' } }],
    [
      'que-2',
      {
        resourceType: 'Questionnaire',
        status: 'draft',
        item: [
          { linkId: 'a', type: 'display' },
          { linkId: 'a', type: 'display' },
        ],
      },
    ],
  ])('%s is kept', (key, resource) => {
    expect(validate(resource).map(({ diagnostics }) => diagnostics.split(': ')[1])).toContain(key);
  });

  it('do not refuse a period whose order cannot be told', () => {
    expect(validate({ ...patient, name: [{ family: 'x', period: { start: '2026-01-15', end: '2026-01' } }] })).toEqual(
      [],
    );
  });
});

it('takes anything for an answer, whatever it is', () => {
  for (const value of [
    undefined,
    null,
    1,
    'x',
    [],
    {},
    { resourceType: 7 },
    { resourceType: '__proto__' },
    { resourceType: 'constructor' },
  ])
    expect(validate(value)).toHaveLength(1);
  expect(faults(JSON.parse('{"resourceType":"Patient","__proto__":{"a":1},"constructor":1}'))).toHaveLength(2);
});

it('says when the resource is of another type than was asked for', () => {
  expect(validate(patient, { type: 'Observation' })[0]).toMatchObject({
    expression: ['Patient.resourceType'],
    code: 'structure',
  });
});
