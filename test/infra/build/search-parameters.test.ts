// The compiled table against the published R4 (hl7.fhir.core 4.0.1): https://hl7.org/fhir/R4/searchparameter-registry.html
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RESOURCE_TYPES } from '../../../functions/fhir/resource-types.ts';
import { parametersOf, SEARCH_PARAMETERS } from '../../../functions/search/parameters.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PACKAGE = join(ROOT, '../shared/data/fhir-r4/hl7.fhir.core-4.0.1.tar.gz');

interface Definition {
  resourceType: string;
  url: string;
  code: string;
  type: string;
  base: string[];
  expression?: string;
  target?: string[];
}

const published = (): Definition[] => {
  const text = execFileSync('tar', ['xzOf', PACKAGE, '--wildcards', '*/package/SearchParameter-*.json'], {
    maxBuffer: 2 ** 28,
    encoding: 'utf8',
  });
  // The files stand one behind the other, with or without a line end between them.
  return text
    .split(/(?<=\})\s*(?=\{"resourceType":"SearchParameter")/)
    .map((one) => JSON.parse(one) as Definition)
    .filter(({ base, expression }) => base && expression);
};

const JP_CORE = 'http://jpfhir.jp/fhir/core/SearchParameter/';
const JP_LIST = join(ROOT, '../shared/data/jp/JP_CORE_1.2.0_PROFILES_AND_SEARCH.md');

/** Examples of how a parameter is written; not R4’s to promise. */
const isExample = ({ url }: Definition) => url.startsWith('http://hl7.org/fhir/SearchParameter/example');
/** R4 names Group as a target of `patient`, and its expression lets Patient through alone. */
const targetsOf = ({ url, target = [] }: Definition) =>
  url.endsWith('/clinical-patient') ? ['Patient'] : target.toSorted();

describe('the compiled search parameters', () => {
  it.skipIf(!existsSync(PACKAGE))('are those of R4, type by type (skipped: no shared data)', () => {
    const wanted = published()
      .filter((definition) => !isExample(definition))
      .flatMap((definition) => {
        const { base, code, type, url } = definition;
        return base.map((on) => [on, code, type, url, targetsOf(definition).join()].join(' '));
      });
    const known = ['Resource', ...RESOURCE_TYPES].flatMap((on) =>
      [...parametersOf(on).values()].map((parameter) => ({ on, ...parameter })),
    );
    const got = known
      .filter(({ on, name }) => on === 'Resource' || !name.startsWith('_'))
      .filter(({ definition }) => !definition.startsWith(JP_CORE))
      .map(({ on, name, kind, definition, targets }) =>
        [on, name, kind, definition, targets.toSorted().join()].join(' '),
      );
    const anyTarget = (line: string) =>
      line.split(' ').at(-1)!.split(',').length > 100 ? `${line.split(' ').slice(0, -1).join(' ')} ` : line;
    expect(got.toSorted()).toEqual([...new Set(wanted.map(anyTarget))].toSorted());
  });
  it.skipIf(!existsSync(JP_LIST))('and the eight of JP Core 1.2.0 (skipped: no shared data)', () => {
    const lines = readFileSync(JP_LIST, 'utf8').matchAll(
      /^- JP_\w+ \((\w+)\?(jp-[\w-]+), (\w+)\) (http\S+) expression/gm,
    );
    const wanted = [...lines].map(([, on, name, kind, url]) => [on, name, kind, url].join(' '));
    const got = RESOURCE_TYPES.flatMap((on) =>
      SEARCH_PARAMETERS(on)
        .filter(({ definition }) => definition.startsWith(JP_CORE))
        .map(({ name, type, definition }) => [on, name, type, definition].join(' ')),
    );
    expect(wanted).toHaveLength(8);
    expect(got.toSorted()).toEqual(wanted.toSorted());
  });
  it('fit into 50 KB of the bundle', () => {
    const file = join(ROOT, 'functions/fhir/generated/search-parameters.ts');
    expect(statSync(file).size).toBeLessThan(50_000);
    expect(readFileSync(file, 'utf8')).toContain('PACKED');
  });
  it('are told to clients by name, type and definition', () => {
    expect(SEARCH_PARAMETERS('Patient')).toContainEqual({
      name: 'birthdate',
      type: 'date',
      definition: 'http://hl7.org/fhir/SearchParameter/individual-birthdate',
    });
    expect(SEARCH_PARAMETERS('Location').map(({ name }) => name)).not.toContain('near');
  });
});
