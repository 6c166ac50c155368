// The order of imports: docs/architecture.md, "One request".
import { describe, expect, it } from 'vitest';
import { brokenRule, checkImports, importsOf } from '../../infra/build/check-imports.ts';

const broken = (file: string, source: string) => importsOf(file, source).flatMap((found) => brokenRule(found) ?? []);

it('holds in this tree', () => {
  expect(checkImports()).toEqual([]);
});

describe('an import is refused', () => {
  it.each([
    [
      'of an upper layer',
      'functions/fhir/a.ts',
      "import { b } from '../storage/port.ts';",
      'fhir may use nothing beside itself, not storage',
    ],
    [
      'of the inside of storage',
      'functions/interactions/a.ts',
      "import { d } from '../storage/dynamo.ts';",
      'of storage others open only port.ts',
    ],
    ['of an entry', 'functions/interactions/a.ts', "import '../entries/token.ts';", 'nobody imports an entry'],
    [
      'of the composition root',
      'functions/search/a.ts',
      "import { live } from '../services/live.ts';",
      'only entries build the services',
    ],
    [
      'of the desk in a Lambda',
      'functions/search/a.ts',
      "import { x } from '../../infra/app.ts';",
      'functions/ imports nothing from outside',
    ],
    [
      'of AWS where rules are pure',
      'functions/consent/a.ts',
      "import { x } from '@aws-sdk/client-kms';",
      'consent knows nothing of AWS',
    ],
    [
      'of code of functions/ in a construct',
      'infra/constructs/a.ts',
      "import { readEnv } from '../../functions/env.ts';",
      'infra takes only types',
    ],
  ])('%s', (_, file, source, rule) => {
    expect(broken(file, source)).toEqual([expect.stringContaining(rule)]);
  });
});

it.each([
  ['functions/entries/token.ts', "import { dynamo } from '../storage/dynamo.ts';"],
  ['functions/interactions/read.ts', "import type { Resources } from '../storage/port.ts';"],
  ['functions/search/a.ts', "import type { Context } from '../interactions/contract.ts';"],
  ['infra/constructs/a.ts', "import type { EnvName } from '../../functions/env.ts';"],
])('lets %s: %s', (file, source) => {
  expect(broken(file, source)).toEqual([]);
});

it('finds the line, in imports over several lines and in import() too', () => {
  const source = "// one\nimport {\n  a,\n} from './a.ts';\n\nconst b = await import('./b.ts');\n";

  expect(importsOf('functions/fhir/x.ts', source).map(({ line, target }) => [line, target])).toEqual([
    [2, 'functions/fhir/a.ts'],
    [6, 'functions/fhir/b.ts'],
  ]);
});
