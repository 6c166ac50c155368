// The region's RSA key for XUA (SAML, RSA-SHA256), which IHE's partners need where our own protocol signs with ES256. A KMS key of its
// own would cost a dollar a month: KMS makes the pair, seals its private half under the data key of the region and never shows it to
// whoever asks for the pair; a function that signs opens it once for each execution environment.
//
//   pattern                     p                    s          data
//   all keys                    federation#xua-key   <serial>   certificate, sealed private half, when it signs
//
// Changing the key (docs/federation.md, "The key of the SOAP faces"): the next one is made a month before it signs, and its certificate is
// published from that day, so a partner has both while it changes.
import { createPrivateKey, createSign, X509Certificate } from 'node:crypto';
import * as z from 'zod/mini';
import { holding } from '../auth/cached.ts';
import { refuse } from '../fhir/outcome.ts';
import type { CallJson } from '../services/aws-fetch.ts';
import type { RowStore } from '../services/row-store.ts';
import { selfSigned } from './certificate.ts';

const P = 'federation#xua-key';
const DAY = 86_400_000;
const LIFE_MS = 3 * 365 * DAY;
/** A key of this age gets a successor, which signs a month later. */
const AGE_MS = 2 * 365 * DAY;
const OVERLAP_MS = 30 * DAY;
/** Certificates begin in the past: partners' clocks. */
const BACKDATED_MS = DAY;
const HELD_MS = 60_000;
const SPEC = 'RSA_3072';

const Kept = z.strictObject({
  /** PEM. */
  certificate: z.string(),
  /** Base64: sealed by KMS, PKCS #8 inside. */
  privateKey: z.string(),
  madeAt: z.number(),
  /** From then on the newest such key signs. */
  signsFrom: z.number(),
  /** No assertion of this key is to be believed any more. */
  until: z.number(),
});
type Kept = z.infer<typeof Kept> & { readonly serial: string; readonly version: number };

export interface XuaSigner {
  /** PEM. */
  readonly certificate: string;
  /** RSASSA-PKCS1-v1_5 with SHA-256 over these octets. */
  readonly sign: (octets: Uint8Array) => Promise<Uint8Array>;
  /** For a gateway that asks for a client certificate: Node's TLS takes the key as PEM only. */
  readonly tls: () => { readonly key: string; readonly cert: string };
}

/** What partners and the desk see of a key. */
export interface PublishedKey {
  readonly serial: string;
  readonly certificate: string;
  /** SHA-256 of the certificate, to be compared over the telephone. */
  readonly fingerprint: string;
  readonly signsFrom: string;
  readonly until: string;
  readonly signs: boolean;
}

export interface XuaKeys {
  /** The key that signs now. The first call of all makes it. */
  signer(): Promise<XuaSigner>;
  /** All whose assertions are to be believed, the signing one first, the next one too. */
  published(): Promise<readonly PublishedKey[]>;
  /** Makes the next key, to sign from then on. @throws FhirError `conflict` when there is one already */
  next(signsFrom: number): Promise<PublishedKey>;
  /** Takes a key out at once: it was found out, or is no longer needed. @throws FhirError `conflict` for the only one */
  retire(serial: string): Promise<void>;
}

export interface XuaKeyParts {
  readonly kms: CallJson;
  /** `DATA_KEY_ID`: symmetric. */
  readonly keyId: string;
  readonly rows: RowStore;
  /** OID of the region, for the name in the certificate. */
  readonly community: string;
  readonly clock: () => number;
}

const Pair = z.object({ PrivateKeyCiphertextBlob: z.string(), PublicKey: z.string() });
const Decrypted = z.object({ Plaintext: z.string() });
/** KMS authenticates it: no other sealed thing can take this one's place, nor one key another's. */
const contextOf = (serial: string) => ({ use: 'tsumugi/xua-key', serial });
const serialOf = (at: number): string => String(at).padStart(6, '0');

export const openXuaKeys = ({ kms, keyId, rows, community, clock }: XuaKeyParts): XuaKeys => {
  const held = holding<readonly Kept[]>({ forMs: HELD_MS, most: 1, clock });
  const opened = new Map<string, Promise<XuaSigner>>();

  const load = async (): Promise<readonly Kept[]> => {
    const { rows: found } = await rows.list({ p: P });
    // A row that is not as it must be stops the request: better no signature than one of the wrong key.
    return found.map(({ s, data, version }) => ({ ...Kept.parse(data), serial: s, version }));
  };

  const open = async (serial: string, sealed: string) => {
    const answer = await kms('TrentService.Decrypt', {
      KeyId: keyId,
      CiphertextBlob: sealed,
      EncryptionContext: contextOf(serial),
    });
    const pkcs8 = Buffer.from(Decrypted.parse(answer).Plaintext, 'base64');
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    pkcs8.fill(0);
    return {
      sign: (octets: Uint8Array): Uint8Array => createSign('RSA-SHA256').update(octets).sign(key),
      pem: () => key.export({ type: 'pkcs8', format: 'pem' }) as string,
    };
  };

  /** Several functions may come to this at once: the first that writes wins, and all take what stands there then. */
  const make = async (known: readonly Kept[], signsFrom: number): Promise<void> => {
    const serial = serialOf(Number(known.at(-1)?.serial ?? 0) + 1);
    const answer = Pair.parse(
      await kms('TrentService.GenerateDataKeyPairWithoutPlaintext', {
        KeyId: keyId,
        KeyPairSpec: SPEC,
        EncryptionContext: contextOf(serial),
      }),
    );
    const privateKey = answer.PrivateKeyCiphertextBlob;
    const madeAt = clock();
    const until = signsFrom + LIFE_MS;
    const certificate = selfSigned({
      commonName: community,
      from: madeAt - BACKDATED_MS,
      until,
      publicKey: Buffer.from(answer.PublicKey, 'base64'),
      sign: (await open(serial, privateKey)).sign,
    });
    const data = { certificate, privateKey, madeAt, signsFrom, until } satisfies z.infer<typeof Kept>;
    await rows.write([{ kind: 'put', p: P, s: serial, data, expect: 'absent' }]);
  };

  const usable = (keys: readonly Kept[]) => keys.filter(({ until }) => until > clock());

  const ready = async (): Promise<readonly Kept[]> => {
    const known = await load();
    const [newest, now] = [known.at(-1), clock()];
    if (usable(known).length > 0 && now - (newest?.madeAt ?? 0) < AGE_MS) return known;
    // Where no other key is left, the new one cannot wait.
    await make(known, usable(known).length > 0 ? now + OVERLAP_MS : now);
    return load();
  };

  const keys = () => held.get('', ready);

  /** The newest whose time has come; before that, whichever is there. */
  const signing = (all: readonly Kept[]): Kept => {
    const good = usable(all);
    const found = good.findLast(({ signsFrom }) => signsFrom <= clock()) ?? good[0];
    if (!found) throw new Error('there is no key for XUA');
    return found;
  };

  const signerOf = ({ serial, certificate, privateKey }: Kept): Promise<XuaSigner> => {
    const known = opened.get(serial);
    if (known) return known;
    const made = open(serial, privateKey).then(({ sign, pem }) => ({
      certificate,
      sign: async (octets: Uint8Array) => sign(octets),
      tls: () => ({ key: pem(), cert: certificate }),
    }));
    opened.set(serial, made);
    made.catch(() => opened.delete(serial));
    return made;
  };

  const shown = (key: Kept, signs: boolean): PublishedKey => ({
    serial: key.serial,
    certificate: key.certificate,
    fingerprint: new X509Certificate(key.certificate).fingerprint256,
    signsFrom: new Date(key.signsFrom).toISOString(),
    until: new Date(key.until).toISOString(),
    signs,
  });

  return {
    signer: async () => signerOf(signing(await keys())),
    published: async () => {
      const all = await keys();
      const first = signing(all);
      return [first, ...usable(all).filter((key) => key !== first)].map((key) => shown(key, key === first));
    },
    next: async (signsFrom) => {
      const known = await ready();
      if (known.some((key) => key.signsFrom > clock() && key.until > clock()))
        throw refuse('conflict', 'the next key is made already; retire it first');
      await make(known, signsFrom);
      held.forget();
      const all = await keys();
      return shown(all.at(-1)!, all.at(-1) === signing(all));
    },
    retire: async (serial) => {
      const all = await ready();
      const key = usable(all).find((one) => one.serial === serial);
      if (!key) throw refuse('notFound', 'a key of this number was not found');
      if (usable(all).length === 1) throw refuse('conflict', 'this is the only key; make the next one first');
      const { serial: s, version, ...data } = key;
      const written = await rows.write([{ kind: 'put', p: P, s, data: { ...data, until: clock() }, expect: version }]);
      held.forget();
      if (!written) throw refuse('conflict', 'the key was changed at the same time; look again');
    },
  };
};
