import { refuse } from '../fhir/outcome.ts';
import type { Coding } from '../fhir/types.ts';
import type { Interaction, Services } from '../interactions/contract.ts';
import { isObject } from '../interactions/write/body.ts';
import { fold } from '../search/kana.ts';
import { type CodeSystem, type Concept, codeSystemOf, conceptIn, displayIn } from '../terminology/code-system.ts';
import { canonicalSystem } from '../terminology/systems.ts';
import { membersOf } from '../terminology/value-set.ts';
import { Definitions, notKnown } from './definitions-source.ts';
import { valueSetOf } from './expand.ts';
import { Inputs, parametersOf } from './inputs.ts';

type Needs = Pick<Services, 'resources' | 'region'>;

const COMMON = ['url', 'code', 'display', 'coding', 'codeableConcept', 'abstract', 'displayLanguage'];

/** https://hl7.org/fhir/R4/codesystem-operation-validate-code.html */
export const validateCodeInSystem =
  (services: Needs): Interaction =>
  async (context, request) => {
    const inputs = Inputs.of(request, [...COMMON, 'codeSystem', 'version']);
    const definitions = Definitions.open(services, context, 'CodeSystem');
    const system = await codeSystemFor(definitions, inputs, request.path);
    const missing = system.isComplete
      ? 'the code is not in the code system'
      : 'the code is not in the part of the code system that is loaded here';
    const name = canonicalSystem(system.url);
    return answer(inputs, missing, (coding) => {
      const isOther = coding.system !== undefined && canonicalSystem(coding.system) !== name;
      return isOther ? undefined : conceptIn(system, coding.code ?? '');
    });
  };

const codeSystemFor = async (
  definitions: Definitions,
  inputs: Inputs,
  path: readonly string[],
): Promise<CodeSystem> => {
  if (path.length === 3) return definitions.codeSystemOfInstance(path[1]!);
  const sent = inputs.resource('codeSystem', 'CodeSystem');
  if (sent) return codeSystemOf(sent);
  const url = inputs.text('url') ?? inputs.coding('coding')?.system;
  if (url === undefined) throw refuse('invalid', 'the operation needs a url, a codeSystem, or a coding with a system');
  const found = await definitions.codeSystem(url, inputs.text('version'));
  if (!found) throw notKnown('code system');
  return found;
};

/** https://hl7.org/fhir/R4/valueset-operation-validate-code.html */
export const validateCodeInSet =
  (services: Needs): Interaction =>
  async (context, request) => {
    const inputs = Inputs.of(request, [...COMMON, 'valueSet', 'valueSetVersion', 'system', 'systemVersion']);
    const definitions = Definitions.open(services, context, 'ValueSet', 'CodeSystem');
    if (inputs.has('code') && !inputs.has('system'))
      throw refuse('invalid', 'a code needs its system, since value sets may have a code twice');
    const members = await membersOf(definitions, await valueSetOf(definitions, inputs, request.path));
    return answer(inputs, 'the code is not in the value set', ({ system = '', code = '' }) =>
      members.has(canonicalSystem(system), code),
    );
  };

/** All that is to be checked; of a CodeableConcept one coding suffices. */
const codingsOf = (inputs: Inputs): Coding[] => {
  const concept = inputs.complex('codeableConcept');
  const coding = inputs.coding('coding');
  const code = inputs.text('code');
  const given = [concept, coding, code].filter((each) => each !== undefined);
  if (given.length !== 1) throw refuse('invalid', 'the operation needs one of code, coding and codeableConcept');
  if (concept) return Array.isArray(concept.coding) ? concept.coding.filter(isObject) : [];
  if (coding) return [coding];
  const system = inputs.text('system');
  return [
    { ...(system !== undefined && { system }), code: code!, ...(display(inputs) && { display: display(inputs)! }) },
  ];
};

const display = (inputs: Inputs): string | undefined => inputs.text('display');

/** One of its names, whatever the width, the case and the spaces. */
const isCalled = ({ display: name, designations }: Concept, words: string): boolean =>
  [name, ...designations.map(({ value }) => value)].some((each) => each !== undefined && fold(each) === fold(words));

const answer = (inputs: Inputs, missing: string, find: (coding: Coding) => Concept | undefined) => {
  const isAbstractAllowed = inputs.flag('abstract') ?? false;
  let message = missing;
  let known: Concept | undefined;
  for (const coding of codingsOf(inputs)) {
    const concept = find(coding);
    if (!concept) continue;
    known ??= concept;
    const fault = faultOf(concept, coding, isAbstractAllowed);
    if (fault === undefined) return said(true, undefined, concept, inputs);
    message = fault;
  }
  return said(false, message, known, inputs);
};

const faultOf = (concept: Concept, { display: words }: Coding, isAbstractAllowed: boolean): string | undefined => {
  if (concept.isAbstract && !isAbstractAllowed) return 'the code is abstract: it only groups others';
  if (words !== undefined && !isCalled(concept, words)) return 'the display is not one of the code';
  return undefined;
};

const said = (result: boolean, message: string | undefined, concept: Concept | undefined, inputs: Inputs) => ({
  status: 200,
  resource: parametersOf([
    { name: 'result', valueBoolean: result },
    { name: 'message', valueString: message },
    { name: 'display', valueString: concept && displayIn(concept, inputs.text('displayLanguage')) },
  ]),
});
