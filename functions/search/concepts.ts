// Codes asked of value sets and hierarchies: `:in`, `:not-in`, `:above`, `:below`. https://hl7.org/fhir/R4/search.html#token
import { canonicalSystem } from '../terminology/systems.ts';
import type { Token } from './extract.ts';
import type { Leaf } from './leaf.ts';

export const CONCEPT_MODIFIERS = ['in', 'not-in', 'above', 'below'] as const;

export type Asked =
  /** Canonical URL, with or without version, or `ValueSet/[id]`. */
  | { readonly of: 'value-set'; readonly name: string }
  | { readonly of: 'above' | 'below'; readonly system: string; readonly code: string };

/** Which codes are meant is known once the definition was read (terms.ts), before the search is planned. */
export class ConceptTest {
  readonly asked: Asked;
  /** Of the parameter: for the text of a refusal. */
  readonly parameter: string;
  private has: ((system: string, code: string) => boolean) | undefined;

  constructor(asked: Asked, parameter: string) {
    this.asked = asked;
    this.parameter = parameter;
  }

  decideBy(has: (system: string, code: string) => boolean): void {
    this.has = has;
  }

  /** A code is in a set with its system only: an element of type code has those of its binding. */
  holds({ system, written, implied = [] }: Token): boolean {
    const { has } = this;
    if (!has) throw new Error('the definitions that a search names were not read');
    if (written === undefined) return false;
    return (system === undefined ? implied : [system]).some((each) => has(canonicalSystem(each), written));
  }
}

const CODED = ['Coding', 'CodeableConcept', 'code'];
/** Identifiers, telephones, flags are tokens too, but nobody makes value sets of them. */
export const isCoded = (leaves: readonly Leaf[]): boolean => leaves.some(({ type }) => CODED.includes(type));
