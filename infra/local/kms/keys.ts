// Keys of the KMS stand-in: their material stays in one file, and is never lost while the data folder lives.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError, readJson, writeJson } from '../local-dir.ts';

export type KeySpec = 'SYMMETRIC_DEFAULT' | 'ECC_NIST_P256' | 'ECC_NIST_P384' | 'RSA_2048';

export interface KmsKey {
  readonly id: string;
  readonly arn: string;
  readonly spec: KeySpec;
  readonly usage: string;
  /** Of a symmetric key. */
  readonly secret: Buffer | undefined;
  /** Of an asymmetric one. */
  readonly privateKey: KeyObject | undefined;
  readonly publicKey: KeyObject | undefined;
}

export interface KeyStore {
  /** The key of the template; made when it is met for the first time. */
  ensure(key: { id: string; arn: string; spec: string; usage: string }): KmsKey;
  alias(name: string, id: string): void;
  /** By id, ARN, `alias/…` or the ARN of an alias. */
  find(name: string): KmsKey | undefined;
}

type Saved = Record<string, { spec: KeySpec; secret?: string; privateKey?: string }>;

/**
 * The keys of a data folder. The file is there before the database is: where there are records and no keys, the keys are
 * lost, and new ones would open nothing.
 */
export const openKeysOf = (dataDir: string | undefined): KeyStore => {
  if (dataDir === undefined) return openKeyStore(undefined);
  const file = join(dataDir, 'kms.json');
  const database = join(dataDir, 'dynamodb');
  if (!existsSync(file)) {
    if (existsSync(database) && readdirSync(database).some((name) => name.endsWith('.db'))) {
      throw new LocalError(
        `the data folder is damaged: ${file}, which opens what is in ${database}, is missing (put it back, or move ${dataDir} away to start empty)`,
      );
    }
    writeJson(file, {});
  }
  return openKeyStore(file);
};

export const openKeyStore = (file: string | undefined): KeyStore => {
  const saved: Saved = (file && readJson<Saved>(file)) || {};
  const keys = new Map<string, KmsKey>();
  const aliases = new Map<string, string>();

  return {
    ensure: ({ id, arn, spec, usage }) => {
      if (!isKnown(spec))
        throw new LocalError(`the template has a KMS key of spec ${spec}, which the stand-in has not`);
      const material = saved[id] ?? make(spec);
      if (material.spec !== spec) throw new LocalError(`the KMS key ${id} is ${material.spec} in the data folder`);
      if (!saved[id]) {
        saved[id] = material;
        if (file) writeJson(file, saved);
      }
      const privateKey = material.privateKey ? createPrivateKey(material.privateKey) : undefined;
      const key: KmsKey = {
        id,
        arn,
        spec,
        usage,
        secret: material.secret ? Buffer.from(material.secret, 'base64') : undefined,
        privateKey,
        publicKey: privateKey && createPublicKey(privateKey),
      };
      keys.set(id, key);
      return key;
    },
    alias: (name, id) => void aliases.set(name, id),
    find: (name) => {
      const local = name.split(':').at(-1)!;
      return keys.get(local.startsWith('alias/') ? (aliases.get(local) ?? '') : local.replace(/^key\//, ''));
    },
  };
};

const isKnown = (spec: string): spec is KeySpec =>
  spec in CURVES || spec === 'SYMMETRIC_DEFAULT' || spec === 'RSA_2048';

const CURVES: Record<string, string> = { ECC_NIST_P256: 'P-256', ECC_NIST_P384: 'P-384' };

const make = (spec: KeySpec): Saved[string] => {
  if (spec === 'SYMMETRIC_DEFAULT') return { spec, secret: randomBytes(32).toString('base64') };
  const { privateKey } =
    spec === 'RSA_2048'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: CURVES[spec]! });
  return { spec, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
};
