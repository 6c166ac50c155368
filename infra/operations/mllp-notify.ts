// `npm run mllp-agent -- … --notify HOST:PORT`: fetches ITI-10 notifications from the region and delivers them over MLLP to the
// facility's PIX consumer. The region has no way through the facility's firewall; the facility's own agent has one out.
//
// Kept on disk is where it stands, a sealed cursor that says nothing of anybody, and it moves on only when all that was fetched is
// answered: what is cut off in between is fetched and told again, which a notification of a state bears.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { decodeMessage } from '../../functions/ihe/hl7v2/charset.ts';
import { parseMessage, segmentOf, value } from '../../functions/ihe/hl7v2/message.ts';
import { frame, unframer } from './mllp-framing.ts';

export interface NotifierOptions {
  /** The region's `GET /ihe/updates`. */
  readonly url: string;
  readonly token: () => Promise<string>;
  /** The facility's PIX consumer. */
  readonly to: { readonly host: string; readonly port: number };
  /** Where it stands; made at the first start, which begins to listen then. */
  readonly cursorFile: string;
  /** MSH-5 and MSH-6 as `APPLICATION^FACILITY`. */
  readonly receiver?: string | undefined;
  /** @default 60 000 */
  readonly intervalMs?: number;
  /** Before the second try; doubles up to five minutes. @default 1 000 */
  readonly retryMs?: number;
  /** @default 30 000 */
  readonly answerMs?: number;
  readonly fetch?: typeof fetch;
  readonly log?: (line: string) => void;
}

const MOST_RETRY_MS = 300_000;
/** What the consumer refuses for its content this often is set aside, or it would hold up all that comes after it. */
const MOST_REFUSALS = 10;

export interface Notifier {
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

export const startNotifier = (options: NotifierOptions): Notifier => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async (): Promise<void> => {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const more = await round(options, signal);
        failures = 0;
        if (!more) await pause(options.intervalMs ?? 60_000, signal);
      } catch (fault) {
        if (signal.aborted) return;
        options.log?.(`no notifications were fetched: ${(fault as Error).message}`);
        await pause(backoff(options, failures), signal);
        failures += 1;
      }
    }
  };
  const done = run();
  return {
    stop: () => {
      stopping.abort();
      return done;
    },
  };
};

const backoff = ({ retryMs = 1_000 }: NotifierOptions, failures: number): number =>
  Math.min(retryMs * 2 ** Math.min(failures, 20), MOST_RETRY_MS);

/** Ends early, and in peace, when the agent is stopped. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  wait(ms, undefined, { signal }).catch(() => undefined);

/** One page; says whether there is more already. */
const round = async (options: NotifierOptions, signal: AbortSignal): Promise<boolean> => {
  const { notifications, next, more } = await fetchPage(options, signal);
  for (const message of notifications) await deliver(message, options, signal);
  signal.throwIfAborted();
  keep(options.cursorFile, next);
  return more;
};

interface Page {
  readonly notifications: readonly string[];
  readonly next: string;
  readonly more: boolean;
}

const fetchPage = async (options: NotifierOptions, signal: AbortSignal): Promise<Page> => {
  const { url, token, receiver, fetch: send = fetch, answerMs = 30_000 } = options;
  const since = existsSync(options.cursorFile) ? readFileSync(options.cursorFile, 'utf8').trim() : '';
  const address = new URL(url);
  for (const [name, one] of Object.entries({ format: 'hl7v2', since, receiver }))
    if (one) address.searchParams.set(name, one);
  const response = await send(address, {
    headers: { authorization: `Bearer ${await token()}`, accept: 'application/json' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    redirect: 'error',
  });
  if (!response.ok)
    throw new Error(
      response.status === 400 && since
        ? `the region does not take the cursor in ${options.cursorFile} (400)`
        : `the region answered ${response.status}`,
    );
  return (await response.json()) as Page;
};

/** Only the account that runs the agent reads it, and a crash leaves the old or the new. */
const keep = (file: string, cursor: string): void => {
  writeFileSync(`${file}.new`, cursor, { mode: 0o600 });
  renameSync(`${file}.new`, file);
};

/** Until the consumer has taken it (AA) or will never (AR); what it could not take now (AE, no answer) comes again. */
const deliver = async (message: string, options: NotifierOptions, signal: AbortSignal): Promise<void> => {
  const id = value(segmentOf(parseMessage(message), 'MSH'), 10);
  let refusals = 0;
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    const answer = await send(message, id, options, signal).catch((fault: Error) => fault);
    if (answer === 'AA') return;
    if (answer === 'AE') refusals += 1;
    if (answer === 'AR' || refusals === MOST_REFUSALS) {
      // Its number leads to it in the consumer's own log; what it said stays out of ours.
      options.log?.(`notification ${id} was refused (${answer}) and is set aside`);
      return;
    }
    signal.throwIfAborted();
    options.log?.(`notification ${id} is tried again: ${answer instanceof Error ? answer.message : answer}`);
    await pause(backoff(options, tries), signal);
  }
};

const ANSWERS: Readonly<Record<string, 'AA' | 'AE' | 'AR'>> = {
  CA: 'AA',
  CE: 'AE',
  CR: 'AR',
  AA: 'AA',
  AE: 'AE',
  AR: 'AR',
};

/** MSA-1 of the answer that names this message. */
const send = (
  message: string,
  id: string,
  { to, answerMs = 30_000 }: NotifierOptions,
  signal: AbortSignal,
): Promise<'AA' | 'AE' | 'AR'> =>
  new Promise((resolve, reject) => {
    const socket = connect(to.port, to.host);
    const unframe = unframer();
    const fail = (why: string) => {
      reject(new Error(why));
      socket.destroy();
    };
    const aborted = () => fail('stopped');
    signal.addEventListener('abort', aborted, { once: true });
    socket.setTimeout(answerMs, () => fail('no answer in time'));
    socket.on('connect', () => socket.write(frame(Buffer.from(message))));
    socket.on('error', () => fail('the consumer is not reached'));
    socket.on('close', () => {
      signal.removeEventListener('abort', aborted);
      reject(new Error('no answer'));
    });
    socket.on('data', (chunk) => {
      try {
        for (const answer of unframe(chunk)) {
          const msa = segmentOf(parseMessage(decodeMessage(answer).text), 'MSA');
          const code = ANSWERS[value(msa, 1)];
          if (!code || value(msa, 2) !== id) return fail('the answer is to no message of ours');
          resolve(code);
          socket.end();
        }
      } catch {
        fail('the answer is no HL7');
      }
    });
  });
