// The public API as every client sees it: FHIR under /fhir, JSON beside it. Errors are OperationOutcomes, whoever says them.
import type { Config } from '../config.ts';
import type { Session } from '../session/session.ts';

export interface Issue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information';
  readonly code: string;
  readonly diagnostics: string;
  /** FHIRPath of the element that is meant. */
  readonly expression: readonly string[];
}

export class ApiError extends Error {
  readonly status: number;
  readonly issues: readonly Issue[];

  constructor(status: number, issues: readonly Issue[]) {
    super(issues[0]?.diagnostics ?? `HTTP ${status}`);
    this.status = status;
    this.issues = issues;
  }
}

/** The network, not the server, failed. */
export class OfflineError extends Error {}

/** The owner of the session has to sign in again; the page waits. */
export class SessionLostError extends Error {}

export interface Resource {
  readonly resourceType: string;
  readonly id?: string;
  readonly meta?: { readonly versionId?: string; readonly lastUpdated?: string; readonly source?: string };
  readonly [element: string]: unknown;
}

export interface BundleEntry<R extends Resource = Resource> {
  readonly fullUrl?: string;
  readonly resource?: R;
  readonly search?: { readonly mode?: 'match' | 'include' | 'outcome' };
  readonly response?: { readonly status?: string; readonly location?: string; readonly outcome?: Resource };
}

export interface Bundle<R extends Resource = Resource> extends Resource {
  readonly type: string;
  readonly total?: number;
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly BundleEntry<R>[];
}

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as a form: a search whose values must not stand in an address. */
  readonly form?: Readonly<Record<string, string | readonly string[]>>;
  /** Sent as it is: a scan, a list as CSV, a document. */
  readonly bytes?: Blob;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface Answered<T> {
  readonly value: T;
  /** As it came: a list as CSV. */
  readonly text: string;
  readonly etag: string | undefined;
  readonly location: string | undefined;
}

export class Api {
  readonly config: Config;
  readonly session: Session;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(config: Config, session: Session, headers: Readonly<Record<string, string>> = {}) {
    this.config = config;
    this.session = session;
    this.#headers = headers;
  }

  /** The same session with headers on every request: the purpose of use of one page, for example. */
  with(headers: Readonly<Record<string, string>>): Api {
    return new Api(this.config, this.session, { ...this.#headers, ...headers });
  }

  /** An ambulance crew's reading is emergency treatment, and the server refuses it any other (consent/matrix.ts). */
  #purpose(): Readonly<Record<string, string>> {
    const { state } = this.session;
    return state.status !== 'out' && state.who.role === 'ambulance' ? { 'x-purpose': 'ETREAT' } : {};
  }

  /** `path` begins with a slash, after `/fhir`. */
  async fhir<T = Resource>(path: string, asked: Asked = {}): Promise<T> {
    return (await this.ask<T>(`/fhir${path}`, asked)).value;
  }

  /** A search by POST: names, birth dates and card numbers never stand in an address. */
  search<R extends Resource = Resource>(
    type: string,
    form: NonNullable<Asked['form']>,
    { signal, headers }: Pick<Asked, 'signal' | 'headers'> = {},
  ): Promise<Bundle<R>> {
    return this.fhir<Bundle<R>>(`/${type}/_search`, { method: 'POST', form, signal, ...(headers && { headers }) });
  }

  /** The next page of a search, by its link; or where another link of it leads. */
  next<R extends Resource = Resource>(
    bundle: Bundle<R>,
    signal?: AbortSignal,
    of = 'next',
  ): Promise<Bundle<R>> | undefined {
    const url = bundle.link?.find(({ relation }) => relation === of)?.url;
    if (!url) return undefined;
    const { pathname, search } = new URL(url, this.config.baseUrl);
    return this.ask<Bundle<R>>(`${pathname}${search}`, { signal }).then(({ value }) => value);
  }

  /** Anything of the region's API by its whole path. */
  async ask<T>(
    path: string,
    { method = 'GET', body, form, bytes, headers = {}, signal }: Asked = {},
  ): Promise<Answered<T>> {
    const send = async () => {
      const token = await this.session.accessToken();
      if (token === undefined) throw new SessionLostError();
      return fetch(`${this.config.baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept:
            path.startsWith('/fhir') || path.startsWith('/federation/fhir')
              ? 'application/fhir+json'
              : 'application/json',
          ...(body !== undefined && {
            'content-type': path.startsWith('/fhir') ? 'application/fhir+json' : 'application/json',
          }),
          ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
          ...(bytes && { 'content-type': bytes.type || 'application/octet-stream' }),
          ...this.#purpose(),
          ...this.#headers,
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(form && { body: encoded(form) }),
        ...(bytes && { body: bytes }),
        ...(signal && { signal }),
        referrerPolicy: 'no-referrer',
        cache: 'no-store',
      }).catch((error: unknown) => {
        if (error instanceof TypeError) throw new OfflineError();
        throw error;
      });
    };
    let answer = await send();
    if (answer.status === 401) {
      // Perhaps ended or taken back a moment ago: once more with a fresh one.
      await this.session.renew();
      answer = await send();
      if (answer.status === 401) {
        this.session.lose();
        throw new SessionLostError();
      }
    }
    const text = await answer.text();
    const value = parsed(text);
    if (!answer.ok) throw new ApiError(answer.status, issuesOf(value));
    return {
      value: value as T,
      text,
      etag: answer.headers.get('etag') ?? undefined,
      location: answer.headers.get('location') ?? undefined,
    };
  }
}

const encoded = (form: NonNullable<Asked['form']>): string =>
  new URLSearchParams(
    Object.entries(form).flatMap(([name, value]) =>
      (typeof value === 'string' ? [value] : value).map((one): [string, string] => [name, one]),
    ),
  ).toString();

const parsed = (text: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Of an OperationOutcome, or of a Bundle's outcome entries. */
export const issuesOf = (value: unknown): Issue[] => {
  const { issue = [] } = (value ?? {}) as { issue?: (Partial<Issue> & { details?: { text?: string } })[] };
  return issue.map(({ severity = 'error', code = 'processing', diagnostics, details, expression = [] }) => ({
    severity,
    code,
    diagnostics: diagnostics ?? details?.text ?? code,
    expression,
  }));
};

/** The warnings of a searchset: a page that stopped early, a region that did not answer. */
export const warningsOf = (bundle: Bundle): Issue[] =>
  (bundle.entry ?? []).filter(({ search }) => search?.mode === 'outcome').flatMap(({ resource }) => issuesOf(resource));

export const matchesOf = <R extends Resource>(bundle: Bundle<R>): R[] =>
  (bundle.entry ?? []).flatMap(({ resource, search }) => (resource && search?.mode !== 'outcome' ? [resource] : []));
