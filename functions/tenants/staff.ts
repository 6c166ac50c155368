// Staff as the desk changes them. Of two rows the identity row is written first whenever something is taken away: whatever fails
// after that, the person is refused everywhere within the half minute that a row is remembered (middleware/authenticate.ts).
import * as z from 'zod/mini';
import { STAFF_ROLES, type StaffRow } from '../auth/rows.ts';
import { notFound, refuse } from '../fhir/outcome.ts';
import type { Context } from '../interactions/contract.ts';
import { note } from '../interactions/json-route.ts';
import type { Accounts } from './accounts.ts';
import { LICENSED, type Membership, ROLES_AT } from './facility-roles.ts';
import { type MirrorNeeds, practitionerId, writePractitioner } from './mirror.ts';
import { change, find, type Held, PersonName, plainText, type StaffRecord } from './records.ts';
import type { Rows } from './rows.ts';

export interface StaffNeeds extends MirrorNeeds {
  readonly rows: Rows;
  readonly accounts: Accounts;
}

export const Place = z.strictObject({
  facility: z.string().check(z.regex(/^[0-9]{10}$/, 'must be 10 digits')),
  role: z.enum(STAFF_ROLES),
  profession: z.string().check(z.regex(/^[a-z][a-z-]{1,39}$/, 'must be small letters and hyphens, at most 40')),
});
export type Place = z.infer<typeof Place>;

export const NewStaff = z.strictObject({
  username: z
    .string()
    .check(z.regex(/^[a-z0-9][a-z0-9._-]{2,63}$/, 'must be 3 to 64 small letters, digits, dots, hyphens')),
  email: z
    .string()
    .check(z.maxLength(254), z.regex(/^[^\s@<>"(),:;\\[\]]{1,64}@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$/, 'must be an address')),
  name: PersonName,
  licence: z.optional(z.string().check(z.regex(/^[0-9]{1,10}$/, 'must be up to 10 digits'))),
  request: z.optional(plainText(60)),
  ...Place.shape,
});
export type NewStaff = z.infer<typeof NewStaff>;

export interface HeldStaff {
  readonly record: Held<'staff'> & { readonly value: StaffRecord };
  readonly row: Held<'staffRow'> & { readonly value: StaffRow };
}

export const heldStaff = async (rows: Rows, id: string): Promise<HeldStaff> => {
  const record = await find(rows, 'staff', id);
  if (!record.value) throw notFound('a member of staff with this id');
  const row = await find(rows, 'staffRow', record.value.sub);
  if (!row.value) throw notFound('the identity row of this member of staff');
  return { record: { ...record, value: record.value }, row: { ...row, value: row.value } };
};

/** The role fits the facility, the facility stands, and nobody watches over himself. */
export const requirePlaces = async (
  rows: Rows,
  places: readonly Membership[],
  licence: string | undefined,
): Promise<void> => {
  if (new Set(places.map(({ facility }) => facility)).size < places.length)
    throw refuse('invalid', 'one facility is named twice: a token has one role at it', 'facility');
  for (const { facility, role } of places) {
    const { value } = await find(rows, 'facilityRow', facility);
    if (!value || value.disabled)
      throw refuse('invalid', 'facility must be one of the region, and not disabled', 'facility');
    if (!ROLES_AT[value.type].includes(role))
      throw refuse('invalid', `role must be one of ${ROLES_AT[value.type].join(', ')} at a ${value.type}`, 'role');
    if (LICENSED.includes(role) && licence === undefined)
      throw refuse('invalid', `licence is needed for the role ${role}`, 'licence');
  }
  const roles = places.map(({ role }) => role);
  if (roles.includes('admin') && roles.includes('privacy'))
    throw refuse(
      'unprocessable',
      'who administers accounts does not review what they did: admin and privacy are two people',
    );
};

const organizationOf = (rows: Rows) => async (code: string) => (await find(rows, 'facility', code)).value?.organization;

/** Somebody who is there already as given is left alone, so that a list may be imported twice; somebody else of that name is refused. */
export const inviteStaff = async (
  needs: StaffNeeds,
  context: Context,
  given: NewStaff,
): Promise<{ id: string; made: boolean }> => {
  const { rows, accounts } = needs;
  const id = practitionerId(needs, given.username);
  const found = await find(rows, 'staff', id);
  if (found.value) {
    const { row } = await heldStaff(rows, id);
    if (!row.value.memberships.some(({ facility, role }) => facility === given.facility && role === given.role))
      throw refuse('conflict', 'an account of this name is there already, with other rights', 'username');
    return { id, made: false };
  }
  await requirePlaces(rows, [given], given.licence);
  await accounts.ensureGroup(given.facility);
  // An account without a row is nobody: what an earlier try left behind is taken up again.
  const account = (await accounts.find(given.username)) ?? (await accounts.invite(given.username, given.email));
  if (account.email.toLowerCase() !== given.email.toLowerCase())
    throw refuse('conflict', 'an account of this name is there already, with another address', 'username');
  const row = await find(rows, 'staffRow', account.sub);
  if (row.value) throw refuse('conflict', 'an account of this name is a member of staff already', 'username');
  const { facility, role, profession } = given;
  const membership: Membership = { facility, role, profession };
  const record: StaffRecord = {
    id,
    sub: account.sub,
    username: given.username,
    name: given.name,
    ...(given.licence !== undefined && { licence: given.licence }),
    ...(given.request !== undefined && { request: given.request }),
    changed: context.now,
    formerly: [],
  };
  await writePractitioner(
    needs,
    context,
    { record, disabled: false, memberships: [membership], left: [] },
    organizationOf(rows),
  );
  await accounts.join(given.username, facility);
  await rows.write([
    change(row, {
      sub: account.sub,
      disabled: false,
      notBefore: 0,
      memberships: [membership],
      active: facility,
    }),
    change(found, record),
  ]);
  note(context, 'C', `staff/${account.sub}`);
  return { id, made: true };
};

const notOneself = ({ actor }: Context, { sub }: StaffRecord) => {
  if (sub === actor.subject) throw refuse('unprocessable', 'nobody changes the own account; ask another administrator');
};

export const setDisabled = async (
  needs: StaffNeeds,
  context: Context,
  id: string,
  disabled: boolean,
): Promise<void> => {
  const { rows, accounts } = needs;
  const { record, row } = await heldStaff(rows, id);
  notOneself(context, record.value);
  const next = { ...row.value, disabled, notBefore: context.now };
  await rows.write([change(row, next), change(record, { ...record.value, changed: context.now })]);
  note(context, 'U', `staff/${record.value.sub}`);
  if (disabled) {
    await accounts.disable(record.value.username);
    await accounts.signOut(record.value.username);
  } else await accounts.enable(record.value.username);
  await writePractitioner(
    needs,
    context,
    { record: record.value, disabled, memberships: next.memberships, left: [] },
    organizationOf(rows),
  );
};

/** The whole list of places; the first is where the next sign-in leads. Tokens for the old places are refused from now on. */
export const setPlaces = async (
  needs: StaffNeeds,
  context: Context,
  id: string,
  places: readonly Membership[],
): Promise<void> => {
  const { rows, accounts } = needs;
  const { record, row } = await heldStaff(rows, id);
  notOneself(context, record.value);
  await requirePlaces(rows, places, record.value.licence);
  const before = row.value.memberships;
  const { active: _, ...rest } = row.value;
  // Scopes of a place that stays are kept: without them the place would be wider than it was.
  const memberships = places.map((place): Membership => {
    const scopes = before.find(({ facility, role }) => facility === place.facility && role === place.role)?.scopes;
    return { ...(scopes !== undefined && { scopes }), ...place };
  });
  await rows.write([
    change(row, {
      ...rest,
      memberships,
      notBefore: context.now,
      ...(memberships[0] && { active: memberships[0].facility }),
    }),
    change(record, { ...record.value, changed: context.now }),
  ]);
  note(context, 'U', `staff/${record.value.sub}`);
  await accounts.signOut(record.value.username);
  for (const { facility } of before)
    if (!places.some((place) => place.facility === facility)) await accounts.leave(record.value.username, facility);
  for (const { facility } of places) {
    await accounts.ensureGroup(facility);
    await accounts.join(record.value.username, facility);
  }
  await writePractitioner(
    needs,
    context,
    { record: record.value, disabled: row.value.disabled, memberships, left: before },
    organizationOf(rows),
  );
};

/** From one facility to another, with the role and profession that the person had unless they are named. */
export const moveStaff = async (
  needs: StaffNeeds,
  context: Context,
  id: string,
  {
    from,
    to,
    role,
    profession,
  }: { from: string; to: string; role?: Place['role'] | undefined; profession?: string | undefined },
): Promise<void> => {
  const { row } = await heldStaff(needs.rows, id);
  const place = row.value.memberships.find(({ facility }) => facility === from);
  if (!place) throw refuse('invalid', 'the person does not belong to the facility that is to be left', 'from');
  const moved = { ...place, facility: to, role: role ?? place.role, profession: profession ?? place.profession };
  const others = row.value.memberships.filter(({ facility }) => facility !== from);
  await setPlaces(needs, context, id, [moved, ...others]);
};

/**
 * A lost second factor. With a pool that demands one, Cognito has no way to take it off an account: AdminSetUserMFAPreference does
 * not reset it (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetUserMFAPreference.html). So the
 * account is made anew under the same name, with a new `sub`, a new temporary password and no factor; the old `sub` stays refused
 * and is remembered, so that the audit trail still leads to the person.
 */
export const renewAccount = async (
  needs: StaffNeeds,
  context: Context,
  id: string,
  email: string | undefined,
): Promise<void> => {
  const { rows, accounts } = needs;
  const { record, row } = await heldStaff(rows, id);
  const { username, sub, formerly } = record.value;
  notOneself(context, record.value);
  const before = await accounts.find(username);
  // An earlier try that was cut off has disabled the row too, but never the account.
  if (row.value.disabled && before?.sub === sub && !before.enabled)
    throw refuse('conflict', 'the account is disabled; enable it first');
  const address = email ?? before?.email;
  if (!address) throw refuse('invalid', 'email is needed: the account has none', 'email');

  const old = await find(rows, 'staffRow', sub);
  await rows.write([change(old, { ...row.value, disabled: true, notBefore: context.now })]);
  note(context, 'U', `staff/${sub}`);
  await accounts.remove(username);
  const account = await accounts.invite(username, address);
  const fresh = await find(rows, 'staffRow', account.sub);
  await rows.write([
    change(fresh, { ...row.value, sub: account.sub, disabled: false, notBefore: 0 }),
    change(record, { ...record.value, sub: account.sub, formerly: [...formerly, sub], changed: context.now }),
  ]);
  note(context, 'C', `staff/${account.sub}`);
  for (const { facility } of row.value.memberships) await accounts.join(username, facility);
};
