// Displays of HL7's code systems that required bindings draw on, for functions/terminology/built-in.ts: one line a system,
// `url␁name`, `␁` and `*` where not all of its codes are here, then its codes, each with its display unless that is the code itself in words.
import { brotliCompressSync, constants } from 'node:zlib';
import { inWords } from '../../functions/terminology/in-words.ts';
import { type CodeSystem, type Concept, readStructures, readTerminology } from './definitions/read.ts';
import { expand } from './definitions/value-sets.ts';

const flat = (concepts: readonly Concept[]): Concept[] =>
  concepts.flatMap((concept) => [concept, ...flat(concept.concept ?? [])]);

const requiredValueSets = (): Set<string> =>
  new Set(
    readStructures()
      .flatMap(({ snapshot }) => snapshot.element)
      .flatMap(({ binding }) => (binding?.strength === 'required' && binding.valueSet ? [binding.valueSet] : [])),
  );

const line = ({ url, name, concept = [] }: CodeSystem, codes: ReadonlySet<string>): string => {
  const all = flat(concept);
  const kept = all.filter(({ code }) => codes.has(code));
  const items = kept.map(({ code, display = '' }) =>
    display === '' || display === inWords(code) ? code : `${code}\x02${display}`,
  );
  return `${url}\x01${name}\x01${kept.length === all.length ? '' : '*'}\x01${items.join('\x03')}`;
};

export const codeSystemTable = (): string => {
  const terminology = readTerminology();
  const codes = new Map<string, Set<string>>();
  for (const canonical of requiredValueSets())
    for (const [system, found] of expand(canonical, terminology) ?? [])
      codes.set(system, new Set([...(codes.get(system) ?? []), ...found]));
  return [...codes]
    .flatMap(([system, found]) => {
      const definition = terminology.get(system);
      return definition?.resourceType === 'CodeSystem' ? line(definition, found) : [];
    })
    .join('\n');
};

/** The text of functions/fhir/generated/code-systems.ts. */
export const compiledCodeSystems = (): string => {
  const packed = brotliCompressSync(codeSystemTable(), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  return `// Made by npm run generate.\nexport const PACKED = '${packed.toString('base64')}';\n`;
};
