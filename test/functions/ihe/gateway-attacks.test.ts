// What comes to the responding gateway over the wire and must not get further than it does. Nobody finds out more by it than the rule.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { codedPurpose, codedRole } from '../../../functions/federation/xua-codes.ts';
import { writeDiscovery } from '../../../functions/ihe/hl7v3/xcpd.ts';
import type { SoapFault } from '../../../functions/ihe/soap/fault.ts';
import { issueAssertion } from '../../../functions/ihe/xua/issue.ts';
import { hospital, NOW } from '../../support/api.ts';
import { patientOf } from '../identity/given.ts';
import { testKey } from './support/certificate.ts';
import {
  type Asking,
  CONTRACT,
  EMPTY,
  HERE,
  key,
  openRegion,
  PERSON,
  patientIdOf,
  stranger,
  type TestRegion,
  THERE,
} from './support/community.ts';

let region: TestRegion;
beforeAll(async () => {
  region = await openRegion();
  await region.store(patientOf(hospital.facility!, 'N-1'));
});
beforeEach(async () => {
  region.time.now += 10_000; // contracts are held for two seconds
  await region.agree();
  region.api.recorded.length = 0;
});

const refusal = async (asking: Asking): Promise<SoapFault> => {
  const answer = region.discover(PERSON, asking).then(
    ({ kind }) => Promise.reject(new Error(`it was let in: ${kind}`)),
    (fault: SoapFault) => fault,
  );
  const fault = await answer;
  // Who is not let in leaves no trace of a person, and hears no name.
  expect(region.api.recorded).toEqual([]);
  expect(fault.message).not.toMatch(/阿波|花子|1951/);
  return fault;
};

const inside = (assertion: string, more: string) => assertion.replace('</saml2:Subject>', `</saml2:Subject>${more}`);
const unsigned = (assertion: string) => assertion.replace(/<ds:Signature.*<\/ds:Signature>/s, '');
const renamed = (assertion: string) =>
  unsigned(assertion)
    .replaceAll('doctor-1', 'doctor-2')
    .replace(/ ID="_/, ' ID="_x');

describe('an assertion', () => {
  const cases: [string, Asking | (() => Asking | Promise<Asking>), RegExp][] = [
    ['is missing', { assertion: () => undefined }, /a signed SAML assertion is needed/],
    ['is not signed', { assertion: unsigned }, /exactly one signature/],
    ['is signed by a stranger', { by: stranger }, /signature does not hold/],
    [
      'is of a community without a contract',
      { claims: { issuer: 'urn:oid:2.999.9', homeCommunityId: 'urn:oid:2.999.9' } },
      /issuer is not known/,
    ],
    [
      'speaks for another community',
      { claims: { homeCommunityId: 'urn:oid:2.999.9' } },
      /not the community that signs/,
    ],
    ['is for another audience', { claims: { audience: 'urn:oid:2.999.3.1' } }, /another audience/],
    [
      'is for another address',
      { claims: { recipient: 'https://api.tokushima.example/ihe/xca/query' } },
      /not confirmed/,
    ],
    ['has run out', () => ({ claims: { now: region.time.now - 400_000 } }), /too old|expired/],
    ['is of tomorrow', () => ({ claims: { now: region.time.now + 86_400_000 } }), /not valid yet/],
    ['is for research', { claims: { purposeOfUse: codedPurpose('HRESCH') } }, /purpose of use/],
    ['would break the glass', { claims: { purposeOfUse: codedPurpose('BTG') } }, /purpose of use/],
    ['is of a resident', { claims: { purposeOfUse: codedPurpose('PATRQT') } }, /purpose of use/],
    ['has no purpose', { claims: { purposeOfUse: undefined } }, /purpose of use/],
    ['is of an administrator', { claims: { role: { ...codedRole('doctor'), code: 'admin' } } }, /role/],
    ['has no role', { claims: { role: undefined } }, /role/],
    ['names no organization', { claims: { organizationId: undefined } }, /organization/],
    [
      'was changed after it was signed',
      { assertion: (one) => one.replaceAll('doctor-1', 'doctor-2') },
      /does not hold/,
    ],
    [
      'wraps the signed one',
      { assertion: (one) => inside(renamed(one), one) },
      /assertion within|exactly one signature/,
    ],
    [
      'carries the signature of another',
      {
        assertion: (one) =>
          renamed(one).replace('<saml2:Subject>', `${/<ds:Signature.*<\/ds:Signature>/s.exec(one)![0]}<saml2:Subject>`),
      },
      /not to the assertion/,
    ],
    [
      'hides the signed one in an object of its signature',
      {
        assertion: (one) =>
          renamed(one).replace(
            '<saml2:Subject>',
            `${/<ds:Signature.*<\/ds:Signature>/s.exec(one)![0].replace('</ds:Signature>', `<ds:Object>${one}</ds:Object></ds:Signature>`)}<saml2:Subject>`,
          ),
      },
      /assertion within|exactly one signature|object/,
    ],
    [
      'stands beside a second one',
      {
        change: (text) =>
          text.replace(
            '</wsse:Security>',
            '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"/></wsse:Security>',
          ),
      },
      /more than one assertion/,
    ],
  ];
  it.each(cases)('that %s is refused', async (_, asking, rule) => {
    const fault = await refusal(typeof asking === 'function' ? await asking() : asking);
    expect(fault.message).toMatch(rule);
    expect(fault.code).toBe('Sender');
  });

  it('that was used before is refused, whatever stands in the message around it', async () => {
    let first = '';
    expect((await region.discover(PERSON, { assertion: (one) => (first = one) })).kind).toBe('matches');
    region.api.recorded.length = 0;
    expect((await refusal({ assertion: () => first })).message).toMatch(/used before/);
    region.time.now += 200_000;
    expect((await refusal({ assertion: () => first })).message).toMatch(/used before/);
  });

  it('is believed under either certificate while a key is changed, and under the old one no more after it', async () => {
    const next = testKey('next', NOW - 86_400_000, NOW + 86_400_000);
    const ihe = { ...CONTRACT.ihe, certificates: [key.certificate, next.certificate] };
    await region.agree({ ihe });
    region.time.now += 3_000;
    for (const by of [key, next]) expect((await region.discover(PERSON, { by })).kind).toBe('matches');
    await region.agree({ ihe: { ...ihe, certificates: [next.certificate] } });
    region.time.now += 3_000;
    region.api.recorded.length = 0;
    expect((await refusal({})).message).toMatch(/signature does not hold/);
  });

  it('may be for the host name of mutual TLS, and bound to the certificate that is shown there', async () => {
    const claims = { recipient: 'https://ihe.tokushima.example/ihe/xcpd' };
    expect((await refusal({ claims })).message).toMatch(/not confirmed/);
    const domainName = 'ihe.tokushima.example';
    region.connect({ domainName });
    expect((await region.discover(PERSON, { claims })).kind).toBe('matches');
    region.api.recorded.length = 0;
    const bound = { ...claims, holderCertificate: stranger.certificate };
    expect((await refusal({ claims: bound })).message).toMatch(/not confirmed/);
    const shown = (clientCertPem: string) => ({ domainName, authentication: { clientCert: { clientCertPem } } });
    region.connect(shown(key.certificate));
    expect((await refusal({ claims: bound })).message).toMatch(/not confirmed/);
    region.connect(shown(stranger.certificate));
    expect((await region.discover(PERSON, { claims: bound })).kind).toBe('matches');
    region.connect({});
  });

  it('about one patient opens no other', async () => {
    const mine = patientIdOf(await region.discover());
    const other = `${'x'.repeat(60)}^^^&${HERE}.10&ISO`;
    const { errors, entries } = await region.find({ patientId: mine }, { claims: { resourceId: other } });
    expect([entries, errors.map(({ code }) => code)]).toEqual([[], ['XDSUnknownPatientId']]);
    expect((await region.find({ patientId: mine }, { claims: { resourceId: mine } })).errors).toEqual([]);
  });
});

describe('a contract', () => {
  it.each([
    ['is suspended', { own: 'suspended' }, /suspended/],
    ['has ended', { own: 'ended' }, /ended/],
    ['was only approved', { own: 'approved' }, /approved/],
    ['has run out', { terms: { ...CONTRACT.terms, until: '2026-11-20' } }, /run out/],
    ['is for other purposes', { terms: { ...CONTRACT.terms, purposes: ['CAREMGT'] } }, /purpose of use/],
  ] as const)('that %s stops the next question', async (_, change, rule) => {
    await region.agree(change as Partial<typeof CONTRACT>);
    region.time.now += 3_000;
    expect((await refusal({})).message).toMatch(rule);
  });
});

describe('a handle', () => {
  it('of another community opens nothing here', async () => {
    const mine = patientIdOf(await region.discover());
    const other = { ...CONTRACT, community: '2.999.9' };
    await region.rows.write([{ kind: 'put', p: 'federation#contract', s: '2.999.9', data: other }]);
    region.time.now += 3_000;
    const claims = { issuer: 'urn:oid:2.999.9', homeCommunityId: 'urn:oid:2.999.9' };
    const { errors } = await region.find({ patientId: mine }, { claims });
    expect(errors.map(({ code }) => code)).toEqual(['XDSUnknownPatientId']);
  });

  it('is opaque, ends after a month, and is no number that anybody here has', async () => {
    const mine = patientIdOf(await region.discover());
    const changed = mine.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
    for (const patientId of [changed, `N-1^^^&${HERE}.10&ISO`, "x' OR '1'='1^^^&1.2&ISO"])
      expect((await region.find({ patientId })).errors.map(({ code }) => code)).toEqual(['XDSUnknownPatientId']);
    region.time.now += 31 * 86_400_000;
    expect((await region.find({ patientId: mine })).errors.map(({ code }) => code)).toEqual(['XDSUnknownPatientId']);
    region.time.now -= 31 * 86_400_000;
  });
});

describe('a message', () => {
  const SOAP = 'application/soap+xml';
  const faulty = async (contentType: string, body: string | Uint8Array, path = '/ihe/xcpd') => {
    const { status, text } = await region.asked(path, contentType, body);
    expect(region.api.recorded).toEqual([]);
    return { status, reason: /<soap:Text[^>]*>([^<]*)</.exec(text)?.[1] ?? '' };
  };
  const self = { device: THERE, organization: THERE, now: NOW, newId: () => 'q1' };
  const question = writeDiscovery(self, { device: HERE }, PERSON, []).markup;
  const wrapped = (inner: string, before = '') =>
    `${before}<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>${inner}</s:Body></s:Envelope>`;

  it.each([
    ['expands entities', wrapped('&b;', '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>')],
    ['reads a file', wrapped('&f;', '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>')],
    ['fetches a document type', wrapped('<x/>', '<!DOCTYPE x SYSTEM "http://127.0.0.1/evil.dtd">')],
    ['uses an entity that nobody declared', wrapped('&evil;')],
    ['has a processing instruction', wrapped('<?evil run?><x/>')],
    ['is nested too deeply', wrapped(`${'<a>'.repeat(200)}${'</a>'.repeat(200)}`)],
    ['is cut off', wrapped(question).slice(0, -40)],
    ['is no XML', 'POST me'],
    ['is UTF-16', Buffer.from(wrapped('<x/>'), 'utf16le')],
    [
      'is SOAP 1.1',
      wrapped('<x/>').replace('http://www.w3.org/2003/05/soap-envelope', 'http://schemas.xmlsoap.org/soap/envelope/'),
    ],
  ])('that %s is refused before anything else looks at it', async (_, body) => {
    const { status, reason } = await faulty(SOAP, body);
    expect([400, 500]).toContain(status);
    expect(reason).not.toBe('');
    expect(reason).not.toMatch(/root:|127\.0\.0\.1|internal/);
  });

  it('of more than a megabyte is refused, whatever it holds', async () => {
    const { status } = await faulty(SOAP, Buffer.alloc(4_500_000, 0x20));
    expect(status).toBe(413);
    expect((await faulty('multipart/related; boundary="b"', Buffer.alloc(1_100_000, 0x2d))).status).toBe(413);
  });

  it('without an action, with another action, or of another media type is refused', async () => {
    expect((await faulty(SOAP, wrapped(question))).reason).toMatch(/wsa:Action/);
    expect((await faulty('text/xml', wrapped(question))).reason).toMatch(/media type/);
    expect((await refusal({ action: 'urn:ihe:iti:2007:CrossGatewayQuery' })).message).toMatch(/action/);
    const other = await region.send('xcpd', EMPTY);
    expect([other.status, other.text]).toEqual([400, expect.stringContaining('PRPA_IN201305UV02')]);
  });

  it('that must be understood and is not is refused', async () => {
    const change = (text: string) =>
      text.replace('</soap:Header>', '<x:y xmlns:x="urn:x" soap:mustUnderstand="true"/></soap:Header>');
    expect((await refusal({ change })).code).toBe('MustUnderstand');
  });

  it('that fails on our side says so and nothing more, and the log has no value of it', async () => {
    const broken = await region.send('xcpd', EMPTY, { claims: { subject: 'x'.repeat(300) } });
    expect(broken.status).toBe(400);
    expect(JSON.stringify(region.logged)).not.toMatch(/阿波|花子|doctor-1|N-1/);
  });
});

it('an assertion of the region itself is none of a community', async () => {
  const own = await issueAssertion(
    {
      issuer: `urn:oid:${HERE}`,
      subject: 'x',
      subjectName: undefined,
      organization: undefined,
      organizationId: 'urn:tsumugi:facility:3610000001',
      role: codedRole('doctor'),
      purposeOfUse: codedPurpose('TREAT'),
      homeCommunityId: `urn:oid:${HERE}`,
      resourceId: undefined,
      audience: `urn:oid:${HERE}`,
      recipient: 'https://api.tokushima.example/ihe/xcpd',
      id: 'own',
      now: region.time.now,
    },
    key,
  );
  expect((await refusal({ assertion: () => own })).message).toMatch(/issuer is not known/);
});
