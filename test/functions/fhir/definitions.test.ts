// Our tables against HL7's own package of R4 4.0.1, which is where Medplum's package says that it comes from.
import { describe, expect, it } from 'vitest';
import { isA, isPrimitive, rule, structureOf, valueSet } from '../../../functions/fhir/definitions.ts';
import { compileNodePath } from '../../../functions/fhir/path/compile-path.ts';
import { RESOURCE_TYPES } from '../../../functions/fhir/resource-types.ts';
import type { ElementDefinition, StructureDefinition } from '../../../infra/build/definitions/read.ts';
import { sharedData, unpack } from './shared-data.ts';

it('knows every resource type of R4, and none of Medplum’s', () => {
  for (const type of RESOURCE_TYPES) expect(structureOf(type)?.kind, type).toBe('resource');
  for (const type of ['Bot', 'Project', 'SubscriptionStatus', 'constructor', ''])
    expect(structureOf(type)).toBeUndefined();
});

it('knows what is derived from what', () => {
  expect(isA('Patient', 'DomainResource')).toBe(true);
  expect(isA('Bundle', 'DomainResource')).toBe(false);
  expect(isA('Age', 'Quantity')).toBe(true);
  expect(isA('positiveInt', 'integer')).toBe(true);
  expect(isA('Observation.component', 'BackboneElement')).toBe(true);
  expect([isPrimitive('instant'), isPrimitive('Period'), isPrimitive('Unheard')]).toEqual([true, false, false]);
});

it('can expand a value set over several code systems', () => {
  const { valueSet: index } = structureOf('Task')!.elements.get('intent')!;
  const { systems } = valueSet(index!);
  expect([...systems.keys()]).toEqual(['http://hl7.org/fhir/task-intent', 'http://hl7.org/fhir/request-intent']);
  expect(systems.get('http://hl7.org/fhir/request-intent')).toContain('order');
});

it('can read every invariant', () => {
  const structures = RESOURCE_TYPES.map((type) => structureOf(type)!);
  const indexes = new Set(
    structures.flatMap(({ rules, elements }) => [
      ...rules,
      ...[...elements.values()].flatMap((element) => element.rules),
    ]),
  );
  for (const index of indexes) expect(() => compileNodePath(rule(index).expression), rule(index).key).not.toThrow();
  expect(indexes.size).toBeGreaterThan(70);
});

const core = sharedData('fhir-r4/hl7.fhir.core-4.0.1.tar.gz');

describe.skipIf(!core)(`hl7.fhir.r4.core 4.0.1${core ? '' : ' (skipped: no shared data)'}`, () => {
  const official = core
    ? [...unpack(core)]
        .filter(([name]) => name.startsWith('StructureDefinition-'))
        .map(([, bytes]) => JSON.parse(bytes.toString()) as StructureDefinition)
        .filter(
          ({ derivation, kind, url, type }) =>
            derivation !== 'constraint' && kind !== 'logical' && url.endsWith(`/${type}`),
        )
    : [];

  /** The structure an element belongs to, and its name there. */
  const found = (path: string) => {
    const at = path.lastIndexOf('.');
    return structureOf(path.slice(0, at))?.elements.get(path.slice(at + 1).replace('[x]', ''));
  };
  const isOwn = ({ path }: ElementDefinition, { kind }: StructureDefinition) =>
    path.includes('.') && kind !== 'primitive-type';
  const targetsOf = ({ type = [] }: ElementDefinition) =>
    type
      .flatMap(({ code, targetProfile = [] }) => (code === 'Reference' ? targetProfile : []))
      .map((url) => url.slice(url.lastIndexOf('/') + 1))
      .filter((name) => name !== 'Resource');

  it('has the same elements, cardinalities, choices, targets and summary flags', () => {
    const differences: string[] = [];
    for (const structure of official) {
      for (const element of structure.snapshot.element.filter((each) => isOwn(each, structure))) {
        const ours = found(element.path);
        const theirs = {
          min: element.min,
          max: element.max === '*' ? Number.POSITIVE_INFINITY : Number(element.max),
          isSummary: element.isSummary === true,
          isChoice: element.path.endsWith('[x]'),
          targets: targetsOf(element).join(),
        };
        const mine = ours && {
          min: ours.min,
          max: ours.max,
          isSummary: ours.isSummary,
          isChoice: ours.isChoice,
          targets: ours.types.flatMap(({ targets = [] }) => targets).join(),
        };
        if (JSON.stringify(mine) !== JSON.stringify(theirs))
          differences.push(`${element.path} ${JSON.stringify(mine)} ${JSON.stringify(theirs)}`);
      }
    }
    expect(differences).toEqual([]);
    expect(official.length).toBeGreaterThan(190);
  });

  it('has no element that we have besides', () => {
    const paths = new Set(
      official.flatMap(({ snapshot }) => snapshot.element.map(({ path }) => path.replace('[x]', ''))),
    );
    const extra: string[] = [];
    for (const { snapshot, kind } of official) {
      for (const { path } of snapshot.element) {
        const structure = kind === 'primitive-type' ? undefined : structureOf(path);
        for (const name of structure?.elements.keys() ?? [])
          if (!paths.has(`${path}.${name}`)) extra.push(`${path}.${name}`);
      }
    }
    expect(extra).toEqual([]);
  });
});
