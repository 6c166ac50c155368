// The JSON addresses beside FHIR (`/admin`, `/enrolment`, `/me`, `/identity`): a table of routes, kept by middleware/json-api.ts.
// Plain JSON in and out; errors, authentication and audit are those of the FHIR API.
import type * as z from 'zod/mini';
import type { Role } from '../consent/actor.ts';
import type { Context } from './contract.ts';

export interface JsonRequest<Body = undefined> {
  /** The named segments of the path, decoded: `/admin/staff/{sub}` gives `sub`. */
  readonly params: Readonly<Record<string, string>>;
  /** The query, decoded; a name that is given twice is refused. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What the route's schema made of the body. */
  readonly body: Body;
}

/** `body` leaves as JSON; `text` as it is (a form to print, a list to download). */
export interface JsonAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly text?: { readonly contentType: string; readonly text: string };
  readonly headers?: Readonly<Record<string, string>>;
}

interface Address {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/admin/facilities/{code}`: a segment in braces stands for any. */
  readonly path: string;
  /** Name in the audit trail and the log: `facility-create`. */
  readonly interaction: string;
  /** Who may come in; everybody else is refused before the body is read. */
  readonly roles: readonly Role[];
  /** Names that the query may have. A mistyped one would ask for all, or write where a trial was meant. @default none */
  readonly query?: readonly string[];
  /** @default 256 KB */
  readonly mostBytes?: number;
}

export interface JsonRoute extends Address {
  /** `bytes`: the body as it came, whatever its type says. Absent: the route takes none. */
  readonly body?: z.core.$ZodType | 'bytes';
  readonly handle: (context: Context, request: JsonRequest<never>) => Promise<JsonAnswer>;
}

/** Ties the type of the handler's body to its schema. */
export function route<S extends z.core.$ZodType>(
  route: Address & { body: S; handle: (context: Context, request: JsonRequest<z.infer<S>>) => Promise<JsonAnswer> },
): JsonRoute;
export function route(
  route: Address & { body: 'bytes'; handle: (context: Context, request: JsonRequest<Buffer>) => Promise<JsonAnswer> },
): JsonRoute;
export function route(
  route: Address & { handle: (context: Context, request: JsonRequest) => Promise<JsonAnswer> },
): JsonRoute;
export function route(route: Address): JsonRoute {
  return route as JsonRoute;
}

/** Notes for the audit trail what an answer shows or a request changed. References are ids of ours, never names. */
export const note = (
  { disclosed }: Context,
  action: 'C' | 'R' | 'U' | 'D',
  reference: string,
  patientKey?: string,
): void => {
  disclosed.push({ action, reference, patientKey });
};
