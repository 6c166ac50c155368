import { refuse } from '../fhir/outcome.ts';
import type { Interaction, Services } from '../interactions/contract.ts';
import { type CodeSystem, type Concept, conceptIn, displayIn } from '../terminology/code-system.ts';
import { Definitions, notKnown } from './definitions-source.ts';
import { Inputs, parametersOf } from './inputs.ts';

const TAKES = ['code', 'system', 'version', 'coding', 'displayLanguage', 'property'];

/** What a code stands for: https://hl7.org/fhir/R4/codesystem-operation-lookup.html */
export const lookup =
  (services: Pick<Services, 'resources' | 'region'>): Interaction =>
  async (context, request) => {
    const inputs = Inputs.of(request, TAKES);
    const coding = inputs.coding('coding');
    const system = coding?.system ?? inputs.text('system');
    const code = coding?.code ?? inputs.text('code');
    if (system === undefined || code === undefined)
      throw refuse('invalid', 'the operation needs a system and a code, or a coding that has both');
    const version = typeof coding?.version === 'string' ? coding.version : inputs.text('version');

    const definitions = Definitions.open(services, context, 'CodeSystem');
    const found = await definitions.codeSystem(system, version);
    if (!found) throw notKnown('code system');
    const concept = conceptIn(found, code);
    if (!concept) throw refuse('notFound', 'the code system that is loaded here has no such code');
    return { status: 200, resource: described(found, concept, inputs) };
  };

const described = (system: CodeSystem, concept: Concept, inputs: Inputs) => {
  const asked = inputs.texts('property');
  const shows = (code: string) => asked.length === 0 || asked.includes(code);
  return parametersOf([
    { name: 'name', valueString: system.name || system.url },
    { name: 'version', valueString: system.version },
    { name: 'display', valueString: displayIn(concept, inputs.text('displayLanguage')) ?? concept.code },
    ...(shows('designation') ? concept.designations.map(designation) : []),
    ...(concept.definition !== undefined && shows('definition')
      ? [property('definition', { valueString: concept.definition })]
      : []),
    ...(shows('parent') && concept.parent ? [property('parent', { valueCode: concept.parent.code })] : []),
    ...(asked.includes('child')
      ? childrenOf(system, concept).map((code) => property('child', { valueCode: code }))
      : []),
    ...concept.properties.filter(({ code }) => shows(code)).map(({ code, value }) => property(code, value)),
  ]);
};

const property = (code: string, value: Readonly<Record<string, unknown>>) => ({
  name: 'property',
  part: [
    { name: 'code', valueCode: code },
    { name: 'value', ...value },
  ],
});

const designation = ({ language, use, value }: Concept['designations'][number]) => ({
  name: 'designation',
  part: [
    ...(language === undefined ? [] : [{ name: 'language', valueCode: language }]),
    ...(use === undefined ? [] : [{ name: 'use', valueCoding: use }]),
    { name: 'value', valueString: value },
  ],
});

const childrenOf = ({ concepts }: CodeSystem, { code }: Concept): string[] =>
  [...concepts.values()].filter(({ parent }) => parent?.code === code).map((child) => child.code);
