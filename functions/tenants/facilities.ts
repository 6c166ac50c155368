import * as z from 'zod/mini';
import { CONTRACTS_KEY, parseContracts } from '../auth/narrow.ts';
import { FACILITY_TYPES, type FacilityRow } from '../auth/rows.ts';
import { FhirError, notFound, refuse } from '../fhir/outcome.ts';
import type { Context } from '../interactions/contract.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import { municipalityFault } from '../services/municipality.ts';
import type { Topic } from '../services/sns.ts';
import type { Accounts } from './accounts.ts';
import { codeFault } from './codes.ts';
import { type MirrorNeeds, organizationId, writeOrganization } from './mirror.ts';
import { followOfficers, officerState, PrivacyOfficer } from './officers.ts';
import { all, Contract, change, FacilityRecord, find, plainText } from './records.ts';
import type { RowChange, Rows } from './rows.ts';

export interface FacilityNeeds extends MirrorNeeds {
  readonly rows: Rows;
  readonly accounts: Accounts;
  /** Mail to privacy officers. */
  readonly officers: Omit<Topic, 'publish'>;
}

const details = {
  name: plainText(120),
  kana: z.optional(plainText(120)),
  municipality: z.string(),
  contract: Contract,
  feeClass: z.string().check(z.regex(/^[A-Za-z0-9-]{1,32}$/, 'must be letters, digits and hyphens, at most 32')),
  otherCodes: z.optional(z.array(z.string()).check(z.maxLength(4))),
};

export const NewFacility = z.strictObject({ code: z.string(), type: z.enum(FACILITY_TYPES), ...details });
export type NewFacility = z.infer<typeof NewFacility>;

/** Code and type stay: rights hang on them. A facility that becomes another kind gets a new code as well. */
const FacilityChange = z.partial(
  z.strictObject({ ...details, disabled: z.boolean(), privacyOfficer: z.nullable(PrivacyOfficer) }),
);

/** What is wrong with its codes, element by element. */
export const facilityFaults = (
  given: Partial<NewFacility> & Pick<NewFacility, 'type'>,
): { at: string; rule: string }[] => {
  const faults: { at: string; rule: string | undefined }[] = [
    { at: 'code', rule: given.code === undefined ? undefined : codeFault(given.code, given.type) },
    { at: 'municipality', rule: given.municipality === undefined ? undefined : municipalityFault(given.municipality) },
    ...(given.otherCodes ?? []).map((code, index) => ({
      at: `otherCodes[${index}]`,
      rule: /^[0-9]{10}$/.test(code) ? undefined : 'must be 10 digits',
    })),
  ];
  return faults.flatMap(({ at, rule }) => (rule === undefined ? [] : [{ at, rule }]));
};

export const refuseFaults = (faults: readonly { at: string; rule: string }[]) => {
  if (faults.length === 0) return;
  throw new FhirError(
    'invalid',
    faults.map(({ at, rule }) => ({ diagnostics: `${at} ${rule}`, expression: [at] })),
  );
};

/** A facility that is there already as it is given is left as it is: a list may be imported twice. */
export const addFacility = async (
  needs: FacilityNeeds,
  context: Context,
  given: NewFacility,
): Promise<{ made: boolean; same: boolean }> => {
  const [row, record] = await Promise.all([
    find(needs.rows, 'facilityRow', given.code),
    find(needs.rows, 'facility', given.code),
  ]);
  // The code of a facility that is known was checked when it came, or is one of before the check.
  refuseFaults(facilityFaults({ ...given, ...(row.value && { code: undefined }) }));
  if (row.value && row.value.type !== given.type)
    throw refuse('conflict', 'the facility is known as one of another type', 'type');

  const next = recordOf(needs, context, given, record.value);
  const nextRow: FacilityRow = {
    code: given.code,
    type: given.type,
    name: given.name,
    disabled: row.value?.disabled ?? false,
    organization: next.organization,
  };
  const same =
    record.value !== undefined &&
    sameText({ ...record.value, changed: 0 }, { ...next, changed: 0 }) &&
    sameText(row.value, nextRow);
  if (!same) {
    await writeOrganization(needs, context, next, nextRow);
    await needs.rows.write([change(row, nextRow), change(record, next), ...(await contractsWith(needs.rows, next))]);
    note(context, row.value ? 'U' : 'C', `facility/${given.code}`);
  }
  await needs.accounts.ensureGroup(given.code);
  return { made: row.value === undefined, same };
};

/** The row that every decision reads (auth/narrow.ts), when the contract of this facility changes it. */
const contractsWith = async (rows: Rows, { code, contract }: FacilityRecord): Promise<RowChange[]> => {
  const before = (await rows.get(CONTRACTS_KEY))?.d;
  const { noView, noDisclose } = parseContracts(before);
  const listed = (codes: ReadonlySet<string>, isIn: boolean) =>
    [...codes]
      .filter((one) => one !== code)
      .concat(isIn ? [code] : [])
      .sort();
  const d = JSON.stringify({
    noView: listed(noView, !contract.view),
    noDisclose: listed(noDisclose, !contract.disclose),
  });
  const unchanged = before === undefined ? contract.view && contract.disclose : before === d;
  return unchanged ? [] : [{ ...CONTRACTS_KEY, d, before }];
};

const sameText = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

const recordOf = (
  needs: MirrorNeeds,
  { now }: Context,
  given: NewFacility,
  before: FacilityRecord | undefined,
): FacilityRecord =>
  FacilityRecord.parse({
    code: given.code,
    ...(given.kana !== undefined && { kana: given.kana }),
    municipality: given.municipality.slice(0, 5),
    contract: given.contract,
    feeClass: given.feeClass,
    otherCodes: given.otherCodes ?? [],
    organization: before?.organization ?? organizationId(needs, given.code),
    ...(before?.privacyOfficer && { privacyOfficer: before.privacyOfficer }),
    changed: now,
  });

/** The record with another privacy officer, or none; whom mail goes to follows. */
const withOfficer = async (
  { rows, officers }: FacilityNeeds,
  { privacyOfficer: before, ...record }: FacilityRecord,
  privacyOfficer: FacilityRecord['privacyOfficer'],
): Promise<FacilityRecord> => {
  const next = { ...record, ...(privacyOfficer && { privacyOfficer }) };
  const others = (await all(rows, 'facility')).filter(({ code }) => code !== record.code);
  const addresses = [before, privacyOfficer].flatMap((one) => one?.email ?? []);
  await followOfficers(officers, addresses, [...others, next]);
  return next;
};

const view = (row: FacilityRow, record: FacilityRecord | undefined) => ({
  ...row,
  ...(record && {
    kana: record.kana,
    municipality: record.municipality,
    contract: record.contract,
    feeClass: record.feeClass,
    otherCodes: record.otherCodes,
    organization: record.organization,
    ...(record.privacyOfficer && { privacyOfficer: record.privacyOfficer }),
  }),
});

export const facilityRoutes = (needs: FacilityNeeds): readonly JsonRoute[] => {
  const { rows } = needs;
  const known = async (code: string) => {
    const [row, record] = await Promise.all([find(rows, 'facilityRow', code), find(rows, 'facility', code)]);
    if (!row.value) throw notFound('a facility with this code');
    return { row, record, value: row.value };
  };
  return [
    route({
      method: 'POST',
      path: '/admin/facilities',
      interaction: 'facility-create',
      roles: ['admin'],
      body: NewFacility,
      handle: async (context, { body }) => {
        if ((await find(rows, 'facilityRow', body.code)).value)
          throw refuse('conflict', 'a facility with this code is there already', 'code');
        await addFacility(needs, context, body);
        const { value, record } = await known(body.code);
        return {
          status: 201,
          body: view(value, record.value),
          headers: { location: `/admin/facilities/${body.code}` },
        };
      },
    }),
    route({
      method: 'GET',
      path: '/admin/facilities',
      interaction: 'facility-list',
      roles: ['admin', 'operator', 'privacy'],
      handle: async (context) => {
        const records = await all(rows, 'facility');
        const facilities = await Promise.all(
          records.map(async (record) => {
            const { value } = await find(rows, 'facilityRow', record.code);
            return value && view(value, record);
          }),
        );
        note(context, 'R', 'facility');
        return { status: 200, body: { facilities: facilities.filter((one) => one !== undefined) } };
      },
    }),
    route({
      method: 'GET',
      path: '/admin/facilities/{code}',
      interaction: 'facility-read',
      roles: ['admin', 'operator', 'privacy'],
      handle: async (context, { params }) => {
        const { value, record } = await known(params.code!);
        note(context, 'R', `facility/${value.code}`);
        const privacyOfficer = record.value && (await officerState(needs.officers, record.value));
        return { status: 200, body: { ...view(value, record.value), ...(privacyOfficer && { privacyOfficer }) } };
      },
    }),
    route({
      method: 'PATCH',
      path: '/admin/facilities/{code}',
      interaction: 'facility-change',
      roles: ['admin'],
      body: FacilityChange,
      handle: async (context, { params, body }) => {
        const { row, record, value } = await known(params.code!);
        const { name = value.name, disabled = value.disabled, privacyOfficer, ...rest } = body;
        if (disabled && value.code === context.actor.facility)
          throw refuse('unprocessable', 'an administrator cannot lock out the own office', 'disabled');
        refuseFaults(facilityFaults({ type: value.type, ...rest }));
        const nextRow: FacilityRow = { ...value, name, disabled };
        // What takes rights away is written first: should the rest fail, nobody gets in by it.
        if (disabled !== value.disabled || name !== value.name) await rows.write([change(row, nextRow)]);
        const complete = {
          municipality: '00000',
          contract: { disclose: false, view: false },
          feeClass: 'none',
          ...record.value,
        };
        const made = recordOf(
          needs,
          context,
          { ...complete, ...rest, code: value.code, type: value.type, name },
          record.value,
        );
        const next = privacyOfficer === undefined ? made : await withOfficer(needs, made, privacyOfficer ?? undefined);
        await rows.write([change(record, next), ...(await contractsWith(rows, next))]);
        await writeOrganization(needs, context, next, nextRow);
        note(context, 'U', `facility/${value.code}`);
        return { status: 200, body: view(nextRow, next) };
      },
    }),
  ];
};
