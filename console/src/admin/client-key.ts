// A key pair for a system, made in this browser: the private part never leaves the machine but as the file that the person saves.
// ES384 (RFC 7518 3.4), named by its thumbprint (RFC 7638).
export interface KeyPair {
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly privateJwk: Readonly<Record<string, unknown>>;
}

export const newKeyPair = async (): Promise<KeyPair> => {
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, [
    'sign',
    'verify',
  ]);
  const { crv, kty, x, y, d } = await crypto.subtle.exportKey('jwk', privateKey);
  const kid = base64url(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify({ crv, kty, x, y }))),
  );
  const publicJwk = { kty, crv, x, y, kid, alg: 'ES384', use: 'sig' };
  return { publicJwk, privateJwk: { ...publicJwk, d } };
};

const base64url = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
