// A community that is not on this software appears in the chart: found by XCPD, its documents listed and fetched by XCA, each message with
// an assertion of its own. https://profiles.ihe.net/ITI/TF/Volume1/ch-18.html
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MEMBER_ID } from '../../../functions/identity/matching/insurance.ts';
import { patientOf } from '../identity/given.ts';
import { hasVectors, skipped } from '../ihe/support/vectors.ts';
import {
  AUTHORITY,
  cx,
  documentOf,
  type IheCommunity,
  linkIhe,
  OID,
  openIheCommunity,
  personThere,
  SETO,
  SHARED,
} from './ihe-community.ts';
import {
  desk,
  doctorAt,
  issues,
  later,
  link,
  matches,
  type Node,
  nextOf,
  OPT_IN,
  openNode,
  REFUSAL,
  TERMS,
} from './world.ts';

let east: Node;
let west: Node;
let seto: IheCommunity;
let person: string;
const doctor = doctorAt('3610000002');
const shared = { system: `urn:oid:${SHARED}`, value: 'S-1' };

beforeAll(async () => {
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36' });
  west = await openNode({ oid: '2.999.3', name: 'West', prefecture: '03' });
  seto = await openIheCommunity();
  await link(east, west);
  await linkIhe(east, seto.base);
  person = await registered('N-1', [shared]);
  await east.consent(person, OPT_IN);
  const there = await west.person();
  await west.observe(there, '2026-11-02');
  await west.store({
    resourceType: 'DocumentReference',
    status: 'current',
    subject: { reference: `Patient/${there}` },
    date: '2026-11-02T12:00:00Z',
    content: [{ attachment: { contentType: 'text/plain', data: 'eA==' } }],
  });
});
afterAll(async () => {
  await Promise.all([east, west, seto].map((one) => one?.stop()));
});
beforeEach(() => {
  Object.assign(seto, {
    people: [personThere()],
    asksFor: [],
    discovers: undefined,
    misbehave: undefined,
    gateway: {},
  });
  seto.documents = [documentOf(1, 'P-1'), documentOf(3, 'P-1'), documentOf(2, 'P-1', { status: 'Deprecated' })];
  seto.heard.length = 0;
  later(3_000);
});

let numbers = 1;
/** Somebody of whom nothing is remembered yet. */
const registered = async (number: string, identifier: object[] = []) => {
  const patient = patientOf(east.hospital.facility!, number);
  return (await east.store({ ...patient, identifier: [...(patient.identifier as object[]), ...identifier] })).id;
};
const stranger = async (identifier: object[], consent: object | undefined) => {
  numbers += 1;
  const id = await registered(`N-${numbers}`, identifier);
  if (consent) await east.consent(id, consent);
  return id;
};
const documents = (query = '', patient = person) =>
  east.call(doctor, 'GET', `/federation/fhir/DocumentReference?patient=${patient}${query}`);
const ofSeto = (body: Parameters<typeof matches>[0]) =>
  matches(body).filter(({ resource }) => resource.meta.source === SETO);
const titles = (body: Parameters<typeof matches>[0]) =>
  matches(body).map(({ resource }) => (resource as unknown as Document).content[0]?.attachment.title);
interface Document {
  readonly content: readonly { readonly attachment: { readonly url: string; readonly title: string } }[];
}

describe('documents', () => {
  it('are merged newest first with those of a region on this software, each with its origin', async () => {
    const { status, body } = await documents();
    expect(status).toBe(200);
    expect(issues(body)).toEqual([]);
    expect(matches(body).map(({ resource }) => resource.meta.source)).toEqual([SETO, 'urn:oid:2.999.3', SETO, SETO]);
    expect(titles(body)).toEqual(['文書 3', undefined, '文書 2', '文書 1']);
    expect(matches(body)[0]).toMatchObject({
      fullUrl: `${east.baseUrl}/federation/fhir/DocumentReference/00000000-0000-4000-8000-000000000003`,
      resource: {
        status: 'current',
        date: '2026-11-03T01:02:03Z',
        subject: { identifier: { system: `urn:oid:${AUTHORITY}`, value: 'P-1' } },
        type: { coding: [{ system: 'http://loinc.org', code: '18842-5' }] },
        content: [{ attachment: { contentType: 'text/plain', url: 'Binary/00000000-0000-4000-8000-000000000003' } }],
      },
    });
  });

  it('are searched by the parameters of the region', async () => {
    expect(titles((await documents('&date=ge2026-11-03')).body)).toEqual(['文書 3']);
    expect(titles((await documents('&status=superseded')).body)).toEqual(['文書 2']);
    expect(titles((await documents('&type=http://loinc.org|18842-5&_sort=date')).body)).toEqual([
      '文書 1',
      '文書 2',
      '文書 3',
    ]);
    expect(matches((await documents('&type=11506-3')).body)).toEqual([]);
    const counted = await documents('&status=superseded&_summary=count');
    expect(counted.body).toMatchObject({ total: 1 });
    expect(matches(counted.body)).toEqual([]);
  });

  it('are paged with the others, and none is lost or repeated', async () => {
    const seen: (string | undefined)[] = [];
    for (let path: string | undefined = `/federation/fhir/DocumentReference?patient=${person}&_count=1`; path; ) {
      const { body } = await east.call(doctor, 'GET', path);
      expect(matches(body).length).toBeLessThanOrEqual(1);
      seen.push(...titles(body));
      path = nextOf(body);
    }
    expect(seen).toEqual(['文書 3', undefined, '文書 2', '文書 1']);
  });

  it('come with $everything, which asks for nothing else there', async () => {
    const { body } = await east.call(doctor, 'GET', `/federation/fhir/Patient/${person}/$everything`);
    const ours = ofSeto(body);
    expect(ours.map(({ resource }) => resource.resourceType)).toEqual(Array(3).fill('DocumentReference'));
    expect(seto.paths()).not.toContain('/retrieve');
    expect(issues(body)).toEqual([
      expect.objectContaining({ severity: 'information', diagnostics: expect.stringContaining('documents only') }),
    ]);
  });

  it('are read one by one, and their bytes by MTOM', async () => {
    const { body } = await documents();
    const { id } = matches(body)[0]!.resource;
    const where = `patient=${person}&_community=${OID}`;
    const read = await east.call(doctor, 'GET', `/federation/fhir/DocumentReference/${id}?${where}`);
    expect(read.body).toMatchObject({ id, meta: { source: SETO } });
    const binary = await east.call(doctor, 'GET', `/federation/fhir/Binary/${id}?${where}`);
    expect(binary.status).toBe(200);
    expect(binary.body).toMatchObject({
      contentType: 'text/plain',
      data: Buffer.from('退院時サマリー 3').toString('base64'),
      meta: { source: SETO },
    });
    expect(seto.heard.at(-1)?.headers['content-type']).toMatch(/^multipart\/related; type="application\/xop\+xml"/);
    expect(east.recorded.at(-1)).toMatchObject({ entities: [`${SETO}/Binary/${id}`] });
  });

  it('of a registry that names them in its own way have an id all the same', async () => {
    seto.documents = [documentOf(1, 'P-1', { entryUuid: 'urn:oid:2.999.44.5.1' })];
    const { id } = ofSeto((await documents()).body)[0]!.resource;
    expect(id).toMatch(/^[0-9a-f]{48}$/);
    const binary = await east.call(doctor, 'GET', `/federation/fhir/Binary/${id}?patient=${person}&_community=${OID}`);
    expect(binary.status).toBe(200);
  });

  it('are looked for by their metadata only: a chain is not answered, and said so', async () => {
    const { body } = await documents('&patient.name=x&subject:Patient.name=x&author:Practitioner.name=x');
    expect(issues(body)).toContainEqual(
      expect.objectContaining({ code: 'not-supported', diagnostics: expect.stringContaining(SETO) }),
    );
    expect(seto.heard).toEqual([]);
  });

  it('are not held against a value set or a hierarchy: that is said, and the regions answer', async () => {
    const document = {
      resourceType: 'DocumentReference',
      status: 'current',
      type: { coding: [{ system: 'http://loinc.org', code: '18842-5' }] },
      content: [{ attachment: { contentType: 'text/plain', data: 'eA==' } }],
    };
    const url = 'https://example.org/ValueSet/summaries';
    const include = [{ system: 'http://loinc.org', concept: [{ code: '18842-5' }] }];
    const id = await registered('N-set', [shared]);
    await east.consent(id, OPT_IN);
    await east.store({ ...document, subject: { reference: `Patient/${id}` } });
    for (const node of [east, west])
      await node.store({ resourceType: 'ValueSet', url, status: 'active', compose: { include } });
    await documents('', id); // finds the person there
    seto.heard.length = 0;
    const { status, body } = await documents(`&type:in=${url}`, id);
    expect(status).toBe(200);
    expect(matches(body).map(({ resource }) => resource.meta.source)).toEqual(['urn:oid:2.999.36']);
    expect(issues(body)).toEqual([
      expect.objectContaining({ code: 'not-supported', diagnostics: expect.stringContaining('value sets') }),
    ]);
    expect(seto.heard).toEqual([]);
  });
});

describe('what it cannot answer', () => {
  it('is said, and asks nobody there', async () => {
    const { status, body } = await east.call(doctor, 'GET', `/federation/fhir/Observation?patient=${person}`);
    expect(status).toBe(200);
    expect(matches(body)).toHaveLength(1);
    expect(issues(body)).toEqual([
      expect.objectContaining({
        severity: 'information',
        code: 'not-supported',
        diagnostics: expect.stringContaining('Seto'),
      }),
    ]);
    expect(seto.heard).toEqual([]);
  });

  it('is all of it, under a contract that names no documents', async () => {
    const other = await openNode({ oid: '2.999.37', name: 'Other', prefecture: '37' });
    await linkIhe(other, seto.base, { terms: { purposes: ['TREAT'], classes: ['clinical'] } });
    const id = await other.person();
    await other.consent(id, OPT_IN);
    const { body } = await other.call(
      doctorAt('3710000002'),
      'GET',
      `/federation/fhir/DocumentReference?patient=${id}`,
    );
    expect(issues(body)[0]?.diagnostics).toContain('which the link contract does not name');
    expect(seto.heard).toEqual([]);
    await other.stop();
  });

  it('is asked for in an emergency under that purpose, where the contract covers it', async () => {
    const other = await openNode({ oid: '2.999.38', name: 'Other', prefecture: '38', consentDefault: 'own-facility' });
    await linkIhe(other, seto.base, { terms: { ...TERMS, purposes: ['TREAT', 'BTG'] } });
    const id = await other.person({ identifier: [shared] });
    const ask = (headers: Record<string, string>) =>
      other.call(doctorAt('3810000002'), 'GET', `/federation/fhir/DocumentReference?patient=${id}`, { headers });
    expect(ofSeto((await ask({})).body)).toEqual([]);
    expect(seto.heard).toEqual([]);
    const { body } = await ask({
      'x-purpose': 'BTG',
      'x-purpose-reason': encodeURIComponent('意識がなく、内服が分からない'),
    });
    expect(ofSeto(body)).toHaveLength(3);
    expect(seto.heard.map(({ claims }) => claims.purposeOfUse?.code)).toEqual(['BTG', 'BTG']);
    await other.stop();
  });

  it('is hidden where our own roles may not see documents of others', async () => {
    const laboratory = doctorAt('3610000002', { role: 'laboratory' });
    const { body } = await east.call(laboratory, 'GET', `/federation/fhir/DocumentReference?patient=${person}`);
    expect(ofSeto(body)).toEqual([]);
  });
});

describe('finding the person', () => {
  it('tells a number first, and nothing else where it is enough', async () => {
    const patient = await stranger([shared], OPT_IN);
    expect(matches((await documents('', patient)).body).length).toBeGreaterThanOrEqual(3);
    expect(seto.paths()).toEqual(['/xcpd', '/query']);
    expect(seto.heard[0]!.body).toContain('S-1');
    expect(seto.heard[0]!.body).not.toMatch(/livingSubjectName|livingSubjectBirthTime|阿波|19510401|3610000001/);
  });

  it('tells one number after the other, its own region’s last, and stops at the first that is known', async () => {
    const others = [1, 2].map((n) => ({ system: `urn:oid:2.999.7.${n}`, value: `X-${n}` }));
    const patient = await stranger([{ system: 'urn:oid:2.999.36.1', value: 'CARD' }, ...others, shared], OPT_IN);
    expect(ofSeto((await documents('', patient)).body)).toHaveLength(3);
    const told = seto.heard.flatMap(({ path, body }) =>
      path === '/xcpd'
        ? [[...body.matchAll(/extension="(X-1|X-2|S-1|CARD)"/g)].map(([, number]) => number).join()]
        : [],
    );
    expect(told).toEqual(['X-1', 'X-2', 'S-1']);
  });

  it('tells an insurance with its branch under the OID that was agreed, first of all, and none without one', async () => {
    const member = (value: string) => ({ system: MEMBER_ID, value });
    const family = member('00360123:阿波:12345:');
    const own = member('00360123:阿波:012345:02');
    const without = await stranger([own, family, shared], OPT_IN);
    await documents('', without);
    expect(seto.heard.map(({ body }) => body).join()).not.toContain('00360123');

    const AGREED = '2.999.44.61';
    await desk(east, 'end', { oid: OID });
    await linkIhe(east, seto.base, {}, { insuranceAuthority: AGREED });
    seto.heard.length = 0;
    seto.people = [
      {
        ...personThere(),
        identifiers: [
          { authority: { oid: AUTHORITY }, value: 'P-1' },
          { authority: { oid: AGREED }, value: own.value },
        ],
      },
    ];
    const patient = await stranger([own, family, shared], OPT_IN);
    const { body } = await documents('', patient);
    await desk(east, 'end', { oid: OID });
    await linkIhe(east, seto.base);

    expect(ofSeto(body)).toHaveLength(3);
    expect(seto.paths()).toEqual(['/xcpd', '/query']);
    expect(seto.heard[0]!.body).toContain(`root="${AGREED}" extension="${own.value}"`);
    expect(seto.heard[0]!.body).not.toContain(`"${family.value}"`);
  });

  it('remembers, and forgets when the records here are linked otherwise or after a month', async () => {
    await documents();
    seto.heard.length = 0;
    await documents();
    expect(seto.paths()).toEqual(['/query']);
    seto.heard.length = 0;
    later(31 * 86_400_000);
    await documents();
    expect(seto.paths()).toEqual(['/xcpd', '/query']);
    later(-31 * 86_400_000);
  });

  it('finds the person anew when the community has joined two of its patients', async () => {
    await documents();
    const merged = { authority: { oid: AUTHORITY }, value: 'P-8' };
    seto.people = [personThere(), personThere({ identifiers: [merged] })];
    seto.discovers = () => ({
      kind: 'matches',
      matches: [{ patient: personThere({ identifiers: [merged] }), community: OID }],
    });
    seto.documents = [documentOf(6, 'P-8')];
    seto.gateway = { find: async () => ({ entries: seto.documents.map(({ entry }) => entry), errors: [] }) };
    expect(titles((await documents()).body)).toContain('文書 6');
    expect(seto.paths().slice(-3)).toEqual(['/query', '/xcpd', '/query']);
    later(31 * 86_400_000); // forgotten again
    Object.assign(seto, { people: [personThere()], discovers: undefined, gateway: {} });
    await documents();
    later(-31 * 86_400_000);
  });

  it('finds the person anew when the community has forgotten the number', async () => {
    await documents();
    seto.people = [
      personThere({
        identifiers: [{ authority: { oid: AUTHORITY }, value: 'P-9' }, ...personThere().identifiers.slice(1)],
      }),
    ];
    seto.documents = [documentOf(5, 'P-9')];
    seto.heard.length = 0;
    expect(titles((await documents()).body)).toContain('文書 5');
    expect(seto.paths()).toEqual(['/query', '/xcpd', '/query']);
    seto.people = [personThere()];
    await documents();
  });

  it('goes on to name and birth date for who has opted in, then to what is asked for', async () => {
    seto.people = [personThere({ identifiers: [{ authority: { oid: AUTHORITY }, value: 'P-1' }] })];
    seto.asksFor = ['PatientTelecomRequested'];
    const patient = await stranger([shared], OPT_IN);
    expect(titles((await documents('', patient)).body)).toContain('文書 3');
    expect(seto.paths()).toEqual(['/xcpd', '/xcpd', '/xcpd', '/query']);
    const [byNumber, byName, byMore] = seto.heard.map(({ body }) => body);
    expect(byNumber).not.toContain('livingSubjectName');
    expect(byName).toContain('19510401');
    expect(byName).not.toMatch(/patientTelecom|patientAddress|088-600-0001/);
    expect(byMore).toContain('088-600-0001');
    expect(byMore).not.toContain('patientAddress');
  });

  it('believes a community that keeps addresses to itself once it was told ours and is sure', async () => {
    const kept = personThere({ addresses: [], phones: [], identifiers: personThere().identifiers.slice(0, 1) });
    const sure = (score: number) => () => ({
      kind: 'matches' as const,
      matches: [{ patient: kept, community: OID, score }],
    });
    seto.discovers = sure(90);
    expect(ofSeto((await documents('', await stranger([], OPT_IN))).body)).toEqual([]);
    seto.discovers = sure(100);
    seto.heard.length = 0;
    expect(ofSeto((await documents('', await stranger([], OPT_IN))).body)).toHaveLength(3);
    expect(seto.heard.map(({ body }) => body.includes('088-600-0001'))).toEqual([false, true, false]);
  });

  it('tells no name without the opt-in, and nothing at all of who has refused', async () => {
    seto.people = [];
    const silent = await stranger([shared], undefined);
    await documents('', silent);
    expect(seto.heard.map(({ body }) => body.includes('livingSubjectName'))).toEqual([false]);
    seto.heard.length = 0;
    const refusing = await stranger([shared], REFUSAL);
    const { body } = await documents('', refusing);
    expect(issues(body).map(({ diagnostics }) => diagnostics)).toContainEqual(
      expect.stringContaining('shares nothing'),
    );
    expect(seto.heard).toEqual([]);
  });

  it('writes down that the person was told of before anything leaves', async () => {
    const patient = await stranger([shared], OPT_IN);
    let before: readonly object[] = [];
    seto.discovers = () => {
      before = [...east.recorded];
      return { kind: 'none' };
    };
    await documents('', patient);
    expect(before.at(-1)).toMatchObject({
      interaction: 'federation-discover',
      entities: expect.arrayContaining([SETO]),
    });
  });

  it.each([
    ['nobody', { kind: 'none' as const }, undefined],
    [
      'too many to tell apart',
      { kind: 'ask' as const, attributes: ['MothersMaidenNameRequested' as const] },
      'multiple-matches',
    ],
    [
      'two people',
      {
        kind: 'matches' as const,
        matches: [personThere(), personThere()].map((patient) => ({ patient, community: OID })),
      },
      'multiple-matches',
    ],
    [
      'a namesake',
      { kind: 'matches' as const, matches: [{ patient: personThere({ birthDate: '1990-01-01' }), community: OID }] },
      'multiple-matches',
    ],
    [
      'somebody of the name and birthday, and no more',
      {
        kind: 'matches' as const,
        matches: [
          {
            patient: personThere({ addresses: [], phones: [], identifiers: personThere().identifiers.slice(0, 1) }),
            community: OID,
          },
        ],
      },
      'multiple-matches',
    ],
    ['that it is busy', { kind: 'unavailable' as const, reason: 'ResponderBusy' as const }, 'transient'],
    ['that it cannot answer', { kind: 'unavailable' as const, reason: 'AnswerNotAvailable' as const }, 'processing'],
  ])('takes nobody when it answers %s', async (_, answer, code) => {
    seto.discovers = () => answer;
    const patient = await stranger([], OPT_IN);
    const { body } = await documents('', patient);
    expect(seto.paths()).not.toContain('/query');
    const said = issues(body).filter(({ diagnostics }) => diagnostics.includes(SETO));
    expect(said.map((one) => one.code)).toEqual(code ? [code] : []);
  });
});

describe('every message', () => {
  it('is vouched for by an assertion of its own: actor, facility, role, purpose, audience, and whose record', async () => {
    const patient = await stranger([shared], OPT_IN);
    await documents('', patient);
    for (const { claims } of seto.heard)
      expect(claims).toMatchObject({
        issuer: 'urn:oid:2.999.36',
        organizationId: 'urn:tsumugi:facility:3610000002',
        role: { code: '309343006', codeSystem: '2.16.840.1.113883.6.96' },
        purposeOfUse: { code: 'TREAT' },
        homeCommunityId: 'urn:oid:2.999.36',
      });
    expect(seto.heard.map(({ claims }) => claims.resourceId)).toEqual([undefined, cx('P-1')]);
    const ids = seto.heard.map(({ text }) => /<saml2:Assertion[^>]* ID="([^"]+)"/.exec(text)?.[1]);
    expect(new Set(ids).size).toBe(2);
    // Towards this community, and no name of an account.
    expect(seto.heard[0]!.claims.subject).not.toBe(doctor.subject);
  });

  it('carries the number under which our own trail has it', async () => {
    await documents();
    const { requestId } = east.recorded.at(-1)!;
    expect(seto.heard[0]!.headers['x-request-id']).toBe(requestId);
    expect(seto.heard[0]!.messageId).toContain(`urn:tsumugi:request:${requestId}:`);
  });

  it.skipIf(!hasVectors)(`holds against the schemas of HL7, OASIS and IHE${skipped}`, async () => {
    seto.asksFor = ['PatientTelecomRequested', 'PatientAddressRequested'];
    seto.people = [personThere({ identifiers: [{ authority: { oid: AUTHORITY }, value: 'P-1' }] })];
    const patient = await stranger([shared], OPT_IN);
    const { body } = await documents('', patient);
    const { id } = ofSeto(body)[0]!.resource;
    await east.call(doctor, 'GET', `/federation/fhir/Binary/${id}?patient=${patient}&_community=${OID}`);
    expect(new Set(seto.paths())).toEqual(new Set(['/xcpd', '/query', '/retrieve']));
    expect(seto.heard.flatMap(({ faults }) => faults)).toEqual([]);
  });

  it('is not sent once the contract is suspended', async () => {
    await desk(east, 'suspend', { oid: OID });
    later(3_000);
    const { body } = await documents();
    expect(seto.heard).toEqual([]);
    expect(issues(body)).toContainEqual(expect.objectContaining({ code: 'suppressed' }));
    await desk(east, 'resume', { oid: OID });
    later(3_000);
    expect(titles((await documents()).body)).toContain('文書 3');
  });

  it('is not sent for a purpose that the contract does not cover', async () => {
    const { body } = await east.call(doctor, 'GET', `/federation/fhir/DocumentReference?patient=${person}`, {
      headers: { 'x-purpose': 'CAREMGT' },
    });
    expect(issues(body).map(({ diagnostics }) => diagnostics)).toContainEqual(
      expect.stringContaining('purpose of use'),
    );
    expect(seto.heard).toEqual([]);
  });
});
