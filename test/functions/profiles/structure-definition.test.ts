// StructureDefinitions by our engine: https://hl7.org/fhir/R4/profiling.html, https://hl7.org/fhir/R4/elementdefinition.html
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { Definitions } from '../../../functions/profiles/definitions.ts';
import { profileIssues } from '../../../functions/profiles/profiles.ts';

const url = (name: string) => `https://example.org/${name}`;

const definition = (name: string, type: string, element: object[], more: object = {}): Resource => ({
  resourceType: 'StructureDefinition',
  url: url(name),
  name,
  type,
  kind: 'resource',
  derivation: 'constraint',
  baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}`,
  snapshot: { element: [{ id: type, path: type, min: 0, max: '*' }, ...element] },
  ...more,
});

const knowing = (...resources: Resource[]) => {
  const known = new Definitions();
  for (const resource of resources) known.add(resource);
  return known;
};

const errors = (known: Definitions, resource: Resource, name = 'p', severity = 'error') => {
  expect(validate(resource)).toEqual([]);
  return profileIssues(resource, { known, required: [url(name)], verbose: true })
    .filter((issue) => issue.severity === severity)
    .flatMap(({ expression }) => expression);
};

const patient = (more: object = {}): Resource => ({ resourceType: 'Patient', active: true, ...more });
const observation = (more: object = {}): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  ...more,
});

describe('cardinality', () => {
  const known = knowing(
    definition('p', 'Patient', [
      { id: 'Patient.birthDate', path: 'Patient.birthDate', min: 1, max: '1', base: { min: 0, max: '1' } },
      { id: 'Patient.name', path: 'Patient.name', min: 0, max: '1', base: { min: 0, max: '*' } },
      { id: 'Patient.name.family', path: 'Patient.name.family', min: 1, max: '1', base: { min: 0, max: '1' } },
      { id: 'Patient.photo', path: 'Patient.photo', min: 0, max: '0', base: { min: 0, max: '*' } },
    ]),
  );
  it('asks for what must be there', () => expect(errors(known, patient())).toEqual(['Patient.birthDate']));
  it('below, only where the parent is', () => {
    expect(errors(known, patient({ birthDate: '2000', name: [{ text: 'x' }] }))).toEqual(['Patient.name[0].family']);
  });
  it('refuses what is there too often, or may not be there', () => {
    const more = { birthDate: '2000', name: [{ family: 'a' }, { family: 'b' }], photo: [{ title: 'x' }] };
    expect(errors(known, patient(more))).toEqual(['Patient.name', 'Patient.photo']);
  });
});

describe('values', () => {
  const known = knowing(
    definition('p', 'Observation', [
      { id: 'Observation.status', path: 'Observation.status', fixedCode: 'final' },
      {
        id: 'Observation.code',
        path: 'Observation.code',
        patternCodeableConcept: { coding: [{ system: 'urn:s', code: 'c' }] },
      },
      { id: 'Observation.value[x]', path: 'Observation.value[x]', type: [{ code: 'Quantity' }, { code: 'string' }] },
      {
        id: 'Observation.subject',
        path: 'Observation.subject',
        type: [{ code: 'Reference', targetProfile: [url('person')] }],
      },
      {
        id: 'Observation.value[x]:valueString',
        path: 'Observation.value[x]',
        type: [{ code: 'string' }],
        sliceName: 'valueString',
      },
    ]),
    definition('person', 'Patient', []),
  );
  const good = { code: { coding: [{ system: 'urn:s', code: 'c', display: 'more is allowed' }] } };
  it('are exactly what is fixed', () => {
    expect(errors(known, observation({ ...good, status: 'amended' }))).toEqual(['Observation.status']);
  });
  it('hold the pattern', () => {
    expect(errors(known, observation(good))).toEqual([]);
    expect(errors(known, observation())).toEqual(['Observation.code']);
  });
  it('have one of the types', () => {
    expect(errors(known, observation({ ...good, valueBoolean: true }))).toEqual(['Observation.value']);
  });
  it('refer to resources that the profile allows', () => {
    expect(errors(known, observation({ ...good, subject: { reference: 'Group/1' } }))).toEqual([
      'Observation.subject.reference',
    ]);
    expect(errors(known, observation({ ...good, subject: { reference: 'Patient/1' } }))).toEqual([]);
  });
});

describe('slicing', () => {
  const sliced = (type: string, path: string, discriminator: object[], rules: string, ...slices: object[]) =>
    knowing(definition('p', type, [{ id: path, path, slicing: { discriminator, rules } }, ...slices]));
  const identifiers = (rules: string) =>
    sliced(
      'Patient',
      'Patient.identifier',
      [{ type: 'value', path: 'system' }],
      rules,
      { id: 'Patient.identifier:mrn', path: 'Patient.identifier', sliceName: 'mrn', min: 1, max: '1' },
      { id: 'Patient.identifier:mrn.system', path: 'Patient.identifier.system', fixedUri: 'urn:mrn', min: 1, max: '1' },
      { id: 'Patient.identifier:mrn.value', path: 'Patient.identifier.value', min: 1, max: '1' },
    );
  const mrn = { system: 'urn:mrn', value: '1' };

  it('by value counts and checks each slice', () => {
    const known = identifiers('open');
    expect(errors(known, patient({ identifier: [mrn, { system: 'urn:other' }] }))).toEqual([]);
    expect(errors(known, patient({ identifier: [{ system: 'urn:other' }] }))).toEqual(['Patient.identifier']);
    expect(errors(known, patient({ identifier: [mrn, mrn] }))).toEqual(['Patient.identifier']);
    expect(errors(known, patient({ identifier: [{ system: 'urn:mrn' }] }))).toEqual(['Patient.identifier[0].value']);
  });
  it('refuses what fits no slice where it is closed', () => {
    expect(errors(identifiers('closed'), patient({ identifier: [mrn, { system: 'urn:other' }] }))).toEqual([
      'Patient.identifier[1]',
    ]);
  });
  it('by pattern, in a coding of a CodeableConcept', () => {
    const known = sliced('Observation', 'Observation.category', [{ type: 'pattern', path: '$this' }], 'open', {
      id: 'Observation.category:lab',
      path: 'Observation.category',
      sliceName: 'lab',
      min: 1,
      max: '1',
      patternCodeableConcept: { coding: [{ code: 'lab' }] },
    });
    expect(errors(known, observation({ category: [{ coding: [{ code: 'lab' }] }] }))).toEqual([]);
    expect(errors(known, observation({ category: [{ coding: [{ code: 'x' }] }] }))).toEqual(['Observation.category']);
  });
  it('by type', () => {
    const known = sliced(
      'Observation',
      'Observation.value[x]',
      [{ type: 'type', path: '$this' }],
      'open',
      {
        id: 'Observation.value[x]:valueQuantity',
        path: 'Observation.value[x]',
        sliceName: 'valueQuantity',
        type: [{ code: 'Quantity' }],
      },
      {
        id: 'Observation.value[x]:valueQuantity.unit',
        path: 'Observation.value[x].unit',
        min: 1,
        max: '1',
        base: { min: 0, max: '1' },
      },
    );
    expect(errors(known, observation({ valueString: 'x' }))).toEqual([]);
    expect(errors(known, observation({ valueQuantity: { value: 1 } }))).toEqual(['Observation.value.unit']);
  });
  it('by existence', () => {
    const known = sliced(
      'Patient',
      'Patient.telecom',
      [{ type: 'exists', path: 'period' }],
      'open',
      { id: 'Patient.telecom:past', path: 'Patient.telecom', sliceName: 'past', min: 0, max: '1' },
      { id: 'Patient.telecom:past.period', path: 'Patient.telecom.period', min: 1, max: '1' },
      { id: 'Patient.telecom:now', path: 'Patient.telecom', sliceName: 'now', min: 0, max: '1' },
      { id: 'Patient.telecom:now.period', path: 'Patient.telecom.period', min: 0, max: '0' },
    );
    const phone = (more: object = {}) => ({ system: 'phone', value: '1', ...more });
    expect(errors(known, patient({ telecom: [phone(), phone({ period: { end: '2020' } })] }))).toEqual([]);
    expect(errors(known, patient({ telecom: [phone(), phone()] }))).toEqual(['Patient.telecom']);
  });
  it('by profile, of entries and of what references lead to', () => {
    const known = sliced(
      'Bundle',
      'Bundle.entry',
      [{ type: 'profile', path: 'resource' }],
      'open',
      { id: 'Bundle.entry:who', path: 'Bundle.entry', sliceName: 'who', min: 1, max: '1' },
      {
        id: 'Bundle.entry:who.resource',
        path: 'Bundle.entry.resource',
        type: [{ code: 'Patient', profile: [url('named')] }],
      },
    );
    known.add(definition('named', 'Patient', [{ id: 'Patient.name', path: 'Patient.name', min: 1, max: '*' }]));
    const bundle = (resource: Resource): Resource => ({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ resource }],
    });
    expect(errors(known, bundle(patient({ name: [{ text: 'x' }] })))).toEqual([]);
    expect(errors(known, bundle(patient()))).toEqual(['Bundle.entry']);
  });
});

describe('extensions', () => {
  const known = knowing(
    definition('p', 'Patient', [
      {
        id: 'Patient.extension:kin',
        path: 'Patient.extension',
        sliceName: 'kin',
        min: 1,
        max: '1',
        type: [{ code: 'Extension', profile: [url('kin')] }],
      },
    ]),
    definition(
      'kin',
      'Extension',
      [
        { id: 'Extension.url', path: 'Extension.url', fixedUri: url('kin') },
        { id: 'Extension.value[x]', path: 'Extension.value[x]', type: [{ code: 'string' }], min: 1, max: '1' },
      ],
      { kind: 'complex-type', context: [{ type: 'element', expression: 'Patient' }] },
    ),
  );
  it('are told apart by their url, and have the type of their definition', () => {
    expect(errors(known, patient())).toEqual(['Patient.extension']);
    expect(errors(known, patient({ extension: [{ url: url('kin'), valueString: 'x' }] }))).toEqual([]);
    expect(errors(known, patient({ extension: [{ url: url('kin'), valueCode: 'x' }] }))).toEqual([
      'Patient.extension[0].value',
    ]);
  });
});

describe('bindings', () => {
  const bound = (strength: string) =>
    definition('p', 'Observation', [
      { id: 'Observation.code', path: 'Observation.code', binding: { strength, valueSet: url('vs') } },
    ]);
  const set = (include: object[], exclude: object[] = []): Resource => ({
    resourceType: 'ValueSet',
    url: url('vs'),
    compose: { include, exclude },
  });
  const system: Resource = {
    resourceType: 'CodeSystem',
    url: 'urn:cs',
    content: 'complete',
    concept: [{ code: 'a', concept: [{ code: 'b' }] }],
  };
  const coded = (code: string, of = 'urn:cs') => observation({ code: { coding: [{ system: of, code }] } });

  it('that are required refuse other codes, those that are extensible warn', () => {
    const codes = set([{ system: 'urn:cs', concept: [{ code: 'a' }] }]);
    expect(errors(knowing(bound('required'), codes), coded('a'))).toEqual([]);
    expect(errors(knowing(bound('required'), codes), coded('a', 'urn:other'))).toEqual(['Observation.code']);
    expect(errors(knowing(bound('extensible'), codes), coded('z'))).toEqual([]);
    expect(errors(knowing(bound('extensible'), codes), coded('z'), 'p', 'warning')).toEqual(['Observation.code']);
  });
  it('to a whole code system are checked where it is loaded', () => {
    const all = set([{ system: 'urn:cs' }]);
    expect(errors(knowing(bound('required'), all, system), coded('b'))).toEqual([]);
    expect(errors(knowing(bound('required'), all, system), coded('z'))).toEqual(['Observation.code']);
    expect(errors(knowing(bound('required'), all), coded('z'))).toEqual([]);
    expect(errors(knowing(bound('required'), all), coded('z'), 'p', 'warning')).toEqual(['Observation.code']);
  });
  it('know what a value set excludes, and what it includes from others', () => {
    const other: Resource = { ...set([{ system: 'urn:cs' }]), url: url('other') };
    const known = knowing(
      bound('required'),
      system,
      other,
      set([{ valueSet: [url('other')] }], [{ system: 'urn:cs', concept: [{ code: 'b' }] }]),
    );
    expect(errors(known, coded('a'))).toEqual([]);
    expect(errors(known, coded('b'))).toEqual(['Observation.code']);
  });
  it('cannot be checked by a filter, or by a set that nobody has', () => {
    const filtered = set([{ system: 'urn:cs', filter: [{ property: 'concept', op: 'is-a', value: 'a' }] }]);
    for (const known of [knowing(bound('required'), system, filtered), knowing(bound('required'))])
      expect(errors(known, coded('b'))).toEqual([]);
  });
});

describe('invariants', () => {
  const rule = (expression: string, severity = 'error') =>
    knowing(
      definition('p', 'Patient', [
        {
          id: 'Patient.name',
          path: 'Patient.name',
          constraint: [{ key: 'x-1', severity, expression, human: 'a rule' }],
        },
      ]),
    );
  const named = patient({ name: [{ text: 'x' }] });
  it('are evaluated on each value', () => {
    expect(errors(rule('family.exists()'), named)).toEqual(['Patient.name[0]']);
    expect(errors(rule('text.exists()'), named)).toEqual([]);
  });
  it('refuse what is too large to be held to them, and do not pass it', () => {
    const large = patient({ name: Array.from({ length: 1_500 }, () => ({ text: 'x' })) });
    expect(() => errors(rule('%resource.name.all(%resource.name.where(text.exists()).count() > 0)'), large)).toThrow(
      /too large .* x-1/,
    );
  });
  it('of severity warning refuse nothing', () => {
    expect(errors(rule('family.exists()', 'warning'), named)).toEqual([]);
    expect(errors(rule('family.exists()', 'warning'), named, 'p', 'warning')).toEqual(['Patient.name[0]']);
  });
  it('that we cannot evaluate hold, and $validate says so', () => {
    expect(errors(rule("memberOf('urn:x')"), named)).toEqual([]);
    expect(errors(rule("memberOf('urn:x')"), named, 'p', 'warning')).toEqual(['Patient.name[0]']);
  });
});

describe('definitions', () => {
  const needs = (name: string, path: string, more: object = {}) =>
    definition(name, 'Patient', [{ id: `Patient.${path}`, path: `Patient.${path}`, min: 1, max: '*' }], more);

  it('without a snapshot add to their base', () => {
    const derived = needs('p', 'name', { baseDefinition: url('base'), snapshot: undefined });
    const { snapshot } = needs('p', 'name');
    const known = knowing({ ...derived, differential: snapshot }, needs('base', 'telecom'));
    expect(errors(known, patient())).toEqual(['Patient.telecom', 'Patient.name']);
  });
  it('are found by version, the newest one without', () => {
    const known = knowing(needs('p', 'name', { version: '1.9.0' }), needs('p', 'telecom', { version: '1.10.0' }));
    expect(errors(known, patient())).toEqual(['Patient.telecom']);
    expect(errors(known, patient(), 'p|1.9')).toEqual(['Patient.name']);
  });
  it('of a version stand before those that are built in, older ones behind', () => {
    const core = 'http://jpfhir.jp/fhir/core/StructureDefinition/JP_Patient';
    const claim = patient({ meta: { profile: [core] } });
    const issues = (version: string) =>
      profileIssues(claim, { known: knowing(needs('x', 'name', { url: core, version })) });
    expect(issues('1.1.2')).toMatchObject([{ expression: ['Patient.identifier'] }]);
    expect(issues('1.2.0')).toMatchObject([{ expression: ['Patient.name'] }]);
  });
  it('that are no profiles are passed over', () => {
    for (const more of [
      { kind: 'logical' },
      { derivation: 'specialization' },
      { type: 'Nonsense' },
      { url: undefined },
    ])
      expect(errors(knowing(needs('p', 'name', more)), patient())).toEqual([]);
  });
  it('that name themselves come to an end', () => {
    const loop = definition('p', 'Patient', [
      { id: 'Patient.name', path: 'Patient.name', type: [{ code: 'HumanName', profile: [url('name')] }] },
    ]);
    const name = definition('name', 'HumanName', [
      { id: 'HumanName', path: 'HumanName', type: [{ code: 'HumanName', profile: [url('name')] }] },
    ]);
    expect(errors(knowing(loop, name), patient({ name: [{ text: 'x' }] }))).toEqual([]);
  });
});
