// Certificates of another community as they are entered: what verifying would refuse later is said at the desk.
import { X509Certificate } from 'node:crypto';
import { refuse } from '../fhir/outcome.ts';

const MIN_RSA_BITS = 2048;

const wrong = (pem: string, now: number): string | undefined => {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return 'cannot be read as a certificate';
  }
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS)
    return `must hold an RSA key of ${MIN_RSA_BITS} bits or more`;
  return Date.parse(certificate.validTo) <= now ? 'has run out' : undefined;
};

/** @throws FhirError `invalid`, at the certificate */
export const assertCertificates = (pems: readonly string[], now: number, at: string): void => {
  for (const [index, pem] of pems.entries()) {
    const rule = wrong(pem, now);
    if (rule) throw refuse('invalid', `${at}[${index}] ${rule}`, at);
  }
};

/** What is compared over the telephone, and when it ends. */
export const shownCertificate = (pem: string): { readonly fingerprint: string; readonly until: string } => {
  const { fingerprint256, validTo } = new X509Certificate(pem);
  return { fingerprint: fingerprint256, until: new Date(validTo).toISOString() };
};
