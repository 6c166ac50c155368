// What a resource is known to be by its codes alone, said in `meta.security` when it is written, so that the consent rules
// (consent/decide.ts) need not read the resource. Classes: docs/terminology.md, "Sensitive labels".
import type { Coding, Meta, Resource } from '../fhir/types.ts';
import { canonicalSystem } from './systems.ts';

export const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

/** JP-CLINS: 長期保存, 未告知, 未提供. Tags that bind whoever shows the resource. */
export const DELIVERY = 'http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication';
export const DELIVERY_CODES: readonly string[] = ['LTS', 'UNINFORMED', 'UNDELIVERED'];

/** https://terminology.hl7.org/CodeSystem-v3-ActCode.html, below InformationSensitivityPolicy. */
const CLASSES = {
  HIV: 'HIV/AIDS information sensitivity',
  PSY: 'psychiatry disorder information sensitivity',
  SUD: 'substance use disorder information sensitivity',
  SEX: 'sexuality and reproductive health information sensitivity',
  GDIS: 'genetic disease information sensitivity',
  SDV: 'sexual assault, abuse, or domestic violence information sensitivity',
  TBOO: 'taboo',
} as const;
type Class = keyof typeof CLASSES;
/** All that a rule may say. */
export const RULED: readonly string[] = Object.keys(CLASSES);

/** ICD-10, categories or their subdivisions without the dot. Codes that only mention the disease (a test, an exposure) count too. */
const ICD10: Readonly<Record<Exclude<Class, 'TBOO'>, string>> = {
  HIV: 'B20-B24 F024 O987 R75 Z114 Z206 Z21 Z717',
  PSY: 'F00-F99',
  SUD: 'F10-F19 Z502 Z503 Z714 Z715 Z722',
  SEX: 'O03-O08 Z30-Z32',
  GDIS: 'G10 Q90-Q99 Z14 Z15 Z315',
  SDV: 'T74 T76 Y05-Y07 Z044 Z614-Z616',
};

/**
 * First characters of JLAC10 codes: HIV antibodies, antigens and RNA; 8B chromosomes, 8C genes, 8D panels of genes. 8A is eGFR and
 * the like, and genes of microbes are elsewhere.
 */
const JLAC10: Partial<Record<Class, readonly string[]>> = {
  HIV: ['5F500', '5F550', '5F560'],
  GDIS: ['8B', '8C', '8D'],
};

/** Genetic analysis reports and variants: https://hl7.org/fhir/uv/genomics-reporting/ */
const LOINC_GENETIC = new Set(['51969-4', '53037-8', '55233-1', '69548-6', '81247-9']);

type Test = (code: string) => readonly Class[];

const icdTests = Object.entries(ICD10).map(([name, words]) => ({
  name: name as Class,
  ranges: words.split(' ').map((word) => word.split('-') as [string, string?]),
}));

const icd10: Test = (code) =>
  icdTests
    .filter(({ ranges }) =>
      ranges.some(([low, high]) => {
        const head = code.slice(0, low.length);
        return high === undefined ? head === low : head.length === low.length && head >= low && head <= high;
      }),
    )
    .map(({ name }) => name);

const jlac10: Test = (code) => {
  // CLINS puts a label of its own above the codes: `HIV-1-QUANT`.
  if (code.startsWith('HIV')) return ['HIV'];
  return Object.entries(JLAC10)
    .filter(([, heads]) => heads.some((head) => code.startsWith(head)))
    .map(([name]) => name as Class);
};

/** A code of 17 characters that begins as no other code does, under whatever local system. */
const HIV_ANYWHERE = /^5F5[056]0[0-9A-Z]{12}$/;
const other: Test = (code) => (HIV_ANYWHERE.test(code) ? ['HIV'] : []);

const testFor = (written: string): Test => {
  const system = canonicalSystem(written);
  if (/icd-?10/i.test(system)) return icd10;
  if (/jlac-?1[01]/i.test(system)) return jlac10;
  if (system === 'http://loinc.org') return (code) => (LOINC_GENETIC.has(code) ? ['GDIS'] : []);
  if (system === 'http://terminology.hl7.org/CodeSystem/v2-0074') return (code) => (code === 'GE' ? ['GDIS'] : []);
  return other;
};

const tests = new Map<string, Test>();
/** Systems come from clients: so many are kept and no more. */
const MOST_SYSTEMS = 500;
const testOf = (system: string): Test => {
  const known = tests.get(system);
  if (known) return known;
  const test = testFor(system);
  if (tests.size < MOST_SYSTEMS) tests.set(system, test);
  return test;
};

/** Full width, lower case, dots and hyphens make no difference: `Ｆ３２．１`, `5f560-1550-…`. */
const plain = (code: string) =>
  code
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[.\s-]/g, '');

type Node = Record<string, unknown>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Codings that nobody's record is made of: definitions, and rules that speak of a class. */
const NOT_ABOUT_ANYBODY = new Set(['CodeSystem', 'ConceptMap', 'Consent', 'NamingSystem', 'ValueSet']);

class Found {
  readonly classes = new Set<string>();
  readonly delivery = new Set<string>();

  look(value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item === 'object') this.look(item);
    } else if (isNode(value)) {
      if (typeof value.code === 'string') this.coding(value.system, value.code);
      if (value.resourceType === 'MolecularSequence') this.classes.add('GDIS');
      for (const key in value) if (typeof value[key] === 'object') this.look(value[key]);
    }
  }

  private coding(system: unknown, code: string): void {
    const named = typeof system === 'string' ? system : '';
    // A label on a part (an entry of a document, a contained resource) holds for the whole.
    if (named === DELIVERY) {
      if (DELIVERY_CODES.includes(code)) this.delivery.add(code);
    } else if (named === ACT_CODE) {
      if (RULED.includes(code)) this.classes.add(code);
    } else {
      const coded = named === 'http://loinc.org' ? code : plain(code);
      for (const name of testOf(named)(coded)) this.classes.add(name);
    }
  }

  /** 告知前: what the patient is not to be told is TBOO, and the other way round. */
  codings(): Coding[] {
    if (this.delivery.has('UNINFORMED')) this.classes.add('TBOO');
    if (this.classes.has('TBOO')) this.delivery.add('UNINFORMED');
    return [
      ...DELIVERY_CODES.filter((code) => this.delivery.has(code)).map((code) => ({ system: DELIVERY, code })),
      ...RULED.filter((code) => this.classes.has(code)).map((code) => ({
        system: ACT_CODE,
        code,
        display: CLASSES[code as Class],
      })),
    ];
  }
}

const isSame = (one: Coding, other: Coding) => one?.system === other.system && one?.code === other.code;

/** What the rules say of a resource, whoever wrote it. */
export const ruledLabels = (resource: Resource): Coding[] => {
  if (NOT_ABOUT_ANYBODY.has(resource.resourceType)) return [];
  const found = new Found();
  found.look(resource);
  return found.codings();
};

/**
 * Adds what the rules say to `meta.security`, in place. What the source put there stays. Every write passes here, so no update
 * takes a rule's label away while the codes are there.
 */
export const label = <T extends Resource>(resource: T): T => {
  const ruled = ruledLabels(resource);
  if (ruled.length === 0) return resource;
  const meta: Meta = resource.meta ?? {};
  const before = meta.security ?? [];
  const missing = ruled.filter((coding) => !before.some((there) => isSame(there, coding)));
  if (missing.length > 0) resource.meta = { ...meta, security: [...before, ...missing] };
  return resource;
};
