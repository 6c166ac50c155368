// What SOAP costs beside JSON: the same question to the same region by either protocol, over HTTP of one machine and without delays, and
// what signing and checking an assertion takes. Stores are in memory, so what is measured is protocol.
import { randomUUID } from 'node:crypto';
import { issueAssertion } from '../../../functions/ihe/xua/issue.ts';
import { verifyAssertion } from '../../../functions/ihe/xua/verify.ts';
import { linkBySoap, soapFaces } from '../../functions/federation/soap-faces.ts';
import {
  doctorAt,
  issues,
  later,
  link,
  type Misbehave,
  matches,
  type Node,
  OPT_IN,
  openNode,
  time,
} from '../../functions/federation/world.ts';
import { testKey } from '../../functions/ihe/support/certificate.ts';
import { table } from './report.ts';

const DOCUMENTS = 50;
const TURNS = 40;
const doctor = doctorAt('3610000002');
const ms = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0));

interface Times {
  /** What it takes when nobody else wants the processor. */
  readonly least: number;
  readonly p50: number;
}
const timed = async (work: () => Promise<unknown>, turns = TURNS): Promise<Times> => {
  for (let turn = 0; turn < 5; turn += 1) await work();
  const all: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const began = performance.now();
    await work();
    all.push(performance.now() - began);
  }
  all.sort((a, b) => a - b);
  return { least: all[0]!, p50: all[Math.floor(turns / 2)]! };
};

/** Two regions, the documents in the other one. */
const regions = async (join: (a: Node, b: Node) => Promise<void>, faces?: (node: Node) => Misbehave) => {
  const own = await openNode({ oid: '2.999.36', name: 'Own', prefecture: '36' });
  const other = await openNode({ oid: '2.999.3', name: 'Other', prefecture: '03' });
  const answer = faces?.(other);
  const seen = { bytes: 0, requests: 0 };
  other.misbehave = (request, response, body) => {
    seen.requests += 1;
    seen.bytes += body.byteLength;
    const end = response.end.bind(response);
    response.end = ((bytes: Buffer) => {
      seen.bytes += bytes?.byteLength ?? 0;
      return end(bytes);
    }) as typeof response.end;
    return answer?.(request, response, body) ?? false;
  };
  await join(own, other);
  const [person, there] = [await own.person(), await other.person()];
  await own.consent(person, OPT_IN);
  for (let n = 0; n < DOCUMENTS; n += 1)
    await other.store({
      resourceType: 'DocumentReference',
      status: 'current',
      type: { coding: [{ system: 'http://loinc.org', code: '18842-5', display: '退院時サマリー' }] },
      subject: { reference: `Patient/${there}` },
      date: `2026-${String(1 + (n % 10)).padStart(2, '0')}-01T00:00:00Z`,
      content: [{ attachment: { contentType: 'text/plain', data: Buffer.from(`文書 ${n}`).toString('base64') } }],
    });
  later(3_000);
  return { own, other, person, seen };
};

const asked = async (parts: Awaited<ReturnType<typeof regions>>) => {
  const { own, other, person, seen } = parts;
  const list = async () => {
    const { body } = await own.call(doctor, 'GET', `/federation/fhir/DocumentReference?patient=${person}&_count=200`);
    const found = matches(body).filter(({ resource }) => resource.meta.source === `urn:oid:${other.oid}`);
    if (found.length < DOCUMENTS || issues(body).length > 0) throw new Error('not the list that was asked for');
    return found[0]!.resource.id;
  };
  await list();
  const before = { ...seen };
  await list();
  const bytes = seen.bytes - before.bytes;
  const times = await timed(list);
  // Who the person is there is asked anew each time.
  const first = await timed(async () => {
    later(31 * 86_400_000);
    await list();
  }, 10);
  await Promise.all([own, other].map((node) => node.stop()));
  return { ...times, bytes, first: first.least };
};

const signatures = async () => {
  // RSA 3072, as the region's key has (federation/xua-key.ts).
  const key = testKey('bench', time.now - 86_400_000, time.now + 400 * 86_400_000, 3_072);
  const recipient = 'https://region.example.jp/ihe/xca/query';
  const issue = () =>
    issueAssertion(
      {
        issuer: 'urn:oid:2.999.36',
        subject: 'pseudonym',
        subjectName: undefined,
        organization: '3610000002',
        organizationId: 'urn:tsumugi:facility:3610000002',
        role: { code: '309343006', codeSystem: '2.16.840.1.113883.6.96', displayName: 'Physician' },
        purposeOfUse: { code: 'TREAT', codeSystem: '2.16.840.1.113883.5.8' },
        homeCommunityId: 'urn:oid:2.999.36',
        resourceId: undefined,
        audience: 'urn:oid:2.999.3',
        recipient,
        id: randomUUID(),
        now: time.now,
      },
      key,
    );
  const text = await issue();
  const check = () =>
    verifyAssertion(
      text,
      { audience: 'urn:oid:2.999.3', recipient, now: time.now, messageId: 'urn:uuid:1' },
      { issuers: { certificatesOf: async () => [key.certificate] }, replay: { firstUse: async () => true } },
    );
  const bare = () => key.sign(Buffer.from(text));
  return { issue: await timed(issue), check: await timed(check), sign: await timed(bare), bytes: text.length };
};

export const soapCosts = async (): Promise<{ soap: string; assertion: string }> => {
  const json = await asked(await regions(link));
  const soap = await asked(await regions(linkBySoap, soapFaces));
  const row = (name: string, one: typeof json) => [
    name,
    ms(one.least),
    ms(one.p50),
    ms(one.first),
    (one.bytes / 1000).toFixed(0),
  ];
  const { issue, check, sign, bytes } = await signatures();
  return {
    soap: table(
      [
        `list of ${DOCUMENTS} documents by`,
        'least, ms',
        'p50, ms',
        'with finding the person (least), ms',
        'KB over the wire',
      ],
      [
        row('JSON (our own protocol)', json),
        row('SOAP (XCA, XCPD)', soap),
        [
          'SOAP over JSON',
          `× ${(soap.least / json.least).toFixed(1)}`,
          `× ${(soap.p50 / json.p50).toFixed(1)}`,
          `× ${(soap.first / json.first).toFixed(1)}`,
          `× ${(soap.bytes / json.bytes).toFixed(1)}`,
        ],
      ],
    ),
    assertion: `An XUA assertion (${bytes.toLocaleString('en')} characters, RSA 3072 with SHA-256, issued for each message) takes ${ms(issue.least)} ms to issue (p50 ${ms(issue.p50)}), of which the signature itself ${ms(sign.least)} ms, and ${ms(check.least)} ms to check (p50 ${ms(check.p50)}).`,
  };
};
