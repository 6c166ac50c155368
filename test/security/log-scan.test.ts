// The rules of test/log-scan.ts, which reads the logs of a whole test run when it is over.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scanLogs, secretsOfDemo } from '../log-scan.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsumugi-log-scan-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const scanned = (line: string) => {
  writeFileSync(join(dir, 'fhir-api.log'), `{"level":"info"}\n${line}\n`);
  return scanLogs(dir);
};

it('looks for names in kanji and kana, phones, numbers and addresses of everybody in the demo charts', () => {
  const secrets = secretsOfDemo();
  expect(secrets.length).toBeGreaterThan(20);
  expect(secrets.some((text) => /^[\p{Script=Katakana}ー ]+$/u.test(text))).toBe(true);
  expect(secrets.some((text) => /\p{Script=Han}/u.test(text))).toBe(true);
  expect(secrets.some((text) => /^0[0-9-]{9,}$/.test(text))).toBe(true);
  expect(secrets.some((text) => /^\d{4}-\d\d-\d\d$/.test(text))).toBe(true);
});

it('finds each of them, plain, as JSON escapes and as part of an address', () => {
  for (const secret of secretsOfDemo()) {
    const escaped = [...secret].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    for (const line of [`x ${secret} y`, escaped, `GET /Patient?name=${encodeURIComponent(secret)}`])
      expect(scanned(line), secret).not.toEqual([]);
  }
});

it('has nothing to say of what a log line should hold', () => {
  expect(
    scanned(
      '{"level":"info","event":"refused","requestId":"abc","method":"GET","target":"Patient","facility":"3610000001","status":404,"rules":[{"code":"not-found"}]}',
    ),
  ).toEqual([]);
});
