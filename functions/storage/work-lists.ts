// Work lists: the GSIs `work1` and `work2` of `clinical`. They trail the table, so they only say which resources to read.
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { DynamoStored, typeOfKey } from './dynamo-stored.ts';
import { type Item, text } from './items.ts';
import { typeCode } from './order.ts';
import type { Resources, WorkEntry, WorkItem, WorkQuery } from './port.ts';
import type { Reads } from './reads.ts';
import { keyFrom } from './rows.ts';
import { retrying } from './send.ts';
import type { Store } from './store.ts';
import { orDash, WORK_PAGE, type WorkRange, workRanges, workSort } from './work-order.ts';

/** Which index keeps a list: always the same, so that one Query reads it. */
const indexOf = ({ index }: Pick<WorkEntry, 'index'>, at: number): number => index ?? at + 1;

export const workAttributes = (type: string, work: readonly WorkEntry[]): Item =>
  Object.assign(
    {},
    ...work.slice(0, 2).map((entry, at) => {
      const n = indexOf(entry, at);
      const [first, second] = workSort(entry);
      return {
        [`gt${n}`]: { S: `${typeCode(type)}.${entry.list}` },
        [`go${n}`]: { S: orDash(entry.owner) },
        [`gs${n}`]: { S: first },
        [`gd${n}`]: { S: second },
      };
    }),
  );

interface Place {
  readonly range: number;
  readonly at?: Readonly<Record<string, string>>;
}

export const openWorkLists = ({ client, names, ids }: Store, reads: Pick<Reads, 'getMany'>) => {
  const query = async (asked: WorkQuery, { first, low, high }: WorkRange, at: Place['at']) => {
    const n = asked.index;
    const bounded = first === undefined ? 'gs' : 'gd';
    const conditions = [
      `gt${n} = :t AND go${n} = :o`,
      ...(first === undefined ? [] : [`gs${n} = :first`]),
      ...(low === undefined ? [] : [`${bounded}${n} BETWEEN :low AND :high`]),
    ];
    const { Items = [], LastEvaluatedKey } = await retrying(() =>
      client.send(
        new QueryCommand({
          TableName: names.clinical,
          IndexName: `work${n}`,
          KeyConditionExpression: conditions.join(' AND '),
          ExpressionAttributeValues: {
            ':t': { S: `${typeCode(asked.type)}.${asked.list}` },
            ':o': { S: orDash(asked.owner) },
            ...(first !== undefined && { ':first': { S: first } }),
            ...(low !== undefined && { ':low': { S: low }, ':high': { S: high! } }),
          },
          Limit: Math.min(asked.limit ?? WORK_PAGE, WORK_PAGE),
          ...(at && { ExclusiveStartKey: Object.fromEntries(Object.entries(at).map(([k, S]) => [k, { S }])) }),
        }),
      ),
    );
    return { items: Items, last: LastEvaluatedKey };
  };

  const startKey = (item: Item, n: number): Record<string, string> =>
    Object.fromEntries(['p', 's', `gt${n}`, `go${n}`, `gs${n}`, `gd${n}`].map((name) => [name, text(item[name])]));

  const workList: Resources['workList'] = async (asked) => {
    const ranges = workRanges(asked);
    const from: Place = asked.after === undefined ? { range: 0 } : (JSON.parse(asked.after) as Place);
    const runs = await Promise.all(
      ranges.slice(from.range).map((range, i) => query(asked, range, i === 0 ? from.at : undefined)),
    );
    const full = runs.findIndex(({ last }) => last !== undefined);
    const read = full < 0 ? runs : runs.slice(0, full + 1);
    const rows = read.flatMap(({ items }, i) =>
      items.map((item) => {
        const at = keyFrom('clinical', item);
        const { id } = new DynamoStored(ids, typeOfKey(at)!, at, item, at.s, undefined);
        return { id, position: JSON.stringify({ range: from.range + i, at: startKey(item, asked.index) }) };
      }),
    );
    const items = await reread(reads, asked.type, rows);
    const last = full < 0 ? undefined : runs[full]!.last!;
    return {
      items,
      next: last && JSON.stringify({ range: from.range + full, at: startKey(last, asked.index) }),
    };
  };
  return workList;
};

/** As they are now, each once. */
const reread = async (
  { getMany }: Pick<Reads, 'getMany'>,
  type: string,
  rows: readonly { id: string; position: string }[],
): Promise<WorkItem[]> => {
  const found = await getMany(rows.map(({ id }) => ({ type, id })));
  const seen = new Set<string>();
  return rows.flatMap(({ id, position }, i) => {
    const stored = found[i];
    if (!stored || stored.deleted || seen.has(id)) return [];
    seen.add(id);
    return [{ stored, position }];
  });
};
