// The store as the domain sees it. Two forms keep this promise, memory.ts and dynamo.ts, under one contract test.
import type { Resource } from '../fhir/types.ts';

/** Where a resource lives, and so what its server-assigned id encrypts. */
export interface Placement {
  /** Logical id of the Patient whose partition holds it (a Patient: its own id). Undefined: the region's registry. */
  readonly patient: string | undefined;
  /** Further patients whose compartment holds it; each gets a pointer item. */
  readonly otherPatients: readonly string[];
  /** Clinical date in seconds since 1970-01-01T00:00:00Z (start of a period). Undefined: the time of writing. */
  readonly date: number | undefined;
  /** The clinical period is longer than a day, or open: found by every date search, then filtered exactly. */
  readonly spansDays: boolean;
}

/** A row in `registry` by which a resource is found without its patient. */
export interface Lookup {
  readonly bucket: 'identifier' | 'name' | 'birth' | 'phone' | 'postcode' | 'url' | 'work';
  /** Partition value: the identifier's value, two folded kana of the family name, the birth date, … */
  readonly key: string;
  /** Sorts and refines within `key`: the identifier's system, `family^given^birthdate`, … */
  readonly sort: string;
  /** Small JSON that lets candidates be scored without reading the resource. */
  readonly card?: string;
}

/** A place in a work list (GSI `work1`, `work2`). */
export interface WorkEntry {
  /** Role of the owner in the resource: `owner`, `requester`, `performer`, `location`, … */
  readonly list: string;
  /** Reference of the one whose list it is: `Organization/x`. */
  readonly owner: string;
  readonly status: string;
  /** ISO date or instant that orders the list. */
  readonly date: string;
  /** The period that starts there is longer than a day, or open. */
  readonly spansDays?: boolean | undefined;
  /** The list is narrowed by date first; otherwise by status, and by date within one status. */
  readonly byDate?: boolean | undefined;
  /** Which index keeps this list of the type. @default in the order of the entries */
  readonly index?: 1 | 2 | undefined;
}

/** One list of one owner. */
export interface WorkQuery {
  readonly type: string;
  readonly list: string;
  readonly owner: string;
  readonly index: 1 | 2;
  readonly byDate?: boolean | undefined;
  /** Narrows a list that is not by date. */
  readonly status?: string | undefined;
  /** Bounds of `WorkEntry.date`, inclusive; they narrow a list that is by date, or one status of another. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly after?: string | undefined;
  /** Hint: about how many items the caller wants. */
  readonly limit?: number | undefined;
}

export interface WorkItem {
  /** The current version, which may have left the list: match it before anything is decided. */
  readonly stored: Stored;
  /** A later read may go on after it. */
  readonly position: string;
}

/** All that the store must know about a resource besides its text. Computed by search/index-entries.ts. */
export interface IndexEntries extends Placement {
  /** Primary code of an Observation as `system|code`; the `byCode` index. */
  readonly code: string | undefined;
  /** `param=system|code`: hashed into the item, a search for another token skips it without inflating the body. */
  readonly tokens: readonly string[];
  readonly work: readonly WorkEntry[];
  readonly lookups: readonly Lookup[];
  /** Class of data that consent rules speak of (domain 6.3): `basic`, `clinical`, `document`, `care`, `home`, `admin`. */
  readonly dataClass: string;
  /** Sensitivity and delivery labels from `meta.security` and `meta.tag`, as `system|code`. */
  readonly labels: readonly string[];
}

/** A resource about to be written. Validated, references resolved, id decided. */
export interface Draft {
  readonly type: string;
  readonly id: string;
  /** The resource without `resourceType`, `id`, `meta.versionId`, `meta.lastUpdated`, as JSON text (fhir/json.ts `storedText`). */
  readonly text: string;
  readonly index: IndexEntries;
  /** 10-digit code of the facility that writes, and so owns it. */
  readonly facility: string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
}

/** One version of one resource. */
export interface Stored {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly lastUpdated: number;
  readonly deleted: boolean;
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly facility: string;
  readonly dataClass: string;
  readonly labels: readonly string[];
  /** Opaque key of the patient's partition, the same for all of a patient's resources; undefined for registry resources. Safe in audit rows and logs. */
  readonly patientKey: string | undefined;
  /** Opaque place in scan order; a later scan may go on after it. */
  readonly position: string;
  /** False: certainly lacks the token. True: may have it. */
  mayHave(token: string): boolean;
  /** Complete JSON text as answered to a client: `resourceType`, `id`, `meta` with version and time, rest. Empty for a deletion. */
  text(): string;
  /** `text()` parsed, once. */
  resource(): Resource;
}

/** What is known of a patient before any record is read: whose records these are, and who may see them. */
export interface Head {
  /** Logical id of the Patient in whose partition it is. */
  readonly patient: string;
  /** Id of the Person that the record is linked to. */
  readonly person: string | undefined;
  /** Ids of all Patients of that person, this one included. */
  readonly linked: readonly string[];
  /** JSON of the compiled consent policy (consent/policy.ts), the same in all linked heads. */
  readonly policy: string | undefined;
  /** Counts the changes; a write names the one that it follows. */
  readonly version: number;
}

/** One change. A commit takes all of its writes or none. */
export type Write =
  /** The id must never have been used. */
  | { readonly kind: 'create'; readonly draft: Draft }
  /** `previous` must still be the current version; it may be a deletion (create again after delete). */
  | { readonly kind: 'replace'; readonly previous: Stored; readonly draft: Draft }
  | { readonly kind: 'delete'; readonly previous: Stored; readonly facility: string }
  | HeadWrite;

/** The whole head anew. `expectVersion` 0: there is none yet. */
export interface HeadWrite extends Omit<Head, 'version'> {
  readonly kind: 'head';
  readonly expectVersion: number;
}

export interface Scan {
  /** Logical id of the patient. */
  readonly patient: string;
  /** Undefined: the whole compartment. */
  readonly type?: string | undefined;
  /** Clinical date bounds in seconds, inclusive. Give them only where the search parameter is the date that `Placement.date` came from. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Observations with this primary code only (`system|code`). */
  readonly code?: string | undefined;
  /** Every inner list must have a token that the item may have. */
  readonly prune?: readonly (readonly string[])[] | undefined;
  readonly after?: string | undefined;
  /** Hint: about how many items the caller wants. The page reads little more than that; without it, up to 1 MB. */
  readonly limit?: number | undefined;
}

/** A walk over all patients (or the registry), for searches that no index serves. */
export interface Walk {
  readonly type: string | undefined;
  /** Only what is kept with no patient; for a type that is one trip and little to read. */
  readonly isRegistry?: boolean | undefined;
  readonly prune?: readonly (readonly string[])[] | undefined;
  readonly after?: string | undefined;
}

export interface ScanPage {
  /** Current versions, newest clinical date first within the page's key range; deletions never appear. */
  readonly items: readonly Stored[];
  /** Where the next page starts; undefined at the end. */
  readonly next: string | undefined;
}

export interface ChangeRef {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly lastUpdated: number;
  /** Opaque place in the log; a later page may go on after it. */
  readonly position: string;
}

export interface Resources {
  /**
   * A new server-assigned id (26 base32 characters). With `seed` the same seed and placement give the same id,
   * so that a conditional create sent twice meets itself.
   */
  allocate(type: string, placement: Placement, seed?: string): string;
  /** True for an id of the form that only `allocate` makes; clients may not choose such ids. */
  isServerId(id: string): boolean;
  /** Opaque partition key of a patient id; no I/O. */
  patientKey(id: string): string;
  /** `Stored.patientKey` of what has this id, as far as the id tells; no I/O. */
  patientKeyOf(type: string, id: string): string | undefined;
  /** Current version; a deletion is returned as one. */
  get(type: string, id: string): Promise<Stored | undefined>;
  /** Heads of these patients' partitions, in order; undefined: nobody has written one yet. One trip, kept nowhere. */
  heads(patients: readonly string[]): Promise<(Head | undefined)[]>;
  /** As `heads`, by `Stored.patientKey`. */
  headsAt(patientKeys: readonly string[]): Promise<(Head | undefined)[]>;
  /** As `get` for many, in order, in as few trips as there can be. */
  getMany(refs: readonly { type: string; id: string }[]): Promise<(Stored | undefined)[]>;
  getVersion(type: string, id: string, version: number): Promise<Stored | undefined>;
  /** Versions newest first, deletions included. */
  history(
    type: string,
    id: string,
    page: { since?: number | undefined; limit: number; after?: string | undefined },
  ): Promise<ScanPage>;
  /** The change log of a type or of all, newest first. Trails the writes by about a second (stream). */
  changes(page: {
    type?: string | undefined;
    since?: number | undefined;
    /** Before this time only. */
    until?: number | undefined;
    limit: number;
    after?: string | undefined;
  }): Promise<{ changes: readonly ChangeRef[]; next: string | undefined }>;
  /**
   * Atomic at every size. Answers the stored versions in order of the writes; heads have none, so put them last.
   * Rejects with `WriteRefused` when a condition failed, and with FhirError `unavailable` when nothing was written and a retry may help.
   */
  commit(writes: readonly Write[], now: number): Promise<Stored[]>;
  /** One page of a patient's partition. One Query (and one more for items that span days). */
  scan(scan: Scan): Promise<ScanPage>;
  walk(walk: Walk): Promise<ScanPage>;
  /**
   * One page of a work list of what is kept with patients. Trails the writes by about a second, and writes of more than 100 rows
   * until they are rolled forward: never decide by it that something is not there.
   */
  workList(query: WorkQuery): Promise<{ items: readonly WorkItem[]; next: string | undefined }>;
  /** Rows of one bucket and key, optionally with a prefix of `sort`. */
  lookup(query: {
    bucket: Lookup['bucket'];
    key: string;
    sortPrefix?: string | undefined;
    /** Bounds of `sort`, in the place of a prefix: from the first, up to what starts with the last. */
    sortFrom?: string | undefined;
    sortTo?: string | undefined;
    after?: string | undefined;
  }): Promise<{
    rows: readonly { type: string; id: string; sort: string; card: string | undefined }[];
    next: string | undefined;
  }>;
}

/** Bytes in S3: Binary, uploads, exports. Names are ours (`binary/…`), never a client's. */
export interface Documents {
  put(name: string, bytes: Uint8Array, contentType: string): Promise<void>;
  get(name: string): Promise<{ bytes: Uint8Array; contentType: string } | undefined>;
  delete(name: string): Promise<void>;
  /** URL that takes one PUT of `contentType` within `seconds`. */
  presignPut(name: string, contentType: string, seconds: number): Promise<string>;
  presignGet(name: string, seconds: number): Promise<string>;
}

/** Sealed cursors and other small tokens that leave the house: AES-256-GCM under a key derived from the region's data key. */
export interface Seal {
  /** `bind` names what the token is good for (actor, query, …); `open` with another `bind` answers undefined. */
  seal(value: unknown, bind: string): string;
  open(token: string, bind: string): unknown;
}
