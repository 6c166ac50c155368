// The audit trail as it is written: each execution environment owns a chain, so nothing is shared and nothing is hot.
// Each record holds the hash of the one before it. Positions are given out in memory, without waiting; the puts then run
// side by side, and a record counts as stored once all before it on the chain are.
import { randomBytes } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { FhirError } from '../fhir/outcome.ts';
import type { Audit, AuditRecord } from './port.ts';
import {
  CHAIN_LIFE_MS,
  type Item,
  key,
  monthOf,
  type Opening,
  openingHash,
  openingItem,
  PERSON_WINDOW_MS,
  recordItem,
} from './record.ts';
import { type AuditTable, dynamoAuditTable } from './table.ts';

export interface AuditOptions {
  readonly clock: () => number;
  /** Names the execution environment: the log stream of the Lambda. */
  readonly environmentId: string;
  readonly newChainId?: () => string;
}

export const openAudit = ({
  client,
  table,
  ...options
}: AuditOptions & { client: DynamoDBClient; table: string }): Audit =>
  auditOn(dynamoAuditTable({ client, table }), options);

interface Chain {
  readonly opening: Opening;
  /** Settles when the opening is registered: a record on a chain that nobody knows would pass for an inserted one. */
  readonly opened: Promise<void>;
  number: number;
  time: number;
  hash: Buffer;
  /** Settles when everything placed so far is stored; rejects for good once something is not. */
  stored: Promise<void>;
  /** First position that may be missing, once something could not be stored. */
  lostFrom: number | undefined;
  /** Until when a pointer covers the person. */
  readonly persons: Map<string, number>;
  readonly actors: Set<string>;
  readonly facilities: Set<string>;
}

const ATTEMPTS = 2;
const PERSONS = 20_000;

export const auditOn = (
  table: AuditTable,
  { clock, environmentId, newChainId = () => randomBytes(10).toString('hex') }: AuditOptions,
): Audit => {
  let chain: Chain | undefined;

  const current = (now: number): Chain => {
    if (chain && chain.lostFrom === undefined && now - chain.opening.time < CHAIN_LIFE_MS) return chain;
    const after = chain?.lostFrom === undefined ? undefined : { chain: chain.opening.chain, lostFrom: chain.lostFrom };
    const opening = { chain: newChainId(), time: now, environment: environmentId, ...(after && { after }) };
    const opened = twice(() => table.put(openingItem(opening)));
    chain = {
      opening,
      opened,
      number: 0,
      time: now,
      hash: openingHash(opening),
      stored: opened,
      lostFrom: undefined,
      persons: new Map(),
      actors: new Set(),
      facilities: new Set(),
    };
    return chain;
  };

  const place = (on: Chain, records: readonly AuditRecord[], now: number): Promise<void> => {
    const first = on.number + 1;
    const before = on.stored;
    const puts = records.flatMap((record) => link(on, record, now)).map((write) => on.opened.then(() => write(table)));
    const stored = Promise.all([before, ...puts]).then(
      () => {},
      (error: unknown) => {
        on.lostFrom = Math.min(on.lostFrom ?? first, first);
        throw error;
      },
    );
    stored.catch(() => {}); // whoever waits hears of it
    on.stored = stored;
    return stored;
  };

  return {
    record: async (records) => {
      if (records.length === 0) return;
      for (let attempt = 1; ; attempt += 1) {
        const now = clock();
        try {
          return await place(current(now), records, now);
        } catch (cause) {
          // Once more on a new chain: whoever was placed behind somebody else's failure has done nothing wrong.
          if (attempt === ATTEMPTS) throw unrecorded(cause);
        }
      }
    },
  };
};

type Put = (table: AuditTable) => Promise<void>;

/** Gives a record its place on the chain; answers what has to be stored for it. */
const link = (on: Chain, record: AuditRecord, now: number): Put[] => {
  on.number += 1;
  on.time = Math.max(on.time, now);
  const { chain } = on.opening;
  const at = { chain, number: on.number, time: on.time, previous: on.hash };
  const { item, hash } = recordItem(at, record);
  on.hash = hash;

  const pointers: string[] = [];
  const { patientKey, actor, facility } = record;
  if (patientKey !== undefined && (on.persons.get(patientKey) ?? 0) <= at.time) {
    if (on.persons.size >= PERSONS) on.persons.clear();
    on.persons.set(patientKey, at.time + PERSON_WINDOW_MS);
    pointers.push(key.person(patientKey, monthOf(at.time)));
  }
  if (!on.actors.has(actor)) {
    on.actors.add(actor);
    pointers.push(key.actor(actor, monthOf(at.time)));
  }
  if (facility !== undefined && !on.facilities.has(facility)) {
    on.facilities.add(facility);
    pointers.push(key.facility(facility, monthOf(at.time)));
  }
  return [
    (table) => twice(() => append(table, item)),
    ...pointers.map(
      (p): Put =>
        (table) =>
          twice(() => table.put({ p: { S: p }, s: { S: key.pointer(at) } })),
    ),
  ];
};

const append = async (table: AuditTable, item: Item) => {
  if (!(await table.append(item))) throw new Error('another record stands in its place');
};

/** The SDK tries again by itself; once more the very same, in case only the answer was lost. */
const twice = (put: () => Promise<void>): Promise<void> => {
  const done = put().catch(put);
  done.catch(() => {});
  return done;
};

const unrecorded = (cause: unknown) =>
  Object.assign(
    new FhirError(
      'unavailable',
      [{ diagnostics: 'the access could not be recorded, so nothing is shown; try again' }],
      {
        'retry-after': '1',
      },
    ),
    { cause },
  );
