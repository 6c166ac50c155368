// A row as one version of one resource.
import { parseTrusted, spliceText } from '../fhir/json.ts';
import type { Resource } from '../fhir/types.ts';
import { decompress } from './codec.ts';
import type { Home, Ids } from './ids.ts';
import { type Item, type Key, mayHave, number, text } from './items.ts';
import { placeOf, typeOfSortKey } from './order.ts';
import type { Stored } from './port.ts';

const METHODS = { P: 'POST', U: 'PUT', A: 'PATCH', D: 'DELETE' } as const;
export const METHOD_CODES = { POST: 'P', PUT: 'U', PATCH: 'A', DELETE: 'D' } as const;

/** Short forms of the classes in domain 6.3; another class stands as it is. */
const CLASSES: Readonly<Record<string, string>> = {
  b: 'basic',
  c: 'clinical',
  d: 'document',
  r: 'care',
  h: 'home',
  a: 'admin',
};
const CLASS_CODES = new Map(Object.entries(CLASSES).map(([code, name]) => [name, code]));
export const dataClassCode = (name: string): string => CLASS_CODES.get(name) ?? name;

const BETWEEN_LABELS = '\n';
export const joinLabels = (labels: readonly string[]): string => labels.join(BETWEEN_LABELS);

/** What a write needs to know about the version that it follows. */
export interface Located {
  readonly item: Item;
  /** Where the current row is; `home` is where its id leads. */
  readonly at: Key;
  readonly home: Key;
}

export class DynamoStored implements Stored, Located {
  readonly item: Item;
  readonly at: Key;
  readonly home: Key;
  readonly type: string;
  readonly position: string;
  readonly #ids: Ids;
  /** Text of a body that is in S3; fetched before anyone can ask for it. */
  readonly #remote: Uint8Array | undefined;
  #id: string | undefined;
  #resource: Resource | undefined;
  #text: string | undefined;

  constructor(ids: Ids, type: string, at: Key, item: Item, position: string, remote: Uint8Array | undefined) {
    this.#ids = ids;
    this.#remote = remote;
    this.type = type;
    this.at = at;
    this.item = item;
    this.position = position;
    this.home = item.h ? { ...at, s: text(item.h) } : at;
  }

  get id(): string {
    this.#id ??= this.item.i ? text(this.item.i) : this.#idFromKey();
    return this.#id;
  }

  #idFromKey(): string {
    const { table, p, s } = this.home;
    if (table === 'registry') return s;
    const { date, random } = placeOf(s) as Pick<Home, 'date' | 'random'>;
    return this.#ids.idAt(this.type, { key: p.slice(1), date, random });
  }

  get version(): number {
    return number(this.item.v);
  }

  get lastUpdated(): number {
    return number(this.item.u);
  }

  get deleted(): boolean {
    return this.item.d !== undefined;
  }

  get method(): Stored['method'] {
    return METHODS[text(this.item.o) as keyof typeof METHODS];
  }

  get facility(): string {
    return text(this.item.f);
  }

  get dataClass(): string {
    const code = text(this.item.k);
    return CLASSES[code] ?? code;
  }

  get labels(): readonly string[] {
    return this.item.l ? text(this.item.l).split(BETWEEN_LABELS) : [];
  }

  get patientKey(): string | undefined {
    return this.at.table === 'clinical' ? this.at.p.slice(1) : undefined;
  }

  mayHave(token: string): boolean {
    return mayHave(this.item, token);
  }

  /** Kept: matching, counting bytes and answering each ask for it, and inflating is what a search pays most for. */
  text(): string {
    this.#text ??= this.#inflated();
    return this.#text;
  }

  #inflated(): string {
    const body = this.item.z?.B ?? this.#remote;
    return body ? spliceText(this.type, this.id, this.version, this.lastUpdated, decompress(body)) : '';
  }

  resource(): Resource {
    this.#resource ??= parseTrusted(this.text()) as unknown as Resource;
    return this.#resource;
  }
}

/** True for a row that is a resource (not a stub, pointer, shadow or head). */
export const isResourceRow = (item: Item): boolean => item.v !== undefined;

/** Type of a row from its key. */
export const typeOfKey = ({ table, p, s }: Key): string | undefined =>
  table === 'clinical' ? typeOfSortKey(s) : typeOfSortKey(p.slice(2, 4));
