// Rows of `registry` that federation keeps about other communities (services/row-store.ts).
//
//   pattern                              p                                  s              trips  RRU
//   all link contracts                   federation#contract                <community>    1      1 for every 4 KB: some 3 contracts
//   who a person is elsewhere            federation#known#<person>          <community>    1      correlations.ts
//
// Contracts are held for two seconds: what one side suspends stops at the next request after that.
import { holding } from '../auth/cached.ts';
import { refuse } from '../fhir/outcome.ts';
import { allRows } from '../services/all-rows.ts';
import type { RowStore } from '../services/row-store.ts';
import { Contract, notInForce } from './contract.ts';

const P = 'federation#contract';
const HELD_MS = 2_000;

interface Kept {
  readonly contract: Contract;
  readonly version: number;
}

export interface Contracts {
  /** Fresh from the store, with the version that a change must name. */
  get(community: string): Promise<Kept | undefined>;
  /** @throws FhirError `conflict` when somebody else changed it meanwhile */
  put(contract: Contract, version: number | undefined): Promise<void>;
  /** As at most two seconds ago. */
  all(): Promise<readonly Contract[]>;
  /** Those that are in force on both sides, as at most two seconds ago. */
  active(): Promise<readonly Contract[]>;
  /** Those that were in force and are held at the moment, with what holds them: their records are missing from an answer. */
  stopped(): Promise<readonly { readonly contract: Contract; readonly why: string }[]>;
}

export const openContracts = ({ rows, clock }: { rows: RowStore; clock: () => number }): Contracts => {
  const held = holding<readonly Contract[]>({ forMs: HELD_MS, most: 1, clock });
  // A row that is not as it must be stops the request: better nobody than the wrong one.
  const load = async () => (await allRows(rows, P)).map(({ data }) => Contract.parse(data));
  const all = () => held.get('', load);

  return {
    all,
    active: async () => (await all()).filter((contract) => !notInForce(contract, clock())),
    stopped: async () =>
      (await all()).flatMap((contract) => {
        const why = ['active', 'suspended'].includes(contract.own) ? notInForce(contract, clock()) : undefined;
        return why === undefined ? [] : [{ contract, why }];
      }),
    get: async (community) => {
      const row = await rows.get(P, community);
      return row && { contract: Contract.parse(row.data), version: row.version };
    },
    put: async (contract, version) => {
      held.forget();
      const written = await rows.write([
        { kind: 'put', p: P, s: contract.community, data: contract, expect: version ?? 'absent' },
      ]);
      held.forget();
      if (!written) throw refuse('conflict', 'the link contract was changed at the same time; look again');
    },
  };
};
