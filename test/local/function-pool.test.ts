// Execution environments: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type FunctionPool, openFunction } from '../../infra/local/host/function-pool.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsumugi-pool-'));
const open: FunctionPool[] = [];
const lines: string[] = [];

const bundle = (name: string, text: string) => {
  const path = join(dir, `${name}.mjs`);
  writeFileSync(path, text);
  return pathToFileURL(path).href;
};
const MEETING = bundle(
  'meeting',
  `let here = 0, most = 0, made = Math.random();
   export const handler = async (event, context) => {
     most = Math.max(most, ++here);
     await new Promise((resolve) => setTimeout(resolve, event.ms ?? 100));
     here -= 1;
     if (event.end) process.exit(1);
     return { made, most, name: context.functionName, left: context.getRemainingTimeInMillis() };
   };`,
);
const pool = (more: Partial<Parameters<typeof openFunction>[0]> = {}) => {
  const made = openFunction({
    name: 'f',
    arn: 'arn:f',
    bundle: MEETING,
    handler: 'index.handler',
    environment: {},
    timeoutSeconds: 5,
    memoryMegabytes: 128,
    log: (text) => lines.push(text),
    environments: 1,
    ...more,
  });
  open.push(made);
  return made;
};
const together = async (on: FunctionPool, many: number) =>
  (await Promise.all(Array.from({ length: many }, () => on.invoke({})))) as { made: number; most: number }[];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('a function', () => {
  it('takes one invocation at a time in an environment, as Lambda does', async () => {
    const answers = await together(pool(), 3);
    expect(answers.map(({ most }) => most)).toEqual([1, 1, 1]);
    expect(new Set(answers.map(({ made }) => made)).size).toBe(1);
  });

  it('takes as many at once as the switch says', async () => {
    const answers = await together(pool({ concurrency: 3 }), 5);
    expect(Math.max(...answers.map(({ most }) => most))).toBe(3);
    expect(new Set(answers.map(({ made }) => made)).size).toBe(1);
  });

  it('starts further environments when the first are busy, up to the limit', async () => {
    const answers = await together(pool({ environments: 2 }), 6);
    expect(new Set(answers.map(({ made }) => made)).size).toBe(2);
  });

  it('tells the handler who it is and how long it has', async () => {
    expect(await pool().invoke({})).toMatchObject({
      name: 'f',
      left: expect.toSatisfy((ms: number) => ms > 0 && ms < 5000),
    });
  });

  it('fails an invocation that takes too long, and serves the next in a new environment', async () => {
    const on = pool({ timeoutSeconds: 1 });
    const made = (await together(on, 1))[0]?.made;
    await expect(on.invoke({ ms: 3000 })).rejects.toMatchObject({ type: 'Sandbox.Timedout' });
    expect((await together(on, 1))[0]?.made).not.toBe(made);
    expect(lines.join('')).toContain('Task timed out after 1.00 seconds');
  });

  it('does not fail its neighbours when one invocation takes too long, and gives that environment no more', async () => {
    const on = pool({ timeoutSeconds: 2, concurrency: 3 });
    await on.warm();
    const slow = on.invoke({ ms: 30_000 });
    const late = expect(slow).rejects.toMatchObject({ type: 'Sandbox.Timedout' });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const neighbour = on.invoke({ ms: 1_500 }) as Promise<{ made: number }>;
    await late;
    const next = (await on.invoke({})) as { made: number };
    expect((await neighbour).made).not.toBe(next.made);
  });

  it('fails the invocations of an environment that ends, and serves those that waited', async () => {
    const on = pool();
    const ended = on.invoke({ ms: 50, end: true });
    const waiting = on.invoke({});
    await expect(ended).rejects.toMatchObject({ type: 'Runtime.ExitError' });
    await expect(waiting).resolves.toMatchObject({ most: 1 });
  });

  it.each([
    [
      'throws while it is loaded',
      `throw new Error('missing setting: CLINICAL_TABLE')`,
      /missing setting: CLINICAL_TABLE/,
    ],
    ['exports no handler', 'export const other = 1', /exports no handler/],
  ])('that %s fails every invocation and says why', async (name, text, message) => {
    const on = pool({ bundle: bundle(name.replaceAll(' ', '-'), text) });
    await expect(on.warm()).rejects.toThrow(message);
    await expect(Promise.all([on.invoke({}), on.invoke({})])).rejects.toThrow(message);
  });

  it('takes nothing more once it is stopped', async () => {
    const on = pool();
    const running = on.invoke({ ms: 10_000 });
    const ended = expect(running).rejects.toMatchObject({ type: 'Stopped' });
    await on.stop();
    await ended;
    await expect(on.invoke({})).rejects.toMatchObject({ type: 'Stopped' });
  });
});
