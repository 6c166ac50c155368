// Expands the value sets of required bindings as far as the definitions allow.
import type { CodeSystem, Concept, ValueSet, ValueSetInclude } from './read.ts';

type Terminology = ReadonlyMap<string, CodeSystem | ValueSet>;
/** Codes by system. */
export type Expansion = Map<string, Set<string>>;

const withoutVersion = (canonical: string) => canonical.replace(/\|.*$/, '');

const codesOf = (concepts: readonly Concept[]): string[] =>
  concepts.flatMap(({ code, concept = [] }) => [code, ...codesOf(concept)]);

const includedCodes = ({ system, concept, filter }: ValueSetInclude, terminology: Terminology) => {
  if (concept) return concept.map(({ code }) => code);
  const codeSystem = terminology.get(withoutVersion(system ?? ''));
  if (filter || codeSystem?.resourceType !== 'CodeSystem' || codeSystem.content !== 'complete') return undefined;
  return codesOf(codeSystem.concept ?? []);
};

/** Undefined where a code system is not here (UCUM, media types, currencies), so that nobody can say what is missing from it. */
export const expand = (canonical: string, terminology: Terminology): Expansion | undefined => {
  const valueSet = terminology.get(withoutVersion(canonical));
  if (valueSet?.resourceType !== 'ValueSet' || !valueSet.compose) return undefined;

  const expansion: Expansion = new Map();
  for (const include of valueSet.compose.include) {
    for (const imported of include.valueSet ?? []) {
      const inner = expand(imported, terminology);
      if (!inner) return undefined;
      for (const [system, codes] of inner) expansion.set(system, new Set([...(expansion.get(system) ?? []), ...codes]));
    }
    if (!include.system) continue;
    const codes = includedCodes(include, terminology);
    if (!codes) return undefined;
    expansion.set(include.system, new Set([...(expansion.get(include.system) ?? []), ...codes]));
  }
  for (const { system = '', concept } of valueSet.compose.exclude ?? []) {
    if (!concept) return undefined;
    for (const { code } of concept) expansion.get(system)?.delete(code);
  }
  return expansion;
};
