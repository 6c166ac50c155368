// What our functions ask of the outside: nothing that a client could name.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../functions');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.includes('generated'))
  .map((path) => [path, readFileSync(join(root, path), 'utf8')] as const);

/** Each with the reason why it may call, and how it is bound. */
const CALLERS: Readonly<Record<string, string>> = {
  'services/aws-fetch.ts': 'AWS itself, at addresses of the environment',
  'auth/jwks.ts': 'key sets that an administrator registered: https, no redirect, 3 s, 64 KB',
  'federation/peer-http.ts':
    'regions of a link contract: https, public names that lead to public addresses, no redirect, a deadline, 12 MB',
};

it('only these files open connections by themselves', () => {
  const callers = sources
    .filter(([, text]) =>
      /\* as https? from 'node:|(?<![.\w]|await |async )fetch\(|await fetch\((url|address)/.test(text),
    )
    .map(([path]) => path);
  expect(callers.filter((path) => !(path in CALLERS))).toEqual([]);
});

it('no source makes code, processes or patterns of what a client sent', () => {
  for (const [path, text] of sources) {
    expect(text, path).not.toMatch(/\beval\(|new Function\(|child_process|node:vm\b/);
  }
});
