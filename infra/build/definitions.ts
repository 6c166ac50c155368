// `npm run generate`: compiles the R4 definitions into functions/fhir/generated/, which is not kept in git. Every command that
// needs the tables runs it first, so it does nothing when what it reads has not changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { RESOURCE_TYPES } from '../../functions/fhir/resource-types.ts';
import { asInR4 } from './definitions/corrections.ts';
import { R4_FOLDER, readStructures, readTerminology, type StructureDefinition } from './definitions/read.ts';
import { Tables } from './definitions/tables.ts';

const OUTPUT = join(import.meta.dirname, '../../functions/fhir/generated');
const STAMP = join(OUTPUT, '.stamp');
const DISPLAYS = join(OUTPUT, '../../terminology/displays.ts');

const BASES = ['Element', 'BackboneElement', 'Resource', 'DomainResource'];

/** Base types first, then what is derived from them. */
const inOrder = (structures: readonly StructureDefinition[]): StructureDefinition[] => {
  const isWanted = ({ type, kind, derivation }: StructureDefinition) =>
    derivation !== 'constraint' &&
    (kind !== 'resource' || BASES.includes(type) || (RESOURCE_TYPES as string[]).includes(type));
  const depth = ({ type, baseDefinition = '' }: StructureDefinition): number => {
    if (BASES.includes(type)) return BASES.indexOf(type);
    // Age, Count, Distance and Duration are derived from Quantity.
    return BASES.length + (baseDefinition.endsWith('/Quantity') ? 1 : 0);
  };
  return structures.filter(isWanted).sort((a, b) => depth(a) - depth(b));
};

/** The text of functions/fhir/definitions.ts, before compression. */
export const definitionTables = (): string => {
  const tables = new Tables(readTerminology());
  for (const structure of inOrder(readStructures())) tables.add(asInR4(structure));
  return tables.text();
};

/** Replaces a file at once: others may be reading it. */
export const writeGenerated = (name: string, text: string): void => {
  mkdirSync(OUTPUT, { recursive: true });
  const temporary = join(OUTPUT, `.${name}.${process.pid}`);
  writeFileSync(temporary, text);
  renameSync(temporary, join(OUTPUT, name));
};

const compileDefinitions = (): void => {
  const packed = brotliCompressSync(definitionTables(), {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 20 },
  });
  writeGenerated(
    'definitions.ts',
    `// Made by npm run generate.\nexport const PACKED = '${packed.toString('base64')}';\n`,
  );
};

const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** Contents of our sources; names and sizes of the package's files, whose contents the lock file vouches for. */
const stamp = (): string => {
  const hash = createHash('sha256').update(process.version);
  for (const file of readdirSync(R4_FOLDER)) hash.update(`${file} ${statSync(join(R4_FOLDER, file)).size}\n`);
  for (const file of [...sources(import.meta.dirname), join(OUTPUT, '../resource-types.ts'), DISPLAYS])
    hash.update(relative(OUTPUT, file)).update(readFileSync(file));
  return hash.digest('hex');
};

const isCurrent = (now: string): boolean => {
  if (!existsSync(STAMP)) return false;
  const [before, ...files] = readFileSync(STAMP, 'utf8').split('\n');
  return before === now && files.every((file) => existsSync(join(OUTPUT, file)));
};

export const generate = async (): Promise<boolean> => {
  const now = stamp();
  if (isCurrent(now)) return false;
  compileDefinitions();
  // Reads the tables that were just made.
  const { compiledCodeSystems } = await import('./code-systems.ts');
  writeGenerated('code-systems.ts', compiledCodeSystems());
  const searchParameters = join(import.meta.dirname, 'search-parameters.ts');
  if (existsSync(searchParameters)) {
    const module = (await import(searchParameters)) as { compileSearchParameters?: () => void | Promise<void> };
    await module.compileSearchParameters?.();
  }
  const files = readdirSync(OUTPUT).filter((file) => !file.startsWith('.'));
  writeGenerated('.stamp', [now, ...files].join('\n'));
  return true;
};

if (process.argv[1] === import.meta.filename) {
  const start = performance.now();
  const isMade = await generate();
  if (isMade) console.log(`R4 definitions compiled in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
