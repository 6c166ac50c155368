// Two regions, each on a host of its own as `npm start` runs it, and a third of this process that lies, is slow, and goes away. The host
// of the second is frozen and killed.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { seedFederation } from '../../infra/local/demo/federation.ts';
import { announceToSeeds } from '../../infra/local/endpoints.ts';
import { soapProposalOf } from '../functions/federation/soap-faces.ts';
import {
  type Body,
  desk,
  issues,
  matches,
  type Node,
  nextOf,
  OPERATOR,
  openNode,
  proposalOf,
  time,
} from '../functions/federation/world.ts';
import { hasBrowser, openBrowser, seriousFindings, visitAs } from '../support/browser.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

/** Each region knows the others by their contracts alone: another process, another database, other keys. */
let stacks: Readonly<Record<'tokushima' | 'kesen', LocalStack>>;
let third: Node;
let ticking: NodeJS.Timeout;
const tokens = new Map<string, string>();
const THIRD_PATIENT = 'demo-resident-1';

const send = async (
  who: string,
  region: keyof typeof stacks,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
) => {
  const name = `${who} ${region}`;
  if (!tokens.has(name)) tokens.set(name, await stacks[region].token(who));
  const { baseUrl } = stacks[region].region();
  const response = await fetch(path.startsWith('http') ? path : baseUrl + path, {
    method,
    headers: {
      authorization: `Bearer ${tokens.get(name)}`,
      ...(body && { 'content-type': path.startsWith('/fhir') ? 'application/fhir+json' : 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    requestId: response.headers.get('x-request-id'),
    body: (text ? JSON.parse(text) : {}) as Body & {
      id: string;
      entry?: readonly { resource: Record<string, never> }[];
    },
  };
};

const TOKUSHIMA = 'urn:oid:2.999.36.1';
const KESEN = 'urn:oid:2.999.3.1';
const THIRD = 'urn:oid:2.999.13.1';
const sourcesOf = (body: Body) => [...new Set(matches(body).map(({ resource }) => resource.meta.source))].sort();
const doctor = (path: string, headers = {}) =>
  send('staff:clinic-doctor', 'tokushima', 'GET', path, undefined, headers);
const chart = (query = '') => doctor(`/federation/fhir/Observation?patient=demo-resident-1${query}`);
const until = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
};

/** As the demo links its regions. */
const linked = () =>
  Object.entries(stacks).map(([name, stack]) => {
    const { baseUrl, settings } = stack.region();
    return { region: name, baseUrl, settings, say: () => {} };
  });

beforeAll(async () => {
  ticking = setInterval(() => {
    time.now = Date.now();
  }, 20);
  time.now = Date.now();
  const [tokushima, kesen] = await Promise.all([
    startLocalStack({ regions: ['tokushima'], empty: false }),
    startLocalStack({ regions: ['kesen'], empty: false }),
  ]);
  stacks = { tokushima, kesen };
  const regions = { tokushima: tokushima.region(), kesen: kesen.region() };
  announceToSeeds({ pid: process.pid, regions });
  await seedFederation(linked(), { empty: false });
  third = await openNode({ oid: '2.999.13.1', name: 'Third', prefecture: '13' });
  const patient = await third.store({
    resourceType: 'Patient',
    id: THIRD_PATIENT,
    identifier: [{ system: 'urn:oid:1.2.392.100495.20.3.51.11310000001', value: '1' }],
    name: [
      { use: 'official', family: '見本', given: ['春子'] },
      { use: 'official', family: 'ミホン', given: ['ハルコ'] },
    ],
    gender: 'female',
    birthDate: '1961-04-12',
    telecom: [{ system: 'phone', value: '090-0000-0001' }],
    address: [{ postalCode: '770-0000', text: '見本市春町1-2-3' }],
  });
  await third.observe(patient.id, '2026-11-20');

  // Entered by both sides, step by step.
  const west = { oid: '2.999.36.1', name: 'Tokushima', baseUrl: regions.tokushima.baseUrl };
  const terms = { purposes: ['TREAT'], classes: ['basic', 'clinical'] };
  const at = (action: string) =>
    send('staff:admin', 'tokushima', 'POST', `/federation/contracts/2.999.13.1/${action}`, { reason: 'a test' });
  await send('staff:admin', 'tokushima', 'POST', '/federation/contracts', proposalOf(third, terms));
  await third.call(OPERATOR, 'POST', '/federation/contracts', { body: proposalOf(west, terms) });
  for (const action of ['approve', 'activate']) {
    await until(async () => ((await at(action)).status === 200 ? true : undefined));
    await until(async () => ((await desk(third, action, west)).status === 200 ? true : undefined));
  }
  await until(async () => {
    const told = await send('staff:admin', 'tokushima', 'POST', '/federation/contracts/2.999.13.1/tell');
    return told.body.inForce ? true : undefined;
  });
  await until(async () => (sourcesOf((await chart()).body).length === 3 ? true : undefined));
});
afterAll(async () => {
  clearInterval(ticking);
  await third?.stop();
  await Promise.all(Object.values(stacks ?? {}).map((stack) => stack.stop()));
});
beforeEach(() => {
  third.misbehave = undefined;
});

it('opens one chart of three regions, newest first, and says where each entry is from', async () => {
  const { status, body } = await chart('&_count=300');
  expect(status).toBe(200);
  expect(sourcesOf(body)).toEqual([THIRD, KESEN, TOKUSHIMA]);
  expect(issues(body)).toEqual([]);
  const dates = matches(body).map(({ resource }) => resource.effectiveDateTime.slice(0, 10));
  expect(dates).toEqual([...dates].sort().reverse());
  expect(dates[0]).toBe('2026-11-20');

  const everything = await doctor('/federation/fhir/Patient/demo-resident-1/$everything');
  expect(sourcesOf(everything.body)).toEqual([THIRD, KESEN, TOKUSHIMA]);
});

it('joins the audit trails of both regions by one number, and the resident sees it', async () => {
  const { requestId } = await chart('&_count=3');
  const found = await until(async () => {
    const { body } = await send('resident:1', 'kesen', 'GET', '/fhir/AuditEvent?patient=demo-resident-1&_count=50');
    return (body.entry ?? []).find(({ resource }) => JSON.stringify(resource).includes(requestId!));
  });
  expect(JSON.stringify(found)).toContain('2.999.36.1~3610000002');
});

it('brings a document of the other region, and its bytes', async () => {
  const data = Buffer.from('退院時サマリー').toString('base64');
  const binary = await send('system:hospital', 'kesen', 'POST', '/fhir/Binary', {
    resourceType: 'Binary',
    contentType: 'text/plain',
    securityContext: { reference: 'Patient/demo-resident-1' },
    data,
  });
  expect(binary.status).toBe(201);
  await send('system:hospital', 'kesen', 'POST', '/fhir/DocumentReference', {
    resourceType: 'DocumentReference',
    status: 'current',
    type: { coding: [{ system: 'http://loinc.org', code: '18842-5' }] },
    subject: { reference: 'Patient/demo-resident-1' },
    date: '2026-11-21T00:00:00Z',
    content: [{ attachment: { contentType: 'text/plain', url: `Binary/${binary.body.id}` } }],
  });
  const found = await doctor('/federation/fhir/DocumentReference?patient=demo-resident-1&date=2026-11-21');
  expect(sourcesOf(found.body)).toEqual([KESEN]);
  const bytes = await doctor(`/federation/fhir/Binary/${binary.body.id}?patient=demo-resident-1&_community=${KESEN}`);
  expect(bytes.status).toBe(200);
  expect(bytes.body).toMatchObject({ data, meta: { source: KESEN } });
});

it('tells nobody the name of the second resident, who has not opted in', async () => {
  const bodies: string[] = [];
  third.misbehave = (_request, _response, body) => {
    bodies.push(body.toString('utf8'));
    return false;
  };
  const { status, body } = await doctor('/federation/fhir/Observation?patient=demo-resident-2');
  expect(status).toBe(200);
  expect(sourcesOf(body)).not.toContain(THIRD);
  expect(bodies.join()).not.toMatch(/demographics|見本|birthDate/);
});

it.each([
  [
    'dies in the middle of its answer',
    (response: import('node:http').ServerResponse) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"resourceType":', () => response.destroy());
    },
    'transient',
  ],
  ['says nothing', () => {}, 'timeout'],
  [
    'answers with somebody else',
    (response: import('node:http').ServerResponse) => {
      response.end(
        JSON.stringify({
          resourceType: 'Bundle',
          type: 'searchset',
          entry: [{ resource: { resourceType: 'Observation', id: 'x', subject: { reference: 'Patient/x' } } }],
        }),
      );
    },
    'security',
  ],
  [
    'never stops',
    (response: import('node:http').ServerResponse) => {
      const more = () =>
        void (response.destroyed || response.write(Buffer.alloc(1 << 20, ' '), () => setImmediate(more)));
      more();
    },
    'too-long',
  ],
])('keeps what the others have when one %s', async (_, answer, code) => {
  third.misbehave = (request, response) => {
    if (!request.url?.includes('/answer/')) return false;
    answer(response);
    return true;
  };
  // On a busy machine the third region may be late as well, and is asked again.
  const body = await until(async () => {
    const { status, body } = await chart('&_count=300&_deadline=3000');
    expect(status).toBe(200);
    return sourcesOf(body).includes(KESEN) ? body : undefined;
  });
  expect(sourcesOf(body)).toEqual([KESEN, TOKUSHIMA]);
  expect(issues(body)).toEqual([expect.objectContaining({ code, diagnostics: expect.stringContaining(THIRD) })]);
});

it('goes on without a region that suspends the contract between two pages', async () => {
  const first = await chart('&_count=10');
  const next = nextOf(first.body)!;
  const suspended = await send('staff:admin', 'kesen', 'POST', '/federation/contracts/2.999.36.1/suspend', {
    reason: 'a test',
  });
  expect(suspended.status).toBe(200);
  const second = await until(async () => {
    const { body } = await doctor(next);
    return sourcesOf(body).includes(KESEN) ? undefined : body;
  });
  expect(issues(second).some(({ diagnostics }) => diagnostics.includes(KESEN))).toBe(true);
  await send('staff:admin', 'kesen', 'POST', '/federation/contracts/2.999.36.1/resume', {});
  await until(async () => (sourcesOf((await chart()).body).includes(KESEN) ? true : undefined));
});

it('tells residents with whom their region is linked, and keeps the desk to its people', async () => {
  const { body } = await send('resident:1', 'tokushima', 'GET', '/federation/communities');
  expect(body.communities).toEqual(
    expect.arrayContaining([expect.objectContaining({ name: '気仙地域医療ネットワーク（デモ）', inForce: true })]),
  );
  expect((await send('resident:1', 'tokushima', 'GET', '/federation/contracts')).status).toBe(403);
  expect(
    (await send('staff:municipal', 'tokushima', 'GET', '/federation/fhir/Observation?patient=demo-resident-1')).status,
  ).toBe(403);
  expect(
    (await fetch(`${stacks.tokushima.region().baseUrl}/federation/answer/fhir`, { method: 'POST', body: '{}' })).status,
  ).toBe(401);
});

it('pairs two regions by a code, without a word of who it is, and shows residents what is theirs', async () => {
  const offered = await send('resident:1', 'kesen', 'POST', '/federation/pairings/codes', { community: '2.999.36.1' });
  expect(offered.status).toBe(201);
  const own = (path: string) => send('resident:1', 'tokushima', 'GET', path);
  const chartOf = '/federation/fhir/Condition?patient=demo-resident-1';
  const before = await own(chartOf);
  expect(sourcesOf(before.body)).not.toContain(KESEN);
  expect(issues(before.body).some(({ diagnostics }) => diagnostics.includes('pair the two regions'))).toBe(true);
  const { code } = offered.body as unknown as { code: string };
  const redeem = () =>
    send('resident:1', 'tokushima', 'POST', '/federation/pairings', { community: '2.999.3.1', code });
  expect((await redeem()).status).toBe(201);
  expect((await redeem()).status).toBe(404);
  const after = await own('/federation/fhir/Observation?patient=demo-resident-1');
  expect(sourcesOf(after.body)).toEqual([KESEN, TOKUSHIMA]);
  const ended = await send('resident:1', 'kesen', 'DELETE', '/federation/pairings/2.999.36.1');
  expect(ended.status).toBe(204);
  const over = await own('/federation/fhir/Observation?patient=demo-resident-1');
  expect(sourcesOf(over.body)).toEqual([TOKUSHIMA]);
});

it.skipIf(!hasBrowser)(
  'lets a resident connect two regions in the console, and see both records in one',
  async () => {
    const browser = await openBrowser();
    try {
      const at = async (region: keyof typeof stacks) => {
        const seen = await visitAs(browser, stacks[region].region(), 'resident:1', { width: 360, height: 740 });
        await seen.page.evaluate('location.hash = "/resident/pairing"');
        return seen;
      };
      const [there, here] = [await at('kesen'), await at('tokushima')];
      await there.page.getByRole('button', { name: '相手の地域で使うコードを作る' }).click();
      const code = await there.page.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/).textContent();
      const regions = here.page.getByLabel('地域', { exact: true });
      await regions.selectOption('2.999.3.1');
      await here.page.getByLabel('相手の地域でもらったコード').fill(code!);
      await here.page.getByRole('button', { name: 'コードを入れる' }).click();
      await here.page.getByText('つなぎました。').waitFor();
      expect(await seriousFindings(here.page)).toEqual([]);
      await here.page.evaluate('location.hash = "/resident/record"');
      await here.page.getByText('気仙地域医療ネットワーク（デモ）').first().waitFor();
      expect([...there.complaints, ...here.complaints]).toEqual([]);
    } finally {
      await browser.close();
    }
  },
  120_000,
);

it('breaks the glass in the other region, too, whose person and officer hear of it', async () => {
  const reason = { 'x-purpose': 'BTG', 'x-purpose-reason': encodeURIComponent('意識がなく、内服が分からない') };
  const { status, body } = await doctor('/federation/fhir/Condition?patient=demo-resident-1', reason);
  expect(status).toBe(200);
  expect(sourcesOf(body)).toContain(KESEN);
  const { body: queue } = await send('staff:privacy', 'kesen', 'GET', '/admin/break-glass');
  expect(JSON.stringify(queue)).toContain('2.999.36.1~3610000002');
  const { body: alerts } = await send('resident:1', 'kesen', 'GET', '/me/alerts');
  expect(JSON.stringify(alerts)).toContain('2.999.36.1~3610000002');
});

it('asks a region by IHE alone, where that is what the contract says: found, listed, fetched, and written down there', async () => {
  const oids = { tokushima: '2.999.36.1', kesen: '2.999.3.1' };
  const sides = [
    ['tokushima', 'kesen'],
    ['kesen', 'tokushima'],
  ] as const;
  const take = async (who: string, region: keyof typeof stacks, path: string, body: object = { reason: 'a test' }) => {
    const { status } = await send(who, region, 'POST', `/federation/contracts${path}`, body);
    expect([path, status]).toEqual([path, path === '' ? 201 : 200]);
  };
  for (const [one, other] of sides) {
    const { baseUrl } = stacks[other].region();
    const certificates = await (await fetch(`${baseUrl}/federation/certificates`)).json();
    await take('staff:admin', one, `/${oids[other]}/end`);
    await take(
      'staff:admin',
      one,
      '',
      soapProposalOf(
        { oid: oids[other], name: 'by IHE', baseUrl },
        (certificates as { certificates: { certificate: string }[] }).certificates.map(
          ({ certificate }) => certificate,
        ),
      ),
    );
    await take('staff:operator', one, `/${oids[other]}/approve`);
    await take('staff:admin', one, `/${oids[other]}/activate`);
  }
  const list = () => doctor('/federation/fhir/DocumentReference?patient=demo-resident-1&_count=300');
  const { body, requestId } = await until(async () => {
    const found = await list();
    return sourcesOf(found.body).includes(KESEN) ? found : undefined;
  });
  const ids = matches(body)
    .filter(({ resource }) => resource.meta.source === KESEN)
    .filter(({ resource }) => JSON.stringify(resource).includes('"contentType":"text/plain"'))
    .map(({ resource }) => resource.id);
  const read = (id: string) => doctor(`/federation/fhir/Binary/${id}?patient=demo-resident-1&_community=${KESEN}`);
  const all = await Promise.all(ids.map(read));
  expect(all.map((one) => one.status)).toEqual(all.map(() => 200));
  expect(all.map((one) => (one.body as unknown as { data: string }).data)).toContain(
    Buffer.from('退院時サマリー').toString('base64'),
  );
  const other = await chart();
  expect(issues(other.body)).toContainEqual(
    expect.objectContaining({ code: 'not-supported', diagnostics: expect.stringContaining(KESEN) }),
  );
  const seen = await until(async () => {
    const trail = await send('resident:1', 'kesen', 'GET', '/fhir/AuditEvent?patient=demo-resident-1&_count=50');
    return (trail.body.entry ?? []).find(({ resource }) => JSON.stringify(resource).includes(requestId!));
  });
  expect(JSON.stringify(seen)).toContain('2.999.36.1~3610000002');

  for (const [one, other] of sides) await take('staff:admin', one, `/${oids[other]}/end`);
  await seedFederation(linked(), { empty: false });
  await until(async () => (sourcesOf((await chart()).body).length === 3 ? true : undefined));
});

it('answers without a region whose host is frozen, and asks it alone when it is there again', async () => {
  const { pid } = stacks.kesen;
  process.kill(pid, 'SIGSTOP');
  let first: Awaited<ReturnType<typeof chart>>;
  try {
    first = await chart('&_count=300&_deadline=5000');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  expect(sourcesOf(first.body)).toEqual([THIRD, TOKUSHIMA]);
  expect(issues(first.body)).toEqual([
    expect.objectContaining({ code: 'timeout', diagnostics: expect.stringContaining(KESEN) }),
  ]);
  const missing = first.body.link.find(({ relation }) => relation === 'urn:tsumugi:missing')!.url;
  const rest = await until(async () => {
    const { body } = await doctor(missing);
    return sourcesOf(body).length > 0 ? body : undefined;
  });
  expect(sourcesOf(rest)).toEqual([KESEN]);
});

it('loses nothing of the others when the host of a region dies in the middle of a query', async () => {
  process.kill(stacks.kesen.pid, 'SIGSTOP'); // so that its answer does not come first
  third.asked.length = 0;
  const asked = chart('&_count=300&_deadline=20000');
  await until(async () => (third.asked.includes('/federation/answer/fhir') ? true : undefined)); // all are asked at once
  await stacks.kesen.kill();
  const { status, body } = await asked;
  expect(status).toBe(200);
  expect(sourcesOf(body)).toEqual([THIRD, TOKUSHIMA]);
  expect(issues(body)).toEqual([
    expect.objectContaining({ code: 'transient', diagnostics: expect.stringContaining(KESEN) }),
  ]);
});

it('a region that is gone is an entry that says so', async () => {
  await third.stop();
  const { status, body } = await chart();
  expect(status).toBe(200);
  expect(sourcesOf(body)).toEqual([TOKUSHIMA]);
  for (const gone of [KESEN, THIRD])
    expect(issues(body)).toContainEqual(
      expect.objectContaining({ code: 'transient', diagnostics: expect.stringContaining(gone) }),
    );
});
