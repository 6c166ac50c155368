// A passkey provider in a few lines: an ES256 key pair that signs what a relying party asks, as a browser would hand it on.
// https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const b64 = (bytes: Buffer | string) => Buffer.from(bytes as string).toString('base64url');
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest();

/** CBOR of what is needed here: integers, byte and text strings, maps (RFC 8949). */
const cbor = (value: number | string | Buffer | Map<number | string, unknown>): Buffer => {
  const head = (major: number, length: number) =>
    length < 24
      ? Buffer.from([(major << 5) | length])
      : length < 256
        ? Buffer.from([(major << 5) | 24, length])
        : Buffer.from([(major << 5) | 25, length >> 8, length & 0xff]);
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([
    head(5, value.size),
    ...[...value].flatMap(([key, held]) => [cbor(key), cbor(held as Parameters<typeof cbor>[0])]),
  ]);
};

export interface Asked {
  readonly challenge: string;
  readonly rp?: { readonly id?: string };
  readonly rpId?: string;
}

export interface Manner {
  /** @default https://<relying party> */
  readonly origin?: string;
  /** Whether the owner gave a PIN or a finger. @default true */
  readonly verified?: boolean;
}

const mannerly = ({ origin, verified = true }: Manner, relyingParty: string | undefined) => ({
  origin: origin ?? `https://${relyingParty}`,
  verified,
});

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const CREDENTIAL_INCLUDED = 0x40;

export const openAuthenticator = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const id = randomBytes(16);
  let counter = 0;

  const data = (rpId: string, verified: boolean, credential: Buffer = Buffer.alloc(0)) => {
    counter += 1;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const flags = USER_PRESENT | (verified ? USER_VERIFIED : 0) | (credential.length > 0 ? CREDENTIAL_INCLUDED : 0);
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), count, credential]);
  };
  const client = (type: string, challenge: string, origin: string) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const credential = (response: object) => ({
    id: b64(id),
    rawId: b64(id),
    type: 'public-key',
    authenticatorAttachment: 'platform',
    clientExtensionResults: {},
    response,
  });

  return {
    id: b64(id),
    /** What `navigator.credentials.create` answers, as JSON. */
    register: ({ challenge, rp }: Asked, manner: Manner = {}) => {
      const { origin, verified } = mannerly(manner, rp?.id);
      const key = new Map<number, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]);
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, cbor(key)]);
      const attestation = new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', data(rp?.id ?? '', verified, attested)],
      ]);
      return credential({
        clientDataJSON: b64(client('webauthn.create', challenge, origin)),
        attestationObject: b64(cbor(attestation)),
        transports: ['internal'],
      });
    },
    /** What `navigator.credentials.get` answers, as JSON. */
    prove: ({ challenge, rpId }: Asked, manner: Manner = {}) => {
      const { origin, verified } = mannerly(manner, rpId);
      const authenticatorData = data(rpId ?? '', verified);
      const clientData = client('webauthn.get', challenge, origin);
      return credential({
        clientDataJSON: b64(clientData),
        authenticatorData: b64(authenticatorData),
        signature: b64(sign('sha256', Buffer.concat([authenticatorData, sha256(clientData)]), privateKey)),
      });
    },
  };
};
