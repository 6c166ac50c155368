// A stand-in for KMS: the operations that this project uses, over KMS's own wire protocol.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
import { constants, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import {
  jsonAnswer,
  jsonBody,
  jsonFault,
  operationOf,
  type Service,
  ServiceError,
  type SignedRequest,
} from '../front/service.ts';
import { type EncryptionContext, keyIdOf, seal, unseal } from './ciphertext.ts';
import { signDigest, verifyDigest } from './ecdsa-digest.ts';
import type { KeyStore, KmsKey } from './keys.ts';

type Body = Record<string, unknown>;

export const kmsService = (keys: KeyStore): Service => ({
  name: 'kms',
  doubleEncodePath: true,
  wanted: (request) => {
    const operation = knownOperation(request);
    return [{ action: `kms:${operation}`, resource: keyOf(keys, jsonBody(request)).arn }];
  },
  serve: (request) => {
    const body = jsonBody(request);
    return jsonAnswer(OPERATIONS[knownOperation(request)]!(keyOf(keys, body), body));
  },
  fault: jsonFault,
});

const knownOperation = (request: SignedRequest): string => {
  const operation = operationOf(request);
  if (!(operation in OPERATIONS)) {
    throw new ServiceError('UnknownOperationException', `the KMS stand-in has no ${operation}`);
  }
  return operation;
};

const keyOf = (keys: KeyStore, body: Body): KmsKey => {
  const blob = body['CiphertextBlob'];
  const sealedBy = typeof blob === 'string' ? keyIdOf(Buffer.from(blob, 'base64')) : undefined;
  if (typeof blob === 'string' && !sealedBy)
    throw new ServiceError('InvalidCiphertextException', 'no ciphertext of ours');
  const name = body['KeyId'] ?? sealedBy;
  const key = typeof name === 'string' ? keys.find(name) : undefined;
  if (!key) throw new ServiceError('NotFoundException', `Key '${String(name)}' does not exist`);
  if (sealedBy && key.id !== sealedBy) {
    throw new ServiceError(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    );
  }
  return key;
};

const bytes = (value: unknown, name: string, most: number): Buffer => {
  const found = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  if (found.length < 1 || found.length > most) {
    throw new ServiceError('ValidationException', `${name} must have 1 to ${most} bytes`);
  }
  return found;
};

const requireUsage = (key: KmsKey, usage: string) => {
  if (key.usage !== usage) throw new ServiceError('InvalidKeyUsageException', `${key.arn} key usage is ${key.usage}`);
};

const context = (body: Body) => body['EncryptionContext'] as EncryptionContext | undefined;

const dataKey = (key: KmsKey, body: Body) => {
  requireUsage(key, 'ENCRYPT_DECRYPT');
  const length = { AES_256: 32, AES_128: 16 }[String(body['KeySpec'])] ?? Number(body['NumberOfBytes']);
  if (!(length >= 1 && length <= 1024))
    throw new ServiceError('ValidationException', 'KeySpec or NumberOfBytes is needed');
  const plaintext = randomBytes(length);
  return { plaintext, blob: seal(key, plaintext, context(body)).toString('base64') };
};

const PAIR_BITS: Record<string, number> = { RSA_2048: 2048, RSA_3072: 3072, RSA_4096: 4096 };

const OPERATIONS: Record<string, (key: KmsKey, body: Body) => object> = {
  GenerateDataKey: (key, body) => {
    const { plaintext, blob } = dataKey(key, body);
    return { KeyId: key.arn, CiphertextBlob: blob, Plaintext: plaintext.toString('base64') };
  },
  GenerateDataKeyWithoutPlaintext: (key, body) => ({ KeyId: key.arn, CiphertextBlob: dataKey(key, body).blob }),
  GenerateDataKeyPairWithoutPlaintext: (key, body) => {
    requireUsage(key, 'ENCRYPT_DECRYPT');
    const modulusLength = PAIR_BITS[String(body['KeyPairSpec'])];
    if (!modulusLength) throw new ServiceError('ValidationException', 'the KMS stand-in makes RSA pairs only');
    const pair = generateKeyPairSync('rsa', { modulusLength });
    return {
      KeyId: key.arn,
      KeyPairSpec: body['KeyPairSpec'],
      PrivateKeyCiphertextBlob: seal(
        key,
        pair.privateKey.export({ type: 'pkcs8', format: 'der' }),
        context(body),
      ).toString('base64'),
      PublicKey: pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    };
  },
  Encrypt: (key, body) => {
    requireUsage(key, 'ENCRYPT_DECRYPT');
    const blob = seal(key, bytes(body['Plaintext'], 'Plaintext', 4096), context(body));
    return { KeyId: key.arn, CiphertextBlob: blob.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  },
  Decrypt: (key, body) => {
    requireUsage(key, 'ENCRYPT_DECRYPT');
    const plaintext = unseal(key, Buffer.from(String(body['CiphertextBlob']), 'base64'), context(body));
    return { KeyId: key.arn, Plaintext: plaintext.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  },
  Sign: (key, body) => {
    requireUsage(key, 'SIGN_VERIFY');
    const how = algorithm(key, body);
    const message = messageOf(body, how);
    const signature = how.digest
      ? signDigest(key.privateKey!, message)
      : sign(how.hash, message, { key: key.privateKey!, ...how.padding });
    return { KeyId: key.arn, Signature: signature.toString('base64'), SigningAlgorithm: body['SigningAlgorithm'] };
  },
  Verify: (key, body) => {
    requireUsage(key, 'SIGN_VERIFY');
    const how = algorithm(key, body);
    const signature = bytes(body['Signature'], 'Signature', 6144);
    const message = messageOf(body, how);
    const good = how.digest
      ? verifyDigest(key.publicKey!, message, signature)
      : verify(how.hash, message, { key: key.publicKey!, ...how.padding }, signature);
    if (!good) throw new ServiceError('KMSInvalidSignatureException', 'The signature does not verify');
    return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: body['SigningAlgorithm'] };
  },
  GetPublicKey: (key) => {
    if (!key.publicKey) throw new ServiceError('UnsupportedOperationException', `${key.arn} is not asymmetric`);
    return {
      KeyId: key.arn,
      PublicKey: key.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      KeySpec: key.spec,
      CustomerMasterKeySpec: key.spec,
      KeyUsage: key.usage,
      SigningAlgorithms: Object.keys(ALGORITHMS).filter((name) => ALGORITHMS[name]!.specs.includes(key.spec)),
    };
  },
  DescribeKey: (key) => ({
    KeyMetadata: {
      KeyId: key.id,
      Arn: key.arn,
      Enabled: true,
      KeyState: 'Enabled',
      KeyUsage: key.usage,
      KeySpec: key.spec,
    },
  }),
};

interface Algorithm {
  readonly specs: readonly string[];
  readonly hash: 'sha256' | 'sha384';
  readonly padding: object;
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

const ALGORITHMS: Record<string, Algorithm> = {
  ECDSA_SHA_256: { specs: ['ECC_NIST_P256'], hash: 'sha256', padding: { dsaEncoding: 'der' } },
  ECDSA_SHA_384: { specs: ['ECC_NIST_P384'], hash: 'sha384', padding: { dsaEncoding: 'der' } },
  RSASSA_PKCS1_V1_5_SHA_256: { specs: ['RSA_2048'], hash: 'sha256', padding: {} },
  RSASSA_PSS_SHA_256: { specs: ['RSA_2048'], hash: 'sha256', padding: PSS },
};

type Asked = Algorithm & { readonly digest: boolean };

const algorithm = (key: KmsKey, body: Body): Asked => {
  const found = ALGORITHMS[String(body['SigningAlgorithm'])];
  if (!found?.specs.includes(key.spec)) {
    throw new ServiceError(
      'InvalidKeyUsageException',
      `${key.spec} has no algorithm ${String(body['SigningAlgorithm'])}`,
    );
  }
  const digest = body['MessageType'] === 'DIGEST';
  if (digest && key.spec !== 'ECC_NIST_P256') {
    throw new ServiceError('UnsupportedOperationException', 'the KMS stand-in signs digests with P-256 keys only');
  }
  return { ...found, digest };
};

const DIGEST_BYTES = { sha256: 32, sha384: 48 };

const messageOf = (body: Body, { digest, hash }: Asked): Buffer => {
  const message = bytes(body['Message'], 'Message', 4096);
  if (digest && message.length !== DIGEST_BYTES[hash]) {
    throw new ServiceError('ValidationException', 'Digest is invalid length for algorithm.');
  }
  return message;
};
