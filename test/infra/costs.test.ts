// Idle cost, computed from the template: issue 2, point 1.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IDLE_MONTH_USD } from '../../functions/tenants/prices.ts';
import { idleMonth, total } from '../../infra/costs/idle.ts';
import { readRegions } from '../../infra/regions/read-regions.ts';
import { synthesized, type Template } from './synthesized.ts';

const root = join(import.meta.dirname, '../..');
const { stages } = synthesized(...readRegions(join(root, 'infra/regions')));

describe.each(stages.map((stage) => [stage.name, stage] as const))('%s', (_, { stateful, stateless }) => {
  const lines = idleMonth([stateful, stateless]);

  it('costs less than 4 USD in a month without a single request', () => {
    expect(total(lines)).toBeLessThan(4);
  });

  it('counts the schedules that run although nobody calls', () => {
    const runs = lines.filter(({ what }) => what.includes(' runs')).map(({ what }) => what);

    expect(runs).toEqual(['audit-sealer, 43,800 runs', 'transaction-sweeper, 8,760 runs']);
  });

  it('costs what docs/costs.md says', () => {
    expect(readFileSync(join(root, 'docs/costs.md'), 'utf8')).toContain(
      `| **together** | **${total(lines).toFixed(2)}** |`,
    );
  });

  it('costs what the page of usage and cost says', () => {
    expect(total(lines)).toBeCloseTo(IDLE_MONTH_USD, 2);
  });
});

it('refuses a resource whose price nobody wrote down', () => {
  const template: Template = { Resources: { Gateway: { Type: 'AWS::EC2::NatGateway', Properties: {} } }, Outputs: {} };

  expect(() => idleMonth([template])).toThrow('no price for AWS::EC2::NatGateway');
});
