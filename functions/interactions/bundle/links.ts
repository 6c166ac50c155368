import { refuse } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { selecting } from '../../search/search.ts';
import { ambiguous, criteriaIn, matches, onlyMatch } from '../conditional.ts';
import type { Context } from '../contract.ts';
import { hasEndpoint } from '../ids.ts';
import { parseForm } from '../query.ts';
import { relativeToBase, type Slot, slotsOf } from '../write/references.ts';
import { each, type Needs, type Plan } from './plan.ts';

// Links between the entries of a transaction, and what becomes of them: https://hl7.org/fhir/R4/http.html#trules

/** A plan whose resource will be written, with its links still as they came. */
export interface Linked {
  readonly plan: Plan;
  readonly entry: Plan['entry'];
  open: Slot[];
}

const CONDITIONAL = /^([A-Z][A-Za-z]+)\?(.+)$/;
const RELATIVE = /^[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/;

export class Links {
  /** fullUrl → `Type/id`. */
  private readonly targets = new Map<string, string>();
  /** `Type/id` → the version that it will have. */
  private readonly versions = new Map<string, number>();

  /** Two entries under one address: nobody could say which one is meant. */
  add({ entry, type, id, previous, existing }: Plan): void {
    if (id === undefined) return;
    const target = `${type}/${id}`;
    this.targets.set(placeOf(entry), target);
    if (!entry.fullUrl) return;
    const before = this.targets.get(entry.fullUrl);
    if (before !== undefined && before !== target) throw refuse('invalid', 'another entry has the same fullUrl');
    this.targets.set(entry.fullUrl, target);
    this.versions.set(target, existing?.version ?? (previous?.version ?? 0) + 1);
  }

  /** Rewrites the links whose targets are known by now, and keeps the rest for later. */
  rewrite(linked: Linked): void {
    linked.open = linked.open.filter((slot) => {
      const target = this.find(slot.value, linked.entry.fullUrl);
      if (target === undefined) return true;
      if (target !== slot.value) slot.write(target);
      return false;
    });
  }

  private find(link: string, from: string | undefined): string | undefined {
    const exact = this.targets.get(link);
    if (exact !== undefined) return exact;
    // Most links are code systems: cheap tests first.
    const version = link.lastIndexOf('/_history/');
    if (version > 0) return this.findVersion(link.slice(0, version), from);
    if (!from?.startsWith('http') || !RELATIVE.test(link)) return undefined;
    // A relative reference is read against the address of the entry that it stands in: bundle.html#references.
    const root = /^(https?:\/\/.+)\/[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/.exec(from)?.[1];
    return root === undefined ? undefined : this.targets.get(`${root}/${link}`);
  }

  /** A link to a version stays one: to the version that this transaction makes. */
  private findVersion(link: string, from: string | undefined): string | undefined {
    const target = this.find(link, from);
    return target && `${target}/_history/${this.versions.get(target)}`;
  }
}

/** Links below a base of our own become relative at once. */
export const linkedOf = (plan: Plan, bases: readonly string[]): Linked => {
  const open = slotsOf(plan.resource!).filter((slot) => {
    const own = slot.isReference ? relativeToBase(slot.value, bases) : undefined;
    if (own !== undefined) slot.write(own);
    return own === undefined;
  });
  return { plan, entry: plan.entry, open };
};

/** An entry's address of ours, whether the client gave it one or not. */
const PLACE = 'urn:tsumugi:entry:';
const placeOf = ({ at }: Plan['entry']) => `${PLACE}${at}`;

/**
 * `Practitioner?identifier=…`: exactly one match each, looked up once however often it stands there. That is the last step of a
 * transaction, so what it writes can be meant, and what it changes is meant as it will be: https://hl7.org/fhir/R4/http.html#trules
 */
export const resolveConditional = async (
  services: Needs,
  context: Context,
  linked: readonly Linked[],
  plans: readonly Plan[],
): Promise<void> => {
  const known = new Map<string, Promise<string>>();
  const changing = new Set(plans.flatMap(({ type, id, existing }) => (id && !existing ? [`${type}/${id}`] : [])));
  await each(linked, async (item) => {
    const open: Slot[] = [];
    for (const slot of item.open) {
      const [, type, query] = (slot.isReference && CONDITIONAL.exec(slot.value)) || [];
      if (!type || !query || !hasEndpoint(type)) {
        open.push(slot);
        continue;
      }
      if (!known.has(slot.value)) known.set(slot.value, targetOf(services, context, type, query, { plans, changing }));
      const value = await known.get(slot.value)!;
      slot.write(value);
      if (value.startsWith(PLACE)) open.push({ ...slot, value });
    }
    item.open = open;
  });
};

/** The place of the entry that is meant, or the reference of what is stored. */
const targetOf = async (
  services: Needs,
  context: Context,
  type: string,
  query: string,
  { plans, changing }: { plans: readonly Plan[]; changing: ReadonlySet<string> },
): Promise<string> => {
  const params = parseForm(query);
  const found = await matches(services, context, type, params, changing);
  const isSelected = selecting(services, context, type, criteriaIn(type, params));
  const written = plans.filter(
    (plan) =>
      plan.type === type &&
      plan.resource &&
      !plan.existing &&
      isSelected({ ...plan.resource, id: plan.id } as Resource),
  );
  if (written.length > 0 && found.length + written.length > 1) throw ambiguous(type);
  const stored = onlyMatch(type, found);
  const [plan] = written;
  if (!stored && !plan) throw refuse('stale', `a conditional reference matches no ${type}`);
  return stored ? `${type}/${stored.id}` : placeOf(plan!.entry);
};

/** What is still open may point outside of the Bundle, but a placeholder names nothing there. */
export const assertResolved = ({ open }: Linked): void => {
  if (open.some((slot) => slot.isReference && /^urn:(uuid|oid):/.test(slot.value))) {
    throw refuse('invalid', 'a reference names a urn that is the fullUrl of no entry');
  }
};
