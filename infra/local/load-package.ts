// `npm run load-package -- --region R [--as staff:admin] FILE.tgz…`: stores the profiles and value sets of FHIR packages in a running
// region, through its public API. docs/profiles.md. Package form: https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
import { createHash } from 'node:crypto';
import { parseJson } from '../../functions/fhir/json.ts';
import type { Resource } from '../../functions/fhir/types.ts';
import { command, inOneLine, LocalError, readArgs } from '../command-line.ts';
import { readEndpoints } from './endpoints.ts';
import { ruleOf } from './load/send.ts';
import { documents, faultIn, files } from './load/sources.ts';
import { Target } from './load/target.ts';
import { getToken } from './token.ts';

const USAGE = 'npm run load-package -- --region REGION [--as staff:admin] FILE.tgz…';

const TYPES = new Set(['StructureDefinition', 'ValueSet', 'CodeSystem']);
const AT_ONCE = 4;

export interface Refused {
  readonly what: string;
  readonly rules: readonly string[];
}

export interface Loaded {
  readonly stored: number;
  /** Examples, guides, search parameters: not ours to load. */
  readonly passedOver: number;
  readonly refused: readonly Refused[];
}

/** Two packages may use one id for different things, and versions of one stand side by side: the id comes from the canonical. */
export const idOf = ({ resourceType, url, version }: Resource): string =>
  `pkg-${createHash('sha256').update(`${resourceType}|${url}|${version}`).digest('hex').slice(0, 40)}`;

/** Prose and mappings, which no validator reads and which make a definition three times as large, and strings without a character. */
const without = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(without);
  if (typeof value !== 'object' || value === null || JSON.isRawJSON(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === '' ? [] : [[key, without(inner)]])),
  );
};
const PROSE = ['mapping', 'comment', 'requirements', 'alias'];

/** An element of a snapshot needs a definition (sdf-3), were it empty: then its path is one. */
const plain = (element: Record<string, unknown>) => ({
  ...Object.fromEntries(Object.entries(element).filter(([key]) => !PROSE.includes(key))),
  definition: element.definition || element.path,
});

const elementsOf = (part: unknown) => {
  const { element } = part as { element?: unknown };
  return Array.isArray(element) ? { element: element.map(plain) } : part;
};

/** A definition as it is stored: under an id of ours, and of a StructureDefinition with a snapshot nothing else. */
export const trimmed = (resource: Resource): Resource => {
  const { text: _text, snapshot, differential, mapping: _mapping, ...rest } = resource;
  const part = snapshot === undefined ? { differential } : { snapshot };
  const elements = Object.fromEntries(Object.entries(part).map(([name, held]) => [name, held && elementsOf(held)]));
  return without({ ...rest, ...elements, id: idOf(resource) }) as Resource;
};

const parsed = (name: string, bytes: Buffer): Resource => {
  try {
    return parseJson(bytes) as unknown as Resource;
  } catch (error) {
    throw new LocalError(`${name}: is no JSON (${inOneLine(error)})`);
  }
};

/** The definitions of a package, as they are to be stored. */
export async function* definitions(path: string): AsyncGenerator<Resource | undefined> {
  for await (const { name, kind, body } of documents(path)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    if (kind !== 'json' || /(?:^|[!/])(?:package|\.index)\.json$/.test(name)) continue;
    const resource = parsed(name, Buffer.concat(chunks));
    yield TYPES.has(resource.resourceType) && typeof resource.url === 'string' ? trimmed(resource) : undefined;
  }
}

const faultsIn = (body: unknown): string[] => {
  const issues = (body as { issue?: unknown } | undefined)?.issue;
  return Array.isArray(issues) ? issues.map((issue) => ruleOf(issue as never)) : [];
};

export const loadPackages = async (target: Target, named: readonly string[]): Promise<Loaded> => {
  const refused: Refused[] = [];
  let stored = 0;
  let passedOver = 0;
  const put = async (resource: Resource) => {
    const { resourceType, id, url } = resource;
    const reply = await target.send('PUT', `/${resourceType}/${id}`, JSON.stringify(resource), {
      'content-type': 'application/fhir+json',
      prefer: 'return=minimal',
    });
    if (reply.status >= 300) refused.push({ what: `${resourceType} ${url}`, rules: faultsIn(reply.body) });
    else stored++;
  };
  // Before anything is sent: all names are right.
  for (const { path } of await files(named)) {
    const waiting = definitions(path);
    const worker = async () => {
      for (let next = await waiting.next(); !next.done; next = await waiting.next()) {
        if (next.value) await put(next.value);
        else passedOver++;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker)).catch((error: unknown) => {
      throw faultIn(path, error);
    });
  }
  return { stored, passedOver, refused };
};

const main = async (): Promise<number> => {
  const { values, positionals } = readArgs(USAGE, {
    allowPositionals: true,
    options: { region: { type: 'string' }, as: { type: 'string', default: 'staff:admin' } },
  });
  const { region, as } = values;
  if (!region) throw new LocalError(`--region is missing\n${USAGE}`);
  if (positionals.length === 0) throw new LocalError(`no FILE is named\n${USAGE}`);
  const target = new Target({ fhir: readEndpoints(region).fhir, token: () => getToken(region, as) });
  await target.token(); // who may not is told before the file is read
  const { stored, passedOver, refused } = await loadPackages(target, positionals);
  for (const { what, rules } of refused) console.log(`refused ${what}\n  ${rules.slice(0, 5).join('\n  ')}`);
  console.log(`stored ${stored}, refused ${refused.length}, passed over ${passedOver}`);
  if (stored + refused.length === 0)
    throw new LocalError('nothing in it is a definition: a FHIR package is wanted (.tgz)');
  return refused.length > 0 ? 1 : 0;
};

if (import.meta.main) await command(main);
