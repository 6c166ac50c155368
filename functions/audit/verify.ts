// Holds the whole audit trail against its seals: what was deleted, changed or inserted is named. Used by
// infra/operations/verify-audit.ts; trusts nothing but the seal key, and that sealed objects cannot be replaced.
import { dayOf, type Item, key, type Opening, readOpening } from './record.ts';
import type { RecordArchive } from './record-archive.ts';
import { type Archive, fileHash, GRACE_MS, rootOf, SealFile, Statement, sealName } from './seal.ts';
import type { AuditTable } from './table.ts';
import { verifyArchiveDay } from './verify-archive.ts';
import { type Finding, type Pointers, type SealedHead, verifyChain } from './verify-chain.ts';

export interface Verification {
  readonly findings: readonly Finding[];
  readonly seals: number;
  readonly chains: number;
  readonly records: number;
  /** Written since the last seal: nothing proves yet that there were no more of them. */
  readonly unsealed: number;
  /** Behind a place where a write failed: the environment said so and went on elsewhere. */
  readonly lost: number;
  /** Found in the archive too. */
  readonly archived: number;
  /** Old enough to be in the archive, and not there. */
  readonly unarchived: number;
  /** What the end of an execution environment in the middle of a request leaves behind, and a deletion before the seal does too. */
  readonly doubts: readonly string[];
}

export interface VerifyDeps {
  readonly table: AuditTable;
  /** Every item of the table. */
  readonly scan: () => AsyncIterable<Item>;
  readonly archive: Pick<Archive, 'read'>;
  /** Where the stream keeps every record a second time. Absent: not looked at. */
  readonly records?: Pick<RecordArchive, 'list' | 'read'> | undefined;
  readonly clock?: () => number;
  readonly region: string;
  readonly verifySignature: (text: string, signature: string, keyId: string) => Promise<boolean>;
}

interface Seals {
  readonly count: number;
  readonly lastTime: number;
  readonly heads: ReadonlyMap<string, readonly SealedHead[]>;
}

interface Contents {
  readonly openings: Map<string, Opening>;
  readonly chains: Set<string>;
  readonly pointers: Map<string, Pointers>;
  /** Day → how many records and openings of it are old enough to be archived. */
  readonly due: Map<string, number>;
}

/** The stream keeps a record for a day, and the archiver tries for that long. */
const ARCHIVED_WITHIN_MS = 3_600_000;

export const verifyAudit = async (deps: VerifyDeps): Promise<Verification> => {
  const findings: Finding[] = [];
  const seals = await readSeals(deps, findings);
  const contents = await readContents(deps);
  const lostFrom = new Map(
    [...contents.openings.values()].flatMap(({ after }) => (after ? [[after.chain, after.lostFrom]] : [])),
  );

  const chains = new Set([...contents.openings.keys(), ...contents.chains, ...seals.heads.keys()]);
  const counts = { records: 0, unsealed: 0, lost: 0 };
  const doubts: string[] = [];
  for (const chain of chains) {
    const checked = await verifyChain(deps.table, chain, {
      opening: contents.openings.get(chain),
      pointers: contents.pointers.get(chain) ?? new Map(),
      sealed: seals.heads.get(chain) ?? [],
      lastSealTime: seals.lastTime,
      lostFrom: lostFrom.get(chain),
    });
    findings.push(...checked.findings);
    doubts.push(...checked.doubts);
    for (const name of ['records', 'unsealed', 'lost'] as const) counts[name] += checked[name];
  }
  const { archived, unarchived } = await verifyArchive(deps, contents, findings);
  if (unarchived > 0) doubts.push(`${unarchived} records older than an hour, for the archive has them not`);
  return { findings, doubts, seals: seals.count, chains: chains.size, ...counts, archived, unarchived };
};

const verifyArchive = async ({ table, records }: VerifyDeps, { due }: Contents, findings: Finding[]) => {
  let archived = 0;
  let unarchived = 0;
  if (!records) return { archived, unarchived };
  const days = new Set(due.keys());
  for await (const name of records.list('records/')) days.add(name.split('/').slice(1, 4).join('-'));
  for (const day of [...days].sort()) {
    const checked = await verifyArchiveDay(table, records, day);
    findings.push(...checked.findings);
    archived += checked.archived;
    unarchived += Math.max(0, (due.get(day) ?? 0) - checked.archived);
  }
  return { archived, unarchived };
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

const readContents = async ({ scan, clock = Date.now }: VerifyDeps): Promise<Contents> => {
  const due: Contents['due'] = new Map();
  const latest = clock() - ARCHIVED_WITHIN_MS;
  const openings = new Map<string, Opening>();
  const chains = new Set<string>();
  const pointers: Contents['pointers'] = new Map();
  for await (const item of scan()) {
    const p = item.p?.S ?? '';
    const time = Number((item.s?.S ?? '').split('#')[0]);
    if ((p.startsWith('O#') || p.startsWith('C#')) && time <= latest)
      due.set(dayOf(time), (due.get(dayOf(time)) ?? 0) + 1);
    if (p.startsWith('O#')) {
      const opening = readOpening(item);
      openings.set(opening.chain, opening);
    } else if (p.startsWith('C#')) {
      chains.add(p.slice(2));
    } else if (p.startsWith('P#') || p.startsWith('A#') || p.startsWith('F#')) {
      const [time = '', chain = '', number = ''] = (item.s?.S ?? '').split('#');
      const who = `${p[0]}${p.slice(2, p.lastIndexOf('#'))}`;
      const ofChain = pointers.get(chain) ?? new Map();
      pointers.set(
        chain,
        ofChain.set(who, [...(ofChain.get(who) ?? []), { time: Number(time), number: Number(number) }]),
      );
    }
  }
  return { openings, chains, pointers, due };
};
