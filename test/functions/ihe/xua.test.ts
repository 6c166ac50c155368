// SAML 2.0 assertions of IHE XUA: what we issue is believed, and nothing else is.

import { beforeAll, describe, expect, it } from 'vitest';
import { SignedXml } from 'xml-crypto';
import { ENVELOPED, EXCLUSIVE_C14N, PURPOSE_OF_USE, RSA_SHA256, SHA256 } from '../../../functions/ihe/xua/claims.ts';
import type { IssueRequest } from '../../../functions/ihe/xua/issue.ts';
import { issueAssertion } from '../../../functions/ihe/xua/issue.ts';
import type { Expectation, Trust } from '../../../functions/ihe/xua/verify.ts';
import { verifyAssertion } from '../../../functions/ihe/xua/verify.ts';
import { testKey } from './support/certificate.ts';

const NOW = Date.parse('2026-11-22T01:00:00Z');
const YEAR = 365 * 86_400_000;
const key = testKey('kesen', NOW - YEAR, NOW + YEAR);
const next = testKey('kesen next', NOW - YEAR, NOW + YEAR);
const stranger = testKey('stranger', NOW - YEAR, NOW + YEAR);
const old = testKey('old', NOW - 2 * YEAR, NOW - YEAR);
const short = testKey('short', NOW - YEAR, NOW + YEAR, 1024);

const REQUEST: IssueRequest = {
  issuer: 'urn:oid:1.2.392.100.3',
  subject: 'staff-1',
  subjectName: '山田 花子 <医師> & 院長',
  organization: '気仙病院',
  organizationId: 'urn:oid:1.2.392.100.495.20.3.0310000001',
  facilityType: 'hospital',
  role: { code: 'doctor', codeSystem: '1.2.3', displayName: '医師' },
  purposeOfUse: { code: 'TREAT', codeSystem: PURPOSE_OF_USE },
  homeCommunityId: 'urn:oid:1.2.392.100.3',
  resourceId: undefined,
  audience: 'urn:oid:1.2.392.100.36',
  recipient: 'https://tokushima.example/ihe/xcpd',
  id: 'a1',
  now: NOW,
};
const expected: Expectation = {
  audience: REQUEST.audience,
  recipient: REQUEST.recipient,
  now: NOW + 5_000,
  messageId: 'urn:uuid:1',
};

const trust = (...certificates: string[]): Trust => {
  const used = new Set<string>();
  return {
    issuers: { certificatesOf: async (issuer) => (issuer === REQUEST.issuer ? certificates : []) },
    replay: { firstUse: async (use) => !used.has(use) && used.add(use) !== undefined },
  };
};
const verify = (text: string, change: Partial<Expectation> = {}, by = trust(key.certificate)) =>
  verifyAssertion(text, { ...expected, ...change }, by);
const issue = (change: Partial<IssueRequest> = {}) => issueAssertion({ ...REQUEST, ...change }, key);

/** Signs any XML with the issuer's own key: what an attacker would get who tricked it, or an issuer in error. */
const signAnything = (
  xml: string,
  options: { transforms?: string[]; digest?: string; method?: string; xpath?: string } = {},
) => {
  const signed = new SignedXml({
    privateKey: key.privateKey,
    publicCert: key.certificate,
    signatureAlgorithm: (options.method ?? RSA_SHA256) as typeof RSA_SHA256,
    canonicalizationAlgorithm: EXCLUSIVE_C14N,
  });
  signed.addReference({
    xpath: options.xpath ?? '/*',
    transforms: (options.transforms ?? [ENVELOPED, EXCLUSIVE_C14N]) as (typeof EXCLUSIVE_C14N)[],
    digestAlgorithm: (options.digest ?? SHA256) as typeof SHA256,
  });
  signed.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: "/*/*[local-name()='Issuer']", action: 'after' },
  });
  return signed.getSignedXml();
};
const unsigned = (assertion: string) => assertion.replace(/<ds:Signature.*<\/ds:Signature>/s, '');

let good: string;
beforeAll(async () => {
  good = await issue();
});

describe('an assertion that we issued', () => {
  it('is believed, with every claim', async () => {
    await expect(verify(good)).resolves.toEqual({
      assertionId: '_a1',
      issuer: REQUEST.issuer,
      subject: 'staff-1',
      subjectName: REQUEST.subjectName,
      organization: '気仙病院',
      organizationId: REQUEST.organizationId,
      facilityType: 'hospital',
      role: REQUEST.role,
      purposeOfUse: { code: 'TREAT', codeSystem: PURPOSE_OF_USE, displayName: undefined },
      homeCommunityId: REQUEST.homeCommunityId,
      resourceId: undefined,
    });
  });

  it('is believed by the new certificate and by the old one while a key is rotated', async () => {
    await expect(verify(good, {}, trust(next.certificate, key.certificate))).resolves.toBeDefined();
  });

  it('never lives longer than five minutes', async () => {
    const long = await issue({ lifetimeSeconds: 86_400 });
    await expect(verify(long, { now: NOW + 300_000 + 61_000 })).rejects.toThrow(/too old|expired/);
  });
});

describe('the signature', () => {
  const refusals: [string, () => Promise<string> | string, RegExp][] = [
    ['is missing', () => unsigned(good), /exactly one signature/],
    ['is of a stranger', () => issueAssertion(REQUEST, stranger), /signature does not hold/],
    ['covers a changed claim', () => good.replace('staff-1', 'staff-2'), /signature does not hold/],
    [
      'has a changed value',
      () => good.replace(/(?<=<ds:SignatureValue>)./, (first) => (first === 'A' ? 'B' : 'A')),
      /signature does not hold|exactly/,
    ],
    [
      'uses SHA-1',
      () => signAnything(unsigned(good), { digest: 'http://www.w3.org/2000/09/xmldsig#sha1' }),
      /algorithm/,
    ],
    [
      'uses RSA with SHA-1',
      () => signAnything(unsigned(good), { method: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }),
      /algorithm/,
    ],
    ['claims HMAC', () => good.replace(RSA_SHA256, 'http://www.w3.org/2000/09/xmldsig#hmac-sha1'), /algorithm/],
    [
      'leaves the enveloped transform out',
      () => signAnything(unsigned(good), { transforms: [EXCLUSIVE_C14N] }),
      /algorithm/,
    ],
    [
      'keeps comments',
      () => signAnything(unsigned(good), { transforms: [ENVELOPED, `${EXCLUSIVE_C14N}WithComments`] }),
      /algorithm/,
    ],
    [
      'is over a part only',
      () => signAnything(unsigned(good), { xpath: "/*/*[local-name()='Subject']" }),
      /not to the assertion/,
    ],
    [
      'names an XSLT transform',
      () => good.replace(ENVELOPED, 'http://www.w3.org/TR/1999/REC-xslt-19991116'),
      /algorithm/,
    ],
  ];
  it.each(refusals)('is refused when it %s', async (_, make, rule) => {
    await expect(verify(await make())).rejects.toThrow(rule);
  });

  it('is refused under a certificate that has expired, and under a key that is too short', async () => {
    const byOld = await issueAssertion(REQUEST, old);
    const byShort = await issueAssertion(REQUEST, short);
    await expect(verify(byOld, {}, trust(old.certificate))).rejects.toThrow(/issuer is not known/);
    await expect(verify(byShort, {}, trust(short.certificate))).rejects.toThrow(/issuer is not known/);
  });

  it('is never checked against the certificate that it brings along', async () => {
    const selfMade = await issueAssertion(REQUEST, stranger);
    expect(selfMade).toContain('X509Certificate');
    await expect(verify(selfMade)).rejects.toThrow(/signature does not hold/);
  });

  it('is refused from an issuer without an active contract', async () => {
    await expect(verify(await issue({ issuer: 'urn:oid:9.9' }))).rejects.toThrow(/issuer is not known/);
  });
});

describe('signature wrapping', () => {
  /** The original with another ID and subject: what the attacker wants us to read. */
  const evil = () => unsigned(good).replace('ID="_a1"', 'ID="_evil"').replace('staff-1', 'admin');
  const signature = () => /<ds:Signature.*<\/ds:Signature>/s.exec(good)?.[0] ?? '';
  const into = (outer: string, inner: string) => outer.replace('</saml2:Issuer>', `</saml2:Issuer>${inner}`);

  it.each([
    [
      'the original inside the forged one',
      () =>
        into(evil(), signature().replace('</ds:Signature>', `<ds:Object>${unsigned(good)}</ds:Object></ds:Signature>`)),
    ],
    [
      'the original after the forged subject',
      () => into(evil(), signature()).replace('</saml2:Subject>', `</saml2:Subject>${unsigned(good)}`),
    ],
    ['the forged one around the whole original', () => into(evil(), good)],
    [
      'two elements with the signed ID',
      () =>
        into(unsigned(good).replace('staff-1', 'admin'), signature()).replace(
          '<saml2:Subject>',
          '<saml2:Subject ID="_a1">',
        ),
    ],
    [
      'the signed ID under another attribute name',
      () => into(evil(), signature()).replace('<saml2:Conditions', '<saml2:Conditions xml:id="_a1"'),
    ],
    ['two signatures', () => good.replace('</saml2:Issuer>', `</saml2:Issuer>${signature()}`)],
    [
      'the signature further down',
      () => unsigned(good).replace('</saml2:Conditions>', `${signature()}</saml2:Conditions>`),
    ],
    ['two references', () => good.replace('</ds:Reference>', '</ds:Reference><ds:Reference URI="#_evil"/>')],
    ['an empty reference', () => good.replace('URI="#_a1"', 'URI=""')],
    ['an XPointer', () => good.replace('URI="#_a1"', 'URI="#xpointer(id(\'_a1\'))"')],
  ])('is refused: %s', async (_, make) => {
    await expect(verify(make())).rejects.toMatchObject({ code: 'Sender' });
  });

  it('a comment inside a name does not shorten it', async () => {
    const split = await issue({ subject: 'admin.evil' });
    // Canonical XML drops comments, so the signature still holds: the name must be read as it was signed.
    const claims = await verify(split.replace('admin.evil', 'admin<!-- -->.evil'));
    expect(claims.subject).toBe('admin.evil');
  });

  it('a document type is refused before the signature is looked at', async () => {
    await expect(verify(`<!DOCTYPE a [<!ENTITY x "y">]>${good}`)).rejects.toThrow(/document type/);
  });
});

describe('the conditions', () => {
  it.each<[string, Partial<IssueRequest>, Partial<Expectation>, RegExp]>([
    ['for another audience', { audience: 'urn:oid:9' }, {}, /another audience/],
    ['that is not valid yet', { now: NOW + 120_000 }, {}, /not valid yet/],
    ['that has expired', { lifetimeSeconds: 30 }, { now: NOW + 91_000 }, /expired/],
    ['that is too old', {}, { now: NOW + 200_000, maxAgeSeconds: 60 }, /too old/],
    ['for another recipient', { recipient: 'https://other.example/' }, {}, /not confirmed/],
  ])('refuse an assertion %s', async (_, request, expectation, rule) => {
    await expect(verify(await issue(request), expectation)).rejects.toThrow(rule);
  });

  it.each<[string, (xml: string) => string, RegExp]>([
    ['no audience', (xml) => xml.replace(/<saml2:AudienceRestriction>.*<\/saml2:AudienceRestriction>/, ''), /audience/],
    ['no conditions', (xml) => xml.replace(/<saml2:Conditions.*<\/saml2:Conditions>/, ''), /exactly one Conditions/],
    ['no end', (xml) => xml.replace(/(<saml2:Conditions[^>]*) NotOnOrAfter="[^"]*"/, '$1'), /expired/],
    [
      'a condition that we do not know',
      (xml) => xml.replace('</saml2:Conditions>', '<saml2:Condition/></saml2:Conditions>'),
      /not understood/,
    ],
    ['a bearer without a recipient', (xml) => xml.replace(/ Recipient="[^"]*"/, ''), /not confirmed/],
    ['a time without a zone', (xml) => xml.replace(/(IssueInstant="[^"]*)Z"/, '$1"'), /instant/],
    ['version 1.1', (xml) => xml.replace('Version="2.0"', 'Version="1.1"'), /version/],
  ])('refuse a signed assertion with %s', async (_, change, rule) => {
    await expect(verify(signAnything(change(unsigned(good))))).rejects.toThrow(rule);
  });

  it('refuse a second use, unless reuse was agreed and the message is another', async () => {
    const once = trust(key.certificate);
    await verify(good, {}, once);
    await expect(verify(good, { messageId: 'urn:uuid:2' }, once)).rejects.toThrow(/used before/);

    const shared = trust(key.certificate);
    await verify(good, { allowReuse: true }, shared);
    await verify(good, { allowReuse: true, messageId: 'urn:uuid:2' }, shared);
    await expect(verify(good, { allowReuse: true }, shared)).rejects.toThrow(/used before/);

    const oneTime = trust(key.certificate);
    const assertion = await issue({ oneTimeUse: true });
    await verify(assertion, { allowReuse: true }, oneTime);
    await expect(verify(assertion, { allowReuse: true, messageId: 'urn:uuid:2' }, oneTime)).rejects.toThrow(
      /used before/,
    );
  });

  it('believe a holder of a key only at the connection that shows it', async () => {
    const bound = await issue({ holderCertificate: stranger.certificate });
    await expect(verify(bound, { clientCertificate: stranger.certificate })).resolves.toBeDefined();
    await expect(verify(bound)).rejects.toThrow(/not confirmed/);
    await expect(verify(bound, { clientCertificate: next.certificate })).rejects.toThrow(/not confirmed/);
  });
});

it('a claim that is stated twice says nothing', async () => {
  const twice = signAnything(
    unsigned(good)
      .replace('>staff-1<', '>staff-1<')
      .replace(/(<saml2:Attribute Name="urn:oasis:names:tc:xacml:2.0:subject:role">.*?<\/saml2:Attribute>)/, '$1$1'),
  );
  expect((await verify(twice)).role).toBeUndefined();
});

it('no refusal repeats what the assertion said', async () => {
  const fault = await verify(good.replace('staff-1', 'secret-name')).catch((error: Error) => error);
  expect(String(fault)).not.toContain('secret-name');
});
