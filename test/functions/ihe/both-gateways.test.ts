// Our initiating gateway against our responding one: two regions on this software that have agreed on IHE's words only.
import { beforeAll, expect, it } from 'vitest';
import type { IheContract } from '../../../functions/federation/contract.ts';
import { evidenceOf } from '../../../functions/federation/evidence.ts';
import { type IheAsking, type IheGateway, openIheGateway } from '../../../functions/federation/ihe-gateway.ts';
import { MEMBER_ID } from '../../../functions/identity/matching/insurance.ts';
import { hospital } from '../../support/api.ts';
import { consent, typeActor } from '../../support/consents.ts';
import { doctorAt } from '../federation/world.ts';
import { patientOf } from '../identity/given.ts';
import { BASE, CONTRACT, HERE, key, openRegion, type TestRegion, THERE } from './support/community.ts';

const US: IheContract = {
  ...CONTRACT,
  community: HERE,
  name: 'Here',
  ihe: {
    discovery: `${BASE}/ihe/xcpd`,
    query: `${BASE}/ihe/xca/query`,
    retrieve: `${BASE}/ihe/xca/retrieve`,
    certificates: [key.certificate],
    assigningAuthority: `${HERE}.10`,
    insuranceAuthority: `${THERE}.61`,
  },
};
let region: TestRegion;
let gateway: IheGateway;
let patient: string;

beforeAll(async () => {
  region = await openRegion();
  gateway = openIheGateway({
    community: THERE,
    peers: {
      post: async (url, body, { headers = {} }) => {
        const type = headers['content-type'] ?? '';
        const got = await region.post(url.slice(BASE.length), type, body, { ...headers });
        return { status: got.status, headers: { 'content-type': got.type }, bytes: got.bytes };
      },
    },
    signer: async () => key,
    pseudonym: (subject) => `p-${subject}`,
    clock: () => region.time.now,
  });
  patient = (await region.store(patientOf(hospital.facility!, 'N-1'))).id;
  for (const id of ['letter-1', undefined])
    await region.store({
      resourceType: 'DocumentReference',
      ...(id && { id }),
      status: 'current',
      subject: { reference: `Patient/${patient}` },
      content: [{ attachment: { contentType: 'text/plain', data: Buffer.from(`文書 ${id}`).toString('base64') } }],
    });
});

const asking = (): IheAsking => ({
  actor: doctorAt('0810000001', { facilityType: 'hospital' }),
  purpose: 'TREAT',
  requestId: 'request-there-1',
  signal: AbortSignal.timeout(60_000),
  room: { bytes: 100_000_000 },
});
/** As the asking side knows the same person. */
const finding = () => {
  const ours = patientOf('0810000001', 'X-9');
  const evidence = evidenceOf([ours] as Parameters<typeof evidenceOf>[0]);
  return { evidence, basis: 'b', sharing: 'demographics' as const };
};
const wish = (type: string) => ({
  asked: { kind: 'everything' as const, patient: 'x', params: [] },
  params: [['_type', type]] as const,
  query: undefined,
  place: {} as never,
});

it('finds a person by an insurance alone, where the two have agreed on an OID for it, and by no family’s', async () => {
  const insured = (branch: string) => [{ system: MEMBER_ID, value: `00360123:あわ:4711:${branch}` }];
  await region.store({ ...patientOf(hospital.facility!, 'N-2'), identifier: insured('03'), name: [{ family: '枝' }] });
  const find = (branch: string, us: IheContract = US) => {
    const evidence = evidenceOf([{ resourceType: 'Patient', identifier: insured(branch) }]);
    const by = { evidence, basis: 'b', sharing: 'identifiers' as const };
    return gateway.find(us, by, asking(), region.time.now);
  };
  expect(await find('03')).toMatchObject({ kind: 'match', how: 'identifiers' });
  expect(await find('04')).toMatchObject({ kind: 'none' });
  expect(await find('')).toBeUndefined();
  const { insuranceAuthority: _, ...ihe } = US.ihe;
  expect(await find('03', { ...US, ihe })).toBeUndefined();
});

it('finds the person, lists the documents with the summary, and brings each, audited under one number', async () => {
  const found = await gateway.find(US, finding(), asking(), region.time.now);
  if (found?.kind !== 'match') throw new Error(`not found: ${found?.kind}`);
  expect(found.handle).toMatch(new RegExp(`\\^\\^\\^&${HERE}\\.10&ISO$`));

  const page = await gateway.page(US, found.handle, wish('DocumentReference'), asking());
  expect(page.entries).toHaveLength(3);
  const bytes: string[] = [];
  for (const { resource } of page.entries) {
    const binary = await gateway.read(US, found.handle, { type: 'Binary', id: resource.id! }, asking());
    bytes.push(Buffer.from(String(binary.data), 'base64').toString('utf8'));
  }
  expect(bytes.filter((text) => text.startsWith('文書')).sort()).toEqual(['文書 letter-1', '文書 undefined']);
  expect(bytes.some((text) => text.includes('"resourceType":"Bundle"'))).toBe(true);

  const answered = region.api.recorded.filter(({ interaction }) => interaction.startsWith('ihe-'));
  expect(answered.every(({ requestId }) => requestId === 'request-there-1')).toBe(true);
  expect(answered.every(({ actor }) => actor === `${THERE}~p-doctor-0810000001`)).toBe(true);
});

it('says what kind of facility asks, so that who has said no to a kind is not found by it', async () => {
  await region.store(consent(patient, { type: 'deny', actor: [typeActor('hospital')] }));
  region.time.now += 60_000;
  expect(await gateway.find(US, finding(), asking(), region.time.now)).toMatchObject({ kind: 'none' });
  const clinic = { ...asking(), actor: doctorAt('0810000002', { facilityType: 'clinic' }) };
  expect(await gateway.find(US, finding(), clinic, region.time.now)).toMatchObject({ kind: 'match' });
});

it('finds nobody for a facility of which it is not said what kind it is, where a kind is closed', async () => {
  const unknown = { ...asking(), actor: doctorAt('0810000003', { facilityType: undefined }) };
  expect(await gateway.find(US, finding(), unknown, region.time.now)).toMatchObject({ kind: 'none' });
});
