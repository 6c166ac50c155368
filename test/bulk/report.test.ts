import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Report } from '../../infra/local/load/report.ts';

let folder: string;
let said: string;
let report: Report;

beforeEach(() => {
  vi.useFakeTimers();
  folder = mkdtempSync(join(tmpdir(), 'report-'));
  said = '';
  const out = { write: (text: string) => (said += text) } as unknown as NodeJS.WriteStream;
  report = new Report(join(folder, 'refused.ndjson'), out);
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

it('says what is read, and how much so far, before there is anything to send', () => {
  report.phase('reading');
  report.start();
  report.doing = 'reading a.ndjson';
  report.read = 1234;
  vi.advanceTimersByTime(5_000);
  report.stop();
  expect(said).toBe('reading: 0 resources so far\nreading a.ndjson: 1234 resources so far\n');
});

it('counts what an earlier run loaded as stored, but not in the rate', () => {
  report.unitsTotal = 2;
  vi.advanceTimersByTime(10_000);
  report.created = 100;
  report.unchanged = 5_000;
  report.skipped = 5_000;
  report.phase('patients');
  expect(said).toBe('patients 0/2: 5100 resources, 10/s\n');
  expect(report.summary()).toBe(
    '5100 resources stored in 10.0 s (10/s): 100 new, 0 changed, 5000 as they were, of which 5000 were loaded by an earlier run',
  );
});
