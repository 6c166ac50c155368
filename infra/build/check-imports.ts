// Imports flow one way (docs/architecture.md, "One request"): a fault is printed as file:line and the rule it breaks.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Folder of functions/ → the folders beside itself that it may use. `doors` are the only files that others may open. */
interface Place {
  readonly uses: readonly string[];
  /** @default every file */
  readonly doors?: readonly string[];
}

const PLACES: Readonly<Record<string, Place>> = {
  fhir: { uses: [] },
  terminology: { uses: ['fhir'] },
  storage: {
    uses: ['fhir', 'services'],
    // Domain code knows the promise; only the composition root knows who keeps it.
    doors: ['port.ts', 'write-refused.ts'],
  },
  profiles: { uses: ['fhir', 'terminology'] },
  services: { uses: ['fhir'] },
  auth: {
    uses: ['fhir', 'storage', 'services', 'consent', 'audit'],
    doors: ['scopes.ts', 'verify-token.ts', 'cached.ts', 'rows.ts', 'narrow.ts', 'jwks.ts'],
  },
  consent: { uses: ['fhir', 'auth', 'search', 'storage', 'services', 'interactions'] },
  audit: { uses: ['fhir', 'storage', 'services', 'consent'] },
  search: { uses: ['fhir', 'storage', 'terminology', 'consent'] },
  interactions: { uses: ['fhir', 'profiles', 'storage', 'terminology', 'search', 'consent', 'audit', 'operations'] },
  operations: {
    uses: ['fhir', 'profiles', 'storage', 'terminology', 'search', 'consent', 'audit', 'interactions', 'bulk'],
  },
  bulk: {
    uses: ['fhir', 'profiles', 'storage', 'terminology', 'search', 'consent', 'audit', 'interactions', 'services'],
  },
  'break-glass': { uses: ['fhir', 'storage', 'services', 'consent', 'audit', 'interactions'] },
  enrolment: {
    uses: [
      'fhir',
      'storage',
      'services',
      'auth',
      'consent',
      'audit',
      'search',
      'terminology',
      'interactions',
      'break-glass',
    ],
  },
  tenants: { uses: ['fhir', 'storage', 'services', 'search', 'auth', 'consent', 'audit', 'interactions'] },
  identity: {
    uses: ['fhir', 'storage', 'services', 'auth', 'search', 'terminology', 'consent', 'audit', 'interactions'],
  },
  // Codecs: what they ask of the cores stands in ihe/ports.ts.
  ihe: { uses: ['fhir'] },
  federation: {
    uses: [
      'fhir',
      'storage',
      'services',
      'auth',
      'search',
      'terminology',
      'consent',
      'audit',
      'identity',
      'ihe',
      'interactions',
    ],
  },
  abuse: { uses: ['fhir', 'storage', 'services', 'search', 'consent', 'audit', 'interactions'] },
  middleware: {
    uses: ['fhir', 'interactions', 'operations', 'auth', 'consent', 'audit', 'services', 'ihe', 'federation'],
  },
};

/** Types that two sides agree on (docs/architecture.md, "Contracts"): anyone but `fhir` may name them. */
const CONTRACTS = [
  'functions/interactions/contract.ts',
  'functions/interactions/json-route.ts',
  'functions/interactions/json-route.ts',
  'functions/storage/port.ts',
  'functions/audit/port.ts',
  'functions/consent/actor.ts',
  'functions/break-glass/port.ts',
];

/** Entries and the file that builds the services put everything together, so they see everything. */
const composes = (file: string) => file.startsWith('functions/entries/') || file === 'functions/services/live.ts';

/** The part of infra/ that describes what exists in AWS; local/, build/, operations/ and costs/ are programs. */
const describes = (file: string) => /^infra\/(app\.ts|permissions\.ts|stacks\/|constructs\/|regions\/)/.test(file);

export interface Import {
  readonly file: string;
  readonly line: number;
  /** Path from the root for our own files, otherwise the package's name. */
  readonly target: string;
  readonly own: boolean;
  readonly typeOnly: boolean;
}

/** What an import breaks, or undefined. */
export const brokenRule = ({ file, target, own, typeOnly }: Import): string | undefined => {
  if (file.startsWith('functions/'))
    return own ? brokenInFunctions(file, target, typeOnly) : brokenPackage(file, target);
  if (file.startsWith('infra/') && own) {
    if (target.startsWith('test/')) return 'infra does not import tests';
    if (describes(file) && target.startsWith('functions/') && !(target === 'functions/env.ts' && typeOnly))
      return 'infra takes only types of functions/env.ts from functions/';
  }
  return undefined;
};

const brokenInFunctions = (file: string, target: string, typeOnly: boolean): string | undefined => {
  if (!target.startsWith('functions/')) return 'functions/ imports nothing from outside functions/';
  const from = folderOf(file);
  const to = folderOf(target);
  if (to === 'entries') return 'nobody imports an entry';
  if (to === undefined || from === to || composes(file)) return undefined;
  if (target === 'functions/services/live.ts') return 'only entries build the services';
  if (typeOnly && from !== 'fhir' && CONTRACTS.includes(target)) return undefined;
  const place = from === undefined ? undefined : PLACES[from];
  if (!place) return `${from ?? file} has no place in the order of imports (infra/build/check-imports.ts)`;
  if (!place.uses.includes(to)) return `${from} may use ${place.uses.join(', ') || 'nothing beside itself'}, not ${to}`;
  const doors = PLACES[to]?.doors;
  const name = target.slice(`functions/${to}/`.length);
  if (doors && !doors.includes(name)) return `of ${to} others open only ${doors.join(', ')}, not ${name}`;
  return undefined;
};

const brokenPackage = (file: string, name: string): string | undefined => {
  const pure = ['fhir', 'profiles', 'search', 'consent'].find((folder) => folder === folderOf(file));
  if (pure && /^(@aws-sdk|@smithy|@middy)\//.test(name)) return `${pure} knows nothing of AWS`;
  if (/^(aws-cdk-lib|cdk-nag|constructs|vitest)(\/|$)/.test(name)) return 'a tool of the desk has no place in a Lambda';
  return undefined;
};

const folderOf = (file: string): string | undefined => /^functions\/([^/]+)\//.exec(file)?.[1];

/** `import … from 'x'`, `export … from 'x'`, `import 'x'` and `import('x')`. */
const IMPORTS =
  /^[ \t]*(?:import|export)\s+(type\s)?[^'"();=]*?from\s*['"]([^'"]+)['"]|^[ \t]*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

export const importsOf = (file: string, source: string): Import[] =>
  [...source.matchAll(IMPORTS)].map((match) => {
    const [whole, type, from, bare, dynamic] = match;
    const name = from ?? bare ?? dynamic ?? '';
    const own = name.startsWith('.');
    const start = match.index + whole.search(/\S/);
    return {
      file,
      line: source.slice(0, start).split('\n').length,
      target: own ? relative('.', join(dirname(file), name)) : name,
      own,
      typeOnly: type !== undefined,
    };
  });

export const checkImports = (folder = root): string[] =>
  ['functions', 'infra'].flatMap((top) =>
    readdirSync(join(folder, top), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.includes('generated/'))
      .sort()
      .flatMap((path) => {
        const file = `${top}/${path}`;
        return importsOf(file, readFileSync(join(folder, file), 'utf8')).flatMap((found) => {
          const rule = brokenRule(found);
          return rule ? [`${found.file}:${found.line}: ${rule} (imports ${found.target})`] : [];
        });
      }),
  );

if (import.meta.main) {
  const faults = checkImports();
  for (const fault of faults) console.error(fault);
  console.log(faults.length === 0 ? 'imports: in order' : `imports: ${faults.length} against the rules`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
