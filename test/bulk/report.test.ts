import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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

describe('the exit code is', () => {
  const codeOf = (given: Partial<Report>, strict = false) => Object.assign(report, given).exitCode({ strict });

  it('0 where something is stored, and a few are refused', () => {
    report.refuse('Patient/a', ['a rule']);
    expect(codeOf({ created: 3 })).toBe(0);
    expect(codeOf({}, true)).toBe(1);
  });

  it('0 where all was there already', () => {
    expect(codeOf({ unchanged: 3 }, true)).toBe(0);
  });

  it('1 where nothing was stored: no file holds a resource, or all are refused', () => {
    report.opened('a.ndjson');
    expect(codeOf({})).toBe(1);
    expect(report.summary()).toBe('nothing was stored\nno FHIR resource is in a.ndjson');
    report.found('a.ndjson');
    report.refuse('Patient/a', ['a rule']);
    expect(codeOf({})).toBe(1);
    expect(report.summary()).toContain('nothing was stored\n1 resources refused');
  });

  it('0 where one of several files is empty, and 1 when that is not to be', () => {
    report.opened('a.ndjson');
    report.opened('b.ndjson');
    report.found('b.ndjson');
    expect(codeOf({ created: 1 })).toBe(0);
    expect(codeOf({}, true)).toBe(1);
    expect(report.summary()).toContain('\nno FHIR resource is in a.ndjson');
  });

  it('1 where a part could not be sent, or a file not read', () => {
    expect(codeOf({ created: 1, failed: 1 })).toBe(1);
    expect(codeOf({ created: 1, failed: 0, damaged: 1 })).toBe(1);
  });
});

it('has a file of refusals when something was refused, and only then', () => {
  const file = join(folder, 'refused.ndjson');
  report.summary();
  expect(existsSync(file)).toBe(false);
  report.refuse('Patient/a', ['a rule']);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ what: 'Patient/a', rules: ['a rule'] });
});
