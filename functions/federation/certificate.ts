// A self-signed X.509 certificate (RFC 5280) around an RSA key, as SAML's KeyInfo and partners' configurations want one. Node reads
// certificates and makes none; what is written here is one fixed shape in DER, https://www.itu.int/rec/T-REC-X.690.
import { randomBytes } from 'node:crypto';

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};
const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
const oid = (...bytes: readonly number[]) => der(0x06, Buffer.from(bytes));
const octets = (content: Uint8Array) => der(0x04, content);
const TRUE = der(0x01, Buffer.from([0xff]));

const RSA_WITH_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b), der(0x05));
const COMMON_NAME = oid(0x55, 0x04, 0x03);
/** It certifies nobody else, and signs: RFC 5280, 4.2.1.9 and 4.2.1.3. */
const EXTENSIONS = der(
  0xa3,
  sequence(
    sequence(oid(0x55, 0x1d, 0x13), TRUE, octets(sequence())),
    sequence(oid(0x55, 0x1d, 0x0f), TRUE, octets(der(0x03, Buffer.from([7, 0x80])))),
  ),
);

/** UTCTime until 2049, as RFC 5280 has it (4.1.2.5). */
const time = (ms: number): Buffer => {
  const digits = new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '');
  return digits < '2050' ? der(0x17, Buffer.from(`${digits.slice(2)}Z`)) : der(0x18, Buffer.from(`${digits}Z`));
};

export interface CertificateOf {
  readonly commonName: string;
  readonly from: number;
  readonly until: number;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** RSASSA-PKCS1-v1_5 with SHA-256. */
  readonly sign: (octets: Uint8Array) => Uint8Array;
}

/** PEM. */
export const selfSigned = ({ commonName, from, until, publicKey, sign }: CertificateOf): string => {
  const subject = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(commonName)))));
  // Positive, and not to be guessed.
  const serial = Buffer.concat([Buffer.from([0x4a]), randomBytes(15)]);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    RSA_WITH_SHA256,
    subject,
    sequence(time(from), time(until)),
    subject,
    publicKey,
    EXTENSIONS,
  );
  const certificate = sequence(body, RSA_WITH_SHA256, der(0x03, Buffer.from([0]), sign(body)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
};
