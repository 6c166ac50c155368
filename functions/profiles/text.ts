// The notation of our own profile tables (jp-core/*.ts). A line at the margin starts a profile, an indented one is an element:
//
//   JP_Observation_LabResult Observation < JP_Observation_Common
//     category by coding.system                     slices, told apart by that value (`type:$this`: by type)
//     category:first 1 vs JP_SimpleObservationCategory_VS
//     category:first.coding.code 1 = laboratory     exactly this
//     code ~ {"coding":[{"code":"x"}]}              at least this
//     effective type dateTime|Period
//     performer to Practitioner|Organization        types that the reference may point to
//     amount is JP_MedicationRatio_Amount           profile of its type
//   ext JP_Patient_Race CodeableConcept on Patient  an extension, the types of its value, where it may stand
//
// `2..*`, `1` (1..1), `0` (must not be there); `vs` required, `vs+` extensible binding; `rule KEY`: an invariant, named in the table.
import type { Discriminator, Invariant, Profile, Rule } from './rules.ts';

const CORE = 'http://jpfhir.jp/fhir/core';

const SHORT: Readonly<Record<string, string>> = {
  $C: `${CORE}/CodeSystem`,
  $M: `${CORE}/mhlw`,
  $J: CORE,
  $L: 'http://loinc.org',
  $U: 'http://unitsofmeasure.org',
};

export const expand = (text: string): string => text.replaceAll(/\$[CJLMU]/g, (short) => SHORT[short]!);

const HL7 = 'http://hl7.org/fhir/StructureDefinition';
/** `JP_Patient` → its canonical; names of HL7's own are written with `hl7:`. */
const profileUrl = (name: string): string =>
  name.startsWith('hl7:') ? `${HL7}/${name.slice(4)}` : `${CORE}/StructureDefinition/${name}`;
const extensionUrl = (name: string): string =>
  name.startsWith('hl7:') ? profileUrl(name) : `${CORE}/Extension/StructureDefinition/${name}`;
const valueSetUrl = (name: string): string => {
  const full = expand(name);
  return full.startsWith('http') ? full : `${CORE}/ValueSet/${full}`;
};

const cardinality = (word: string): Pick<Rule, 'min' | 'max'> => {
  const [low = '', high = low] = word.split('..');
  return { min: Number(low), max: high === '*' ? Number.POSITIVE_INFINITY : Number(high) };
};

const discriminator = (word: string): Discriminator => {
  const [type, path] = word.includes(':') ? word.split(':') : ['value', word];
  return { type: type as Discriminator['type'], path: path! };
};

/** JSON, or a word that is a string. */
const literal = (word: string): unknown => {
  const full = expand(word);
  return /^["{[\d-]/.test(full) && !/^\d+-/.test(full) ? JSON.parse(full) : full;
};

type Part = Omit<Rule, 'path'>;

const CLAUSES: Readonly<Record<string, (word: string, table: Invariants) => Part>> = {
  '=': (word) => ({ fixed: literal(word) }),
  '~': (word) => ({ pattern: literal(word) }),
  by: (word) => ({ slicing: { by: [discriminator(word)], rules: 'open' } }),
  is: (word) => ({ profiles: [profileUrl(word)] }),
  ext: (word) => ({ profiles: [extensionUrl(word)] }),
  rule: (word, invariants) => ({ invariants: [invariants[word]!] }),
  to: (word) => ({ targets: word.split('|') }),
  type: (word) => ({ types: word.split('|') }),
  vs: (word) => ({ binding: { strength: 'required', valueSet: valueSetUrl(word) } }),
  'vs+': (word) => ({ binding: { strength: 'extensible', valueSet: valueSetUrl(word) } }),
};

type Invariants = Readonly<Record<string, Invariant>>;

const parseRule = (line: string, invariants: Invariants): Rule => {
  const [path = '', ...words] = line.trim().split(/\s+/);
  const rule: Part = {};
  for (let index = 0; index < words.length; index++) {
    const clause = CLAUSES[words[index]!];
    Object.assign(rule, clause ? clause(words[++index]!, invariants) : cardinality(words[index]!));
  }
  return { path: path === '.' ? '' : path, ...rule };
};

/** What every extension is: a url of its own, a value of these types, or extensions within (`complex`). */
const extension = (name: string, types: string, contexts: string, rules: readonly Rule[]) => ({
  url: extensionUrl(name),
  name: name.replace('hl7:', ''),
  type: 'Extension',
  contexts: contexts === '*' ? undefined : contexts.split('|'),
  rules: [
    { path: 'url', fixed: extensionUrl(name) },
    ...(types === 'complex'
      ? [{ path: 'value', max: 0 }]
      : [
          { path: 'extension', max: 0 },
          { path: 'value', types: types.split('|') },
        ]),
    ...rules,
  ],
});

const header = (line: string, rules: readonly Rule[], version: string): Profile => {
  const [first = '', name = '', types = '', , contexts = '*'] = line.split(/\s+/);
  if (first === 'ext') {
    const made = extension(name, types, contexts, rules);
    return { ...made, version: name.startsWith('hl7:') ? '4.0.1' : version };
  }
  const [, type = '', , base] = line.split(/\s+/);
  return {
    url: profileUrl(first),
    name: first.replace('hl7:', ''),
    version: first.startsWith('hl7:') ? '4.0.1' : version,
    type,
    base: base && profileUrl(base),
    rules,
  };
};

/** The profiles of one table. Parsed when one of them is first asked for. */
export const parseProfiles = (text: string, version: string, invariants: Invariants = {}): Profile[] => {
  const blocks = text.trim().split(/\n(?=\S)/);
  return blocks.map((block) => {
    const [head = '', ...lines] = block.split('\n');
    return header(
      head,
      lines.filter((line) => line.trim() !== '').map((line) => parseRule(line, invariants)),
      version,
    );
  });
};
