// Displays of HL7's code systems that required bindings draw on, for functions/terminology/built-in.ts. The codes are in
// definitions.ts already, so only their displays are kept, in the order of the codes, and only those that cannot be told from the code.
// One line a system: `url␁form␁display␃display…␁3<1,4<1`; form: see DISPLAYS, and `*` where not all codes of the system are in any
// binding; `3<1`: the fourth code stands beneath the second.
import { brotliCompressSync, constants } from 'node:zlib';
import { boundSystems, codesOfSystem } from '../../functions/fhir/definitions.ts';
import { DISPLAYS } from '../../functions/terminology/displays.ts';
import { type CodeSystem, type Concept, readTerminology } from './definitions/read.ts';

const flat = (concepts: readonly Concept[]): Concept[] =>
  concepts.flatMap((concept) => [concept, ...flat(concept.concept ?? [])]);

/** Of a whole system, which code stands beneath which, by their places. Parents come first. */
const nesting = (codes: readonly string[], concepts: readonly Concept[], parent?: string): string[] =>
  concepts.flatMap(({ code, concept = [] }) => [
    ...(parent === undefined ? [] : [`${codes.indexOf(code)}<${codes.indexOf(parent)}`]),
    ...nesting(codes, concept, code),
  ]);

/** Without the empty ones at the end. */
const upToLast = (displays: readonly string[]) => displays.slice(0, displays.findLastIndex((each) => each !== '') + 1);

/** Names of licences would be a third of the table, for one element of ImplementationGuide. */
const WITHOUT_DISPLAYS = ['http://hl7.org/fhir/spdx-license'];

const line = ({ url, concept = [] }: CodeSystem): string => {
  const displays = new Map(flat(concept).map(({ code, display = '' }) => [code, display]));
  const codes = [...codesOfSystem(url)];
  const rest = (form: (code: string) => string) =>
    codes.map((code) => {
      const display = WITHOUT_DISPLAYS.includes(url) ? '' : (displays.get(code) ?? '');
      return display === form(code) ? '' : display;
    });
  const forms = DISPLAYS.map((form, at) => ({
    at,
    text: upToLast(rest(form)).join('\x03'),
  }));
  const best = forms.reduce((one, other) => (other.text.length < one.text.length ? other : one));
  const isPart = codes.length < displays.size;
  const nested = isPart ? [] : nesting(codes, concept);
  return `${url}\x01${best.at}${isPart ? '*' : ''}\x01${best.text}\x01${nested.join()}`;
};

export const codeSystemTable = (): string => {
  const terminology = readTerminology();
  return boundSystems()
    .map((url) => terminology.get(url))
    .filter((definition) => definition?.resourceType === 'CodeSystem')
    .map(line)
    .join('\n');
};

/** The text of functions/fhir/generated/code-systems.ts. */
export const compiledCodeSystems = (): string => {
  const packed = brotliCompressSync(codeSystemTable(), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  return `// Made by npm run generate.\nexport const PACKED = '${packed.toString('base64')}';\n`;
};
