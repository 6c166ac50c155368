// A facility's HL7 v2 system with the MLLP agent beside it, another community's gateway, and the region as `npm start` runs it: functions,
// routes and roles as they are synthesized.
import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { decodeMessage } from '../../functions/ihe/hl7v2/charset.ts';
import { parseMessage, segmentOf, segmentsOf, value } from '../../functions/ihe/hl7v2/message.ts';
import { readAnswer } from '../../functions/ihe/hl7v3/answer.ts';
import { writeContinuation } from '../../functions/ihe/hl7v3/continuation.ts';
import { writeQuery } from '../../functions/ihe/hl7v3/query.ts';
import { parseEnvelope, writeEnvelope } from '../../functions/ihe/soap/envelope.ts';
import type { Updates } from '../../functions/ihe/updates.ts';
import type { Markup } from '../../functions/ihe/xml/write.ts';
import { startAgent } from '../../infra/operations/mllp-agent.ts';
import { frame, unframer } from '../../infra/operations/mllp-framing.ts';
import { startNotifier } from '../../infra/operations/mllp-notify.ts';
import { CONTRACT, EMPTY, HERE, openAsker, PERSON, patientIdOf, THERE } from '../functions/ihe/support/community.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

const HOSPITAL = '1.2.392.100495.20.3.51.13610000001';
let stack: LocalStack;
let base: string;
let token: string;
let ask: (message: Uint8Array) => Promise<ReturnType<typeof parseMessage>>;
const closing: (() => void)[] = [];

beforeAll(async () => {
  stack = await startLocalStack();
  base = stack.region().fhir.replace(/\/fhir$/, '');
  token = await stack.token('system:hospital');
  const agent = await startAgent({ url: `${base}/ihe/hl7v2`, token: async () => token, port: 0 });
  const socket = connect((agent.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  closing.push(
    () => socket.destroy(),
    () => agent.close(),
  );
  const unframe = unframer();
  ask = (message) =>
    new Promise((resolve) => {
      const take = (chunk: Buffer) => {
        const [answer] = unframe(chunk);
        if (!answer) return;
        socket.off('data', take);
        resolve(parseMessage(decodeMessage(answer).text));
      };
      socket.on('data', take);
      socket.write(frame(message));
    });
});
afterAll(async () => {
  for (const close of closing) close();
  await stack?.stop();
});

const message = (type: string, ...rest: string[]) =>
  Buffer.from([`MSH|^~\\&|EMR|H|T|T|20261122||${type}|M1|P|2.5||||||UNICODE UTF-8`, ...rest].join('\r'));
const pid = (number: string) => `PID|||${number}^^^3610000001||仮名^松子^^^^^L^I~カメイ^マツコ^^^^^L^P||19470203|F`;
const fhir = async (path: string, init: RequestInit = {}) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' };
  return (await fetch(`${base}/fhir/${path}`, { ...init, headers })).json() as Promise<
    Record<string, never> & { id: string }
  >;
};

it('registers, changes, merges and finds over MLLP, and PDQV3 goes on page by page', async () => {
  for (const number of ['M1', 'M2', 'M3']) {
    const added = await ask(message('ADT^A04', 'EVN||1', pid(number)));
    expect(value(segmentOf(added, 'MSA'), 1)).toBe('AA');
  }
  // ISO-2022-JP in and out.
  const kanji = Buffer.from('\x1b$B2>L>\x1b(B', 'latin1');
  const [before, after] = message('ADT^A08', 'EVN||1', 'PID|||M1^^^3610000001||JIS^^^^^^L^I')
    .toString()
    .replace('UNICODE UTF-8', '~ISO IR87')
    .split('JIS') as [string, string];
  const changed = await ask(Buffer.concat([Buffer.from(before), kanji, Buffer.from(after)]));
  expect([value(segmentOf(changed, 'MSA'), 1), segmentOf(changed, 'MSH')?.fields[17]?.[1]]).toEqual([
    'AA',
    [['ISO IR87']],
  ]);

  const pix = await ask(message('QBP^Q23^QBP_Q21', 'QPD|IHE PIX Query|T|M1^^^3610000001', 'RCP|I'));
  expect(value(segmentOf(pix, 'QAK'), 2)).toBe('OK');
  const pdq = await ask(message('QBP^Q22^QBP_Q21', 'QPD|Q22|T|@PID.7^19470203~@PID.8^F', 'RCP|I|2^RD'));
  expect([segmentsOf(pdq, 'PID').length, value(segmentOf(pdq, 'QAK'), 4)]).toEqual([2, '3']);
  // No index serves it: the bounded walk.
  expect(value(segmentOf(await ask(message('QBP^Q22^QBP_Q21', 'QPD|Q22|T|@PID.8^F', 'RCP|I')), 'QAK'), 2)).toBe('OK');

  const soap = async (action: string, body: Markup) => {
    const response = await fetch(`${base}/ihe/pdq`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/soap+xml' },
      body: writeEnvelope({ action: `urn:hl7-org:v3:${action}`, messageId: 'urn:uuid:1', body }),
    });
    return readAnswer(parseEnvelope(await response.text()).body);
  };
  const self = { device: '1.2.3.1', now: Date.now(), newId: () => 'q1' };
  const query = {
    identifiers: [],
    names: [],
    gender: 'female',
    birthDate: '1947-02-03',
    addresses: [],
    phones: [],
    domains: [],
  } as const;
  const first = await soap(
    'PRPA_IN201305UV02',
    writeQuery({ self, receiver: { device: '1.2' }, query, initialQuantity: 2 }),
  );
  expect([first.found.length, first.remaining]).toEqual([2, 1]);
  const queryId = { root: self.device, extension: 'q1' };
  const more = writeContinuation(self, { device: '1.2' }, { queryId, answer: { root: '1.2' } });
  expect((await soap('QUQI_IN000003UV01_Continue', more)).found).toHaveLength(1);

  const merged = await ask(message('ADT^A40', 'EVN||1', pid('M1'), 'MRG|M2^^^3610000001'));
  expect(value(segmentOf(merged, 'MSA'), 1)).toBe('AA');
});

it('is asked for changes of links page by page, under the role of the function', async () => {
  let since = '2020-01-01T00:00:00Z';
  for (let more = true; more; ) {
    const address = `${base}/ihe/updates?${new URLSearchParams({ since, format: 'hl7v2' })}`;
    const response = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(200);
    const page = (await response.json()) as Updates;
    for (const one of page.notifications) expect(value(segmentOf(parseMessage(one), 'MSH'), 9, 2)).toBe('A31');
    expect(page.next).not.toBe(since);
    ({ next: since, more } = page);
  }
  const someone = await fetch(`${base}/ihe/updates`);
  expect(someone.status).toBe(401);

  // The agent begins with a time as well as with a cursor, and keeps the cursor that it was given.
  const folder = mkdtempSync(join(tmpdir(), 'ihe-updates-'));
  const cursorFile = join(folder, 'cursor');
  const begin = new Date().toISOString();
  writeFileSync(cursorFile, begin);
  const nobody = { host: '127.0.0.1', port: 1 };
  const notifier = startNotifier({ url: `${base}/ihe/updates`, token: async () => token, to: nobody, cursorFile });
  closing.push(() => rmSync(folder, { recursive: true }));
  await vi.waitFor(() => expect(readFileSync(cursorFile, 'utf8')).not.toBe(begin), 240_000);
  await notifier.stop();
});

it('changes a Patient with a photograph of over 300 KB', async () => {
  const { id } = await fhir('Patient', {
    method: 'POST',
    body: JSON.stringify({
      resourceType: 'Patient',
      identifier: [{ system: `urn:oid:${HOSPITAL}`, value: 'PHOTO' }],
      photo: [{ contentType: 'image/jpeg', data: randomBytes(400_000).toString('base64') }],
    }),
  });
  const changed = await ask(message('ADT^A08', 'EVN||1', pid('PHOTO')));
  expect(value(segmentOf(changed, 'MSA'), 1)).toBe('AA');
  expect(await fhir(`Patient/${id}`)).toMatchObject({
    birthDate: '1947-02-03',
    photo: [{ contentType: 'image/jpeg' }],
  });
});

/** One sign-in each: a code of the second factor is good once. */
const tokens = new Map<string, string>();
/** Each step by one of the region's own people; the second of them confirms what the first has entered. */
const agreeWith = async (steps: readonly (readonly [who: string, path: string, body: object])[]) => {
  const statuses: number[] = [];
  for (const [who, path, body] of steps) {
    const known = tokens.get(who) ?? (await stack.token(who));
    tokens.set(who, known);
    const answer = await fetch(`${base}/federation/contracts${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${known}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    statuses.push(answer.status);
  }
  return statuses;
};
const until = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
};

it('answers another community: a person, documents, their bytes and a summary; and stops when the contract does', async () => {
  const asker = openAsker(base, Date.now, async (path, contentType, body, headers) => {
    const answer = await fetch(base + path, {
      method: 'POST',
      headers: { ...headers, 'content-type': contentType },
      body: Buffer.from(body),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', bytes };
  });
  const create = (resource: { resourceType: string }) =>
    fhir(resource.resourceType, { method: 'POST', body: JSON.stringify(resource) });
  const telecom = [{ system: 'phone', value: PERSON.phones[0] }];
  const facilities = (await fhir('Organization?_count=2')) as unknown as { entry: { resource: { id: string } }[] };
  // A summary has them with it.
  const generalPractitioner = facilities.entry.map(({ resource }) => ({ reference: `Organization/${resource.id}` }));
  expect(generalPractitioner).toHaveLength(2);
  const register = (as: string, family: string) =>
    fhir(`Patient/${as}`, {
      method: 'PUT',
      body: JSON.stringify({
        ...{ resourceType: 'Patient', id: as, identifier: [{ system: `urn:oid:${HOSPITAL}`, value: as }], telecom },
        ...{ gender: 'female', birthDate: PERSON.birthDate, name: [{ family, given: ['花子'] }], generalPractitioner },
      }),
    });
  const { id } = await register('xca-person', '阿波');
  // Of the same day and given name: a look-up brings both, and matching leaves one.
  await register('xca-another', '徳島');
  const subject = { reference: `Patient/${id}` };
  const letter = Buffer.from('退院時サマリー');
  const binary = await create({
    resourceType: 'Binary',
    ...{ contentType: 'text/plain', securityContext: subject, data: letter.toString('base64') },
  });
  await fhir('DocumentReference/letter-1', {
    method: 'PUT',
    body: JSON.stringify({
      resourceType: 'DocumentReference',
      ...{ id: 'letter-1', status: 'current', subject },
      content: [{ attachment: { contentType: 'text/plain', url: `Binary/${binary.id}` } }],
    }),
  });
  expect((await asker.send('xcpd', EMPTY)).status).toBe(400); // nobody knows this community yet

  const { protocol, community, name, ihe, agreedOn, terms } = CONTRACT;
  const reason = { reason: 'a test' };
  const at = (action: string) => `/${THERE}/${action}`;
  expect(
    await agreeWith([
      ['staff:admin', '', { protocol, community, name, ihe, agreedOn, terms }],
      ['staff:operator', at('approve'), reason],
      ['staff:admin', at('activate'), reason],
    ]),
  ).toEqual([201, 200, 200]);

  const found = await until(async () => {
    const answer = await asker.discover().catch(() => undefined);
    return answer?.kind === 'matches' ? answer : undefined;
  });
  const patientId = patientIdOf(found);
  const { entries } = await asker.find({ patientId });
  expect(entries.map(({ onDemand, mimeType }) => [onDemand, mimeType])).toEqual([
    [true, 'application/fhir+json'],
    [false, 'text/plain'],
  ]);
  const requests = entries.map(({ home, repositoryUniqueId, uniqueId: documentUniqueId }) => ({
    ...{ home, repositoryUniqueId, documentUniqueId },
  }));
  const nobody = { home: `urn:oid:${HERE}`, repositoryUniqueId: `${HERE}.11`, documentUniqueId: `${HERE}.12^letter-2` };
  const { documents, errors } = await asker.retrieve([...requests, nobody]);
  expect(errors.map(({ code }) => code)).toEqual(['XDSDocumentUniqueIdError']);
  expect(JSON.parse(Buffer.from(documents[0]!.content).toString())).toMatchObject({ resourceType: 'Bundle' });
  expect(Buffer.from(documents[1]!.content)).toEqual(letter);

  let used = '';
  await asker.discover(PERSON, { assertion: (one) => (used = one) });
  await expect(asker.discover(PERSON, { assertion: () => used })).rejects.toThrow(/used before/);
  const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>';
  expect((await asker.asked('/ihe/xcpd', 'application/soap+xml', bomb)).status).toBe(400);
  expect((await asker.asked('/ihe/xcpd', 'application/soap+xml', Buffer.alloc(4_200_000, 32))).status).toBe(413);

  expect(await agreeWith([['staff:admin', at('suspend'), reason]])).toEqual([200]);
  await until(async () =>
    asker.find({ patientId }).then(
      () => undefined,
      (fault: Error) => (/suspended/.test(fault.message) ? true : undefined),
    ),
  );
});

it('publishes the certificate that its own assertions are believed by, made by KMS when it is first asked for', async () => {
  const answers = await Promise.all(
    ['', ''].map(
      async () =>
        (await fetch(`${base}/federation/certificates`)).json() as Promise<{ certificates: [{ certificate: string }] }>,
    ),
  );
  const [first, second] = answers.map(({ certificates }) => certificates.map(({ certificate }) => certificate));
  expect(first).toEqual(second);
  const { publicKey, subject } = new X509Certificate(first![0]!);
  expect([publicKey.asymmetricKeyDetails?.modulusLength, subject]).toEqual([3072, `CN=${HERE}`]);
});
