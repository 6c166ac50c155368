// What type and system history read: every change, newest first. Written from the tables' streams (entries/change-feed.ts).
//
// A row holds the changes of one batch that fall into one minute of `lastUpdated`, so that a minute, all of its rows together,
// can be sorted and freed of repetitions (streams deliver at least once) without a look at its neighbours.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { TYPE_CODES, typeOfCode } from '../fhir/resource-types.ts';
import { type Item, text } from './items.ts';
import { key, SCHEMA } from './keys.ts';
import type { ChangeRef, Resources } from './port.ts';
import { retrying } from './send.ts';
import type { Store } from './store.ts';

const MINUTE = 60_000;
const CHANGES_A_ROW = 5_000; // some 30 bytes each, deflated
/** A caller that filters by a rare type waits for this many pages at most, and gets a cursor. */
const PAGES_A_CALL = 20;

/** A change as the log keeps it: who writes it holds no key to make an id with. */
export interface LoggedChange {
  readonly type: string;
  /** Client-assigned id, or id of a registry row; or `@` and the 26 characters that a server id encrypts. */
  readonly id: string;
  readonly version: number;
  readonly lastUpdated: number;
}

export interface ChangeLog {
  readonly read: Resources['changes'];
}

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
const minuteOf = (time: number): string => new Date(time).toISOString().slice(11, 16);

/** `time|type2/id/version`: sorts nothing, says where a page ended. */
const placeOf = ({ type, id, version, lastUpdated }: LoggedChange): Place => ({
  time: lastUpdated,
  ref: `${TYPE_CODES[type as keyof typeof TYPE_CODES]}/${id}/${version}`,
});

interface Place {
  readonly time: number;
  readonly ref: string;
}

const newestFirst = (a: Place, b: Place): number => b.time - a.time || (a.ref < b.ref ? 1 : a.ref > b.ref ? -1 : 0);

const LAST_DAY = Date.parse('9999-12-31T00:00:00Z');

/** Where a page starts that holds what is older than a time. */
const before = (until: number | undefined): Place | undefined =>
  until === undefined || until > LAST_DAY ? undefined : { time: Math.max(until, 0), ref: '' };

/** The same batch written twice, under the same name, is one. */
export const openChangeLogWriter = ({ client, registry }: { client: DynamoDBClient; registry: string }) => {
  const days = new Set<string>();
  const put = (Item: Item) => retrying(() => client.send(new PutItemCommand({ TableName: registry, Item })));

  return async (changes: readonly LoggedChange[], batch: string): Promise<void> => {
    const groups = Map.groupBy(changes, ({ lastUpdated }) => `${dayOf(lastUpdated)} ${minuteOf(lastUpdated)}`);
    for (const [minute, group] of groups) {
      const [day = '', time = ''] = minute.split(' ');
      for (let at = 0; at < group.length; at += CHANGES_A_ROW) {
        const lines = group
          .slice(at, at + CHANGES_A_ROW)
          .map((change) => `${placeOf(change).ref}/${change.lastUpdated}`);
        await put({
          p: { S: key.changes(day) },
          s: { S: `${time}#${batch}#${at}` },
          n: { N: String(SCHEMA) },
          e: { B: deflateRawSync(lines.join('\n')) },
        });
      }
      if (!days.has(day)) await put({ p: { S: key.changeDays() }, s: { S: day }, n: { N: String(SCHEMA) } });
      days.add(day);
    }
  };
};

/** The id as clients know it. */
export const changeId =
  (ids: Pick<Store['ids'], 'idAt'>) =>
  ({ type, id }: Pick<LoggedChange, 'type' | 'id'>): string =>
    id.startsWith('@') ? ids.idAt(type, { key: id.slice(1, 13), date: id.slice(13, 20), random: id.slice(20) }) : id;

export const openChangeLog = ({ client, names, ids }: Pick<Store, 'client' | 'names' | 'ids'>): ChangeLog => {
  const TableName = names.registry;

  const idOf = changeId(ids);

  const queryDown = async (
    p: string,
    [bottom, top]: readonly [string, string],
    start: Item | undefined,
  ): Promise<{ Items?: Item[] | undefined; LastEvaluatedKey?: Item | undefined }> => {
    if (bottom > top) return {}; // DynamoDB refuses such a BETWEEN
    return retrying(() =>
      client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'p = :p AND s BETWEEN :bottom AND :top',
          ExpressionAttributeValues: { ':p': { S: p }, ':bottom': { S: bottom }, ':top': { S: top } },
          ScanIndexForward: false,
          ConsistentRead: true,
          ...(start && { ExclusiveStartKey: start }),
        }),
      ),
    );
  };

  const read: ChangeLog['read'] = async ({ type, since = 0, until, limit, after }) => {
    const from: Place | undefined = after === undefined ? before(until) : JSON.parse(after);
    const found: (LoggedChange & { place: Place })[] = [];
    let pages = 0;

    const take = (minute: readonly Item[]): void => {
      const changes = minute.flatMap(changesOf).map((change) => ({ ...change, place: placeOf(change) }));
      const distinct = new Map(changes.map((change) => [change.place.ref, change]));
      const wanted = [...distinct.values()].filter(
        ({ type: of, lastUpdated, place }) =>
          (!type || of === type) && lastUpdated >= since && (!from || newestFirst(from, place) < 0),
      );
      found.push(...wanted.sort((a, b) => newestFirst(a.place, b.place)));
    };
    const answer = (next: Place | undefined) => ({
      changes: found
        .slice(0, limit)
        .map(({ place, ...change }): ChangeRef => ({ ...change, id: idOf(change), position: JSON.stringify(place) })),
      next: found.length > limit ? JSON.stringify(found[limit - 1]!.place) : next && JSON.stringify(next),
    });

    for (const day of await daysDown(dayOf(since), from ? dayOf(from.time) : '9999')) {
      // Who asks for what came lately does not pay for the whole day.
      const bottom = day === dayOf(since) ? minuteOf(since) : '0';
      let start: Item | undefined;
      let minute: Item[] = [];
      do {
        const top = from && day === dayOf(from.time) ? `${minuteOf(from.time)}~` : '~';
        const { Items = [], LastEvaluatedKey } = await queryDown(key.changes(day), [bottom, top], start);
        for (const item of Items) {
          if (minute[0] && text(minute[0].s).slice(0, 5) !== text(item.s).slice(0, 5)) {
            take(minute);
            minute = [];
            if (found.length > limit) return answer(undefined);
          }
          minute.push(item);
        }
        start = LastEvaluatedKey;
        pages += 1;
        if (pages >= PAGES_A_CALL && minute[0] && start) {
          // Everything later than the minute in hand has been seen.
          const end = Date.parse(`${day}T${text(minute[0].s).slice(0, 5)}:00Z`) + MINUTE;
          return answer({ time: end, ref: '' });
        }
      } while (start);
      if (minute.length > 0) take(minute);
      if (found.length > limit) return answer(undefined);
    }
    return answer(undefined);
  };

  const daysDown = async (bottom: string, top: string): Promise<string[]> => {
    const all: string[] = [];
    let start: Item | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await queryDown(key.changeDays(), [bottom, top], start);
      all.push(...Items.map((item) => text(item.s)));
      start = LastEvaluatedKey;
    } while (start);
    return all;
  };

  return { read };
};

const changesOf = (row: Item): LoggedChange[] =>
  inflateRawSync(row.e!.B!)
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const [code = '', id = '', version, lastUpdated] = line.split('/');
      const type = typeOfCode(code);
      return type ? [{ type, id, version: Number(version), lastUpdated: Number(lastUpdated) }] : [];
    });
