import { refuse } from '../../fhir/outcome.ts';
import type { Stored } from '../../storage/port.ts';
import { matches, onlyMatch } from '../conditional.ts';
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
    if (!entry.fullUrl || id === undefined) return;
    const target = `${type}/${id}`;
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

/** `Practitioner?identifier=…`: exactly one match each, looked up once however often it stands there. */
export const resolveConditional = async (
  services: Needs,
  context: Context,
  linked: readonly Linked[],
): Promise<void> => {
  const known = new Map<string, Promise<string>>();
  await each(linked, async (item) => {
    for (const slot of item.open) {
      const found = slot.isReference ? CONDITIONAL.exec(slot.value) : null;
      if (!found || !hasEndpoint(found[1]!)) continue;
      const [, type, query] = found as unknown as [string, string, string];
      if (!known.has(slot.value)) known.set(slot.value, targetOf(services, context, type, query));
      slot.write(await known.get(slot.value)!);
    }
    item.open = item.open.filter((slot) => !(slot.isReference && CONDITIONAL.test(slot.value)));
  });
};

const targetOf = async (services: Needs, context: Context, type: string, query: string): Promise<string> => {
  const found: Stored | undefined = onlyMatch(type, await matches(services, context, type, parseForm(query)));
  if (!found) throw refuse('stale', `a conditional reference matches no ${type}`);
  return `${type}/${found.id}`;
};

/** What is still open may point outside of the Bundle, but a placeholder names nothing there. */
export const assertResolved = ({ open }: Linked): void => {
  if (open.some((slot) => slot.isReference && /^urn:(uuid|oid):/.test(slot.value))) {
    throw refuse('invalid', 'a reference names a urn that is the fullUrl of no entry');
  }
};
