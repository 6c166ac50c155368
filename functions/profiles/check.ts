// Holds values against the rules of a profile: https://hl7.org/fhir/R4/profiling.html
// What R4 itself asks for is validate()'s (fhir/validate.ts), and is not asked again.
import { isA } from '../fhir/definitions.ts';
import { compileNodePath, type PathEnv, PathError, PathTooCostly } from '../fhir/path/compile-path.ts';
import { childrenNamed, resolveReference } from '../fhir/path/navigate.ts';
import type { TypedValue } from '../fhir/path/typed-value.ts';
import { isResourceType } from '../fhir/resource-types.ts';
import { Faults } from '../fhir/validate/faults.ts';
import { tooCostlyToCheck } from '../fhir/validate/invariants.ts';
import { canonicalSystem } from '../terminology/systems.ts';
import { hasCodeOf } from './codes.ts';
import type { Compiled, Invariant, Known, Node, Slice } from './rules.ts';
import { slicesOf, type World } from './slices.ts';
import { equals, holds, isObject, isOneOf, shown } from './values.ts';

/** Profiles may name profiles that name them; no record is nested as deeply as this. */
const MAX_DEPTH = 60;

const OID_LITERAL = /'(urn:oid:[\d.]+)'/g;

export interface Surroundings {
  readonly known: Known;
  readonly env: PathEnv;
  /** Resources of the Bundle around it, by `fullUrl`. */
  readonly entries?: ReadonlyMap<string, unknown> | undefined;
  /** Say as well what could not be checked. */
  readonly verbose?: boolean | undefined;
}

export class Check implements World {
  readonly known: Known;
  readonly env: PathEnv;
  private readonly around: Surroundings;
  private readonly faults: Faults;
  private readonly profile: Compiled;
  private depth: number;

  constructor(faults: Faults, profile: Compiled, around: Surroundings, depth = 0) {
    this.faults = faults;
    this.profile = profile;
    this.around = around;
    this.known = around.known;
    this.env = around.env;
    this.depth = depth;
  }

  run(value: TypedValue): void {
    if (this.depth > MAX_DEPTH) return;
    this.value(value, this.profile.root);
  }

  conforms(value: TypedValue, canonical: string): boolean | undefined {
    const profile = this.known.profile(canonical);
    if (!profile) return undefined;
    const faults = new Faults();
    new Check(faults, profile, this.around, this.depth + 1).run(value);
    return !faults.issues.some(({ severity }) => severity === 'error');
  }

  target(value: TypedValue): TypedValue | undefined {
    const reference = isObject(value.value) ? value.value.reference : undefined;
    const entry = typeof reference === 'string' ? this.entry(reference) : undefined;
    if (isObject(entry) && isResourceType(entry.resourceType)) return { type: entry.resourceType, value: entry };
    return resolveReference(value, this.env.rootResource);
  }

  /** `urn:uuid:…` as it stands; `Patient/1` as the end of an entry's url. */
  private entry(reference: string): unknown {
    const { entries } = this.around;
    if (!entries) return undefined;
    return entries.get(reference) ?? entries.get(`/${reference}`);
  }

  private value(value: TypedValue, node: Node): void {
    if (this.faults.isFull) return;
    this.self(value, node);
    for (const [name, child] of node.children) this.element(value, name, child);
  }

  private element(owner: TypedValue, name: string, node: Node): void {
    const values: TypedValue[] = [];
    childrenNamed(owner, name, values);
    const { min, max } = node;
    if (min !== undefined && values.length < min)
      this.say('required', `needs at least ${min}, as ${this.profile.name} says`, name);
    if (max !== undefined && values.length > max)
      this.say(
        'structure',
        max === 0
          ? `may not be there, as ${this.profile.name} says`
          : `may be there ${max} times only, as ${this.profile.name} says`,
        name,
      );
    if (values.length === 0 && node.slices.length === 0) return;
    this.faults.enter(name);
    const slices = node.slices.length > 0 ? slicesOf(node, this) : undefined;
    const counts = new Map<Slice['name'], number>();
    for (const value of values) {
      if (value.index !== undefined) this.faults.enter(value.index);
      this.value(value, node);
      const slice = slices?.of(value);
      if (slice) {
        counts.set(slice.name, (counts.get(slice.name) ?? 0) + 1);
        this.value(value, slice.node);
      } else if (slices && node.slicing?.rules === 'closed')
        this.say('structure', `fits no slice of ${this.profile.name}, and no other may be there`);
      if (value.index !== undefined) this.faults.leave();
    }
    for (const slice of slices?.told ?? []) this.count(slice, counts.get(slice.name) ?? 0);
    this.faults.leave();
  }

  private count({ name, node: { min, max } }: Slice, count: number): void {
    if (min !== undefined && count < min)
      this.say('required', `needs at least ${min} of slice ${name}, as ${this.profile.name} says`);
    if (max !== undefined && count > max)
      this.say('structure', `may have ${max} of slice ${name} only, as ${this.profile.name} says`);
  }

  /** What the profile says of the value itself, not of what is below it. */
  private self(value: TypedValue, node: Node): void {
    const { types, targets, fixed, pattern, binding, profiles, invariants, maxLength } = node;
    const { name } = this.profile;
    if (types && !isOneOf(value.type, types))
      this.say('structure', `must be of type ${types.join(' or ')}, as ${name} says`);
    if (fixed !== undefined && !equals(value.value, fixed))
      this.say('value', `must be exactly ${shown(fixed)}, as ${name} says`);
    if (pattern !== undefined && !holds(value.value, pattern))
      this.say('value', `must hold ${shown(pattern)}, as ${name} says`);
    if (maxLength !== undefined && typeof value.value === 'string' && [...value.value].length > maxLength)
      this.say('value', `may have ${maxLength} characters only, as ${name} says`);
    if (targets) this.reference(value, targets);
    if (binding) this.binding(value, binding);
    if (profiles) this.profiles(value, profiles);
    for (const invariant of invariants ?? []) this.invariant(value, invariant);
  }

  private reference(value: TypedValue, targets: readonly string[]): void {
    if (!isObject(value.value) || value.type !== 'Reference') return;
    const type = this.target(value)?.type;
    if (type === undefined || targets.includes(type)) return;
    const below = typeof value.value.reference === 'string' ? 'reference' : 'type';
    this.say('structure', `may refer to ${targets.join(', ')} only, as ${this.profile.name} says`, below);
  }

  private binding(value: TypedValue, { strength, valueSet }: NonNullable<Node['binding']>): void {
    const test = this.known.valueSet(valueSet);
    const answer = test && hasCodeOf(test, value);
    if (answer === true) return;
    if (answer === undefined) {
      // A primitive that has extensions only has no code to be looked up.
      if (this.around.verbose && value.value !== undefined && strength === 'required')
        this.say('code-invalid', `could not be checked: the value set ${valueSet} is not loaded here`, undefined, true);
      return;
    }
    this.say(
      'code-invalid',
      `needs a code of the value set ${valueSet} (${strength} binding), as ${this.profile.name} says`,
      undefined,
      strength === 'extensible',
    );
  }

  private profiles(value: TypedValue, profiles: readonly string[]): void {
    // Extensions are looked at wherever they stand (extensions.ts).
    if (value.type === 'Extension') return;
    const compiled = profiles.map((profile) => this.known.profile(profile));
    if (compiled.some((profile) => profile === undefined)) return;
    const [only, ...others] = compiled as Compiled[];
    if (only && others.length === 0) {
      if (!isA(value.type, only.type))
        this.say('structure', `must be of type ${only.type}, as ${this.profile.name} says`);
      else new Check(this.faults, only, this.around, this.depth + 1).run(value);
    } else if (!profiles.some((profile) => this.conforms(value, profile)))
      this.say('structure', `must meet one of ${profiles.join(', ')}, as ${this.profile.name} says`);
  }

  private invariant(value: TypedValue, { key, expression, human, severity }: Invariant): void {
    try {
      if (this.holds(value, expression)) return;
      // Systems are stored by their URL; a rule that still asks for the OID means the same.
      const canonical = expression.replaceAll(OID_LITERAL, (_, oid: string) => `'${canonicalSystem(oid)}'`);
      if (canonical !== expression && this.holds(value, canonical)) return;
    } catch (error) {
      if (!(error instanceof PathError)) throw error;
      if (error instanceof PathTooCostly) throw tooCostlyToCheck(key);
      if (this.around.verbose) this.say('invariant', `${key} could not be checked: ${error.message}`, undefined, true);
      return;
    }
    this.say('invariant', `${key}: ${human}`, undefined, severity === 'warning');
  }

  private holds(value: TypedValue, expression: string): boolean {
    const [answer] = compileNodePath(expression)(value, this.env);
    return answer === undefined || answer.value !== false;
  }

  private say(code: Parameters<Faults['add']>[0], text: string, below?: string, isWarning = false): void {
    this.faults.add(code, text, below, isWarning ? 'warning' : 'error');
  }
}
