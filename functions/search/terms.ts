// Reads the definitions that a search names, and tells its tests which codes they hold. Loaded with the first such search.
import { FhirError } from '../fhir/outcome.ts';
import { type CodeSystem, conceptIn, isWithin } from '../terminology/code-system.ts';
import { membersOf } from '../terminology/value-set.ts';
import type { Asked, ConceptTest } from './concepts.ts';
import { type DefinitionReader, LoadedDefinitions } from './loaded-definitions.ts';

type Has = (system: string, code: string) => boolean;

const unknown = (diagnostics: string) => new FhirError('invalid', [{ code: 'not-found', diagnostics }]);

const OWN = /^ValueSet\/([A-Za-z0-9\-.]{1,64})$/;

const inValueSet = async (definitions: LoadedDefinitions, name: string): Promise<Has> => {
  const id = OWN.exec(name)?.[1];
  const valueSet = id === undefined ? await definitions.valueSet(name) : await definitions.valueSetOfId(id);
  if (!valueSet) throw unknown('the value set is not loaded here');
  const members = await membersOf(definitions, valueSet);
  return (system, code) => members.has(system, code) !== undefined;
};

/** https://hl7.org/fhir/R4/codesystem.html#subsumption. The concept itself is above and below itself. */
const inHierarchy = async (
  definitions: LoadedDefinitions,
  { of, system, code }: Exclude<Asked, { of: 'value-set' }>,
) => {
  const found = await definitions.codeSystem(system);
  if (!found?.isComplete) throw unknown('the code system is not loaded here, or not whole');
  if (!found.isSubsuming) throw unknown('the code system has no is-a hierarchy that is told by nesting');
  return withinOf(found, of, system, code);
};

const withinOf = (of: CodeSystem, direction: 'above' | 'below', url: string, code: string): Has => {
  const sought = conceptIn(of, code);
  return (system, other) => {
    const concept = system === url ? conceptIn(of, other) : undefined;
    if (!concept || !sought) return false;
    return direction === 'below' ? isWithin(concept, sought.code) : isWithin(sought, concept.code);
  };
};

const nameOf = (asked: Asked) => (asked.of === 'value-set' ? asked.name : `${asked.of} ${asked.system}|${asked.code}`);

/** Each is read whole, with all that it draws on, before a search begins. */
const MOST_NAMED = 10;

/** @throws FhirError `invalid` with the parameter's name, where a definition is not known or cannot be evaluated */
export const readTerms = async (reader: DefinitionReader, tests: readonly ConceptTest[]): Promise<void> => {
  if (new Set(tests.map(({ asked }) => nameOf(asked))).size > MOST_NAMED)
    throw new FhirError('invalid', [
      {
        code: 'too-costly',
        diagnostics: `a search names at most ${MOST_NAMED} value sets and concepts of hierarchies`,
      },
    ]);
  const definitions = new LoadedDefinitions(reader);
  const known = new Map<string, Has>();
  for (const test of tests) {
    const { asked, parameter } = test;
    const name = nameOf(asked);
    try {
      const has =
        known.get(name) ??
        (asked.of === 'value-set' ? await inValueSet(definitions, asked.name) : await inHierarchy(definitions, asked));
      known.set(name, has);
      test.decideBy(has);
    } catch (error) {
      if (!(error instanceof FhirError)) throw error;
      throw new FhirError(
        'invalid',
        error.issues.map((issue) => ({ ...issue, diagnostics: `search parameter ${parameter}: ${issue.diagnostics}` })),
      );
    }
  }
};
