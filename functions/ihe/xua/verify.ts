// Verifies a SAML 2.0 assertion and gives what it claims. Everything that is read is read from the octets that were signed,
// never from the message around them: https://docs.oasis-open.org/security/saml/v2.0/saml-sec-consider-2.0-os.pdf,
// https://www.w3.org/TR/xmldsig-bestpractices/
import { X509Certificate } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import type { ReplayGuard, TrustedIssuers } from '../ports.ts';
import { SAML_NS } from '../soap/envelope.ts';
import { SoapFault } from '../soap/fault.ts';
import { parseXml, XML_LIMITS, XmlError } from '../xml/parse.ts';
import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, children, descendants, standalone, trimmed } from '../xml/tree.ts';
import type { VerifiedClaims } from './claims.ts';
import { BEARER, DSIG_NS, ENVELOPED, EXCLUSIVE_C14N, HOLDER_OF_KEY, RSA_SHA256, SHA256 } from './claims.ts';
import { claimsOf } from './read-claims.ts';

export interface Expectation {
  /** Our own URI. */
  readonly audience: string;
  /** Our endpoint's address. */
  readonly recipient: string;
  /** The same endpoint under another host name (mutual TLS has one of its own). */
  readonly otherRecipient?: string | undefined;
  /** Now, ms. */
  readonly now: number;
  /** `wsa:MessageID` of the request, which makes a second use of an assertion another use. */
  readonly messageId: string | undefined;
  /** PEM of the certificate that the connection was made with (mutual TLS). */
  readonly clientCertificate?: string | undefined;
  /** Lets one assertion serve several messages within its lifetime. @default false */
  readonly allowReuse?: boolean;
  /** @default 300 */
  readonly maxAgeSeconds?: number;
  /** @default 60 */
  readonly clockSkewSeconds?: number;
}

export interface Trust {
  readonly issuers: TrustedIssuers;
  readonly replay: ReplayGuard;
}

const LIMITS = { ...XML_LIMITS, bytes: 256 * 1024, depth: 30, elements: 2_000 };
const SIGNATURE_METHODS: readonly string[] = [RSA_SHA256, 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512'];
const DIGEST_METHODS: readonly string[] = [SHA256, 'http://www.w3.org/2001/04/xmlenc#sha512'];
const MIN_RSA_BITS = 2048;

const untrusted = (rule: string) => new SoapFault('Sender', `assertion refused: ${rule}`, 'wsse:InvalidSecurityToken');
const failed = (rule: string) => new SoapFault('Sender', `assertion refused: ${rule}`, 'wsse:FailedAuthentication');
const expired = (rule: string) => new SoapFault('Sender', `assertion refused: ${rule}`, 'wsse:MessageExpired');

/** What the assertion claims, if all of it holds; otherwise a fault that names the rule. */
export const verifyAssertion = async (text: string, expected: Expectation, trust: Trust): Promise<VerifiedClaims> => {
  const unverified = parse(text);
  const { id, signature } = shapeOf(unverified);
  const issuer = trimmed(child(unverified, 'Issuer')) ?? '';
  const certificates = (await trust.issuers.certificatesOf(issuer)).filter((pem) => usable(pem, expected.now));
  if (certificates.length === 0) throw failed('its issuer is not known here');

  const signed = signedElement(text, signature, certificates);
  if (signed.name !== 'Assertion' || signed.ns !== SAML_NS || attribute(signed, 'ID') !== id)
    throw untrusted('what was signed is not the assertion');
  // From here on only what was signed is looked at.
  if (trimmed(child(signed, 'Issuer')) !== issuer) throw untrusted('two issuers');

  const until = checkConditions(signed, expected);
  confirmSubject(signed, expected);
  await refuseReplay(signed, issuer, id, until, expected, trust.replay);
  return claimsOf(signed, issuer);
};

const parse = (text: string): XmlElement => {
  try {
    return parseXml(text, LIMITS);
  } catch (fault) {
    if (fault instanceof XmlError) throw untrusted(fault.message);
    throw fault;
  }
};

/** Where wrapping attacks fail: one assertion, one signature as its child, one reference, and that to the assertion itself. */
const shapeOf = (assertion: XmlElement): { id: string; signature: XmlElement } => {
  if (assertion.name !== 'Assertion' || assertion.ns !== SAML_NS) throw untrusted('not a SAML 2.0 assertion');
  if (attribute(assertion, 'Version') !== '2.0') throw untrusted('not version 2.0');
  const id = attribute(assertion, 'ID') ?? '';
  if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/.test(id)) throw untrusted('its ID is not a name');
  const inner = descendants(assertion);
  const ids = [assertion, ...inner].flatMap(({ attributes }) =>
    attributes.filter(({ name }) => /^(id|assertionid)$/i.test(name)).map(({ value }) => value),
  );
  if (new Set(ids).size !== ids.length) throw untrusted('an ID twice');
  if (inner.some(({ ns, name }) => ns === SAML_NS && (name === 'Assertion' || name === 'EncryptedAssertion')))
    throw untrusted('an assertion within an assertion');
  const signatures = inner.filter(({ ns, name }) => ns === DSIG_NS && name === 'Signature');
  const signature = child(assertion, 'Signature', DSIG_NS);
  if (!signature || signatures.length !== 1) throw untrusted('it must have exactly one signature, as its own child');
  if (child(signature, 'Object')) throw untrusted('an object in the signature');
  checkSignedInfo(children(signature, 'SignedInfo'), id);
  return { id, signature };
};

const algorithm = (parent: XmlElement | undefined, name: string): string =>
  attribute(child(parent, name), 'Algorithm') ?? '';

const checkSignedInfo = (infos: readonly XmlElement[], id: string): void => {
  const [info] = infos;
  const references = children(info, 'Reference');
  const [reference] = references;
  if (!info || infos.length !== 1 || references.length !== 1) throw untrusted('it must have exactly one reference');
  if (attribute(reference, 'URI') !== `#${id}`) throw untrusted('the reference is not to the assertion');
  const transforms = children(child(reference, 'Transforms'), 'Transform').map((one) => attribute(one, 'Algorithm'));
  const allowed =
    algorithm(info, 'CanonicalizationMethod') === EXCLUSIVE_C14N &&
    SIGNATURE_METHODS.includes(algorithm(info, 'SignatureMethod')) &&
    DIGEST_METHODS.includes(algorithm(reference, 'DigestMethod')) &&
    transforms.join(' ') === `${ENVELOPED} ${EXCLUSIVE_C14N}`;
  if (!allowed)
    throw new SoapFault('Sender', 'assertion refused: an algorithm that is not allowed', 'wsse:UnsupportedAlgorithm');
};

const usable = (pem: string, now: number): boolean => {
  const certificate = new X509Certificate(pem);
  const bits = certificate.publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  const inTime = Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
  return certificate.publicKey.asymmetricKeyType === 'rsa' && bits >= MIN_RSA_BITS && inTime;
};

/** The signed octets, parsed again. Keys come from the link contract; what KeyInfo says is never a key. */
const signedElement = (text: string, signature: XmlElement, certificates: readonly string[]): XmlElement => {
  for (const certificate of certificates) {
    const octets = octetsSigned(text, signature, certificate);
    if (octets !== undefined) return parse(octets);
  }
  throw failed('its signature does not hold');
};

const octetsSigned = (text: string, signature: XmlElement, publicCert: string): string | undefined => {
  const verifier = new SignedXml({ publicCert, getCertFromKeyInfo: () => null });
  try {
    verifier.loadSignature(standalone(text, signature));
    if (!verifier.checkSignature(text)) return undefined;
    const octets = verifier.getSignedReferences();
    return octets.length === 1 ? octets[0] : undefined;
  } catch {
    // xml-crypto throws for a wrong value as for a malformed one; either way nothing was proved.
    return undefined;
  }
};

const instantOf = (element: XmlElement | undefined, name: string): number | undefined => {
  const value = attribute(element, name);
  if (value === undefined) return undefined;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(value)) throw untrusted(`${name} is not an instant in UTC`);
  return Date.parse(value);
};

const checkConditions = (assertion: XmlElement, expected: Expectation): number => {
  const skew = (expected.clockSkewSeconds ?? 60) * 1000;
  const { now } = expected;
  const issued = instantOf(assertion, 'IssueInstant');
  if (issued === undefined || issued > now + skew) throw expired('it is not valid yet');
  if (now - issued > (expected.maxAgeSeconds ?? 300) * 1000 + skew) throw expired('it is too old');
  const conditions = children(assertion, 'Conditions');
  const [only] = conditions;
  if (!only || conditions.length !== 1) throw untrusted('it must have exactly one Conditions');
  const from = instantOf(only, 'NotBefore');
  const until = instantOf(only, 'NotOnOrAfter');
  if (from !== undefined && from > now + skew) throw expired('it is not valid yet');
  if (until === undefined || until <= now - skew) throw expired('it has expired');
  const known: readonly string[] = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'];
  if (descendants(only).some(({ ns, name }) => ns === SAML_NS && name === 'Condition') || unknownChild(only, known))
    throw untrusted('a condition that is not understood');
  const restrictions = children(only, 'AudienceRestriction');
  // Each restriction must admit us: saml-core 2.5.1.4.
  const forUs = restrictions.every((one) =>
    children(one, 'Audience').some((uri) => trimmed(uri) === expected.audience),
  );
  if (restrictions.length === 0 || !forUs) throw failed('it is for another audience');
  return until;
};

const unknownChild = (parent: XmlElement, known: readonly string[]): boolean =>
  parent.children.some((one) => typeof one !== 'string' && (one.ns !== SAML_NS || !known.includes(one.name)));

/** https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf, section 3: one confirmation that holds is enough. */
const confirmSubject = (assertion: XmlElement, expected: Expectation): void => {
  const confirmations = children(child(assertion, 'Subject'), 'SubjectConfirmation');
  if (!confirmations.some((one) => confirms(one, expected))) throw failed('its subject is not confirmed');
};

const confirms = (confirmation: XmlElement, expected: Expectation): boolean => {
  const data = child(confirmation, 'SubjectConfirmationData');
  const skew = (expected.clockSkewSeconds ?? 60) * 1000;
  const until = instantOf(data, 'NotOnOrAfter');
  const from = instantOf(data, 'NotBefore');
  if (until !== undefined && until <= expected.now - skew) return false;
  if (from !== undefined && from > expected.now + skew) return false;
  const recipient = attribute(data, 'Recipient');
  if (recipient !== undefined && recipient !== expected.recipient && recipient !== expected.otherRecipient)
    return false;
  const method = attribute(confirmation, 'Method');
  if (method === BEARER) return until !== undefined && recipient !== undefined;
  return method === HOLDER_OF_KEY && holdsKey(data, expected.clientCertificate);
};

const holdsKey = (data: XmlElement | undefined, clientCertificate: string | undefined): boolean => {
  if (!data || !clientCertificate) return false;
  const shown = new X509Certificate(clientCertificate).raw.toString('base64');
  return children(data, 'KeyInfo', DSIG_NS)
    .flatMap((info) => descendants(info))
    .some(({ ns, name, children: parts }) => {
      const text = parts.join('').replace(/\s/g, '');
      return ns === DSIG_NS && name === 'X509Certificate' && text === shown;
    });
};

const refuseReplay = async (
  assertion: XmlElement,
  issuer: string,
  id: string,
  until: number,
  expected: Expectation,
  replay: ReplayGuard,
): Promise<void> => {
  const once = !expected.allowReuse || child(child(assertion, 'Conditions'), 'OneTimeUse') !== undefined;
  if (!once && !expected.messageId) throw untrusted('a message without an id cannot use it again');
  const use = once ? `${issuer} ${id}` : `${issuer} ${id} ${expected.messageId}`;
  if (!(await replay.firstUse(use, until + (expected.clockSkewSeconds ?? 60) * 1000)))
    throw failed('it was used before');
};
