// Prints the idle table of docs/costs.md: `node infra/costs/report.ts` after `npx cdk synth`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CostLine, idleMonth, type Template, total } from './idle.ts';

export const table = (lines: readonly CostLine[]): string =>
  [
    '| each month without a request | USD |',
    '|---|---|',
    ...lines.map(({ what, usd }) => `| ${what} | ${usd.toFixed(3)} |`),
    `| **together** | **${total(lines).toFixed(2)}** |`,
  ].join('\n');

if (import.meta.main) {
  const out = join(import.meta.dirname, '../../cdk.out');
  for (const stage of readdirSync(out).filter((name) => name.startsWith('assembly-'))) {
    const templates = readdirSync(join(out, stage))
      .filter((file) => file.endsWith('.template.json'))
      .map((file): Template => JSON.parse(readFileSync(join(out, stage, file), 'utf8')));
    console.log(`\n${stage.replace('assembly-', '')}\n\n${table(idleMonth(templates))}`);
  }
}
