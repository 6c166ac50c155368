// Counters that all execution environments share, in table `registry`.
//
//   pattern                            p                              s   WRU
//   requests of a subject in a minute  rate#<subject>#<minute>        -   1 for each `step` requests (limiter.ts)
//   persons a member of staff saw      watch#<account>#<hour>         -   1 or 2 for each batch of the audit stream
//   reads of a system                  watch#<client id>#<hour>       -   1 for each batch of the audit stream
import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { retrying } from '../services/retry.ts';

export interface Counters {
  /** Adds, and answers the sum. `until` (ms): some days later the row may go. */
  add(name: string, amount: number, until: number): Promise<number>;
  /** Remembers different members, up to `most` of them; answers how many there are. The same members again change nothing. */
  collect(name: string, members: readonly string[], most: number, until: number): Promise<number>;
}

export const openCounters = ({ client, table }: { client: DynamoDBClient; table: string }): Counters => {
  const at = (name: string, until: number) => ({
    TableName: table,
    Key: { p: { S: name }, s: { S: '-' } },
    ExpressionAttributeNames: { '#ttl': 'ttl' },
    ReturnValues: 'UPDATED_NEW' as const,
    ttl: { N: String(Math.ceil(until / 1000)) },
  });
  return {
    add: async (name, amount, until) => {
      const { ttl, ...place } = at(name, until);
      // Not said again when the answer is lost: it would count twice. The caller goes on without.
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          ...place,
          UpdateExpression: 'ADD c :n SET #ttl = :t',
          ExpressionAttributeValues: { ':n': { N: String(amount) }, ':t': ttl },
        }),
      );
      return Number(Attributes?.c?.N ?? 0);
    },
    collect: async (name, members, most, until) => {
      const { ttl, ...place } = at(name, until);
      const update = new UpdateItemCommand({
        ...place,
        UpdateExpression: 'ADD m :m SET #ttl = :t',
        ConditionExpression: 'attribute_not_exists(m) OR size(m) < :most',
        ExpressionAttributeValues: { ':m': { SS: [...new Set(members)] }, ':t': ttl, ':most': { N: String(most) } },
      });
      try {
        return (await retrying(() => client.send(update))).Attributes?.m?.SS?.length ?? 0;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return most; // full: it was told before
        throw error;
      }
    },
  };
};

export const memoryCounters = (): Counters => {
  const sums = new Map<string, number>();
  const sets = new Map<string, Set<string>>();
  return {
    add: async (name, amount) => {
      const sum = (sums.get(name) ?? 0) + amount;
      sums.set(name, sum);
      return sum;
    },
    collect: async (name, members, most) => {
      const known = sets.get(name) ?? new Set();
      if (known.size >= most) return most;
      for (const member of members) known.add(member);
      sets.set(name, known);
      return known.size;
    },
  };
};
