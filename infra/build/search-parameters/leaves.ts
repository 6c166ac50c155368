// Turns the expressions that R4 search parameters use (a small part of FHIRPath) into leaves: plain element names from the
// resource down to typed values, choices spelled out. So a search evaluates no FHIRPath and needs no definitions at run time.
//
//   Observation.value as Quantity          valueQuantity:Quantity
//   Patient.telecom.where(system='phone')  telecom[system=phone]:ContactPoint
//   Condition.subject.where(resolve() is Patient)   subject{Patient}:Reference
import { asInR4 } from '../definitions/corrections.ts';
import { type ElementDefinition, readStructures } from '../definitions/read.ts';

/** Where an expression has come to: the element's JSON names so far, and what the definitions say about it. */
interface Place {
  readonly steps: readonly string[];
  /** Path below which its children are defined: `Observation.component`, `HumanName`. */
  readonly base: string;
  readonly type: string;
  readonly valueSet?: string | undefined;
}

export interface Leaf {
  readonly steps: readonly string[];
  readonly type: string;
  readonly valueSet?: string | undefined;
}

/** Data types that each kind of parameter can be compared with: https://hl7.org/fhir/R4/search.html#ptypes */
const COMPARABLE: Record<string, readonly string[]> = {
  number: ['integer', 'decimal', 'positiveInt', 'unsignedInt', 'Range'],
  date: ['date', 'dateTime', 'instant', 'Period', 'Timing'],
  string: ['string', 'markdown', 'HumanName', 'Address', 'code', 'CodeableConcept', 'id', 'uri'],
  token: ['CodeableConcept', 'Coding', 'code', 'Identifier', 'ContactPoint', 'boolean', 'string', 'id', 'uri'],
  quantity: ['Quantity', 'Age', 'Count', 'Distance', 'Duration', 'Money', 'Range', 'SampledData'],
  reference: ['Reference', 'canonical', 'uri', 'Resource'],
  uri: ['uri', 'url', 'canonical', 'oid', 'uuid'],
  composite: [],
};

/** An extension's value may be of any type: only those are taken that an extension on which R4 searches can have. */
const IN_EXTENSION: Record<string, readonly string[]> = {
  string: ['string'],
  token: ['CodeableConcept', 'Coding', 'string'],
  reference: ['Reference'],
};

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Splits at `separator` outside parentheses and quotes. */
const splitTop = (text: string, separator: string): string[] => {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const at = text[i];
    if (at === "'") quoted = !quoted;
    if (quoted) continue;
    if (at === '(') depth++;
    else if (at === ')') depth--;
    else if (depth === 0 && text.startsWith(separator, i)) {
      parts.push(text.slice(start, i));
      start = i + separator.length;
      i = start - 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
};

/** `(x)` becomes `x` where the parentheses hold all of it. */
const unwrap = (text: string): string => {
  const inner = text.slice(1, -1);
  if (!text.startsWith('(') || !text.endsWith(')')) return text;
  let depth = 0;
  for (const at of inner) {
    if (at === '(') depth++;
    if (at === ')' && --depth < 0) return text;
  }
  return inner.trim();
};

export class Leaves {
  private readonly elements = new Map<string, ElementDefinition>();

  constructor() {
    for (const structure of readStructures())
      if (structure.derivation !== 'constraint')
        for (const element of asInR4(structure).snapshot.element) this.elements.set(element.path, element);
  }

  /** Alternatives of `expression` that start in `type`, as leaves that a parameter of `kind` can be compared with. */
  of(type: string, expression: string, kind: string): Leaf[] {
    return this.places(type, expression)
      .flatMap((place) => this.spelledOut(place, kind))
      .filter((leaf) => kind === 'composite' || COMPARABLE[kind]!.includes(leaf.type));
  }

  /** Elements that a composite's component expressions start from. */
  bases(type: string, expression: string): Place[] {
    return this.places(type, expression);
  }

  /** A component's expression below `place`; what starts with `%resource.` begins at the resource again. */
  component(type: string, place: Place, expression: string, kind: string): Leaf[] {
    return splitTop(expression, '|').flatMap((part) => {
      const fromRoot = part.startsWith('%resource.');
      const start: Place = fromRoot ? { steps: ['%resource'], base: type, type } : { ...place, steps: [] };
      const path = fromRoot ? part.slice('%resource.'.length) : part;
      return this.walk(start, path)
        .flatMap((found) => this.spelledOut(found, kind))
        .filter((leaf) => COMPARABLE[kind]!.includes(leaf.type));
    });
  }

  private places(type: string, expression: string): Place[] {
    return splitTop(unwrap(expression), '|').flatMap((alternative) => {
      const text = unwrap(alternative);
      const first = text.replace(/^\(+/, '').match(/^[A-Za-z]+/)?.[0];
      // `name | alias` (InsurancePlan) has no type in front.
      if (first !== type && first !== 'Resource' && /^[A-Z]/.test(first ?? '')) return [];
      return this.walk({ steps: [], base: type, type }, text);
    });
  }

  private walk(start: Place, text: string): Place[] {
    // `Patient.deceased.exists() and Patient.deceased != false`
    const exists = text.match(/^[A-Za-z]+\.([a-z]+)\.exists\(\) and .* != false$/);
    if (exists) return [{ steps: [`${exists[1]}?`], base: 'boolean', type: 'boolean' }];
    // `(Observation.value as CodeableConcept).text`
    const inner = text.match(/^\((.*)\)\.(.*)$/);
    if (inner) return this.walk(start, inner[1]!).flatMap((place) => this.walk(place, inner[2]!));
    const cast = text.match(/^(.*) as ([A-Za-z]+)$/);
    if (cast) return this.cast(this.walk(start, cast[1]!), cast[2]!);

    const [first, ...rest] = splitTop(text, '.');
    const steps = first === start.base || first === 'Resource' ? rest : [first!, ...rest];
    let places = [start];
    for (const step of steps) places = places.flatMap((place) => this.step(place, step));
    return places;
  }

  private cast(places: Place[], written: string): Place[] {
    // `value.as(DateTime)` (Observation-code-value-date) is a slip of the pen in R4.
    const type = written === 'DateTime' ? 'dateTime' : written;
    const narrowed = places.filter((place) => place.type === type || this.isChoice(place));
    return narrowed.map((place) => (this.isChoice(place) ? this.choose(place, type) : place));
  }

  private isChoice = (place: Place) => place.type.endsWith('[x]');

  /** A choice is kept as `Observation.value[x]` until a cast or its end tells the type. */
  private choose(place: Place, type: string): Place {
    const steps = [...place.steps.slice(0, -1), `${place.steps.at(-1)}${capital(type)}`];
    return { ...place, steps, base: type, type };
  }

  private spelledOut(place: Place, kind: string): Leaf[] {
    if (!this.isChoice(place)) return [place];
    const types = this.elements.get(place.type)!.type!.map(({ code }) => code);
    const comparable = place.type === 'Extension.value[x]' ? IN_EXTENSION[kind]! : COMPARABLE[kind]!;
    return types.filter((type) => comparable.includes(type)).map((type) => this.choose(place, type));
  }

  private step(place: Place, step: string): Place[] {
    const onLast = (suffix: string): Place => ({
      ...place,
      steps: [...place.steps.slice(0, -1), `${place.steps.at(-1)}${suffix}`],
    });
    const call = step.match(/^(where|as|ofType|extension)\((.*)\)$/);
    if (call?.[1] === 'as' || call?.[1] === 'ofType') return this.cast([place], call[2]!);
    if (call?.[1] === 'extension')
      return this.child(place, 'extension')
        .map((at) => ({ ...at, steps: [...place.steps, `extension[url=${call[2]!.slice(1, -1)}]`] }))
        .flatMap((at) => this.child(at, 'value'));
    if (call?.[1] === 'where') {
      const target = call[2]!.match(/^resolve\(\) is ([A-Za-z]+)$/);
      if (target) return [onLast(`{${target[1]}}`)];
      const equal = call[2]!.match(/^([a-z]+)='([^']+)'$/);
      if (equal) return [onLast(`[${equal[1]}=${equal[2]}]`)];
      const has = call[2]!.match(/^hasExtension\('([^']+)'\)$/);
      if (has) return [onLast(`[extension.url=${has[1]}]`)];
    }
    const index = step.match(/^([a-z]+)\[0\]$/i);
    if (index)
      return this.child(place, index[1]!).map((at) => ({ ...at, steps: [...at.steps.slice(0, -1), `${index[1]}#0`] }));
    if (!/^[A-Za-z]+$/.test(step)) throw new Error(`search parameter expression not understood: ${step}`);
    return this.child(place, step);
  }

  private child(place: Place, name: string): Place[] {
    const steps = [...place.steps, name];
    const path = `${place.base}.${name}`;
    const element = this.elements.get(path);
    if (!element) {
      const choice = this.elements.get(`${path}[x]`);
      return choice ? [{ steps, base: `${path}[x]`, type: `${path}[x]`, valueSet: choice.binding?.valueSet }] : [];
    }
    if (element.contentReference) {
      const base = element.contentReference.slice(1);
      return [{ steps, base, type: base }];
    }
    const type = element.type?.[0]?.code ?? 'Element';
    const name_ = type.startsWith('http://hl7.org/fhirpath/') ? 'id' : type;
    const isInline = name_ === 'BackboneElement' || name_ === 'Element';
    return [
      { steps, base: isInline ? path : name_, type: isInline ? path : name_, valueSet: element.binding?.valueSet },
    ];
  }
}
