// What an operation was given: parameters of the URL, or the body of a POST, a Parameters resource.
// https://hl7.org/fhir/R4/operations.html#request
import { refuse } from '../fhir/outcome.ts';
import type { Coding, Resource } from '../fhir/types.ts';
import type { FhirRequest } from '../interactions/contract.ts';
import { isObject, readJson } from '../interactions/write/body.ts';

type Part = Readonly<Record<string, unknown>>;

/** Parameters of the answer, not of the operation. */
const OF_THE_ANSWER = ['_format', '_pretty'];

export class Inputs {
  private readonly parts: readonly Part[];

  private constructor(parts: readonly Part[]) {
    this.parts = parts;
  }

  /** Parameters that are not among `known` would change the answer if they were understood: they are refused. */
  static of(request: FhirRequest, known: readonly string[]): Inputs {
    const fromUrl = request.params
      .filter(([name]) => !OF_THE_ANSWER.includes(name))
      .map(([name, text]): Part => ({ name, text }));
    const inputs = new Inputs([...fromUrl, ...Inputs.bodyOf(request)]);
    if (!inputs.parts.every(({ name }) => known.includes(String(name))))
      throw refuse('invalid', `this operation takes the parameters ${known.join(', ')}`);
    return inputs;
  }

  /** The parameters of a POST's body. */
  static bodyOf(request: FhirRequest): Part[] {
    return request.method === 'POST' ? bodyParts(request) : [];
  }

  has(name: string): boolean {
    return this.parts.some((part) => part.name === name);
  }

  /** A primitive, whatever type it was sent as; a Reference by its `reference`. */
  text(name: string): string | undefined {
    return this.texts(name)[0];
  }

  texts(name: string): string[] {
    return this.parts
      .filter((part) => part.name === name)
      .map((part) => {
        const value = part.text ?? valueIn(part);
        const plain = isObject(value) ? value.reference : value;
        if (typeof plain === 'object' || plain === undefined) throw refuse('invalid', `${name} must be a primitive`);
        return String(plain);
      });
  }

  flag(name: string): boolean | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (text !== 'true' && text !== 'false') throw refuse('invalid', `${name} must be true or false`);
    return text === 'true';
  }

  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!/^\d{1,9}$/.test(text)) throw refuse('invalid', `${name} must be a whole number`);
    return Number(text);
  }

  coding(name: string): Coding | undefined {
    const value = this.complex(name);
    return value as Coding | undefined;
  }

  /** A value that only a body can hold. */
  complex(name: string): Part | undefined {
    const part = this.parts.find((each) => each.name === name);
    if (!part) return undefined;
    const value = valueIn(part);
    if (!isObject(value)) throw refuse('invalid', `${name} must be sent in a Parameters resource, as its type has it`);
    return value;
  }

  resource(name: string, type: string): Resource | undefined {
    const part = this.parts.find((each) => each.name === name);
    if (!part) return undefined;
    if (!isObject(part.resource) || part.resource.resourceType !== type)
      throw refuse('invalid', `${name} must be a ${type}, in a Parameters resource`);
    return part.resource as Resource;
  }
}

const valueIn = (part: Part): unknown => {
  const key = Object.keys(part).find((each) => each.startsWith('value'));
  return key === undefined ? undefined : part[key];
};

const bodyParts = (request: FhirRequest): Part[] => {
  if (!request.resource && !request.body?.length) return [];
  const body = readJson(request);
  if (!isObject(body) || body.resourceType !== 'Parameters')
    throw refuse('invalid', 'the body of an operation is a Parameters resource');
  return Array.isArray(body.parameter) ? (body.parameter as unknown[]).filter(isObject) : [];
};

/** An answer of several values: https://hl7.org/fhir/R4/parameters.html. What is undefined is left out. */
export const parametersOf = (parts: readonly (Part | undefined)[]): Resource => ({
  resourceType: 'Parameters',
  parameter: parts.filter((part) => part !== undefined && Object.values(part).every((value) => value !== undefined)),
});
