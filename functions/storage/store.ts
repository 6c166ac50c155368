// What every part of the DynamoDB store is made of.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Ids } from './ids.ts';
import type { Table } from './items.ts';
import type { Documents } from './port.ts';

export interface Store {
  readonly client: DynamoDBClient;
  readonly names: Readonly<Record<Table, string>>;
  readonly ids: Ids;
  readonly documents: Documents;
  readonly clock: () => number;
  readonly limits: Limits;
}

export interface Limits {
  /** Row changes that go as one DynamoDB transaction; more are staged. DynamoDB's own limit is 100. */
  readonly transactionRows: number;
  /** A staged transaction that has not been decided by then is aborted by whoever meets it. */
  readonly stagingMs: number;
  /** How long a commit goes on rolling forward after its decision before it answers; the sweeper does the rest. */
  readonly rollForwardMs: number;
  /** A staged commit that is not decided this long after its request began gives up: whoever waits for an API has 29 s. */
  readonly answerMs: number;
  /**
   * Rows of a staged commit that are sent in one call; DynamoDB's own limit is 25. More than one needs PartiQL permissions, which
   * only those functions have that write charts.
   */
  readonly batchRows: number;
  /** Requests at once. */
  readonly width: number;
}

export const LIMITS: Limits = {
  transactionRows: 100,
  stagingMs: 60_000,
  rollForwardMs: 5_000,
  answerMs: Number.POSITIVE_INFINITY,
  batchRows: 1,
  width: 24,
};
