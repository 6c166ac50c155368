// The API that the loader speaks to: a token that is kept fresh, patience with a server that is busy, dropped connections tried again.
import { setTimeout as pause } from 'node:timers/promises';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** The server could not be reached, or kept saying that it cannot now. Whatever was sent may be sent again. */
export class Unreachable extends Error {}

export interface TargetOptions {
  /** Base of the FHIR API, no slash at the end. */
  readonly fhir: string;
  readonly token: () => Promise<string>;
  /** Tries of one request before giving up; a transaction that was cut off blocks its patient for a minute. @default 12 */
  readonly tries?: number;
}

/** 500 too: a gateway says so when its function ran out of time, and what was sent may be sent again. */
const PASSING = new Set([429, 500, 502, 503, 504]);

/** Fresh tokens that are refused one after the other: then it is not the token. */
const MOST_REFUSALS = 2;

/** The server's word that a request of this size has not time enough: another attempt is unlikely to. */
export const isOutOfTime = ({ status, headers }: Reply): boolean =>
  status === 503 && Number(headers.get('retry-after') ?? 0) >= OUT_OF_TIME_SECONDS;

/** functions/storage/send.ts `outOfTime`; whoever is only busy says 1. */
const OUT_OF_TIME_SECONDS = 10;

const parsed = (text: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
};

export class Target {
  private readonly options: TargetOptions;
  private current: Promise<string> | undefined;
  /** Requests that had to be sent again. */
  repeats = 0;

  constructor(options: TargetOptions) {
    this.options = options;
  }

  token(): Promise<string> {
    this.current ??= this.options.token();
    return this.current;
  }

  /**
   * Sends one request until it is answered, or until `isEnough` takes an answer that asks us to come again.
   * Only what may be repeated goes through here: GET, and transactions of PUTs.
   */
  async send(
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers: Record<string, string> = {},
    isEnough: (reply: Reply) => boolean = () => false,
  ) {
    const url = path === '' || path.startsWith('/') ? this.options.fhir + path : path;
    const { tries = 12 } = this.options;
    let last = '';
    let refusals = 0;
    for (let attempt = 0; attempt < tries; attempt++) {
      if (attempt > 0) this.repeats++;
      let wait = Math.min(10_000, 200 * 2 ** attempt) * (0.5 + Math.random());
      try {
        const using = this.token();
        const reply = await this.once(method, url, await using, body, headers);
        if (reply.status === 401) {
          // A token ends while others wait with it: the first to hear it asks for the next.
          if (this.current === using) this.current = undefined;
          last = 'the token was refused';
          if (++refusals > MOST_REFUSALS) break;
          wait = 0;
        } else if (PASSING.has(reply.status) && !isEnough(reply)) {
          last = `answered ${reply.status}`;
          wait = Math.max(wait, Number(reply.headers.get('retry-after') ?? 0) * 1000);
        } else return reply;
      } catch (error) {
        last = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : 'failed';
      }
      await pause(wait);
    }
    throw new Unreachable(`${method} ${new URL(url).pathname}: ${last}, tried again and again`);
  }

  /** A PUT of bytes to an address that the server gave us; it carries its own permission. */
  async upload(url: string, bytes: Uint8Array, headers: Record<string, string>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        const response = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes), headers });
        await response.arrayBuffer();
        if (response.ok) return;
        if (response.status < 500) throw new Error(`the upload was refused with ${response.status}`);
      } catch (error) {
        if (attempt >= 4) throw new Unreachable(error instanceof Error ? error.message : 'the upload failed');
      }
      await pause(500 * 2 ** attempt);
    }
  }

  private async once(
    method: string,
    url: string,
    token: string,
    body: string | Uint8Array | undefined,
    headers: Record<string, string>,
  ): Promise<Reply> {
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/fhir+json',
        ...(body !== undefined && { 'content-type': 'application/fhir+json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
    return { status: response.status, body: parsed(await response.text()), headers: response.headers };
  }
}
