// The audit trail on the whole local stack: a look is seen by the person within seconds, kept twice, proven, and found in a leak report.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { verifyTrail } from '../../infra/operations/verify-audit.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack({ empty: false });
});
afterAll(() => stack?.stop());

/** A code of the second factor is good once, so a second sign-in would wait for the next. */
const tokens = new Map<string, string>();
const tokenOf = async (who: string): Promise<string> => {
  const token = tokens.get(who) ?? (await stack.token(who));
  tokens.set(who, token);
  return token;
};

const PERSON = 'demo-resident-1';
const ask = async (who: string, path: string, init: RequestInit = {}) => {
  const { fhir } = stack.region();
  const url = path.startsWith('/audit') || path.startsWith('/me') ? fhir.replace(/\/fhir$/, '') + path : fhir + path;
  const headers = { authorization: `Bearer ${await tokenOf(who)}`, ...(init.headers as Record<string, string>) };
  const answer = await fetch(url, { ...init, headers });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: /^\s*\{/.test(text) ? JSON.parse(text) : undefined,
  };
};
const accountOf = async (who: string): Promise<string> => (await ask(who, '/me/account')).body.subject;

interface Event {
  readonly recorded: string;
  readonly text: { readonly div: string };
}
const eventsOf = async (who: string, query: string): Promise<Event[]> =>
  ((await ask(who, `/AuditEvent?${query}`)).body.entry ?? []).map(({ resource }: { resource: Event }) => resource);

const started = new Date().toISOString();

it('a resident sees within seconds who looked, with the name of the place and in words', async () => {
  const before = new Date().toISOString();
  expect((await ask('staff:hospital-doctor', `/Patient/${PERSON}`)).status).toBe(200);

  const events = await eventsOf('resident:1', `patient=${PERSON}&date=ge${before}`);
  const look = events.find(({ text }) => text.div.includes('医師'));
  expect(look?.text.div).toMatch(/病院.*の医師が、診療のため、.*閲覧しました/);
  expect(await eventsOf('resident:2', `patient=${PERSON}`)).toEqual([]);
});

it('the privacy officer finds it by account and by facility', async () => {
  const doctor = await accountOf('staff:hospital-doctor');
  expect(await eventsOf('staff:privacy', `agent:identifier=${doctor}&patient=${PERSON}`)).not.toEqual([]);
  expect(await eventsOf('staff:privacy', `site=3610000001&date=ge${started}`)).not.toEqual([]);
  expect((await ask('staff:admin', '/AuditEvent?site=3610000001')).status).toBe(403);
});

it('a leak report names the person, with when and what', async () => {
  const doctor = await accountOf('staff:hospital-doctor');
  const query = `account=${doctor}&from=${started}`;
  const { body } = await ask('staff:privacy', `/audit/affected?${query}`);
  expect(body).toMatchObject({ persons: 1, affected: [{ patient: PERSON, accounts: [doctor], classes: ['basic'] }] });
  expect((await ask('staff:privacy', `/audit/affected?${query}&format=csv`)).text.split('\r\n')).toHaveLength(3);
  expect((await ask('staff:hospital-doctor', `/audit/affected?${query}`)).status).toBe(403);
});

describe('behind the requests', () => {
  it('every record comes into the archive, and all of it is proven', async () => {
    const { settings, aws } = stack.region();
    const trail = {
      region: 'tokushima',
      table: settings.AUDIT_TABLE!,
      bucket: settings.AUDIT_BUCKET!,
      keys: [settings.SEAL_KEY_ID!],
      aws,
    };
    await vi.waitFor(
      async () => {
        const { findings, archived, records } = await verifyTrail(trail);
        expect(findings).toEqual([]);
        expect(records).toBeGreaterThan(5);
        expect(archived).toBeGreaterThan(5);
      },
      { timeout: 240_000, interval: 2_000 },
    );
  });

  it('somebody who reads many persons in an hour comes into the queue, and is reviewed', async () => {
    const body = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: Array.from({ length: 110 }, (_, at) => ({
        resource: { resourceType: 'Patient', id: `watched-${at}`, name: [{ family: 'Ward', given: [`P${at}`] }] },
        request: { method: 'PUT', url: `Patient/watched-${at}` },
      })),
    };
    const headers = { 'content-type': 'application/fhir+json', prefer: 'return=minimal' };
    const loaded = await ask('system:hospital', '', { method: 'POST', headers, body: JSON.stringify(body) });
    expect(loaded.status, loaded.text).toBe(200);
    const reads = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: body.entry.map(({ request }) => ({ request: { method: 'GET', url: request.url } })),
    };
    expect((await ask('staff:nurse', '', { method: 'POST', headers, body: JSON.stringify(reads) })).status).toBe(200);

    const nurse = await accountOf('staff:nurse');
    const id = await vi.waitFor(
      async () => {
        const { findings } = (await ask('staff:privacy', '/audit/unusual')).body;
        const found = findings.find(
          ({ account, kind }: Record<string, string>) => account === nurse && kind === 'many-persons',
        );
        expect(found).toMatchObject({ role: 'nurse', facility: '3610000001' });
        return found.id as string;
      },
      { timeout: 240_000, interval: 2_000 },
    );
    const { body: report } = await ask('staff:privacy', `/audit/affected?account=${nurse}&from=${started}&count=1000`);
    expect(report.persons).toBe(110);
    expect(report.affected[0].patient).toMatch(/^watched-/);

    const review = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const at = `/audit/unusual/${encodeURIComponent(id)}`;
    const reviewed = await ask('staff:privacy', at, {
      ...review,
      body: JSON.stringify({ outcome: 'justified', note: '健診' }),
    });
    expect(reviewed.status, reviewed.text).toBe(200);
  });
});
