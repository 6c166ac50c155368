// What each Lambda may do, as data: the stacks grant exactly this, and test/infra/permissions.test.ts compares the
// synthesized roles with it. Each action says what the function needs it for; an action nobody can justify goes.

/** The Lambdas: one file in functions/entries/ each. */
export const ENTRIES = [
  'fhir-api',
  'token',
  'pre-token',
  'audit-sealer',
  'transaction-sweeper',
  'change-feed',
  'bulk-load',
] as const;
export type Entry = (typeof ENTRIES)[number];

/** What a function may be let into. The constructs in infra/constructs/ stand behind these names. */
export type Capability =
  | 'clinical'
  | 'registry'
  | 'audit'
  | 'documents'
  | 'uploads'
  | 'audit-archive'
  | 'data-key'
  | 'token-key'
  | 'seal-key'
  | 'dead-letters'
  | 'staff-pool'
  | 'residents-pool';

/** Action → what it is needed for. An empty one gives the settings and no permission. */
export type Grant = Readonly<Record<string, string>>;

const SETTINGS_ONLY: Grant = {};

const WRITE_IN_TRANSACTIONS: Grant = {
  'dynamodb:PutItem': 'a create, and the new version in a transaction',
  'dynamodb:UpdateItem': 'flips the record of a large transaction and settles staged items',
  'dynamodb:DeleteItem': 'moves an item whose clinical date changed, and rolls staged items back',
  'dynamodb:ConditionCheckItem': 'a transaction that depends on an item which it does not change',
};

const STORE: Grant = {
  'dynamodb:GetItem': 'read by id, and the state of a large transaction that a reader met',
  'dynamodb:BatchGetItem': 'reads of several resources in one trip',
  'dynamodb:Query': 'a chart is one Query; history and the change log too',
  'dynamodb:Scan': 'the bounded walk for searches that no index serves',
  'dynamodb:BatchWriteItem': 'roll-forward of large transactions',
  ...WRITE_IN_TRANSACTIONS,
};

/** `kms:Decrypt` of the wrapped data key, from which ids, cursors and partition keys are derived. */
const UNWRAP: Grant = {
  'kms:Decrypt': 'opens the data key of the region, once for each execution environment',
  'kms:GenerateDataKeyWithoutPlaintext': 'makes the data key of the region when the first request of all finds none',
  'kms:GenerateDataKey': 'makes the data key of the region when the first request of all finds none',
};

const DOCUMENTS: Grant = {
  's3:GetObject': 'Binary and bodies over 300 KB; presigned downloads',
  's3:PutObject': 'Binary and bodies over 300 KB',
  's3:DeleteObject': 'a deleted Binary (its versions stay)',
};

const READ_STREAM: Grant = {
  'dynamodb:DescribeStream': 'the event source mapping reads the stream as this function',
  'dynamodb:GetRecords': 'the event source mapping reads the stream as this function',
  'dynamodb:GetShardIterator': 'the event source mapping reads the stream as this function',
  'dynamodb:ListStreams': 'the event source mapping reads the stream as this function',
};

const REPORT_FAILURE: Grant = {
  'sqs:SendMessage': 'Lambda reports as this function what failed for good',
};

export const PERMISSIONS: Readonly<Record<Entry, Partial<Record<Capability, Grant>>>> = {
  'fhir-api': {
    clinical: STORE,
    registry: STORE,
    audit: {
      'dynamodb:PutItem': 'the audit record goes before the answer',
      'dynamodb:GetItem': 'AuditEvent is rendered from it',
      'dynamodb:Query': 'AuditEvent searches: who looked at this person',
    },
    documents: DOCUMENTS,
    uploads: { 's3:PutObject': 'signs the address to which a client uploads what is larger than a request' },
    'data-key': UNWRAP,
    'token-key': { 'kms:GetPublicKey': 'verifies access tokens of systems' },
    'staff-pool': SETTINGS_ONLY,
    'residents-pool': SETTINGS_ONLY,
  },
  token: {
    registry: {
      'dynamodb:GetItem': 'the registered client and its keys',
      'dynamodb:PutItem': 'remembers the jti of an assertion: a replay fails its condition',
    },
    audit: { 'dynamodb:PutItem': 'a token that was issued is an audited event' },
    'token-key': {
      'kms:Sign': 'signs access tokens',
      'kms:GetPublicKey': 'publishes the key set',
    },
  },
  'pre-token': {
    registry: {
      'dynamodb:GetItem': 'facility, profession and role of the person who signs in',
      'dynamodb:Query': 'the facilities of a person who works at several',
    },
  },
  'audit-sealer': {
    audit: {
      'dynamodb:GetItem': 'the last seal, to link the next one to',
      'dynamodb:Query': 'the heads of the chains',
      'dynamodb:PutItem': 'the new seal, on condition that nobody sealed meanwhile',
      'dynamodb:UpdateItem': 'marks how far a chain is sealed',
    },
    'audit-archive': {
      's3:GetObject': 'finds a seal that reached the archive and not the table',
      's3:ListBucket': 'S3 says "not found" only to those who may list, and "forbidden" to others',
      's3:PutObject': 'archives the seal under Object Lock',
    },
    'seal-key': {
      'kms:Sign': 'signs the Merkle root',
      'kms:GetPublicKey': 'archives the public key beside the seals, for the verifier',
    },
    'dead-letters': REPORT_FAILURE,
  },
  'transaction-sweeper': {
    clinical: STORE,
    registry: STORE,
    'data-key': UNWRAP,
    documents: { 's3:DeleteObject': 'bodies of a transaction that was rolled back' },
    'dead-letters': REPORT_FAILURE,
  },
  'change-feed': {
    clinical: READ_STREAM,
    registry: {
      ...READ_STREAM,
      'dynamodb:PutItem': 'the change log that type and system history read',
      'dynamodb:BatchWriteItem': 'the change log that type and system history read',
    },
    'dead-letters': REPORT_FAILURE,
  },
  'bulk-load': {
    clinical: STORE,
    registry: STORE,
    audit: { 'dynamodb:PutItem': 'a load is audited as the writes that it makes' },
    documents: DOCUMENTS,
    uploads: {
      's3:GetObject': 'the uploaded file',
      's3:PutObject': 'the report beside it',
      's3:DeleteObject': 'the file once it is loaded',
    },
    'data-key': UNWRAP,
    'dead-letters': REPORT_FAILURE,
  },
};
