// What a write means in rows. The same plan is carried out as one PutItem, one TransactWriteItems, or staged (staged.ts).
import { hash, randomUUID } from 'node:crypto';
import { refuse } from '../fhir/outcome.ts';
import { compress } from './codec.ts';
import { DynamoStored, dataClassCode, joinLabels, type Located, METHOD_CODES } from './dynamo-stored.ts';
import { planHead, withoutEnsured } from './heads.ts';
import type { Ids } from './ids.ts';
import { hashTokens, type Item, type Key, keyItem, text } from './items.ts';
import { isRegistryOnly, key, SCHEMA } from './keys.ts';
import { type Place, placeOf } from './order.ts';
import type { Documents, Draft, Stored, Write } from './port.ts';
import { workAttributes } from './work-lists.ts';

/** What a row must be like for its change: not there, without a version, at one, or just not in another transaction's hands. */
export type Expect = 'absent' | 'unversioned' | 'free' | { readonly version: number };

export interface RowChange {
  readonly key: Key;
  /** The row afterwards; undefined: it goes. */
  readonly image: Item | undefined;
  readonly expect: Expect;
  /** Index of the write that it belongs to. */
  readonly write: number;
  /** `early` rows mean nothing until the row they belong to has changed, and may be written before it. */
  readonly kind?: 'early' | 'head';
  /** `byCode` key of the row before, where there was one. */
  readonly codeBefore?: string | undefined;
}

export interface Plan {
  readonly changes: readonly RowChange[];
  readonly stored: readonly Stored[];
  /** Bodies that were put into S3 for this plan; garbage if it fails. */
  readonly documents: readonly string[];
}

/** Compressed bodies beyond this go to S3: a staged row holds two of them, and an item 400 KB. */
const LARGEST_BODY = 150_000;

interface Body {
  readonly bytes: Uint8Array | undefined;
  readonly document: string | undefined;
}

export const planWrites = async (
  { ids, documents }: { ids: Ids; documents: Documents },
  writes: readonly Write[],
  now: number,
): Promise<Plan> => {
  const names: string[] = [];
  const bodyOf = async (write: Write): Promise<Body> => {
    if (write.kind === 'delete' || write.kind === 'head') return { bytes: undefined, document: undefined };
    const bytes = compress(write.draft.text);
    if (bytes.byteLength <= LARGEST_BODY) return { bytes, document: undefined };
    const document = `bodies/${randomUUID()}`;
    names.push(document);
    await documents.put(document, bytes, 'application/octet-stream');
    return { bytes, document };
  };
  const plans: { changes: RowChange[]; stored?: Stored }[] = [];
  for (const [at, write] of writes.entries()) plans.push(planWrite(ids, write, at, now, await bodyOf(write)));
  return {
    changes: withoutEnsured(plans.flatMap((plan) => plan.changes)),
    stored: plans.flatMap((plan) => plan.stored ?? []),
    documents: names,
  };
};

const planWrite = (
  ids: Ids,
  write: Write,
  at: number,
  now: number,
  body: Body,
): { changes: RowChange[]; stored?: Stored } => {
  if (write.kind === 'head') return { changes: [planHead(ids, write, at, now)] };
  if (write.kind === 'create') return planCreate(ids, write.draft, at, now, body);
  if (!(write.previous instanceof DynamoStored)) throw new Error('a previous version must come from this store');
  return write.kind === 'replace'
    ? planReplace(ids, write.previous, write.draft, at, now, body)
    : planDelete(ids, write.previous, write.facility, at, now);
};

const patientKeyOf = (ids: Ids, { type, id, index }: Draft): string | undefined => {
  const patient = type === 'Patient' ? id : index.patient;
  return patient === undefined ? undefined : ids.patientKey(patient);
};

const otherSubject = ({ type, id }: { type: string; id: string }) =>
  refuse('unprocessable', `${type}/${id}: the patient of a resource cannot change; delete it and create another`);

const planCreate = (ids: Ids, draft: Draft, write: number, now: number, body: Body) => {
  const { type, id, index } = draft;
  const patientKey = patientKeyOf(ids, draft);
  const server = ids.isServerId(id);
  const { spansDays: spans } = index;
  const home = server
    ? ids.homeOf(type, id)
    : ids.homeFor(type, id, { key: patientKey, date: ids.dateChars(index.date ?? now / 1000), spans });
  if (home.key !== patientKey) throw otherSubject(draft);
  // Its client-assigned ids are read without an alias, and it would never be found.
  if (patientKey !== undefined && isRegistryOnly(type)) throw new Error(`a ${type} has no patient (storage/keys.ts)`);

  const homeKey = patientKey === undefined ? key.registry(type, id) : key.resource(patientKey, type, home);
  const at = placed(ids, homeKey, home, draft);
  const image = resourceImage(ids, draft, { at, home: homeKey, version: 1, now, body });
  const changes: RowChange[] = [{ key: at, image, expect: 'absent', write }];
  if (at.s !== homeKey.s) changes.push(stub(homeKey, at, 'absent', write));
  if (!server && type !== 'Patient' && !(patientKey === undefined && isRegistryOnly(type))) {
    const alias = key.alias(type, id);
    changes.push({ key: alias, image: leading(alias, homeKey), expect: 'absent', write });
  }
  if (type === 'Patient') {
    const head = key.head(patientKey!);
    changes.push({ key: head, image: { ...keyItem(head), n: schema }, expect: 'free', write, kind: 'head' });
  }
  changes.push(...around(ids, draft, undefined, { at, image }, write));
  return { changes, stored: storedAt(ids, type, at, image, body) };
};

const planReplace = (ids: Ids, previous: Located & Stored, draft: Draft, write: number, now: number, body: Body) => {
  const { type, id } = draft;
  if (type !== previous.type || id !== previous.id) throw new Error('a replacement must be of the same resource');
  if (patientKeyOf(ids, draft) !== previous.patientKey) throw otherSubject(draft);

  const { at: from, home, version } = previous;
  const to = placed(ids, home, placeOf(from.s), draft);
  const image = resourceImage(ids, draft, { at: to, home, version: version + 1, now, body });
  const codeBefore = previous.item.c && text(previous.item.c);
  const expect = { version };
  const changes: RowChange[] = [];
  if (to.s === from.s) changes.push({ key: to, image, expect, write, codeBefore });
  else {
    if (from.s === home.s) changes.push({ ...stub(home, to, expect, write), codeBefore });
    else changes.push({ key: from, image: undefined, expect, write, codeBefore });
    const homeward = to.s === home.s; // a stub is there
    changes.push({ key: to, image, expect: homeward ? 'free' : 'absent', write });
    if (!homeward && from.s !== home.s) changes.push(stub(home, to, 'free', write));
  }
  changes.push(oldVersion(previous, write), ...around(ids, draft, previous, { at: to, image }, write));
  return { changes, stored: storedAt(ids, type, to, image, body) };
};

const planDelete = (ids: Ids, previous: Located & Stored, facility: string, write: number, now: number) => {
  const { at, item, version } = previous;
  const { i, h, k, l } = item;
  const image: Item = {
    ...keyItem(at),
    n: schema,
    v: { N: String(version + 1) },
    u: { N: String(now) },
    f: { S: facility },
    o: { S: METHOD_CODES.DELETE },
    d: { N: '1' },
    ...(i && { i }),
    ...(h && { h }),
    ...(k && { k }),
    ...(l && { l }),
  };
  const codeBefore = item.c && text(item.c);
  const changes: RowChange[] = [
    { key: at, image, expect: { version }, write, codeBefore },
    oldVersion(previous, write),
    ...around(ids, undefined, previous, { at, image }, write),
  ];
  const none = { bytes: undefined, document: undefined };
  return { changes, stored: storedAt(ids, previous.type, at, image, none) };
};

const schema = { N: String(SCHEMA) };

/** Where a draft lies; an undated one stays where it is. */
const placed = (ids: Ids, home: Key, current: Place | undefined, { type, index }: Draft): Key => {
  if (home.table === 'registry' || type === 'Patient') return home;
  const { date, random } = current!;
  return key.resource(home.p.slice(1), type, {
    date: index.date === undefined ? date : ids.dateChars(index.date),
    random,
    spans: index.spansDays,
  });
};

const resourceImage = (
  ids: Ids,
  draft: Draft,
  { at, home, version, now, body }: { at: Key; home: Key; version: number; now: number; body: Body },
): Item => {
  const { type, id, index } = draft;
  const tokens = hashTokens(index.tokens);
  const patientRow = at.table === 'clinical';
  const place = placeOf(at.s);
  const rows = lookupRows(draft);
  return {
    ...keyItem(at),
    n: schema,
    v: { N: String(version) },
    u: { N: String(now) },
    f: { S: draft.facility },
    k: { S: dataClassCode(index.dataClass) },
    o: { S: METHOD_CODES[draft.method] },
    ...(tokens && { x: { B: tokens } }),
    ...(index.labels.length > 0 && { l: { S: joinLabels(index.labels) } }),
    ...(body.document ? { y: { S: body.document } } : { z: { B: body.bytes! } }),
    ...(patientRow && (type === 'Patient' || !ids.isServerId(id)) && { i: { S: id } }),
    ...(at.s !== home.s && { h: { S: home.s } }),
    ...(patientRow &&
      place &&
      index.code !== undefined && {
        c: { S: `${key.code(type, index.code)}${place.spans ? '~' : ''}${place.date}${place.random}` },
      }),
    ...(rows.length > 0 && { r: { S: JSON.stringify(rows.map(({ at: { p, s }, mark }) => [p, s, mark])) } }),
    ...(patientRow && index.otherPatients.length > 0 && { q: { S: otherKeys(ids, draft, at).join(' ') } }),
    ...(patientRow && workAttributes(type, index.work)),
  };
};

const stub = (home: Key, to: Key, expect: Expect, write: number): RowChange => ({
  key: home,
  image: { ...keyItem(home), n: schema, to: { S: to.s } },
  expect,
  write,
});

const leading = (from: Key, to: Key): Item => ({ ...keyItem(from), n: schema, tp: { S: to.p }, ts: { S: to.s } });

const oldVersion = ({ home, type, item, version }: Located & Stored, write: number): RowChange => {
  const at = key.version(home, type, version);
  // What only the current version is found by stays behind.
  const { c: _c, r: _r, q: _q, x: _x, h: _h, ttl: _ttl, ...rest } = item;
  const kept = Object.entries(rest).filter(([name]) => !/^g[togsd]\d$/.test(name));
  return { key: at, image: { ...Object.fromEntries(kept), ...keyItem(at) }, expect: 'free', write, kind: 'early' };
};

/** Pointers in other patients' partitions and rows of the registry: what is new, and what has to go. */
const around = (
  ids: Ids,
  draft: Draft | undefined,
  previous: Located | undefined,
  { at, image }: { at: Key; image: Item },
  write: number,
): RowChange[] => [
  ...pointerChanges(draft ? otherKeys(ids, draft, at) : [], previous, { at, image }, write),
  ...lookupChanges(draft ? lookupRows(draft) : [], previous, write),
];

const otherKeys = (ids: Ids, { index }: Draft, at: Key): string[] => {
  if (at.table === 'registry') return [];
  const keys = new Set(index.otherPatients.map((other) => ids.patientKey(other)));
  keys.delete(at.p.slice(1));
  return [...keys];
};

const pointerChanges = (
  others: readonly string[],
  previous: Located | undefined,
  { at, image }: { at: Key; image: Item },
  write: number,
): RowChange[] => {
  const before = previous?.item.q ? text(previous.item.q).split(' ') : [];
  const moved = previous?.at.s !== at.s;
  const recoded = text(previous?.item.c) !== text(image.c);
  const pointer = (other: string, s: string): Key => ({ table: 'clinical', p: key.partition(other), s });
  return [
    ...before
      .filter((other) => moved || !others.includes(other))
      .map((other): RowChange => ({ key: pointer(other, previous!.at.s), image: undefined, expect: 'free', write })),
    ...others
      .filter((other) => moved || recoded || !before.includes(other))
      .map((other): RowChange => {
        const from = pointer(other, at.s);
        const codeBefore = !moved && before.includes(other) && previous?.item.c ? text(previous.item.c) : undefined;
        const row = { ...leading(from, at), ...(image.c && { c: image.c }) };
        return { key: from, image: row, expect: 'free', write, codeBefore };
      }),
  ];
};

const lookupRows = ({ type, id, index }: Draft) => {
  const rows = index.lookups.map((lookup) => {
    const at = key.lookupRow(lookup, type, id);
    const { sort, card } = lookup;
    const kept = at.s.startsWith(`${sort}\u001f`) ? undefined : sort;
    return { at, card, sort: kept, mark: hash('sha256', `${card ?? ''}\n${kept ?? ''}`).slice(0, 8) };
  });
  return [...new Map(rows.map((row) => [`${row.at.p}|${row.at.s}`, row])).values()];
};

const lookupChanges = (
  rows: ReturnType<typeof lookupRows>,
  previous: Located | undefined,
  write: number,
): RowChange[] => {
  const before = previous?.item.r ? (JSON.parse(text(previous.item.r)) as [string, string, string][]) : [];
  const has = (p: string, s: string, mark?: string) =>
    before.some((row) => row[0] === p && row[1] === s && (mark === undefined || row[2] === mark));
  const gone = before.filter(([p, s]) => !rows.some(({ at }) => at.p === p && at.s === s));
  return [
    ...gone.map(([p, s]): RowChange => ({ key: { table: 'registry', p, s }, image: undefined, expect: 'free', write })),
    ...rows
      .filter(({ at, mark }) => !has(at.p, at.s, mark))
      .map(({ at, card, sort }): RowChange => {
        const image = {
          ...keyItem(at),
          n: schema,
          ...(card !== undefined && { g: { S: card } }),
          ...(sort !== undefined && { so: { S: sort } }),
        };
        return { key: at, image, expect: 'free', write };
      }),
  ];
};

const storedAt = (ids: Ids, type: string, at: Key, image: Item, { bytes, document }: Body): Stored =>
  new DynamoStored(ids, type, at, image, at.s, document ? bytes : undefined);
