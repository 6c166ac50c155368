// Holds the whole audit trail against its seals: what was deleted, changed or inserted is named. Used by
// infra/operations/verify-audit.ts; trusts nothing but the seal key, and that sealed objects cannot be replaced.
import {
  type Item,
  key,
  type Opening,
  openingHash,
  PERSON_WINDOW_MS,
  readOpening,
  readRecord,
  type StoredRecord,
} from './record.ts';
import { type Archive, fileHash, GRACE_MS, type Head, rootOf, SealFile, Statement, sealName } from './seal.ts';
import type { AuditTable } from './table.ts';

export interface Finding {
  readonly kind: 'deleted' | 'changed' | 'inserted' | 'seal';
  readonly what: string;
}

export interface Verification {
  readonly findings: readonly Finding[];
  readonly seals: number;
  readonly chains: number;
  readonly records: number;
  /** Written since the last seal: nothing proves yet that there were no more of them. */
  readonly unsealed: number;
  /** Behind a place where a write failed: the environment said so and went on elsewhere. */
  readonly lost: number;
}

export interface VerifyDeps {
  readonly table: AuditTable;
  /** Every item of the table. */
  readonly scan: () => AsyncIterable<Item>;
  readonly archive: Pick<Archive, 'read'>;
  readonly region: string;
  readonly verifySignature: (text: string, signature: string, keyId: string) => Promise<boolean>;
}

/** A head as one seal has it, and when the seal before was made: what this one covers first is younger. */
interface SealedHead extends Head {
  readonly seal: number;
  readonly notBefore: number;
}

interface Seals {
  readonly count: number;
  readonly lastTime: number;
  readonly heads: ReadonlyMap<string, readonly SealedHead[]>;
}

interface Contents {
  readonly openings: Map<string, Opening>;
  readonly chains: Set<string>;
  /** Of each chain: `P<patient key>` or `A<actor>` → times and numbers of its pointers. */
  readonly pointers: Map<string, Map<string, { time: number; number: number }[]>>;
}

export const verifyAudit = async (deps: VerifyDeps): Promise<Verification> => {
  const findings: Finding[] = [];
  const seals = await readSeals(deps, findings);
  const contents = await readContents(deps);
  const lostFrom = new Map(
    [...contents.openings.values()].flatMap(({ after }) => (after ? [[after.chain, after.lostFrom]] : [])),
  );

  let records = 0;
  let unsealed = 0;
  let lost = 0;
  const chains = new Set([...contents.openings.keys(), ...contents.chains, ...seals.heads.keys()]);
  for (const chain of chains) {
    const checked = await verifyChain(deps, chain, contents, seals, lostFrom.get(chain), findings);
    records += checked.records;
    unsealed += checked.unsealed;
    lost += checked.lost;
  }
  return { findings, seals: seals.count, chains: chains.size, records, unsealed, lost };
};

const readSeals = async (
  { archive, table, region, verifySignature }: VerifyDeps,
  findings: Finding[],
): Promise<Seals> => {
  const heads = new Map<string, SealedHead[]>();
  const { p, s } = key.seal;
  const told = Number((await table.get({ p: p.S, s: s.S }))?.n?.N ?? 0);
  let previous = '';
  let lastTime = 0;
  let count = 0;
  const wrong = (number: number, what: string) => findings.push({ kind: 'seal', what: `seal ${number} ${what}` });

  for (let number = 1; ; number += 1) {
    const file = await archive.read(sealName(number));
    if (file === undefined) {
      if (number <= told) wrong(number, 'is missing');
      if (number >= told) return { count, lastTime, heads };
      continue;
    }
    count += 1;
    const parsed = SealFile.safeParse(tryJson(file));
    const statement = parsed.success ? Statement.safeParse(tryJson(parsed.data.statement)) : undefined;
    if (!parsed.success || !statement?.success) {
      wrong(number, 'cannot be read');
      continue;
    }
    const { data } = statement;
    if (!(await verifySignature(parsed.data.statement, parsed.data.signature, data.key)))
      wrong(number, 'is not signed by the seal key');
    if (data.number !== number || data.region !== region) wrong(number, 'belongs elsewhere');
    if (data.previous !== previous) wrong(number, 'is not linked to the one before');
    if (data.root !== rootOf(data.heads)) wrong(number, 'has another root than its heads');
    for (const [chain, head] of Object.entries(data.heads)) {
      const known = heads.get(chain) ?? [];
      heads.set(chain, [...known, { ...head, seal: number, notBefore: lastTime - GRACE_MS }]);
    }
    previous = fileHash(file);
    lastTime = data.time;
  }
};

const tryJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const readContents = async ({ scan }: VerifyDeps): Promise<Contents> => {
  const openings = new Map<string, Opening>();
  const chains = new Set<string>();
  const pointers: Contents['pointers'] = new Map();
  for await (const item of scan()) {
    const p = item.p?.S ?? '';
    if (p.startsWith('O#')) {
      const opening = readOpening(item);
      openings.set(opening.chain, opening);
    } else if (p.startsWith('C#')) {
      chains.add(p.slice(2));
    } else if (p.startsWith('P#') || p.startsWith('A#')) {
      const [time = '', chain = '', number = ''] = (item.s?.S ?? '').split('#');
      const who = `${p[0]}${p.slice(2, p.lastIndexOf('#'))}`;
      const ofChain = pointers.get(chain) ?? new Map();
      pointers.set(
        chain,
        ofChain.set(who, [...(ofChain.get(who) ?? []), { time: Number(time), number: Number(number) }]),
      );
    }
  }
  return { openings, chains, pointers };
};

const verifyChain = async (
  { table }: VerifyDeps,
  chain: string,
  contents: Contents,
  seals: Seals,
  lostFrom: number | undefined,
  findings: Finding[],
) => {
  const say = (kind: Finding['kind'], what: string) => findings.push({ kind, what: `${what} of chain ${chain}` });
  const sealed = seals.heads.get(chain) ?? [];
  const sealedTo = sealed.at(-1)?.number ?? 0;
  const opening = contents.openings.get(chain);
  if (!opening) {
    if (sealed.length > 0) say('deleted', 'the opening');
    else findings.push({ kind: 'inserted', what: `chain ${chain}: it was never opened` });
  }
  if (lostFrom !== undefined && lostFrom <= sealedTo)
    say('inserted', `the notice that records from ${lostFrom} on are lost`);
  /** A gap that the environment itself gave notice of, beyond all that was sealed. */
  const isLost = (number: number) => lostFrom !== undefined && number >= lostFrom && number > sealedTo;

  const pointers = new Map(contents.pointers.get(chain));
  const seen = new Set<number>();
  let last: { number: number; time: number; hash: Buffer | undefined } = {
    number: 0,
    time: opening?.time ?? 0,
    hash: opening && openingHash(opening),
  };
  let records = 0;
  let unsealed = 0;
  let lost = 0;

  for await (const { stored, hash } of recordsOf(table, chain)) {
    records += 1;
    const { number, time, previous } = stored;
    const name = `record ${number}`;
    if (seen.has(number) || number < last.number || !Number.isInteger(number)) {
      say('inserted', `${name} (a second one, or out of its order)`);
      continue;
    }
    seen.add(number);
    const gap = number > last.number + 1;
    if (gap && !isLost(last.number + 1))
      say(
        'deleted',
        number === last.number + 2 ? `record ${last.number + 1}` : `records ${last.number + 1} to ${number - 1}`,
      );
    const changed = !stored.hash.equals(hash);
    if (changed) say('changed', name);
    else if (!gap && last.hash && !previous.equals(last.hash))
      say('changed', last.number === 0 ? 'the opening' : `record ${last.number} or ${number}`);
    if (time < last.time) say('changed', `${name}: its time`);

    const cover = sealed.find((head) => head.number >= number);
    if (cover?.number === number && !changed && stored.hash.toString('hex') !== cover.hash)
      say('changed', `${name}: it is not the one that seal ${cover.seal} signed`);
    if (cover && time < cover.notBefore)
      say('inserted', `${name}: it is older than the seal before the first that covers it`);
    if (!cover && isLost(number)) lost += 1;
    else if (!cover && time < seals.lastTime - GRACE_MS)
      say('inserted', `${name}: no seal covers it, although it is old enough`);
    else if (!cover) unsealed += 1;

    expectPointers(stored, pointers, (who) => say('deleted', `the pointer from ${who} to ${name}`));
    // After a changed record its stored hash goes on, so that one fault is one finding.
    last = { number, time, hash: changed ? hash : stored.hash };
  }

  if (sealedTo > last.number)
    say('deleted', sealedTo === last.number + 1 ? `record ${sealedTo}` : `records ${last.number + 1} to ${sealedTo}`);
  for (const [who, places] of pointers)
    for (const { number } of places)
      if (!seen.has(number) && !isLost(number) && number > sealedTo)
        say('deleted', `record ${number} (${who.startsWith('P') ? 'a person' : 'an account'} still points to it)`);
  return { records, unsealed, lost };
};

/** Records in order of their keys, each with the hash that it carries. */
async function* recordsOf(table: AuditTable, chain: string): AsyncGenerator<{ stored: StoredRecord; hash: Buffer }> {
  let after: string | undefined;
  do {
    const page = await table.query({ p: key.chain(chain), after });
    for (const item of page.items) yield { stored: readRecord(item), hash: Buffer.from(item.h?.B ?? []) };
    after = page.next;
  } while (after !== undefined);
}

const expectPointers = (
  { record, time, number }: StoredRecord,
  pointers: ReadonlyMap<string, readonly { time: number; number: number }[]>,
  missing: (who: string) => void,
) => {
  const { patientKey, actor } = record;
  const covered = (places: readonly { time: number; number: number }[] = [], reach: number) =>
    places.some((place) => place.number <= number && time - place.time <= reach);
  if (patientKey !== undefined && !covered(pointers.get(`P${patientKey}`), PERSON_WINDOW_MS)) missing('a person');
  if (!covered(pointers.get(`A${actor}`), Number.POSITIVE_INFINITY)) missing('an account');
};
