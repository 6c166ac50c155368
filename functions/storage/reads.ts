// Reading by id: current versions, old versions, histories.
import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { DynamoStored, isResourceRow } from './dynamo-stored.ts';
import { type Item, type Key, keyItem, keyName, number, text } from './items.ts';
import { isRegistryOnly, key } from './keys.ts';
import type { Resources, ScanPage } from './port.ts';
import { type Row, readRows } from './rows.ts';
import { eachOf, retrying } from './send.ts';
import type { Store } from './store.ts';
import type { Reader, Transactions } from './transactions.ts';

interface Ref {
  readonly type: string;
  readonly id: string;
}

/** What is where, as one operation sees it: staged changes resolved. */
export type View = (keys: readonly Key[]) => Promise<Map<string, Item>>;

const MOST_ALIASES = 20_000;
/** A resource may move while we follow its stub. */
const FOLLOWED = 3;

export const openReads = (store: Store, transactions: Transactions) => {
  const { client, names, ids, documents } = store;
  /** An alias never changes, once it is there. */
  const aliases = new Map<string, Key>();

  const rowsAt = async (keys: readonly Key[]): Promise<Row[]> => {
    if (keys.length === 1) {
      const [at] = keys as [Key];
      const { Item: item } = await retrying(() =>
        client.send(new GetItemCommand({ TableName: names[at.table], Key: keyItem(at), ConsistentRead: true })),
      );
      return item ? [{ at, item }] : [];
    }
    const found: Row[] = [];
    const batches = Array.from({ length: Math.ceil(keys.length / 100) }, (_, at) =>
      keys.slice(at * 100, at * 100 + 100),
    );
    await eachOf(batches, 8, async (batch) => void found.push(...(await readRows(store, batch))));
    return found;
  };

  const viewOf =
    (reader: Reader): View =>
    async (keys) => {
      const rows = keys.length > 0 ? await rowsAt(keys) : [];
      await reader.learn(rows.map(({ item }) => item));
      await reader.mend(rows);
      return new Map(
        rows.flatMap(({ at, item }) => {
          const image = reader.image(item);
          return image ? [[keyName(at), image] as const] : [];
        }),
      );
    };

  const viewing = <T>(read: (view: View) => Promise<T>): Promise<T> =>
    transactions.reading((reader) => read(viewOf(reader)));

  /** Home of an id where no look-up is needed; undefined: ask the alias. */
  const homeOf = ({ type, id }: Ref): Key | undefined => {
    if (ids.isServerId(id)) {
      const home = ids.homeOf(type, id);
      return home.key === undefined ? key.registry(type, id) : key.resource(home.key, type, home);
    }
    if (type === 'Patient') return key.resource(ids.patientKey(id), type, { date: '', random: '', spans: false });
    return isRegistryOnly(type) ? key.registry(type, id) : aliases.get(keyName(key.alias(type, id)));
  };

  const homesOf = async (refs: readonly Ref[], view: View): Promise<(Key | undefined)[]> => {
    const homes = refs.map(homeOf);
    const unknown = new Map(
      refs.flatMap(({ type, id }, at) => {
        const alias = key.alias(type, id);
        return homes[at] ? [] : [[keyName(alias), alias] as const];
      }),
    );
    if (unknown.size === 0) return homes;
    const found = await view([...unknown.values()]);
    if (aliases.size > MOST_ALIASES) aliases.clear();
    for (const [name, item] of found) aliases.set(name, led(item));
    return refs.map((ref, at) => homes[at] ?? aliases.get(keyName(key.alias(ref.type, ref.id))));
  };

  const remoteBody = async (item: Item): Promise<Uint8Array | undefined> => {
    if (!item.y) return undefined;
    const found = await documents.get(text(item.y));
    if (!found) throw new Error('the body of a resource is missing in S3');
    return found.bytes;
  };

  const storedAt = async (type: string, at: Key, item: Item, position = at.s): Promise<DynamoStored> =>
    new DynamoStored(ids, type, at, item, position, await remoteBody(item));

  /** Current rows at these homes, followed to where they have moved. */
  const follow = async (homes: readonly (Key | undefined)[], view: View): Promise<(Row | undefined)[]> => {
    const rows = new Map<string, Row>();
    let open = [...new Map(homes.flatMap((home) => (home ? [[keyName(home), home] as const] : []))).entries()];
    for (let round = 0; open.length > 0 && round < FOLLOWED; round += 1) {
      const first = await view(open.map(([, home]) => home));
      const moved: [string, Key, Key][] = [];
      for (const [name, home] of open) {
        const item = first.get(name);
        if (item?.to) moved.push([name, home, { ...home, s: text(item.to) }]);
        else if (item && isResourceRow(item)) rows.set(name, { at: home, item });
      }
      const second = moved.length > 0 ? await view(moved.map(([, , to]) => to)) : new Map<string, Item>();
      const missed: [string, Key][] = [];
      for (const [name, home, to] of moved) {
        const item = second.get(keyName(to));
        if (item && isResourceRow(item)) rows.set(name, { at: to, item });
        else missed.push([name, home]);
      }
      open = missed;
    }
    return homes.map((home) => home && rows.get(keyName(home)));
  };

  /** A patient's partition may belong to another id only by an improbable collision; even then it is not shown. */
  const isOf = ({ id }: Ref, { item }: Row): boolean => item.i === undefined || text(item.i) === id;

  const getMany: Resources['getMany'] = async (refs) => {
    const rows = await viewing(async (view) => follow(await homesOf(refs, view), view));
    return Promise.all(
      refs.map((ref, at) => {
        const row = rows[at];
        return row && isOf(ref, row) ? storedAt(ref.type, row.at, row.item) : undefined;
      }),
    );
  };

  const get: Resources['get'] = async (type, id) => (await getMany([{ type, id }]))[0];

  const getVersion: Resources['getVersion'] = async (type, id, version) => {
    const found = await viewing(async (view) => {
      const [home] = await homesOf([{ type, id }], view);
      if (!home) return undefined;
      const at = key.version(home, type, version);
      // Both at once: one trip, whichever it is.
      const both = await view([home, at]);
      const first = both.get(keyName(home));
      const row = first?.to ? (await follow([home], view))[0] : first && { at: home, item: first };
      return { home, row, old: both.get(keyName(at)) };
    });
    if (!found) return undefined;
    const { home, row, old } = found;
    if (!row || !isOf({ type, id }, row)) return undefined;
    const current = number(row.item.v);
    if (current === version) return storedAt(type, row.at, row.item);
    return old && version < current ? storedAt(type, home, withoutPlace(old), String(version)) : undefined;
  };

  const oldVersions = async (home: Key, type: string, newest: number, limit: number): Promise<Item[]> => {
    const prefix = key.versionPrefix(home);
    const { Items = [] } = await retrying(() =>
      client.send(
        new QueryCommand({
          TableName: names[home.table],
          KeyConditionExpression: 'p = :p AND s BETWEEN :first AND :last',
          ExpressionAttributeValues: {
            ':p': { S: key.versions(home, type) },
            ':first': { S: `${prefix}000000000` },
            ':last': { S: prefix + String(newest).padStart(9, '0') },
          },
          ScanIndexForward: false,
          ConsistentRead: true,
          Limit: limit,
        }),
      ),
    );
    return Items;
  };

  const history: Resources['history'] = async (type, id, { since = 0, limit, after }): Promise<ScanPage> => {
    const before = after === undefined ? 999_999_999 : Number(after) - 1;
    if (before < 1) return { items: [], next: undefined };
    const found = await viewing(async (view) => {
      const [home] = await homesOf([{ type, id }], view);
      if (!home) return undefined;
      // A version that an aborted transaction wrote early may stand in front of those that count.
      const [[row], old] = await Promise.all([follow([home], view), oldVersions(home, type, before, limit + 2)]);
      return { home, row, old };
    });
    if (!found) return { items: [], next: undefined };
    const { home, row, old } = found;
    if (!row || !isOf({ type, id }, row)) return { items: [], next: undefined };
    const current = number(row.item.v);
    const versions = [
      ...(current <= before ? [{ at: row.at, item: row.item }] : []),
      ...old.filter((item) => number(item.v) < current).map((item) => ({ at: home, item: withoutPlace(item) })),
    ].filter(({ item }) => number(item.u) >= since);
    const some = versions.slice(0, limit);
    const items = await Promise.all(some.map(({ at, item }) => storedAt(type, at, item, String(number(item.v)))));
    return { items, next: versions.length > limit ? items.at(-1)!.position : undefined };
  };

  return { get, getMany, getVersion, history, viewOf, storedAt, follow };
};

export type Reads = ReturnType<typeof openReads>;

/** Where an alias or a pointer leads. */
export const led = (item: Item): Key => {
  const p = text(item.tp);
  return { table: p.startsWith('P') ? 'clinical' : 'registry', p, s: text(item.ts) };
};

/** An old version is no longer anywhere: its id follows from its home. */
const withoutPlace = (item: Item): Item => {
  const { h: _h, ...rest } = item;
  return rest;
};
