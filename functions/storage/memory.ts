// The store as a few maps: for tests of everything above it. Held to the promise of port.ts by the contract test.

import { parseJson, spliceText } from '../fhir/json.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { referenceOf } from './heads.ts';
import { dateOfChars, openIds } from './ids.ts';
import { placeOf, rankOf, sortKey, typeOfSortKey } from './order.ts';
import type {
  Documents,
  Draft,
  Head,
  HeadWrite,
  IndexEntries,
  Lookup,
  Resources,
  ScanPage,
  Seal,
  Stored,
  Write,
} from './port.ts';
import { deriveSecrets } from './region-secrets.ts';
import { openSeal } from './seal.ts';

import { isInRange, isSought, WORK_PAGE, workRanges, workSort } from './work-order.ts';
import { WriteRefused } from './write-refused.ts';

const PAGE = 200;

interface Row {
  readonly type: string;
  readonly id: string;
  readonly key: string | undefined;
  /** Oldest version first. */
  readonly versions: Version[];
  /** Sort key; of the current version. */
  s: string;
}

interface Version {
  readonly stored: Stored;
  readonly index: IndexEntries | undefined;
}

/** @param clock milliseconds since 1970 */
export const openMemory = (
  clock: () => number = Date.now,
): { resources: Resources; documents: Documents; seal: Seal } => {
  const secrets = deriveSecrets(new Uint8Array(32).fill(7)); // fixed: what tests write can be found again
  return { resources: memoryResources(clock), documents: memoryDocuments(), seal: openSeal(secrets) };
};

const memoryResources = (clock: () => number): Resources => {
  const ids = openIds(deriveSecrets(new Uint8Array(32).fill(7)), clock);
  const rows = new Map<string, Row>();
  const log: Stored[] = [];
  const heads = new Map<string, Head>();
  const current = (row: Row) => row.versions.at(-1)!;
  const at = (type: string, id: string) => rows.get(`${type}/${id}`);
  const positioned = (stored: Stored, position: string): Stored => ({ ...stored, position });

  const keyOf = (draft: Draft): string | undefined => {
    const patient = draft.type === 'Patient' ? draft.id : draft.index.patient;
    return patient === undefined ? undefined : ids.patientKey(patient);
  };

  const check = (write: Write, index: number): void => {
    if (write.kind === 'head') {
      const { version = 0 } = heads.get(ids.patientKey(write.patient)) ?? {};
      if (version !== write.expectVersion) throw new WriteRefused(index, 'changed', referenceOf(write));
      return;
    }
    const { type, id } = write.kind === 'delete' ? write.previous : write.draft;
    const row = at(type, id);
    if (write.kind === 'create') {
      const key = keyOf(write.draft);
      const taken = type === 'Patient' && [...rows.values()].some((one) => one.type === type && one.key === key);
      if (row || taken) throw new WriteRefused(index, 'exists', `${type}/${id}`);
      return;
    }
    if (write.kind === 'replace' && keyOf(write.draft) !== write.previous.patientKey) {
      throw refuse(
        'unprocessable',
        `${type}/${id}: the patient of a resource cannot change; delete it and create another`,
      );
    }
    if (!row || current(row).stored.version !== write.previous.version) {
      throw new WriteRefused(index, 'changed', `${type}/${id}`);
    }
  };

  const applyHead = ({ kind: _kind, expectVersion, ...head }: HeadWrite): void => {
    heads.set(ids.patientKey(head.patient), { ...head, linked: [...head.linked], version: expectVersion + 1 });
  };

  const apply = (write: Exclude<Write, HeadWrite>, now: number): Stored => {
    const draft = write.kind === 'delete' ? undefined : write.draft;
    const { type, id } = draft ?? (write as { previous: Stored }).previous;
    const row = at(type, id) ?? newRow(draft!, now);
    const before = row.versions.at(-1);
    if (draft) row.s = sortKey(type, placeFor(draft, row.s));
    const stored = memoryStored({
      type,
      id,
      version: (before?.stored.version ?? 0) + 1,
      lastUpdated: now,
      deleted: !draft,
      method: draft?.method ?? 'DELETE',
      facility: draft?.facility ?? (write as { facility: string }).facility,
      dataClass: draft?.index.dataClass ?? before!.stored.dataClass,
      labels: draft?.index.labels ?? before!.stored.labels,
      patientKey: row.key,
      position: row.s,
      tokens: draft?.index.tokens ?? [],
      body: draft?.text ?? '',
    });
    row.versions.push({ stored, index: draft?.index });
    rows.set(`${type}/${id}`, row);
    log.push(stored);
    return stored;
  };

  const newRow = (draft: Draft, now: number): Row => {
    const { type, id } = draft;
    const date = ids.dateChars(draft.index.date ?? now / 1000);
    const home = ids.isServerId(id)
      ? ids.homeOf(type, id)
      : ids.homeFor(type, id, { key: keyOf(draft), date, spans: draft.index.spansDays });
    return { type, id, key: keyOf(draft), versions: [], s: sortKey(type, { ...home, spans: draft.index.spansDays }) };
  };

  /** Undated stays where it is. */
  const placeFor = ({ index }: Draft, s: string) => {
    const place = placeOf(s) ?? { date: '', random: '', spans: false };
    return { ...place, spans: index.spansDays, ...(index.date !== undefined && { date: ids.dateChars(index.date) }) };
  };

  const page = (sorted: { stored: Stored; position: string }[], limit: number): ScanPage => ({
    items: sorted.slice(0, limit).map(({ stored, position }) => positioned(stored, position)),
    next: sorted.length > limit ? sorted[limit - 1]!.position : undefined,
  });

  const live = () => [...rows.values()].filter((row) => !current(row).stored.deleted);
  const keeps = (stored: Stored, prune: readonly (readonly string[])[] = []) =>
    prune.every((any) => any.some((token) => stored.mayHave(token)));

  return {
    allocate: ids.allocate,
    isServerId: ids.isServerId,
    patientKey: ids.patientKey,
    patientKeyOf: ids.patientKeyOf,

    get: async (type, id) => {
      const row = at(type, id);
      return row && current(row).stored;
    },
    getMany: async (refs) =>
      refs.map(({ type, id }) => {
        const row = at(type, id);
        return row && current(row).stored;
      }),
    heads: async (patients) => patients.map((id) => heads.get(ids.patientKey(id))),
    headsAt: async (keys) => keys.map((key) => heads.get(key)),
    getVersion: async (type, id, version) => at(type, id)?.versions[version - 1]?.stored,

    history: async (type, id, { since = 0, limit, after }) => {
      const versions = at(type, id)?.versions ?? [];
      const found = versions
        .map(({ stored }) => ({ stored, position: String(stored.version) }))
        .filter(({ stored }) => stored.lastUpdated >= since && (!after || stored.version < Number(after)))
        .reverse();
      return page(found, limit);
    },

    changes: async ({ type, since = 0, until = Number.POSITIVE_INFINITY, limit, after }) => {
      const found = [...log.entries()]
        .filter(([, one]) => (!type || one.type === type) && one.lastUpdated >= since && one.lastUpdated < until)
        .sort(([atA, a], [atB, b]) => b.lastUpdated - a.lastUpdated || atB - atA)
        .map(([at, stored]) => ({ at, stored }));
      const start = after ? found.findIndex(({ at }) => String(at) === after) + 1 : 0;
      const some = found.slice(start, start + limit);
      return {
        changes: some.map(({ at, stored }) => ({
          type: stored.type,
          id: stored.id,
          version: stored.version,
          lastUpdated: stored.lastUpdated,
          position: String(at),
        })),
        next: found.length > start + limit ? String(some.at(-1)!.at) : undefined,
      };
    },

    commit: async (writes, now) => {
      writes.forEach(check);
      return writes.flatMap((write) => {
        if (write.kind !== 'head') return [apply(write, now)];
        applyHead(write);
        return [];
      });
    },

    scan: async ({ patient, type, from, to, code, prune, after, limit = PAGE }) => {
      const key = ids.patientKey(patient);
      const rank = (s: string) => (type ? rankOf(s) : s);
      const found = live()
        .filter(
          (row) => row.key === key || current(row).index!.otherPatients.some((other) => ids.patientKey(other) === key),
        )
        .filter((row) => (type === undefined || row.type === type) && inRange(row.s, from, to))
        .map((row) => ({ ...current(row), position: row.s }))
        .filter(({ stored, index }) => keeps(stored, prune) && (code === undefined || index!.code === code))
        .sort((a, b) => (rank(a.position) < rank(b.position) ? -1 : 1))
        .filter(({ position }) => after === undefined || rank(position) > rank(after));
      return page(found, Math.min(limit, PAGE));
    },

    walk: async ({ type, isRegistry, prune, after }) => {
      const found = live()
        .filter((row) => (type === undefined || row.type === type) && (!isRegistry || row.key === undefined))
        .map((row) => ({ ...current(row), position: `${row.key ?? '~'}|${row.s}|${row.id}` }))
        .filter(({ stored, position }) => keeps(stored, prune) && (after === undefined || position > after))
        .sort((a, b) => (a.position < b.position ? -1 : 1));
      return page(found, PAGE);
    },

    workList: async (asked) => {
      const ranges = workRanges(asked);
      const found = live()
        .filter((row) => row.type === asked.type && row.key !== undefined)
        .flatMap((row) => current(row).index!.work.map((entry) => ({ entry, stored: current(row).stored })))
        .filter(({ entry }) => entry.list === asked.list && entry.owner === asked.owner)
        .map(({ entry, stored }) => ({ sort: workSort(entry), stored }))
        .filter(({ sort }) => ranges.some((range) => isInRange(sort, range)))
        .map(({ sort, stored }) => ({ stored, position: [...sort, stored.id].join('\u001f') }))
        .filter(({ position }) => asked.after === undefined || position > asked.after)
        .sort((a, b) => (a.position < b.position ? -1 : 1));
      const limit = Math.min(asked.limit ?? WORK_PAGE, WORK_PAGE);
      return { items: found.slice(0, limit), next: found.length > limit ? found[limit - 1]!.position : undefined };
    },

    lookup: async ({ bucket, key, after, ...range }) => {
      const found = live()
        .flatMap((row) => current(row).index!.lookups.map((lookup: Lookup) => ({ lookup, type: row.type, id: row.id })))
        .filter(({ lookup }) => lookup.bucket === bucket && lookup.key === key && isSought(lookup.sort, range))
        .map(({ lookup, type, id }) => ({ type, id, sort: lookup.sort, card: lookup.card }))
        .map((row) => ({ row, place: `${row.sort}\u001f${row.type}/${row.id}` }))
        .filter(({ place }) => after === undefined || place > after)
        .sort((a, b) => (a.place < b.place ? -1 : 1));
      const some = found.slice(0, PAGE);
      return { rows: some.map(({ row }) => row), next: found.length > PAGE ? some.at(-1)!.place : undefined };
    },
  };
};

const inRange = (s: string, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): boolean => {
  const place = placeOf(s);
  if (!place || place.spans || typeOfSortKey(s) === 'Patient') return true;
  const date = dateOfChars(place.date);
  return date >= Math.floor(from) && date <= to;
};

const memoryStored = ({
  tokens,
  body,
  ...about
}: Omit<Stored, 'mayHave' | 'text' | 'resource'> & { tokens: readonly string[]; body: string }): Stored => {
  let parsed: Resource | undefined;
  const text = () => (about.deleted ? '' : spliceText(about.type, about.id, about.version, about.lastUpdated, body));
  return {
    ...about,
    mayHave: (token) => tokens.includes(token),
    text,
    resource: () => {
      parsed ??= parseJson(text()) as Resource;
      return parsed;
    },
  };
};

const memoryDocuments = (): Documents => {
  const files = new Map<string, { bytes: Uint8Array; contentType: string }>();
  return {
    put: async (name, bytes, contentType) => void files.set(name, { bytes: Uint8Array.from(bytes), contentType }),
    get: async (name) => files.get(name),
    delete: async (name) => void files.delete(name),
    presignPut: async (name) => `memory:put/${name}`,
    presignGet: async (name) => `memory:get/${name}`,
  };
};
