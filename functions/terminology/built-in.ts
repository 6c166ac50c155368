// Code systems and value sets of R4 itself, as far as required bindings draw on them. Unpacked when one is first asked for.
import { brotliDecompressSync } from 'node:zlib';
import { codesOfSystem, valueSetNamed } from '../fhir/definitions.ts';
import { PACKED } from '../fhir/generated/code-systems.ts';
import type { Resource } from '../fhir/types.ts';
import type { CodeSystem, Concept } from './code-system.ts';
import { DISPLAYS, inWords } from './displays.ts';

let lines: ReadonlyMap<string, string> | undefined;
const unpacked = (): ReadonlyMap<string, string> => {
  lines ??= new Map(
    brotliDecompressSync(Buffer.from(PACKED, 'base64'))
      .toString()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('\x01')), line]),
  );
  return lines;
};

const NOTHING_MORE = { designations: [], properties: [], isInactive: false, isAbstract: false };

const systems = new Map<string, CodeSystem>();

export const builtInCodeSystem = (url: string): CodeSystem | undefined => {
  const known = systems.get(url);
  const line = unpacked().get(url);
  if (known || line === undefined) return known;
  const [, form = '', rest = '', below = ''] = line.split('\x01');
  const displays = rest.split('\x03');
  const displayed = DISPLAYS[Number.parseInt(form, 10)]!;
  const parents = new Map(below.split(',').map((pair) => pair.split('<').map(Number) as [number, number]));
  const concepts: [string, Concept][] = [];
  for (const [at, code] of [...codesOfSystem(url)].entries()) {
    const parent = concepts[parents.get(at) ?? -1]?.[1];
    concepts.push([code, { code, display: displays[at] || displayed(code), ...NOTHING_MORE, parent }]);
  }
  const system: CodeSystem = {
    url,
    // HL7 v3 systems have versions of their own, which are not kept.
    version: url.startsWith('http://hl7.org/fhir/') ? '4.0.1' : undefined,
    name: inWords(url.slice(url.lastIndexOf('/') + 1)),
    isComplete: !form.endsWith('*'),
    isCaseSensitive: true,
    isSubsuming: true,
    concepts: new Map(concepts),
  };
  systems.set(url, system);
  return system;
};

const VALUE_SET = /^http:\/\/(?:hl7\.org\/fhir|terminology\.hl7\.org)\/ValueSet\/([A-Za-z0-9\-.]+)$/;

export const builtInValueSet = (url: string): Resource | undefined => {
  const name = VALUE_SET.exec(url)?.[1];
  const set = name === undefined ? undefined : valueSetNamed(name);
  // Media types and currencies are held by form (fhir/validate/codes.ts): there is no list.
  if (!set || set.form) return undefined;
  const include = [...set.systems].map(([system, codes]) => ({
    system,
    concept: [...codes].map((code) => ({ code })),
  }));
  return { resourceType: 'ValueSet', url, name, status: 'active', compose: { include } };
};
