// Identity rows of table `registry`: who may sign in, and what they are there. One item a subject, so that a request costs one read.
//
//   pattern                               p                          s    trips  RRU            WRU
//   a system by its client id             auth#system#<client id>    -    1      0.5 eventual
//   a member of staff by `sub`            auth#staff#<sub>           -    1      0.5 eventual
//   a resident by `sub`                   auth#resident#<sub>        -    1      0.5 eventual
//   a facility by its code                auth#facility#<code>       -    1      0.5 eventual
//   an assertion, once (`ttl`)            auth#jti#<hash>            -    1                     1
//
// `notBefore` and `disabled` stand in the subject's own row: tokens of whoever signed in before `notBefore` (ms) are refused, everywhere, refreshed
// ones too, within the 30 seconds that a row is cached (middleware/authenticate.ts). Who changes a row sets it to now: all sign in anew.
import { randomUUID } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import { retrying } from '../services/retry.ts';

export const STAFF_ROLES = [
  'doctor',
  'dentist',
  'nurse',
  'pharmacist',
  'laboratory',
  'care-manager',
  'care-staff',
  'support-centre',
  'ambulance',
  'municipal',
  'operator',
  'privacy',
  'admin',
] as const;

/** Kinds of facility (design section 2), and what their systems may read as (consent/matrix.ts). */
export const FACILITY_TYPES = [
  'hospital',
  'clinic',
  'dental-clinic',
  'pharmacy',
  'home-nursing',
  'care',
  'support-centre',
  'laboratory',
  'fire',
  'municipality',
  'operator',
] as const;

const text = z.string().check(z.minLength(1));
/** 10 digits: https://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no and its like for care and public offices. */
export const FacilityCode = z.string().check(z.regex(/^[0-9]{10}$/));

/** A public key of a client: RSA or EC, never with a private part. */
export const PublicJwk = z.looseObject({
  kty: z.enum(['RSA', 'EC']),
  kid: text,
  d: z.optional(z.never()),
});
export type PublicJwk = z.infer<typeof PublicJwk>;

const subject = {
  disabled: z.boolean(),
  /** Milliseconds; tokens issued earlier are refused. */
  notBefore: z.number(),
};

export const SystemRow = z.strictObject({
  ...subject,
  clientId: text,
  name: text,
  facility: FacilityCode,
  /** What it may ask for: `system/*.cruds`. */
  scopes: text,
  jwks: z.optional(z.strictObject({ keys: z.array(PublicJwk) })),
  /** https only. */
  jwksUrl: z.optional(z.string()),
});
export type SystemRow = z.infer<typeof SystemRow>;

export const Membership = z.strictObject({
  facility: FacilityCode,
  profession: text,
  role: z.enum(STAFF_ROLES),
  /** Absent: `user/*.cruds`; the role narrows it anyway. */
  scopes: z.optional(text),
});

export const StaffRow = z.strictObject({
  ...subject,
  sub: text,
  memberships: z.array(Membership),
  /** The facility of the next sign-in, unless the sign-in names one. */
  active: z.optional(FacilityCode),
});
export type StaffRow = z.infer<typeof StaffRow>;

export const ResidentRow = z.strictObject({
  ...subject,
  sub: text,
  /** Ids of their Patient resources; what is linked to these, and whom they act for, is found at each request (enrolment/acting-for.ts). */
  patients: z.array(text),
  /** Id of the Person that they are (functions/enrolment). Absent: a row that a seed has made. */
  person: z.optional(text),
});
export type ResidentRow = z.infer<typeof ResidentRow>;

export const FacilityRow = z.strictObject({
  code: FacilityCode,
  type: z.enum(FACILITY_TYPES),
  name: text,
  disabled: z.boolean(),
  /** Id of its FHIR Organization; left out: the one that the desk made (tenants/mirror.ts). */
  organization: z.optional(text),
});
export type FacilityRow = z.infer<typeof FacilityRow>;

const SHAPES = { system: SystemRow, staff: StaffRow, resident: ResidentRow, facility: FacilityRow };
type Kind = keyof typeof SHAPES;

export interface Identities {
  system(clientId: string): Promise<SystemRow | undefined>;
  staff(sub: string): Promise<StaffRow | undefined>;
  resident(sub: string): Promise<ResidentRow | undefined>;
  facility(code: string): Promise<FacilityRow | undefined>;
  /** True for the first who says it; the memory of it lasts until `until` (ms) at least. */
  useOnce(hash: string, until: number): Promise<boolean>;
}

const rowKey = (kind: Kind | 'jti', id: string) => ({ p: { S: `auth#${kind}#${id}` }, s: { S: '-' } });

export const openIdentities = ({ client, table }: { client: DynamoDBClient; table: string }): Identities => {
  const get = async <K extends Kind>(kind: K, id: string) => {
    const read = new GetItemCommand({ TableName: table, Key: rowKey(kind, id) });
    const { Item } = await retrying(() => client.send(read));
    if (!Item) return undefined;
    // A row that is not as it must be stops the request: better nobody than the wrong one.
    return SHAPES[kind].parse(JSON.parse(Item.d?.S ?? 'null')) as z.infer<(typeof SHAPES)[K]>;
  };
  return {
    system: (clientId) => get('system', clientId),
    staff: (sub) => get('staff', sub),
    resident: (sub) => get('resident', sub),
    facility: (code) => get('facility', code),
    useOnce: async (hash, until) => {
      // The row may outlive its `ttl` by days: that only refuses what is expired in any case.
      const Item = { ...rowKey('jti', hash), ttl: { N: String(Math.ceil(until / 1000)) }, n: { S: randomUUID() } };
      const put = new PutItemCommand({
        TableName: table,
        Item,
        ConditionExpression: 'attribute_not_exists(p) OR n = :n', // the second: our own, whose answer was lost
        ExpressionAttributeValues: { ':n': Item.n },
      });
      try {
        await retrying(() => client.send(put));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
};

/** Where a row of a resident, of staff or of a facility is, for who reads them by services/row-store.ts. */
export const residentKey = (sub: string) => ({ p: `auth#resident#${sub}`, s: '-' });
export const staffKey = (sub: string) => ({ p: `auth#staff#${sub}`, s: '-' });
export const facilityKey = (code: string) => ({ p: `auth#facility#${code}`, s: '-' });

/** The item that holds a row: for administration and seeds. */
export const identityItem = <K extends Kind>(kind: K, id: string, row: z.infer<(typeof SHAPES)[K]>) => ({
  ...rowKey(kind, id),
  d: { S: JSON.stringify(SHAPES[kind].parse(row)) },
});

export const saveIdentity = async <K extends Kind>(
  { client, table }: { client: DynamoDBClient; table: string },
  kind: K,
  id: string,
  row: z.infer<(typeof SHAPES)[K]>,
): Promise<void> => {
  await client.send(new PutItemCommand({ TableName: table, Item: identityItem(kind, id, row) }));
};
