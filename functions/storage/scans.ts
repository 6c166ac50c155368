// Reading in runs: a patient's partition, everything, look-up rows.
import { QueryCommand, type QueryCommandInput, ScanCommand } from '@aws-sdk/client-dynamodb';
import { isResourceRow, typeOfKey } from './dynamo-stored.ts';
import { type Item, type Key, keyName, pruner, text } from './items.ts';
import { isRegistryOnly, key, shardsOf, UNIT } from './keys.ts';
import { type KeyRange, PATIENT, rangesUnder, rankOf, typeCode } from './order.ts';
import type { Resources, Scan, ScanPage, Walk } from './port.ts';
import { led, type Reads } from './reads.ts';
import { keyFrom, type Row } from './rows.ts';
import { retrying } from './send.ts';
import type { Store } from './store.ts';
import { isShadow, type Reader, type Transactions } from './transactions.ts';
import { isSought } from './work-order.ts';

interface Run {
  readonly rows: Row[];
  /** Sort text (`s`, or `c` in the index) of the last row that was read, when there is more. */
  readonly stopped: string | undefined;
}

/** Rows beyond the wanted ones that a page reads: deletions and pruned items stand among them. */
const SPARE = 4;
const PRUNED_RATIO = 5;

export const openScans = (store: Store, transactions: Transactions, reads: Reads) => {
  const { client, names, ids } = store;

  const query = async (
    input: Omit<QueryCommandInput, 'TableName'>,
    table: 'clinical' | 'registry' = 'clinical',
  ): Promise<Run> => {
    const { Items = [], LastEvaluatedKey } = await retrying(() =>
      client.send(new QueryCommand({ TableName: names[table], ConsistentRead: true, ...input })),
    );
    const stopped = LastEvaluatedKey && text(LastEvaluatedKey[input.IndexName ? 'c' : 's']);
    return { rows: Items.map((item) => ({ at: keyFrom(table, item), item })), stopped };
  };

  const settled = async <T extends { rows: Row[] }[]>(reader: Reader, read: () => Promise<T>): Promise<T> => {
    const runs = await read();
    const rows = runs.flatMap((run) => run.rows);
    await reader.learn(rows.map(({ item }) => item));
    await reader.mend(rows);
    return runs;
  };

  /** Rows as resources: staged images, pointers and shadows led back to what they stand for. */
  const resolved = async (reader: Reader, rows: readonly Row[]): Promise<{ place: Key; row: Row }[]> => {
    const view = reads.viewOf(reader);
    const leads = rows.flatMap(({ at, item }): { place: Key; to: Key }[] => {
      if (isShadow(item)) return [{ place: { ...at, s: text(item.w) }, to: { ...at, s: text(item.w) } }];
      const image = reader.image(item);
      return image?.tp ? [{ place: at, to: led(image) }] : [];
    });
    const targets = leads.length > 0 ? await view(leads.map(({ to }) => to)) : new Map<string, Item>();
    const seen = new Set<string>();
    return [
      ...rows.flatMap(({ at, item }) => {
        const image = isShadow(item) ? undefined : reader.image(item);
        return image && isResourceRow(image) ? [{ place: at, row: { at, item: image } }] : [];
      }),
      ...leads.flatMap(({ place, to }) => {
        const item = targets.get(keyName(to));
        return item && isResourceRow(item) ? [{ place, row: { at: to, item } }] : [];
      }),
    ].filter(({ place }) => !seen.has(keyName(place)) && seen.add(keyName(place)));
  };

  const scan = (asked: Scan): Promise<ScanPage> => transactions.reading((reader) => scanAs(reader, asked));

  const scanAs = async (reader: Reader, asked: Scan): Promise<ScanPage> => {
    const p = key.partition(ids.patientKey(asked.patient));
    const { runs, rank, prefix } = await (asked.type ? typeRuns(reader, p, asked) : compartmentRun(reader, p, asked));
    // Beyond the run that stopped first, another may have read items whose predecessors are still unread.
    const stops = runs.flatMap(({ stopped }) => (stopped === undefined ? [] : [rank(stopped)]));
    const bound = stops.sort()[0];
    const keeps = pruner(asked.prune);
    const found = (
      await resolved(
        reader,
        runs.flatMap((run) => run.rows),
      )
    )
      .filter(({ row: { item }, place }) => !item.d && (!asked.type || typeOfKey(place) === asked.type) && keeps(item))
      // A staged change of code, or of date, may stand in a range that it has left, or not entered yet.
      .filter(({ row: { item } }) => !prefix || text(item.c).startsWith(prefix))
      .map(({ place, row }) => ({ position: place.s, order: asked.type ? rankOf(place.s) : place.s, row }))
      .filter(({ order }) => bound === undefined || order <= bound)
      .sort((a, b) => (a.order < b.order ? -1 : 1));
    const items = await Promise.all(
      found.map(({ position, row }) => reads.storedAt(typeOfKey(row.at)!, row.at, row.item, position)),
    );
    return { items, next: bound === undefined ? undefined : positionOf(bound, asked.type) };
  };

  const compartmentRun = async (reader: Reader, p: string, { after, prune, limit }: Scan) => {
    const values = { ':p': { S: p }, ':after': { S: after ?? PATIENT } };
    const runs = await settled(reader, async () => [
      await query({
        KeyConditionExpression: after === undefined ? 'p = :p AND s >= :after' : 'p = :p AND s > :after',
        ExpressionAttributeValues: values,
        ...limited(limit, prune),
      }),
    ]);
    return { runs, rank: (s: string) => s, prefix: undefined };
  };

  const typeRuns = async (reader: Reader, p: string, { type, from, to, code, after, prune, limit }: Scan) => {
    const byCode = code !== undefined;
    const prefix = byCode ? key.code(type!, code) : typeCode(type!);
    const range = {
      newest: to === undefined ? undefined : ids.dateChars(to),
      oldest: from === undefined ? undefined : ids.dateChars(from),
      after: after === undefined ? undefined : rankOf(after),
    };
    const { plain, spans } = rangesUnder(prefix, range);
    const attribute = byCode ? 'c' : 's';
    const base = { ...(byCode && { IndexName: 'byCode' }), ...limited(limit, prune) };
    const between = ({ low, high }: KeyRange) =>
      query({
        ...base,
        KeyConditionExpression: `p = :p AND ${attribute} BETWEEN :low AND :high`,
        ExpressionAttributeValues: { ':p': { S: p }, ':low': { S: low }, ':high': { S: high } },
      });
    const whole = () =>
      query({
        ...base,
        KeyConditionExpression: `p = :p AND begins_with(${attribute}, :prefix)`,
        ExpressionAttributeValues: { ':p': { S: p }, ':prefix': { S: prefix } },
      });
    const open = from === undefined && to === undefined && after === undefined && limit === undefined;
    const runs = await settled(reader, async () => {
      if (type === 'Patient')
        return [
          await query({
            KeyConditionExpression: 'p = :p AND s = :s',
            ExpressionAttributeValues: { ':p': { S: p }, ':s': { S: PATIENT } },
          }),
        ];
      if (!open) return Promise.all([...(plain ? [between(plain)] : []), between(spans)]);
      // Both ranges lie one behind the other: what fits a page is one Query.
      const first = await whole();
      if (first.stopped === undefined) return [first];
      return isSpanning(first.stopped, prefix) ? [first] : [first, await between(spans)];
    });
    return {
      runs,
      rank: (sort: string) => rankUnder(prefix, sort),
      prefix: byCode ? prefix : undefined,
    };
  };

  const walk = (asked: Walk): Promise<ScanPage> => transactions.reading((reader) => walkAs(reader, asked));

  const walkAs = async (reader: Reader, { type, isRegistry, prune, after }: Walk): Promise<ScanPage> => {
    const from = after === undefined ? firstStep(type, isRegistry) : (JSON.parse(after) as Step);
    const [run] = await settled(reader, async () => [await step(type, from)]);
    const keeps = pruner(prune);
    const items = await Promise.all(
      run!.rows.flatMap(({ at, item }) => {
        const image = reader.image(item);
        const of = typeOfKey(at);
        if (!image || !isResourceRow(image) || image.d || !of || (type && of !== type) || !keeps(image)) return [];
        return [reads.storedAt(of, at, image, JSON.stringify(stepAt(from, at)))];
      }),
    );
    return { items, next: run!.next && JSON.stringify(run!.next) };
  };

  /** One page of the walk: the patients' partitions, then the registry. */
  const step = async (type: string | undefined, from: Step): Promise<{ rows: Row[]; next: Step | undefined }> => {
    if (from.in === 'clinical')
      return scanStep('clinical', 'P', type && typeCode(type), from, type ? { in: 0 } : { in: 'registry' });
    if (from.in === 'registry') return scanStep('registry', 'T#', undefined, from, undefined);
    const shards = shardsOf(type!);
    const shard = from.in;
    const first = await shardQuery(shards[shard]!, from.s);
    if (first.stopped !== undefined) return { rows: first.rows, next: { in: shard, s: first.stopped } };
    // The others are mostly small: all at once, as far as the first that does not fit a page.
    const others = await Promise.all(shards.slice(shard + 1).map((p) => shardQuery(p, undefined)));
    const full = others.findIndex(({ stopped }) => stopped !== undefined);
    const taken = full < 0 ? others : others.slice(0, full + 1);
    const rows = [first, ...taken].flatMap((run) => run.rows);
    return { rows, next: full < 0 ? undefined : { in: shard + 1 + full, s: others[full]!.stopped! } };
  };

  const shardQuery = (p: string, after: string | undefined) =>
    query(
      {
        KeyConditionExpression: after === undefined ? 'p = :p' : 'p = :p AND s > :s',
        ExpressionAttributeValues: { ':p': { S: p }, ...(after !== undefined && { ':s': { S: after } }) },
      },
      'registry',
    );

  const scanStep = async (
    table: 'clinical' | 'registry',
    p: string,
    s: string | undefined,
    from: Step,
    then: Step | undefined,
  ) => {
    const { Items = [], LastEvaluatedKey } = await retrying(() =>
      client.send(
        new ScanCommand({
          TableName: names[table],
          ConsistentRead: true,
          // Saves bytes on the wire, not read units.
          FilterExpression: `begins_with(p, :p)${s ? ' AND begins_with(s, :s)' : ''}`,
          ExpressionAttributeValues: { ':p': { S: p }, ...(s && { ':s': { S: s } }) },
          ...(from.p !== undefined && { ExclusiveStartKey: { p: { S: from.p }, s: { S: from.s! } } }),
        }),
      ),
    );
    const rows = Items.map((item) => ({ at: keyFrom(table, item), item }));
    const next = LastEvaluatedKey ? { in: table, p: text(LastEvaluatedKey.p), s: text(LastEvaluatedKey.s) } : then;
    return { rows, next };
  };

  const lookup: Resources['lookup'] = (asked) => transactions.reading((reader) => lookupAs(reader, asked));

  const lookupAs = async (
    reader: Reader,
    { bucket, key: of, sortPrefix = '', sortFrom, sortTo, after }: Parameters<Resources['lookup']>[0],
  ): ReturnType<Resources['lookup']> => {
    const p = key.lookup(bucket, of);
    const kept = (text: string) => text.slice(0, 200); // stored keys keep at least this much of a long text as it is
    const prefix = kept(sortPrefix);
    const first = kept(sortFrom ?? '') || prefix;
    const last = `${sortTo === undefined ? prefix : kept(sortTo)}\u{10ffff}`;
    if (first > last) return { rows: [], next: undefined };
    const [run] = await settled(reader, async () => [
      await query(
        {
          KeyConditionExpression: 'p = :p AND s BETWEEN :first AND :last',
          ExpressionAttributeValues: {
            ':p': { S: p },
            ':first': { S: after === undefined ? first || '\u0001' : `${after}\u0000` },
            ':last': { S: last },
          },
        },
        'registry',
      ),
    ]);
    const rows = run!.rows.flatMap(({ item }) => {
      const image = reader.image(item);
      if (!image) return [];
      const s = text(image.s);
      const cut = s.lastIndexOf(UNIT);
      const [type = '', id = ''] = s.slice(cut + 1).split('/');
      const sort = image.so ? text(image.so) : s.slice(0, cut);
      return isSought(sort, { sortPrefix, sortFrom, sortTo })
        ? [{ type, id, sort, card: image.g && text(image.g) }]
        : [];
    });
    return { rows, next: run!.stopped };
  };

  return { scan, walk, lookup };
};

interface Step {
  /** `clinical`, `registry`, or the number of a registry type's shard. */
  readonly in: 'clinical' | 'registry' | number;
  readonly p?: string;
  readonly s?: string;
}

const firstStep = (type: string | undefined, isRegistry = false): Step => {
  if (type !== undefined && (isRegistry || isRegistryOnly(type))) return { in: 0 };
  return { in: isRegistry ? 'registry' : 'clinical' };
};

/** The step that goes on behind a row. */
const stepAt = (from: Step, { p, s }: Key): Step =>
  typeof from.in === 'number' ? { in: Number.parseInt(p.slice(p.lastIndexOf('#') + 1), 16), s } : { in: from.in, p, s };

const limited = (limit: number | undefined, prune: Scan['prune']) =>
  limit === undefined ? {} : { Limit: Math.max(1, prune?.length ? limit * PRUNED_RATIO : limit + SPARE) };

const isSpanning = (sort: string, prefix: string): boolean => sort[prefix.length] === '~';

/** Rank of a sort text under its prefix; also of one that belongs to a shadow or to the end of a range. */
const rankUnder = (prefix: string, sort: string): string =>
  isSpanning(sort, prefix) ? `${sort.slice(prefix.length + 1)}~` : sort.slice(prefix.length);

/** The position behind which the next page starts, in the form that an item at that place would have. */
const positionOf = (bound: string, type: string | undefined): string =>
  type === undefined ? bound : typeCode(type) + (bound.endsWith('~') ? `~${bound.slice(0, -1)}` : bound);
