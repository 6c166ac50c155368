// Issues SAML 2.0 assertions: https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf
import { SignedXml } from 'xml-crypto';
import type { AssertionSigner } from '../ports.ts';
import { SAML_NS } from '../soap/envelope.ts';
import type { Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';
import type { Coded, XuaClaims } from './claims.ts';
import {
  BEARER,
  DSIG_NS,
  ENVELOPED,
  EXCLUSIVE_C14N,
  HOLDER_OF_KEY,
  RSA_SHA256,
  SHA256,
  XUA_ATTRIBUTES,
} from './claims.ts';

export interface IssueRequest extends XuaClaims {
  /** The partner's URI, from the link contract. */
  readonly audience: string;
  /** The partner's endpoint. */
  readonly recipient: string;
  /** Unique, without the leading underscore that makes it an NCName. */
  readonly id: string;
  /** Time of issue, ms. */
  readonly now: number;
  /** At most five minutes (design.md, section 8). @default 300 */
  readonly lifetimeSeconds?: number;
  /** The certificate that the bearer shows at the connection, PEM: then the assertion is worth nothing to anyone else. */
  readonly holderCertificate?: string | undefined;
  readonly oneTimeUse?: boolean;
}

const MAX_LIFETIME_SECONDS = 300;
const instant = (ms: number) => new Date(ms).toISOString();

/** The signed assertion as text, to be put into a security header as it is. */
export const issueAssertion = async (request: IssueRequest, signer: AssertionSigner): Promise<string> =>
  sign(assertion(request).markup, `_${request.id}`, signer);

const assertion = (request: IssueRequest): Markup => {
  const { now, audience, recipient } = request;
  const seconds = Math.min(request.lifetimeSeconds ?? MAX_LIFETIME_SECONDS, MAX_LIFETIME_SECONDS);
  const end = instant(now + seconds * 1000);
  return element(
    'saml2:Assertion',
    {
      'xmlns:saml2': SAML_NS,
      'xmlns:xs': 'http://www.w3.org/2001/XMLSchema',
      'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
      ID: `_${request.id}`,
      IssueInstant: instant(now),
      Version: '2.0',
    },
    element('saml2:Issuer', {}, request.issuer),
    element(
      'saml2:Subject',
      {},
      element('saml2:NameID', { Format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' }, request.subject),
      element(
        'saml2:SubjectConfirmation',
        { Method: request.holderCertificate ? HOLDER_OF_KEY : BEARER },
        element(
          'saml2:SubjectConfirmationData',
          {
            NotOnOrAfter: end,
            Recipient: recipient,
            'xsi:type': request.holderCertificate && 'saml2:KeyInfoConfirmationDataType',
          },
          request.holderCertificate && keyInfo(request.holderCertificate),
        ),
      ),
    ),
    element(
      'saml2:Conditions',
      { NotBefore: instant(now), NotOnOrAfter: end },
      element('saml2:AudienceRestriction', {}, element('saml2:Audience', {}, audience)),
      request.oneTimeUse ? element('saml2:OneTimeUse') : undefined,
    ),
    element(
      'saml2:AuthnStatement',
      { AuthnInstant: instant(now) },
      element(
        'saml2:AuthnContext',
        {},
        element('saml2:AuthnContextClassRef', {}, 'urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified'),
      ),
    ),
    attributes(request),
  );
};

const attributes = (claims: XuaClaims): Markup | undefined => {
  const stated = [
    textAttribute(XUA_ATTRIBUTES.subjectName, claims.subjectName),
    textAttribute(XUA_ATTRIBUTES.organization, claims.organization),
    textAttribute(XUA_ATTRIBUTES.organizationId, claims.organizationId),
    textAttribute(XUA_ATTRIBUTES.facilityType, claims.facilityType),
    codedAttribute(XUA_ATTRIBUTES.role, 'Role', claims.role),
    codedAttribute(XUA_ATTRIBUTES.purposeOfUse, 'PurposeOfUse', claims.purposeOfUse),
    textAttribute(XUA_ATTRIBUTES.homeCommunityId, claims.homeCommunityId),
    textAttribute(XUA_ATTRIBUTES.resourceId, claims.resourceId),
  ].filter((found) => found !== undefined);
  return stated.length > 0 ? element('saml2:AttributeStatement', {}, stated) : undefined;
};

const textAttribute = (name: string, value: string | undefined): Markup | undefined =>
  value === undefined
    ? undefined
    : element('saml2:Attribute', { Name: name }, element('saml2:AttributeValue', { 'xsi:type': 'xs:string' }, value));

const codedAttribute = (name: string, tag: string, coded: Coded | undefined): Markup | undefined =>
  coded &&
  element(
    'saml2:Attribute',
    { Name: name },
    element(
      'saml2:AttributeValue',
      {},
      element(`hl7:${tag}`, {
        'xmlns:hl7': 'urn:hl7-org:v3',
        'xsi:type': 'hl7:CE',
        code: coded.code,
        codeSystem: coded.codeSystem,
        displayName: coded.displayName,
      }),
    ),
  );

const derOf = (pem: string) => pem.replace(/-----[^-]+-----/g, '').replace(/\s/g, '');

const keyInfo = (pem: string): Markup =>
  element(
    'ds:KeyInfo',
    { 'xmlns:ds': DSIG_NS },
    element('ds:X509Data', {}, element('ds:X509Certificate', {}, derOf(pem))),
  );

/** The key stays where it is (KMS): only the octets of SignedInfo go there. */
const sign = (xml: string, id: string, signer: AssertionSigner): Promise<string> => {
  const signed = new SignedXml({
    privateKey: 'kept by the signer',
    publicCert: signer.certificate,
    signatureAlgorithm: RSA_SHA256,
    canonicalizationAlgorithm: EXCLUSIVE_C14N,
  });
  signed.SignatureAlgorithms = { [RSA_SHA256]: remote(signer) };
  signed.addReference({
    xpath: `/*[@ID='${id}']`,
    transforms: [ENVELOPED, EXCLUSIVE_C14N],
    digestAlgorithm: SHA256,
    // Prefixes that stand in values (xsi:type) are invisible to exclusive canonicalisation unless they are named.
    inclusiveNamespacesPrefixList: ['xs'],
  });
  return new Promise((resolve, reject) => {
    const location = { reference: "/*/*[local-name()='Issuer']", action: 'after' as const };
    signed.computeSignature(xml, { prefix: 'ds', location }, (fault) =>
      fault ? reject(fault) : resolve(signed.getSignedXml()),
    );
  });
};

const remote = (signer: AssertionSigner) =>
  class {
    getAlgorithmName = () => RSA_SHA256 as typeof RSA_SHA256;
    verifySignature = () => false;
    getSignature(signedInfo: unknown, _key: unknown, callback?: (fault: Error | null, value?: string) => void): string {
      const octets = typeof signedInfo === 'string' ? Buffer.from(signedInfo) : Buffer.from(signedInfo as Uint8Array);
      signer.sign(octets).then(
        (value) => callback?.(null, Buffer.from(value).toString('base64')),
        (fault: Error) => callback?.(fault),
      );
      return '';
    }
  };
