// What a command says when it cannot go on: one line that names the thing, and no stack.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inOneLine, LocalError, readArgs, readNamed, unreadable } from '../../infra/command-line.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'commands-'));
  writeFileSync(join(folder, 'text.json'), 'hello');
});
afterAll(() => rmSync(folder, { recursive: true }));

const thrown = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    return inOneLine(error);
  }
  throw new Error('nothing was thrown');
};

it('names a file that is not there, and a folder in its place', async () => {
  expect(await thrown(() => readNamed(join(folder, 'absent.csv')))).toBe(
    `${join(folder, 'absent.csv')}: no such file or folder`,
  );
  expect(await thrown(() => readNamed(folder))).toBe(`${folder}: is a folder, and a file is wanted`);
});

it('says what is the matter with a disk', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(unreadable('.local', full).message).toBe('.local: no space is left on the disk');
});

it('names an option that it does not know, then how it is used', async () => {
  const said = await thrown(() => readArgs('USAGE', { args: ['--wrong'], options: {} }));
  expect(said).toBe("Unknown option '--wrong'\nUSAGE");
});

it('names the address where nothing answers', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 8001 });
  const failed = Object.assign(new TypeError('fetch failed'), { cause: new AggregateError([refused]) });
  Object.assign(failed.cause, { code: 'ECONNREFUSED' });
  expect(inOneLine(failed)).toBe('127.0.0.1:8001 does not answer (ECONNREFUSED): is it running?');
});

it('says of what nobody foresaw the first line only', () => {
  expect(inOneLine(new Error('first\n    at second'))).toBe('first');
  expect(inOneLine(new LocalError('first\nusage'))).toBe('first\nusage');
});

/** Without a running stack: what is wrong with the arguments comes first. */
const run = (command: string, ...args: string[]): Promise<{ code: unknown; said: string }> =>
  new Promise((resolve) => {
    const script = join(import.meta.dirname, '../../infra', command);
    const env = { ...process.env, TSUMUGI_LOCAL_DIR: join(folder, 'none') };
    execFile(process.execPath, [script, ...args], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, said: out + err }),
    );
  });

it.each([
  ['operations/import-tenants.ts', ['--facilities', 'absent.csv'], 'absent.csv: no such file or folder'],
  ['operations/publish-console.ts', ['--region', 'atlantis'], 'no such region (地域)'],
  ['local/load.ts', ['--region', 'tokushima', 'a.json'], 'nothing is running: npm start'],
  ['local/load-package.ts', ['--region', 'tokushima'], 'no FILE is named'],
])('%s %j: says so in its first line and ends with 1', async (command, args, why) => {
  const { code, said } = await run(command, ...args);
  expect(code).toBe(1);
  expect(said.split('\n', 1)[0]).toContain(why);
  expect(said).not.toMatch(/^\s+at /m);
});
