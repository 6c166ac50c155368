// Turns StructureDefinitions into the text that functions/fhir/definitions.ts reads. One line a structure, so that a reader
// parses only the types it meets; strings that repeat stand in pools at the top. Marks used: see `encodeElement`.
import type { CodeSystem, ElementDefinition, StructureDefinition, ValueSet } from './read.ts';
import { expand } from './value-sets.ts';

/** Rules that validate.ts checks in code, on every element or with more than a path can know. */
const CHECKED_IN_CODE = new Set([
  'ele-1',
  'ext-1',
  'ext-2',
  'dom-2',
  'dom-3',
  'dom-4',
  'dom-5',
  'ref-1',
  'txt-1',
  'txt-2',
]);

/** Value sets that no list can hold; validate.ts knows the form of their codes. */
const BY_FORM: Record<string, string> = {
  'http://hl7.org/fhir/ValueSet/mimetypes': 'mimetypes',
  'http://hl7.org/fhir/ValueSet/currencies': 'currencies',
};

const CARDINALITY: Record<string, string> = { '0..1': '?', '1..1': '!', '0..*': '*', '1..*': '+' };

const lastSegment = (url: string) => url.slice(url.lastIndexOf('/') + 1);

class Pool {
  private readonly index = new Map<string, number>();
  of(text: string): number {
    if (!this.index.has(text)) this.index.set(text, this.index.size);
    return this.index.get(text)!;
  }
  toString() {
    return [...this.index.keys()].join('\t');
  }
}

export class Tables {
  private readonly types = new Pool();
  private readonly rules = new Pool();
  private readonly sets = new Pool();
  private readonly lines: string[] = [];
  private readonly own = new Map<string, Map<string, string>>();
  private readonly terminology: ReadonlyMap<string, CodeSystem | ValueSet>;

  constructor(terminology: ReadonlyMap<string, CodeSystem | ValueSet>) {
    this.terminology = terminology;
  }

  /** Base types must come before the types that are derived from them. */
  add(structure: StructureDefinition): void {
    const elements = structure.snapshot.element;
    for (const element of elements) {
      const isRoot = element.path === structure.type;
      const children = elements.filter(
        ({ path }) => path.startsWith(`${element.path}.`) && !path.slice(element.path.length + 1).includes('.'),
      );
      if (!isRoot && children.length === 0) continue;
      const base = isRoot ? lastSegment(structure.baseDefinition ?? '') : element.type![0]!.code;
      // A primitive's own children (`id`, `extension`, `value`) are in no JSON object of their own.
      const mark = structure.kind === 'primitive-type' ? 'p' : structure.kind === 'resource' && isRoot ? 'r' : 'c';
      this.addLine(element, base, mark, mark === 'p' ? [] : children);
    }
  }

  text(): string {
    return [this.types, this.rules, this.sets, ...this.lines].join('\n');
  }

  private addLine(structure: ElementDefinition, base: string, mark: string, children: ElementDefinition[]): void {
    const inherited = this.inherited(base);
    const own = new Map(children.map((child) => [lastName(child), this.encodeElement(mark, child)]));
    this.own.set(structure.path, own);
    const fresh = [...own].filter(([name, text]) => inherited.get(name) !== text).map(([, text]) => text);
    this.lines.push([structure.path, mark + base, this.ruleList(structure), ...fresh].join(' '));
  }

  private inherited(type: string): Map<string, string> {
    return this.own.get(type) ?? new Map();
  }

  /**
   * `name`, then `?` 0..1, `!` 1..1, `*` 0..*, `+` 1..*; `s` in summary; `x` choice; the number of its type list;
   * `#n` value set; `~n,m` rules.
   */
  private encodeElement(mark: string, element: ElementDefinition): string {
    const cardinality = CARDINALITY[`${element.min}..${element.max}`];
    if (!cardinality) throw new Error(`${element.path}: R4 has no such cardinality`);
    const rules = isNested(element) ? '' : this.ruleList(element);
    return [
      lastName(element),
      cardinality,
      element.isSummary ? 's' : '',
      element.path.endsWith('[x]') ? 'x' : '',
      // R4 says `string` for Resource.id; its text and every later release say `id`.
      this.types.of(mark === 'r' && lastName(element) === 'id' ? 'id' : typeList(element)),
      element.binding?.strength === 'required' ? this.valueSet(element.binding.valueSet ?? '') : '',
      rules && `~${rules}`,
    ].join('');
  }

  private ruleList({ constraint = [], type = [] }: ElementDefinition): string {
    const rules = constraint
      .filter(({ key, severity, expression }) => severity === 'error' && expression && !CHECKED_IN_CODE.has(key))
      .map(({ key, expression, human }) =>
        this.rules.of(`${key}\x02${expression}\x02${human.replaceAll(/\s+/g, ' ').trim()}`),
      );
    // The only thing that the profile SimpleQuantity adds to Quantity.
    if (type.some(({ profile }) => profile?.some((url) => url.endsWith('/SimpleQuantity'))))
      rules.push(this.rules.of('sqty-1\x02comparator.empty()\x02The comparator is not used on a SimpleQuantity'));
    return rules.join(',');
  }

  private valueSet(canonical: string): string {
    const url = canonical.replace(/\|.*$/, '');
    const form = BY_FORM[url];
    if (form) return `#${this.sets.of(`${form}\x01`)}`;
    const expansion = expand(canonical, this.terminology);
    if (!expansion) return '';
    const systems = [...expansion].map(([system, codes]) => [system, ...codes].join('\x03'));
    return `#${this.sets.of(`${lastSegment(url)}\x01${systems.join('\x02')}`)}`;
  }
}

const lastName = ({ path }: ElementDefinition) => path.slice(path.lastIndexOf('.') + 1).replace('[x]', '');

const isNested = ({ type = [], contentReference }: ElementDefinition) =>
  contentReference !== undefined || type[0]?.code === 'BackboneElement' || type[0]?.code === 'Element';

/** `Quantity|Reference(Patient,Group)|.Observation.component`: a type with a dot is a structure inside a resource. */
const typeList = ({ path, type = [], contentReference }: ElementDefinition): string => {
  if (contentReference) return contentReference.slice(contentReference.indexOf('#') + 1);
  if (type[0]?.code === 'BackboneElement' || type[0]?.code === 'Element') return path;
  return type
    .map(({ code, targetProfile = [], extension = [] }) => {
      if (code.startsWith('http://hl7.org/fhirpath/')) {
        return extension.find(({ url }) => url.endsWith('structuredefinition-fhir-type'))?.valueUrl ?? 'string';
      }
      const targets = targetProfile.map(lastSegment).filter((target) => target !== 'Resource');
      return code === 'Reference' && targets.length > 0 ? `Reference(${targets.join(',')})` : code;
    })
    .join('|');
};
