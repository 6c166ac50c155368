// What an interaction is: a function from a caller and a parsed request to an answer. HTTP stays in middleware/fhir-http.ts.
import type { Audit } from '../audit/port.ts';
import type { Grant } from '../break-glass/port.ts';
import type { Actor } from '../consent/actor.ts';
import type { ConsentDefault } from '../consent/decide.ts';
import type { Narrow } from '../consent/matrix.ts';
import type { Resource } from '../fhir/types.ts';
import type { Profiles } from '../profiles/port.ts';
import type { Documents, Resources, Seal, Stored } from '../storage/port.ts';

/** Everything that outlives a request; an interaction asks for the part it needs (`Pick<Services, 'resources'>`). */
export interface Services {
  readonly resources: Resources;
  readonly documents: Documents;
  /** Files larger than a request, until they are loaded: the uploads bucket. Absent: this function takes none. */
  readonly uploads?: Documents | undefined;
  readonly seal: Seal;
  /** Absent: the profiles that are built in. */
  readonly profiles?: Profiles | undefined;
  readonly audit: Audit;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly region: Region;
  /** What the region takes away from the role × data matrix; absent: nothing. */
  readonly narrow?: (() => Promise<Narrow | undefined>) | undefined;
}

/** What the code must know of the region file (infra/regions/*.json). */
export interface Region {
  readonly name: string;
  /** Base of the API, no slash at the end: `https://api.tokushima.example/` + `fhir`. */
  readonly baseUrl: string;
  /** Other names of the same API (mutual TLS): who names a record by one of them means ours. */
  readonly otherBaseUrls?: readonly string[] | undefined;
  readonly homeCommunityId: string;
  /** How consent is taken, and so what other facilities may read where none says anything; absent: nothing. */
  readonly consentDefault?: ConsentDefault | undefined;
  /** Whether breaking the glass opens what the patient has denied outright. */
  readonly glassOverridesDenial?: boolean | undefined;
  /** Age from which a minor has an own account, sees and consents alone; absent: 18, as the law has it. */
  readonly matureMinorAge?: number | undefined;
}

/** One caller, one request. */
export interface Context {
  readonly actor: Actor;
  readonly requestId: string;
  /** Time of the request, ms; all that one request writes carries it. */
  readonly now: number;
  /** Purpose of use, `X-Purpose` (TREAT by default): https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html */
  readonly purpose: string;
  /** The region's (consent/decide.ts). */
  readonly consentDefault?: Region['consentDefault'];
  readonly glassOverridesDenial?: Region['glassOverridesDenial'];
  /** What the region takes away from the role × data matrix (consent/matrix.ts). */
  readonly narrow?: Narrow | undefined;
  /** What the caller has opened by break-glass, and why: set when the purpose is BTG (middleware/break-glass.ts). */
  readonly grants?: readonly Grant[] | undefined;
  readonly reason?: string | undefined;
  /** Collects what the answer shows or the request changed; the audit middleware writes it before the answer leaves. */
  readonly disclosed: Disclosure[];
  /** Collects what an answer of 200 refused inside: entries of a batch, each an attempt of its own. */
  readonly refused?: Refused[];
}

export interface Refused {
  /** Undefined: the entry does not even say what it asks for. */
  readonly request: FhirRequest | undefined;
  readonly status: number;
}

export interface Disclosure {
  readonly patientKey: string | undefined;
  readonly reference: string;
  readonly action: 'C' | 'R' | 'U' | 'D';
  readonly dataClass?: string | undefined;
}

/** A request once fhir-http has parsed it: no raw URL, no unread body. */
export interface FhirRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path segments below `/fhir`, decoded: `['Patient', 'p1', '_history', '2']`. */
  readonly path: readonly string[];
  /** Query (and form body of `_search`) in order, decoded. */
  readonly params: readonly (readonly [string, string])[];
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array | undefined;
  /** The body of an entry of a batch, which was parsed with the Bundle; then `body` is undefined. */
  readonly resource?: Resource;
}

/** What an interaction answers. Exactly one of `stored`, `resource`, `text` and `bytes`, or none of them. */
export interface Answer {
  readonly status: number;
  /** A stored version: body, ETag and Last-Modified come from it. */
  readonly stored?: Stored;
  /** A resource that we made (OperationOutcome, CapabilityStatement, …). */
  readonly resource?: Resource;
  /** FHIR JSON that is ready as text (bundles spliced from stored text). */
  readonly text?: string;
  readonly bytes?: { readonly bytes: Uint8Array; readonly contentType: string };
  readonly headers?: Readonly<Record<string, string>>;
}

export type Interaction = (context: Context, request: FhirRequest) => Promise<Answer>;
