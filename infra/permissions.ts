// What each Lambda may do, as data: the stacks grant exactly this, and test/infra/permissions.test.ts compares the
// synthesized roles with it. Each action says what the function needs it for; an action nobody can justify goes.

/** The Lambdas: one file in functions/entries/ each. */
export const ENTRIES = [
  'fhir-api',
  'token',
  'pre-token',
  'account-events',
  'audit-sealer',
  'transaction-sweeper',
  'change-feed',
  'bulk-load',
  'admin',
  'audit-archiver',
  'audit-reports',
  'reading-watch',
  'identity',
  'identity-feed',
  'ihe',
  'federation',
  'responding-gateway',
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
  | 'officer-mail'
  | 'staff-pool'
  | 'residents-pool';

/**
 * Action → what it is needed for; an action of S3 is followed by the objects that it is limited to. An empty grant gives the
 * settings and no permission.
 */
export type Grant = Readonly<Record<string, string>>;

const SETTINGS_ONLY: Grant = {};

/** IAM knows no TransactWriteItems: a transaction needs the actions that it is made of. */
const COMMIT: Grant = {
  'dynamodb:PutItem': 'a new version, alone or in a transaction; staged rows and their roll-forward',
  'dynamodb:UpdateItem': 'the head of a patient; stages a row and decides a large transaction',
  'dynamodb:DeleteItem': 'rows that a change leaves behind; rolls staged rows back',
};

const READ: Grant = {
  'dynamodb:GetItem': 'read by id; the state of a large transaction that a reader met',
  'dynamodb:BatchGetItem': 'many resources in one trip',
  'dynamodb:Query': 'a chart, a history, a look-up, the change log',
  'dynamodb:Scan': 'the bounded walk for searches that no index serves',
};

const STORE: Grant = { ...READ, ...COMMIT };

const INSERT: Grant = {
  'dynamodb:PartiQLInsert': 'stages new rows, and keeps old versions, 25 in a call, each if it is not there yet',
};

/** For those who write charts: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html */
const CHARTS: Grant = {
  ...STORE,
  ...INSERT,
  'dynamodb:PartiQLUpdate': 'rolls new rows of a large transaction forward, 25 in a call, each if it is still staged',
};
const CHARTS_REGISTRY: Grant = {
  ...STORE,
  ...INSERT,
  'dynamodb:BatchWriteItem': 'rolls aliases forward, 25 in a call, which never change once they are there',
};

/** A load asks for one type at a time, and only search over all types walks the registry. */
const { 'dynamodb:Scan': _all, ...LOADED_REGISTRY } = CHARTS_REGISTRY;

const NOT_FOUND = 'S3 says "not found" only to those who may list, and "forbidden" to others';

/** `kms:Decrypt` of the wrapped data key, from which ids, cursors and partition keys are derived. */
const UNWRAP: Grant = {
  'kms:Decrypt': 'opens the data key of the region, once for each execution environment',
  'kms:GenerateDataKeyWithoutPlaintext': 'makes the data key of the region when the first request of all finds none',
};

const DOCUMENTS: Grant = {
  's3:GetObject binary/*': 'the bytes of a Binary',
  's3:PutObject binary/*': 'the bytes of a Binary',
  's3:GetObject bodies/*': 'resources over 300 KB',
  's3:PutObject bodies/*': 'resources over 300 KB',
  's3:DeleteObject bodies/*': 'bodies of a commit that failed',
  's3:ListBucket': NOT_FOUND,
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

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html */
const ADMINISTER_STAFF: Grant = {
  'cognito-idp:AdminCreateUser': 'invites a member of staff, and sends the invitation again',
  'cognito-idp:AdminGetUser': 'whether an account is there, confirmed and enabled',
  'cognito-idp:AdminDisableUser': 'an account that is locked out signs in nowhere',
  'cognito-idp:AdminEnableUser': 'an account that comes back',
  'cognito-idp:AdminUserGlobalSignOut': 'ends the sessions of an account that was disabled or changed',
  'cognito-idp:AdminDeleteUser': 'a lost second factor: the account is made anew, Cognito cannot take a factor off it',
  'cognito-idp:AdminAddUserToGroup': 'a facility is a group',
  'cognito-idp:AdminRemoveUserFromGroup': 'leaves a facility',
  'cognito-idp:CreateGroup': 'a new facility is a new group',
  'cognito-idp:DescribeUserPool': 'how many accounts there are: usage and cost',
};

const ADMINISTER_RESIDENTS: Grant = {
  'cognito-idp:AdminCreateUser': 'an account for a resident who has joined',
  'cognito-idp:AdminGetUser': 'whether an account was ever signed in to, before its first password is made anew',
  'cognito-idp:AdminSetUserPassword': 'a first password on paper, for who cannot receive mail or lost it',
  'cognito-idp:AdminDisableUser': 'the account of somebody who died',
  'cognito-idp:AdminUserGlobalSignOut': 'ends the sessions of an account that was closed or got a new password',
  'cognito-idp:DescribeUserPool': 'how many accounts there are: usage and cost',
};

/** As STORE, without the walk over everything. */
const { 'dynamodb:Scan': _walk, ...STORE_BY_KEY } = STORE;

const BODIES: Grant = {
  's3:GetObject bodies/*': 'resources over 300 KB: a Patient with a photo',
  's3:PutObject bodies/*': 'resources over 300 KB: a Patient with a photo that is merged',
  's3:DeleteObject bodies/*': 'bodies of a commit that failed',
  's3:ListBucket': NOT_FOUND,
};

export const PERMISSIONS: Readonly<Record<Entry, Partial<Record<Capability, Grant>>>> = {
  'fhir-api': {
    clinical: CHARTS,
    registry: CHARTS_REGISTRY,
    audit: {
      'dynamodb:PutItem': 'the audit record goes before the answer',
      'dynamodb:GetItem': 'AuditEvent is rendered from it',
      'dynamodb:Query': 'AuditEvent searches: who looked at this person',
    },
    documents: DOCUMENTS,
    uploads: {
      's3:PutObject incoming/*': 'signs the address to which a client uploads what is larger than a request',
      's3:PutObject jobs/*': 'opens the job of an upload',
      's3:GetObject jobs/*': 'tells how far the job is',
      's3:ListBucket': NOT_FOUND,
    },
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
    registry: { 'dynamodb:GetItem': 'facility, profession and role of the person who signs in' },
  },
  'account-events': {
    registry: {
      'dynamodb:GetItem': 'the row of the account whose forgotten password was replaced',
      'dynamodb:PutItem': 'says that tokens from before the new password are refused',
    },
  },
  'audit-sealer': {
    audit: {
      'dynamodb:GetItem': 'the last seal, to link the next one to',
      'dynamodb:Query': 'the heads of the chains',
      'dynamodb:PutItem': 'how far the trail is sealed, on condition that nobody sealed meanwhile',
    },
    'audit-archive': {
      's3:GetObject seals/*': 'finds a seal that reached the archive and not the table',
      's3:PutObject seals/*': 'archives the seal under Object Lock',
    },
    'seal-key': { 'kms:Sign': 'signs the Merkle root' },
    'dead-letters': REPORT_FAILURE,
  },
  'audit-archiver': {
    audit: READ_STREAM,
    'audit-archive': { 's3:PutObject records/*': 'keeps audit records a second time, under Object Lock' },
    'dead-letters': REPORT_FAILURE,
  },
  'audit-reports': {
    audit: {
      'dynamodb:PutItem': 'who makes a report is in the trail too',
      'dynamodb:Query': 'what an account or a facility has seen',
    },
    clinical: {
      'dynamodb:GetItem': 'whose record it is: the head of the partition, or the resource that was shown',
      'dynamodb:BatchGetItem': 'the same of many',
    },
    registry: {
      'dynamodb:GetItem': 'who asks; the data key; the record of a large transaction that a reader met',
      'dynamodb:BatchGetItem': 'where a resource lies whose id a client chose',
      'dynamodb:Query': 'the queue of unusual reading',
      'dynamodb:PutItem': 'what a review found',
      'dynamodb:DeleteItem': 'what is reviewed leaves the queue',
    },
    documents: { 's3:GetObject bodies/*': 'whose record it is, where only a resource over 300 KB says it' },
    'data-key': UNWRAP,
    'token-key': { 'kms:GetPublicKey': 'verifies access tokens of systems' },
    'staff-pool': SETTINGS_ONLY,
    'residents-pool': SETTINGS_ONLY,
  },
  'reading-watch': {
    audit: { ...READ_STREAM, 'dynamodb:DescribeTable': 'notes once a day how large the table is: usage and cost' },
    clinical: {
      'dynamodb:GetItem': 'the Patient that was looked at: of public interest, of the same family name?',
      'dynamodb:DescribeTable': 'notes once a day how large the table is: usage and cost',
    },
    registry: {
      'dynamodb:GetItem':
        'the data key; where a Patient lies whose id a client chose; the record of a large transaction that a reader met',
      'dynamodb:Query': 'family names of staff',
      'dynamodb:UpdateItem': 'how many persons an account has seen this hour',
      'dynamodb:PutItem': 'tells the privacy officer, once; counts the requests of a day',
      'dynamodb:DescribeTable': 'notes once a day how large the table is: usage and cost',
    },
    documents: { 's3:GetObject bodies/*': 'a Patient over 300 KB (a photograph)' },
    'officer-mail': { 'sns:Publish': 'tells the privacy officers of the facilities that it concerns' },
    'data-key': UNWRAP,
    'dead-letters': REPORT_FAILURE,
  },
  'transaction-sweeper': {
    clinical: {
      'dynamodb:BatchGetItem': 'the rows that a transaction has staged',
      ...COMMIT,
    },
    registry: {
      'dynamodb:GetItem': 'the record that decides a transaction',
      'dynamodb:Query': 'the open transactions and the keys of their rows',
      'dynamodb:BatchGetItem': 'the rows that a transaction has staged',
      ...COMMIT,
    },
    documents: { 's3:DeleteObject bodies/*': 'bodies of a transaction that was rolled back' },
    'dead-letters': REPORT_FAILURE,
  },
  'change-feed': {
    clinical: READ_STREAM,
    registry: {
      ...READ_STREAM,
      'dynamodb:PutItem': 'the change log that type and system history read',
    },
    'dead-letters': REPORT_FAILURE,
  },
  'bulk-load': {
    clinical: CHARTS,
    registry: LOADED_REGISTRY,
    audit: { 'dynamodb:PutItem': 'a load is audited as the writes that it makes' },
    documents: DOCUMENTS,
    uploads: {
      's3:GetObject incoming/*': 'the uploaded file',
      's3:DeleteObject incoming/*': 'the file once it is loaded',
      's3:GetObject jobs/*': 'who uploaded it, and in whose name it is loaded',
      's3:PutObject jobs/*': 'how far the job is, and its report',
      's3:ListBucket': NOT_FOUND,
    },
    'data-key': UNWRAP,
    'dead-letters': REPORT_FAILURE,
  },
  admin: {
    clinical: STORE_BY_KEY,
    registry: STORE_BY_KEY,
    audit: {
      'dynamodb:PutItem': 'the audit record goes before the answer',
      'dynamodb:Query': 'when an account was last used: the access review',
    },
    documents: {
      's3:PutObject scans/*': 'the scan of a signed form',
      's3:GetObject scans/*': 'signs the address at which a desk sees it again for a minute',
      's3:ListBucket': NOT_FOUND,
    },
    'data-key': UNWRAP,
    'token-key': { 'kms:GetPublicKey': 'verifies access tokens of systems' },
    'officer-mail': {
      'sns:Subscribe': 'the address of a privacy officer, who confirms it',
      'sns:ListSubscriptionsByTopic': 'whether the address is known, and confirmed',
      'sns:SetSubscriptionAttributes': 'of which facilities an officer is told',
      'sns:Unsubscribe': 'an officer who is one no more',
    },
    'staff-pool': ADMINISTER_STAFF,
    'residents-pool': ADMINISTER_RESIDENTS,
  },
  identity: {
    clinical: STORE_BY_KEY,
    registry: STORE_BY_KEY,
    audit: { 'dynamodb:PutItem': 'the audit record goes before the answer' },
    documents: BODIES,
    'data-key': UNWRAP,
    'token-key': { 'kms:GetPublicKey': 'verifies access tokens of systems' },
    'staff-pool': SETTINGS_ONLY,
    'residents-pool': SETTINGS_ONLY,
  },
  'identity-feed': {
    clinical: { ...READ_STREAM, ...STORE_BY_KEY },
    registry: STORE_BY_KEY,
    audit: { 'dynamodb:PutItem': 'a link that was made by rule is audited as any other' },
    documents: BODIES,
    'data-key': UNWRAP,
    'dead-letters': REPORT_FAILURE,
  },
  federation: {
    clinical: {
      'dynamodb:GetItem': 'a record by id',
      'dynamodb:BatchGetItem': 'the Patients that a look-up found, and the heads of those linked',
      'dynamodb:Query': 'the own region answers with the others: a chart of one patient',
    },
    registry: {
      'dynamodb:GetItem':
        'who asks; a link contract; the data key; the record of a large transaction that a reader met',
      'dynamodb:BatchGetItem': 'where a resource lies whose id a client chose',
      'dynamodb:Query': 'the link contracts; who a person is elsewhere; look-ups of a discovery',
      'dynamodb:PutItem': 'link contracts, who a person is elsewhere, and each proof of another region once',
      'dynamodb:UpdateItem': 'how much an account or a region has asked this minute',
    },
    audit: { 'dynamodb:PutItem': 'the audit record goes before the answer' },
    documents: {
      's3:GetObject binary/*': 'the bytes of a Binary',
      's3:GetObject bodies/*': 'resources over 300 KB',
      's3:ListBucket': NOT_FOUND,
    },
    'data-key': {
      ...UNWRAP,
      'kms:GenerateDataKeyPairWithoutPlaintext':
        'makes the RSA key of the SOAP faces (XUA) when the first of all finds none, and its successors',
    },
    'token-key': {
      'kms:Sign': 'asserts to other regions who asks, and where this region stands with a link contract',
      'kms:GetPublicKey': 'verifies access tokens of systems; names the key of what it signs',
    },
    'staff-pool': SETTINGS_ONLY,
    'residents-pool': SETTINGS_ONLY,
  },
  ihe: {
    clinical: {
      'dynamodb:GetItem': 'a Patient by id',
      'dynamodb:BatchGetItem': 'the Patients that a look-up found, and their heads',
      'dynamodb:Scan': 'the bounded walk for a query by sex alone, which no index serves',
      'dynamodb:PutItem': 'a new version of a Patient',
      'dynamodb:UpdateItem': 'the head of a patient',
    },
    registry: {
      'dynamodb:GetItem': 'who asks; the data key; a query that goes on',
      'dynamodb:Query': 'look-ups by number, name, birth date; whose links have changed',
      'dynamodb:PutItem': 'look-up rows of a Patient; a query that goes on',
      'dynamodb:DeleteItem': 'look-up rows that a change leaves behind; a query that is done',
    },
    audit: { 'dynamodb:PutItem': 'the audit record goes before the answer' },
    documents: {
      's3:GetObject bodies/*': 'a Patient over 300 KB (a photograph)',
      's3:PutObject bodies/*': 'a Patient over 300 KB that is changed',
      's3:DeleteObject bodies/*': 'bodies of a commit that failed',
    },
    'data-key': { 'kms:Decrypt': 'opens the data key of the region, once for each execution environment' },
    'token-key': { 'kms:GetPublicKey': 'verifies access tokens of systems' },
    'staff-pool': SETTINGS_ONLY,
    'residents-pool': SETTINGS_ONLY,
  },
  /** Reads XML of other communities: it may look at charts, and neither write one nor sign anything. */
  'responding-gateway': {
    clinical: {
      'dynamodb:GetItem': 'a document by id',
      'dynamodb:BatchGetItem': 'the Patients that a look-up found, and the heads of those linked',
      'dynamodb:Query': 'the documents of a person; the records of a summary',
    },
    registry: {
      'dynamodb:GetItem':
        'the data key; whether a community was told of a document; the record of a large transaction that a reader met',
      'dynamodb:BatchGetItem':
        'the facilities and people that a summary names; where a resource lies whose id a client chose',
      'dynamodb:Query': 'the link contracts; look-ups of a discovery',
      'dynamodb:PutItem': 'each assertion once; which documents a community was told of',
      'dynamodb:UpdateItem': 'how much a community has asked this minute',
    },
    audit: { 'dynamodb:PutItem': 'the audit record goes before the answer' },
    documents: {
      's3:GetObject binary/*': 'the bytes of a document',
      's3:GetObject bodies/*': 'resources over 300 KB',
      's3:ListBucket': NOT_FOUND,
    },
    'data-key': { 'kms:Decrypt': 'opens the data key of the region, once for each execution environment' },
  },
};
