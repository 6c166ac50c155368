// Who is signed in. Access tokens live in memory; the refresh token in this tab's sessionStorage, so that a reload is no
// sign-out. Neither says anything of a patient.
import type { Config } from '../config.ts';
import { Cognito, type Tokens } from './cognito.ts';

export type Kind = 'staff' | 'residents';
export type Face = 'admin' | 'clinic' | 'resident';

/** What the token says of its owner (functions/auth/pre-token.ts). */
export interface Who {
  readonly kind: Kind;
  readonly subject: string;
  /** Of staff: what they sign in with. A resident's is a number of Cognito's own. */
  readonly username: string | undefined;
  readonly role: string;
  readonly facility: string | undefined;
  readonly profession: string | undefined;
}

export type SessionState =
  | { readonly status: 'out' }
  /** The page stays as it is, with what was typed in it, while its owner signs in again. */
  | { readonly status: 'in' | 'lost'; readonly who: Who };

const KEPT = 'tsumugi.session';
/** Refreshed so long before a token ends, that no request is sent with one that is about to. */
const AHEAD_MS = 60_000;

export class Session {
  readonly #config: Config;
  readonly #listeners = new Set<() => void>();
  #tokens: Tokens | undefined;
  #kind: Kind = 'staff';
  #refreshing: Promise<void> | undefined;
  state: SessionState = { status: 'out' };

  constructor(config: Config) {
    this.#config = config;
  }

  cognito(kind: Kind): Cognito {
    const { endpoint, staff, residents } = this.#config.cognito;
    return new Cognito(endpoint, kind === 'staff' ? staff : residents);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** A session that this tab had before it was loaded again. */
  async resume(): Promise<void> {
    const kept = sessionStorage.getItem(KEPT);
    if (!kept) return;
    const { kind, refresh } = JSON.parse(kept) as { kind: Kind; refresh: string };
    try {
      this.enter(kind, await this.cognito(kind).refresh(refresh));
    } catch {
      sessionStorage.removeItem(KEPT);
    }
  }

  enter(kind: Kind, tokens: Tokens): void {
    this.#kind = kind;
    this.#tokens = tokens;
    if (tokens.refresh) sessionStorage.setItem(KEPT, JSON.stringify({ kind, refresh: tokens.refresh }));
    this.#set({ status: 'in', who: whoOf(kind, tokens.access) });
  }

  async leave(): Promise<void> {
    const tokens = this.#tokens;
    this.#tokens = undefined;
    sessionStorage.removeItem(KEPT);
    this.#set({ status: 'out' });
    if (tokens) await this.cognito(this.#kind).signOut(tokens);
  }

  /** The server no longer takes the token: ask its owner, keep the page. */
  lose(): void {
    if (this.state.status === 'in') this.#set({ status: 'lost', who: this.state.who });
  }

  /** A token that is good for the next minute; undefined when its owner must sign in again. */
  async accessToken(): Promise<string | undefined> {
    if (this.#tokens && expiryOf(this.#tokens.access) - Date.now() < AHEAD_MS) await this.renew();
    return this.state.status === 'in' ? this.#tokens?.access : undefined;
  }

  renew(): Promise<void> {
    this.#refreshing ??= this.#renew().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #renew(): Promise<void> {
    const refresh = this.#tokens?.refresh;
    if (refresh === undefined) return this.lose();
    try {
      this.enter(this.#kind, await this.cognito(this.#kind).refresh(refresh));
    } catch (error) {
      // No network is no reason to sign in again.
      if (!(error instanceof TypeError)) this.lose();
    }
  }

  #set(state: SessionState): void {
    this.state = state;
    for (const listener of this.#listeners) listener();
  }
}

const claimsOf = (token: string): Record<string, unknown> => {
  const part = token.split('.')[1] ?? '';
  const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
};

const expiryOf = (token: string): number => Number(claimsOf(token)['exp']) * 1000;

const whoOf = (kind: Kind, token: string): Who => {
  const claims = claimsOf(token);
  const text = (name: string) => (typeof claims[name] === 'string' ? (claims[name] as string) : undefined);
  return {
    kind,
    subject: text('sub') ?? '',
    username: kind === 'staff' ? text('username') : undefined,
    role: kind === 'residents' ? 'resident' : (text('role') ?? ''),
    facility: text('facility'),
    profession: text('profession'),
  };
};

const ADMINISTRATION = ['admin', 'operator', 'municipal', 'privacy'];

export const faceOf = ({ role }: Who): Face =>
  role === 'resident' ? 'resident' : ADMINISTRATION.includes(role) ? 'admin' : 'clinic';
