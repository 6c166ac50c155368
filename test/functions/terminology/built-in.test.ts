// What HL7's own definitions say of the code systems that required bindings draw on, and what the compiled table says.
import { describe, expect, it } from 'vitest';
import { boundSystems } from '../../../functions/fhir/definitions.ts';
import { builtInCodeSystem, builtInValueSet } from '../../../functions/terminology/built-in.ts';
import { type Concept, readTerminology } from '../../../infra/build/definitions/read.ts';

const terminology = readTerminology();
const flat = (concepts: readonly Concept[]): Concept[] =>
  concepts.flatMap((concept) => [concept, ...flat(concept.concept ?? [])]);

describe('A code system of R4', () => {
  it('has the displays of its definition, code by code', () => {
    const wrong: string[] = [];
    let checked = 0;
    for (const url of boundSystems()) {
      const definition = terminology.get(url);
      if (definition?.resourceType !== 'CodeSystem' || url.endsWith('/spdx-license')) continue;
      const system = builtInCodeSystem(url);
      for (const { code, display } of flat(definition.concept ?? [])) {
        const known = system?.concepts.get(code);
        if (!known && system?.isComplete) wrong.push(`${url}|${code} is missing`);
        if (known && display !== undefined && known.display !== display) wrong.push(`${url}|${code}: ${known.display}`);
        checked++;
      }
    }
    expect(wrong).toEqual([]);
    expect(checked).toBeGreaterThan(1_000);
  });

  it('that is bound in part only says so', () => {
    expect(builtInCodeSystem('http://hl7.org/fhir/administrative-gender')?.isComplete).toBe(true);
    expect(builtInCodeSystem('http://terminology.hl7.org/CodeSystem/v3-ActCode')?.isComplete).not.toBe(true);
  });

  it('or a value set that is not known is undefined', () => {
    expect(builtInCodeSystem('http://nobody.example')).toBeUndefined();
    expect(builtInValueSet('http://hl7.org/fhir/ValueSet/nothing')).toBeUndefined();
    expect(builtInValueSet('http://nobody.example/administrative-gender')).toBeUndefined();
  });

  it('has no list where the codes go by their form', () => {
    for (const name of ['mimetypes', 'currencies'])
      expect(builtInValueSet(`http://hl7.org/fhir/ValueSet/${name}`)).toBeUndefined();
  });
});
