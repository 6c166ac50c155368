// After a test run: no log line of any function on any stack of the run holds what belongs to a demo patient. Each local stack
// copies its functions' logs into a folder of the run (infra/local/host/region.ts); here they are read.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { charts } from '../infra/local/demo/clinical/charts.ts';

interface Named {
  readonly resourceType: string;
  readonly name?: { readonly text?: string; readonly family?: string; readonly given?: readonly string[] }[];
  readonly telecom?: { readonly value?: string }[];
  readonly address?: { readonly text?: string; readonly line?: readonly string[]; readonly postalCode?: string }[];
  readonly identifier?: { readonly value?: string }[];
  readonly birthDate?: string;
}

/** Short ones would be found in anything. */
const SHORTEST = 4;

/** Names in kanji and kana, phones, addresses, birth dates, patient and insurance numbers of everybody in the demo charts. */
export const secretsOfDemo = (): string[] => {
  const facility = { code: '3610000001', organization: 'Organization/demo' };
  const all = charts({ hospital: facility, clinic: facility, pharmacy: facility, care: facility });
  const found = Object.values(all)
    .flat()
    .filter(({ resourceType }) => ['Patient', 'RelatedPerson', 'Coverage'].includes(resourceType))
    .flatMap((resource) => {
      const { name = [], telecom = [], address = [], identifier = [], birthDate } = resource as unknown as Named;
      return [
        ...name.flatMap(({ text, family, given = [] }) => [text, `${family}${given.join('')}`, ...given]),
        ...telecom.map(({ value }) => value),
        ...address.flatMap(({ text, line = [] }) => [text, ...line]),
        ...identifier.map(({ value }) => value),
        ...(resource.resourceType === 'Patient' ? [birthDate] : []),
      ];
    });
  return [...new Set(found.filter((text): text is string => text !== undefined))]
    .filter(
      (text) =>
        text.length >= SHORTEST || (/^[\p{Script=Han}\p{Script=Katakana}ー]{3,}$/u.test(text) && text.length >= 3),
    )
    .filter((text) => !/^[0-9]{10}$/.test(text)); // facility codes are in every log, as they should be
};

/** Function, line and what was found; the line is not repeated. */
export const scanLogs = (dir: string, secrets: readonly string[] = secretsOfDemo()): string[] =>
  readdirSync(dir).flatMap((file) =>
    readFileSync(join(dir, file), 'utf8')
      .split('\n')
      .flatMap((line, at) => {
        const text = unescaped(line);
        return secrets.filter((secret) => text.includes(secret)).map((secret) => `${file}:${at + 1} holds ${secret}`);
      }),
  );

/** What a program wrote as JSON or into an address is found too. */
const unescaped = (line: string): string => {
  const plain = line.replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  if (!plain.includes('%')) return plain;
  return `${plain}\n${plain.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  })}`;
};

export const setup = () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsumugi-logs-'));
  process.env['TSUMUGI_COLLECTED_LOGS'] = dir;
  return () => {
    const found = scanLogs(dir);
    rmSync(dir, { recursive: true, force: true });
    if (found.length === 0) return;
    process.exitCode = 1;
    throw new Error(`personal data in log lines (test/log-scan.ts):\n${found.slice(0, 50).join('\n')}`);
  };
};
