// What the desk (functions/tenants) knows of whoever was not brought in through it: the first administrator, demo identities.
// Their Organizations and Practitioners are made by the first change at the desk, if they are not there already.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { change, FacilityRecord, find, StaffRecord } from '../../functions/tenants/records.ts';
import { dynamoRows } from '../../functions/tenants/rows.ts';

export interface Registry {
  readonly client: DynamoDBClient;
  readonly table: string;
}

type Facility = Pick<FacilityRecord, 'code' | 'organization'> & Partial<FacilityRecord>;

/** Leaves what is there as it is. */
export const recordFacility = async (registry: Registry, given: Facility, now: number): Promise<void> => {
  const rows = dynamoRows(registry);
  const record = await find(rows, 'facility', given.code);
  if (record.value) return;
  const unknown = { municipality: '', contract: { disclose: true, view: true }, feeClass: 'none', otherCodes: [] };
  await rows.write([change(record, FacilityRecord.parse({ ...unknown, changed: now, ...given }))]);
};

type Staff = Pick<StaffRecord, 'id' | 'sub' | 'username' | 'name'> & Partial<StaffRecord>;

export const recordStaff = async (registry: Registry, given: Staff, now: number): Promise<void> => {
  const rows = dynamoRows(registry);
  const record = await find(rows, 'staff', given.id);
  if (record.value?.sub === given.sub) return;
  await rows.write([change(record, StaffRecord.parse({ formerly: [], changed: now, ...given }))]);
};

export const recordSystem = async (registry: Registry, clientId: string, now: number): Promise<void> => {
  const rows = dynamoRows(registry);
  const record = await find(rows, 'system', clientId);
  if (!record.value) await rows.write([change(record, { clientId, changed: now })]);
};
