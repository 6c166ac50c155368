// What comes with a page of matches: what they point at, and what points at them. The policy is asked for each, as for a match.
// https://hl7.org/fhir/R4/search.html#include
import { refuse } from '../fhir/outcome.ts';
import type { Issue } from '../fhir/types.ts';
import type { Resources, Stored } from '../storage/port.ts';
import { canonicals } from './canonicals.ts';
import { targetsOf } from './chain-parse.ts';
import { pointers } from './extract.ts';
import { isSearchableType, type Parameter, parametersOf } from './parameters.ts';
import type { Include } from './query.ts';
import { keptWith, pointsTo, type Run, readRun, runKey, runsFor, sideBySide } from './referrers.ts';
import { type Budget, MAX_PAGE_BYTES } from './source.ts';

/** More than this do not come with one page. */
export const MOST_INCLUDED = 1000;
/** `:iterate` follows references of what was included this many times. */
export const MOST_ROUNDS = 8;
const AT_ONCE = 400;

const KEYS = ['_include', '_revinclude', '_include:iterate', '_revinclude:iterate'];
export const isInclude = (key: string): boolean => /^_(rev)?include(:|$)/.test(key);

const invalid = (name: string, rule: string) => refuse('invalid', `search parameter ${name}: ${rule}`);

/** `_include=[type]:[parameter]:[target]`, `[type]:*`, `*` */
export const parseInclude = (key: string, value: string): Include => {
  const name = key.split(':')[0]!;
  if (!KEYS.includes(key)) throw invalid(name, 'takes no modifier but :iterate');
  const [isReverse, isIterate] = [name === '_revinclude', key.endsWith(':iterate')];
  if (value === '*') return { isReverse, isIterate, source: undefined, parameter: undefined, target: undefined };
  const [source = '', parameter, target, ...more] = value.split(':');
  if (!parameter || more.length > 0)
    throw invalid(name, 'expected [type]:[parameter], [type]:[parameter]:[target], [type]:* or *');
  if (!isSearchableType(source)) throw invalid(name, 'names something that is not a resource type');
  const known = parameter === '*' ? undefined : parametersOf(source).get(parameter);
  if (parameter !== '*' && known?.kind !== 'reference')
    throw invalid(name, `${source} has no reference parameter of that name`);
  if (target !== undefined && !isSearchableType(target))
    throw invalid(name, 'names a target that is not a resource type');
  return { isReverse, isIterate, source, parameter: parameter === '*' ? undefined : parameter, target };
};

/** Reference parameters of a type: for wildcards and the CapabilityStatement. */
export const referenceParameters = (type: string): Parameter[] =>
  [...parametersOf(type).values()].filter(({ kind }) => kind === 'reference');

export interface Including {
  readonly resources: Pick<Resources, 'getMany' | 'scan' | 'walk' | 'lookup'>;
  readonly permit: (stored: Stored) => boolean;
  /** For referrers that no patient bounds. */
  readonly budget: Pick<Budget, 'take' | 'hasTime'>;
}

const keyOf = ({ type, id }: { type: string; id: string }) => `${type}/${id}`;
const parametersIn = (type: string, { parameter }: Pick<Include, 'parameter'>): Parameter[] =>
  parameter === undefined ? referenceParameters(type) : [parametersOf(type).get(parameter)!];

const LEFT_OUT = `more was to be included than one page takes (${MOST_INCLUDED} resources, or its bytes): ask with a smaller _count`;

class Gathering {
  readonly included: Stored[] = [];
  readonly outcome = new Set<string>();
  private readonly including: Including;
  private readonly seen: Set<string>;
  /** Of the whole page. */
  private bytes: number;
  isFull = false;

  constructor(including: Including, matches: readonly Stored[]) {
    this.including = including;
    this.seen = new Set(matches.map(keyOf));
    this.bytes = matches.reduce((sum, stored) => sum + Buffer.byteLength(stored.text()), 0);
  }

  /** Takes what is new and may be seen; answers what it took. */
  private admit(found: readonly Stored[]): Stored[] {
    const taken: Stored[] = [];
    for (const stored of found) {
      const key = keyOf(stored);
      if (this.isFull || stored.deleted || this.seen.has(key) || !this.including.permit(stored)) continue;
      const bytes = Buffer.byteLength(stored.text());
      if (this.included.length >= MOST_INCLUDED || this.bytes + bytes > MAX_PAGE_BYTES) {
        this.isFull = true;
        this.outcome.add(LEFT_OUT);
        break;
      }
      this.seen.add(key);
      this.bytes += bytes;
      this.included.push(stored);
      taken.push(stored);
    }
    return taken;
  }

  async forward(asked: readonly Include[], from: readonly Stored[]): Promise<Stored[]> {
    const refs = new Map<string, { type: string; id: string }>();
    const versions: { key: string; version: string }[] = [];
    const urls = new Map<string, Set<string>>();
    for (const include of asked)
      for (const stored of from) {
        if (include.source !== undefined && include.source !== stored.type) continue;
        const resource = stored.resource();
        for (const parameter of parametersIn(stored.type, include))
          for (const { type, id, url, version } of pointers(parameter, resource, resource)) {
            if (type && id && (include.target ?? type) === type) {
              refs.set(`${type}/${id}`, { type, id });
              if (version !== undefined) versions.push({ key: `${type}/${id}`, version });
            }
            if (!url || url.startsWith('#')) continue;
            for (const target of include.target ? [include.target] : targetsOf(parameter))
              urls.set(target, (urls.get(target) ?? new Set()).add(version ? `${url}|${version}` : url));
          }
      }
    const wanted = [...refs.values()].filter((ref) => !this.seen.has(keyOf(ref)));
    const taken: Stored[] = [];
    for (let at = 0; at < wanted.length && !this.isFull; at += AT_ONCE) {
      const found = await this.including.resources.getMany(wanted.slice(at, at + AT_ONCE));
      taken.push(...this.admit(found.filter((stored) => stored !== undefined)));
    }
    const current = new Map(taken.map((stored) => [keyOf(stored), String(stored.version)]));
    if (versions.some(({ key, version }) => (current.get(key) ?? version) !== version)) this.outcome.add(OTHER_VERSION);
    return [...taken, ...this.admit(await this.definitions(urls))];
  }

  private async definitions(urls: ReadonlyMap<string, ReadonlySet<string>>): Promise<Stored[]> {
    const all: Stored[] = [];
    for (const [type, wanted] of urls) {
      const { found, isWhole } = await canonicals(this.including, [type], [...wanted]);
      if (!isWhole) this.outcome.add(NOT_ALL_READ);
      all.push(...[...found.values()].flat());
    }
    return all;
  }

  async backward(asked: readonly Include[], to: readonly Stored[]): Promise<Stored[]> {
    const reads = new Map<string, Read>();
    for (const include of asked)
      for (const stored of to) {
        if (include.target !== undefined && include.target !== stored.type) continue;
        for (const read of this.readsFor(include, stored)) {
          const key = runKey(read.type ?? '*', read.run);
          const known = reads.get(key) ?? { ...read, wants: [] };
          reads.set(key, { ...known, wants: [...known.wants, ...read.wants] });
        }
      }
    const taken: Stored[] = [];
    await sideBySide([...reads.values()], async ({ type, run, wants }) => {
      if (this.isFull) return;
      const { resources, budget } = this.including;
      if (!budget.hasTime()) {
        this.outcome.add(NOT_ALL_READ);
        return;
      }
      const referring = referringTo(wants);
      const { isWhole } = await readRun(resources, type, run, undefined, budget, (page) => {
        taken.push(...this.admit(page.filter(referring)));
        return !this.isFull;
      });
      if (!isWhole && !this.isFull) this.outcome.add(NOT_ALL_READ);
    });
    return taken;
  }

  private readsFor({ source, parameter }: Include, stored: Stored): Read[] {
    const key = keyOf(stored);
    if (source === undefined) {
      this.outcome.add(WILDCARD);
      const wants = [{ parameter: undefined, key }];
      const own = keptWith(stored.resource()).map((patient): Read => {
        return { type: undefined, run: { in: 'patient', patient }, wants };
      });
      return [...own, { type: 'Provenance', run: { in: 'registry' }, wants }];
    }
    return parametersIn(source, { parameter }).flatMap((each): Read[] => {
      const targets = targetsOf(each);
      if (targets.length > 0 && !targets.includes(stored.type)) return [];
      const wants = [{ parameter: each, key }];
      return runsFor(source, each, stored.resource()).map((run) => ({ type: source, run, wants }));
    });
  }
}

interface Read {
  readonly type: string | undefined;
  readonly run: Run;
  /** What is looked for in it: something that points at `key`, by a parameter or by any. */
  readonly wants: readonly { readonly parameter: Parameter | undefined; readonly key: string }[];
}

const referringTo = (wants: Read['wants']): ((stored: Stored) => boolean) => {
  const keys = new Map<Parameter | undefined, Set<string>>();
  for (const { parameter, key } of wants) keys.set(parameter, (keys.get(parameter) ?? new Set()).add(key));
  const pointsInto = (parameter: Parameter, stored: Stored, sought: ReadonlySet<string>) =>
    pointsTo(parameter, stored.resource()).some((key) => sought.has(key));
  return (stored) =>
    [...keys].some(([parameter, sought]) =>
      parameter
        ? pointsInto(parameter, stored, sought)
        : referenceParameters(stored.type).some((each) => pointsInto(each, stored, sought)),
    );
};

const NOT_ALL_READ =
  'not all of what _include or _revinclude asks for could be read in one request: more may exist; name a patient';
const WILDCARD =
  '_revinclude=* brings what is kept with the same patient, and Provenances; other types are found by their names';
/** https://hl7.org/fhir/R4/search.html#versions */
const OTHER_VERSION = 'a reference names a version that is not the current one; what is included is the current one';
const TOO_DEEP = `:iterate was followed ${MOST_ROUNDS} times; there may be more to include`;

/** What is to be shown with `matches`, each once, and what was left out. */
export const include = async (
  asked: readonly Include[],
  matches: readonly Stored[],
  including: Including,
): Promise<{ included: Stored[]; outcome: Issue[] }> => {
  const gathering = new Gathering(including, matches);
  let from = matches;
  for (let round = 0; from.length > 0; round++) {
    const active = asked.filter(({ isIterate }) => round === 0 || isIterate);
    if (active.length === 0) break;
    if (round === MOST_ROUNDS) {
      gathering.outcome.add(TOO_DEEP);
      break;
    }
    const forward = await gathering.forward(
      active.filter(({ isReverse }) => !isReverse),
      from,
    );
    const backward = await gathering.backward(
      active.filter(({ isReverse }) => isReverse),
      from,
    );
    from = [...forward, ...backward];
  }
  const outcome = [...gathering.outcome].map(
    (diagnostics): Issue => ({ severity: 'warning', code: 'incomplete', diagnostics }),
  );
  return { included: gathering.included, outcome };
};
