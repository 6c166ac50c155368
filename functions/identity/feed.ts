// Patients and their Coverages as the stream of `clinical` brings them. At least once and in no order between people: what is decided is decided on what is
// stored now, so a record that comes twice, or late, changes nothing.
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';

/** What a stream record changed, as far as a client can see; staged rows have changed nothing yet (storage/change-feed.ts). */
export type ChangeOf = (record: NonNullable<DynamoDBRecord['dynamodb']>) => { type: string; id: string } | undefined;

/** Look-ups of one Patient wait for each other most of the time. */
const AT_ONCE = 8;

/** What is to be done with a resource of a type, by its id. */
export type Follow = Readonly<Record<string, (id: string) => Promise<unknown>>>;

export const feed =
  (changeOf: ChangeOf, follow: Follow, log: (line: object) => void) =>
  async ({ Records }: { readonly Records: readonly DynamoDBRecord[] }): Promise<DynamoDBBatchResponse> => {
    const first = new Map<string, { readonly at: number; readonly work: () => Promise<unknown> }>();
    const failed = new Set<number>();
    for (const [at, { dynamodb }] of Records.entries()) {
      try {
        const change = changeOf(dynamodb ?? {});
        const name = `${change?.type}/${change?.id}`;
        const work = change && follow[change.type];
        if (work && !first.has(name)) first.set(name, { at, work: () => work(change.id) });
      } catch (error) {
        fail(at, error);
      }
    }
    function fail(at: number, error: unknown): void {
      failed.add(at);
      // The name of the error, never what it holds: a record is a person.
      log({ level: 'error', event: 'identity-feed', error: error instanceof Error ? error.name : 'unknown' });
    }

    const waiting = [...first.values()];
    const workOff = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { at, work } = next;
        await work().catch((error: unknown) => fail(at, error));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, workOff));
    // Lambda sends again from the first that failed; what comes after it is known then.
    const earliest = [...failed].sort((a, b) => a - b)[0];
    const itemIdentifier = earliest === undefined ? undefined : Records[earliest]?.dynamodb?.SequenceNumber;
    return { batchItemFailures: itemIdentifier === undefined ? [] : [{ itemIdentifier }] };
  };
