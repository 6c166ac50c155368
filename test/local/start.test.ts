// `npm start` as the contract of design section 4 has it, from outside: what it prints, writes, keeps, and how it ends.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../infra/local/local-dir.ts';
import { type LocalStack, runToEnd, startLocalStack } from '../support/local-stack.ts';

const SLOW = 600_000;
let dir: string;
let stack: LocalStack;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tsumugi-start-'));
  // As who types `npm start` in a fresh clone: both regions, demo charts and all.
  stack = await startLocalStack({ dir, memory: false, empty: false, regions: ['tokushima', 'kesen'] });
}, SLOW);
afterAll(async () => {
  await stack?.stop();
  rmSync(dir, { recursive: true, force: true });
}, SLOW);

const organization = (name: string) => ({ resourceType: 'Organization', id: 'kept-org', name });
const put = async (name: string) =>
  fetch(`${stack.region().fhir}/Organization/kept-org`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${await stack.token('system:hospital')}`,
      'content-type': 'application/fhir+json',
    },
    body: JSON.stringify(organization(name)),
  });
const read = async () => {
  const answer = await fetch(`${stack.region().fhir}/Organization/kept-org`, {
    headers: { authorization: `Bearer ${await stack.token('system:hospital')}` },
  });
  return { status: answer.status, body: (await answer.json()) as { name?: string } };
};

/** Processes whose command line names our DynamoDB Local and this data folder. */
const databases = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return line.includes('DynamoDbLoopback') && line.includes(dir);
      } catch {
        return false;
      }
    });

describe('a stack that runs', () => {
  it('prints one line that starts with "ready " and the demo accounts before it', () => {
    const lines = stack.output().split('\n');
    expect(lines.filter((line) => line.startsWith('ready '))).toHaveLength(1);
    expect(stack.output()).toContain('hospital-doctor');
    expect(stack.output()).toContain(stack.region().fhir);
  });

  it('writes endpoints.json with the keys of the contract', () => {
    const { regions } = JSON.parse(readFileSync(join(dir, 'endpoints.json'), 'utf8'));
    expect(Object.keys(regions)).toEqual(['tokushima', 'kesen']);
    for (const region of Object.values(regions)) {
      expect(region).toMatchObject({
        fhir: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/fhir$/),
        token: expect.stringMatching(/\/auth\/token$/),
        federation: expect.stringMatching(/\/federation\/fhir$/),
        console: expect.any(String),
        homeCommunityId: expect.stringMatching(/^[0-9.]+$/),
      });
    }
  });

  it.each(['tokushima', 'kesen'])('has demo charts in %s', async (region) => {
    const authorization = `Bearer ${await stack.token('system:hospital', region)}`;
    const answer = await fetch(`${stack.region(region).fhir}/Patient`, { headers: { authorization } });
    const { entry = [] } = (await answer.json()) as { entry?: unknown[] };
    expect(entry.length).toBeGreaterThan(0);
  });

  it('prints a token and nothing else, and lists the names', () => {
    const run = (...args: string[]) =>
      execFileSync(process.execPath, [join(projectRoot, 'infra/local/token.ts'), ...args], {
        env: { ...process.env, TSUMUGI_LOCAL_DIR: dir },
        encoding: 'utf8',
      });
    expect(run('--region', 'kesen', '--as', 'system:clinic')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const names = run('--region', 'tokushima', '--list').trim().split('\n');
    expect(names).toEqual(
      expect.arrayContaining([
        ...['hospital', 'clinic', 'pharmacy', 'care'].map((name) => `system:${name}`),
        ...[
          'hospital-doctor',
          'clinic-doctor',
          'nurse',
          'pharmacist',
          'care-manager',
          'ambulance',
          'municipal',
          'admin',
          'privacy',
        ].map((name) => `staff:${name}`),
        'resident:1',
        'resident:2',
      ]),
    );
  });

  it.each(['staff:hospital-doctor', 'staff:ambulance', 'resident:1'])('signs %s in through Cognito', async (who) => {
    const token = await stack.token(who);
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
    expect(claims).toMatchObject({ token_use: 'access', iss: expect.stringMatching(/^https:\/\/cognito-idp\./) });
    const answer = await fetch(`${stack.region().fhir}/Patient?identifier=x`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).not.toBe(401);
  });

  it(
    'refuses a second start on the same folder with one line and code 1',
    async () => {
      const { code, stderr } = await runToEnd({ dir, memory: false });
      expect(code).toBe(1);
      expect(stderr.trim()).toMatch(
        /^another npm start \(process \d+\) is running on .*: stop it \(Ctrl-C\), or .* TSUMUGI_LOCAL_DIR=<folder> and --port <number>$/,
      );
      expect(existsSync(join(dir, 'endpoints.json'))).toBe(true); // the first one's
    },
    SLOW,
  );
});

describe('what was acknowledged', () => {
  it(
    'is there after Ctrl-C, which ends everything with code 0, and a second start',
    async () => {
      expect((await put('一度目')).status).toBe(201);
      expect(await stack.stop()).toBe(0);
      expect(databases()).toEqual([]);
      expect(existsSync(join(dir, 'endpoints.json'))).toBe(false);
      stack = await startLocalStack({ dir, memory: false });
      expect(await read()).toMatchObject({ status: 200, body: { name: '一度目' } });
    },
    SLOW,
  );

  it(
    'is there after kill -9 in the middle of writes, which takes the database along',
    async () => {
      expect((await put('二度目')).status).toBe(200);
      const acknowledged = await writeUntilKilled();
      expect(acknowledged.length).toBeGreaterThan(0);
      for (let tries = 0; databases().length > 0 && tries < 3_000; tries += 1) await pause(100);
      expect(databases()).toEqual([]);
      stack = await startLocalStack({ dir, memory: false });
      expect(await read()).toMatchObject({ status: 200, body: { name: '二度目' } });
      const authorization = `Bearer ${await stack.token('system:hospital')}`;
      const found = await Promise.all(
        acknowledged.map((id) => fetch(`${stack.region().fhir}/Organization/${id}`, { headers: { authorization } })),
      );
      expect(found.map(({ status }) => status)).toEqual(acknowledged.map(() => 200));
      await expect(stack.token('staff:nurse')).resolves.toBeTypeOf('string'); // accounts too
    },
    SLOW,
  );
});

/** Four writers until the stack is killed under them; the ids whose writes were answered. */
const writeUntilKilled = async (): Promise<string[]> => {
  const { fhir } = stack.region();
  const headers = {
    authorization: `Bearer ${await stack.token('system:hospital')}`,
    'content-type': 'application/fhir+json',
  };
  const acknowledged: string[] = [];
  const writer = async (name: string) => {
    for (let number = 0; ; number += 1) {
      const id = `killed-${name}-${number}`;
      const body = JSON.stringify({ resourceType: 'Organization', id, name });
      const answer = await fetch(`${fhir}/Organization/${id}`, { method: 'PUT', headers, body });
      if (answer.status === 201) acknowledged.push(id);
    }
  };
  const writers = ['a', 'b', 'c', 'd'].map((name) => writer(name).catch(() => {}));
  while (acknowledged.length < 20) await pause(20);
  await stack.kill();
  await Promise.all(writers);
  return acknowledged;
};

describe('a start that cannot be says why in one line and ends with code 1', () => {
  const failing = async (options: Partial<Parameters<typeof runToEnd>[0]>) => {
    const own = mkdtempSync(join(tmpdir(), 'tsumugi-fail-'));
    try {
      const { code, stderr } = await runToEnd({ dir: own, ...options });
      expect(code).toBe(1);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      return stderr;
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  };

  it(
    'when a port is taken',
    async () => {
      const blocker = createServer();
      await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
      const { port } = blocker.address() as { port: number };
      expect(await failing({ port })).toMatch(new RegExp(`port ${port} is in use`));
      blocker.close();
    },
    SLOW,
  );

  it(
    'when there is no Java',
    async () => {
      const own = mkdtempSync(join(tmpdir(), 'tsumugi-path-'));
      mkdirSync(join(own, 'bin'));
      symlinkSync(process.execPath, join(own, 'bin/node'));
      const env = { PATH: [join(own, 'bin'), join(projectRoot, 'node_modules/.bin')].join(delimiter) };
      expect(await failing({ env })).toMatch(/Java 17 or newer is needed/);
      rmSync(own, { recursive: true });
    },
    SLOW,
  );

  it(
    'when the region has no file',
    async () => {
      expect(await failing({ regions: ['atlantis'] })).toMatch(/no region atlantis/);
    },
    SLOW,
  );

  it(
    'when the region has no file, also while another start is running on the folder',
    async () => {
      expect(await failing({ regions: ['atlantis'], dir })).toMatch(/no region atlantis/);
    },
    SLOW,
  );

  it(
    'when the data folder is damaged',
    async () => {
      const own = mkdtempSync(join(tmpdir(), 'tsumugi-damaged-'));
      writeFileSync(join(own, 'cognito.json'), '{ "half": ');
      expect(await failing({ dir: own, memory: false })).toMatch(/data folder is damaged: .*cognito\.json/);
      rmSync(own, { recursive: true, force: true });
    },
    SLOW,
  );

  it(
    'when the keys of a data folder that holds records are missing',
    async () => {
      const own = mkdtempSync(join(tmpdir(), 'tsumugi-keyless-'));
      mkdirSync(join(own, 'dynamodb'));
      writeFileSync(join(own, 'dynamodb/shared-local-instance.db'), '');
      expect(await failing({ dir: own, memory: false })).toMatch(/data folder is damaged: .*kms\.json.* is missing/);
      expect(existsSync(join(own, 'kms.json'))).toBe(false);
      rmSync(own, { recursive: true, force: true });
    },
    SLOW,
  );

  it(
    'when the data folder is a file',
    async () => {
      const own = join(mkdtempSync(join(tmpdir(), 'tsumugi-file-')), 'file');
      writeFileSync(own, '');
      expect(await failing({ dir: own })).toMatch(/data folder .* cannot be made/);
    },
    SLOW,
  );

  it.each([
    [{ regions: [''] }, /--regions needs the name of a region/],
    [{ port: 70_000 }, /--port needs a number/],
  ])('when a flag makes no sense: %j', async (options, message) => {
    expect(await failing(options)).toMatch(message);
  });
});
