import * as z from 'zod/mini';
import { STAFF_ROLES } from '../auth/rows.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import { all, find, type StaffRecord } from './records.ts';
import {
  type HeldStaff,
  heldStaff,
  inviteStaff,
  moveStaff,
  NewStaff,
  Place,
  renewAccount,
  type StaffNeeds,
  setDisabled,
  setPlaces,
} from './staff.ts';

const Move = z.strictObject({
  from: z.string(),
  to: z.string(),
  role: z.optional(z.enum(STAFF_ROLES)),
  profession: z.optional(Place.shape.profession),
});

const view = ({ record, row }: { record: StaffRecord; row: HeldStaff['row']['value'] | undefined }) => ({
  id: record.id,
  sub: record.sub,
  username: record.username,
  name: record.name,
  licence: record.licence,
  request: record.request,
  disabled: row?.disabled ?? true,
  places: (row?.memberships ?? []).map(({ facility, role, profession }) => ({ facility, role, profession })),
  active: row?.active,
  changed: new Date(record.changed).toISOString(),
  ...(record.reviewed && { reviewed: new Date(record.reviewed.at).toISOString() }),
});

const ADMIN = ['admin'] as const;
/** Who may see the lists; the operator's office answers the telephone. */
const DESK = ['admin', 'operator', 'privacy'] as const;

export const staffRoutes = (needs: StaffNeeds): readonly JsonRoute[] => {
  const { rows, accounts } = needs;
  const shown = async (id: string) => {
    const { record, row } = await heldStaff(rows, id);
    return view({ record: record.value, row: row.value });
  };
  return [
    route({
      method: 'POST',
      path: '/admin/staff',
      interaction: 'staff-invite',
      roles: ADMIN,
      body: NewStaff,
      handle: async (context, { body }) => {
        const { id, made } = await inviteStaff(needs, context, body);
        return { status: made ? 201 : 200, body: await shown(id), headers: { location: `/admin/staff/${id}` } };
      },
    }),
    route({
      method: 'GET',
      path: '/admin/staff',
      interaction: 'staff-list',
      query: ['facility'],
      roles: DESK,
      handle: async (context, { query }) => {
        const records = await all(rows, 'staff');
        const staff = await Promise.all(
          records.map(async (record) => view({ record, row: (await find(rows, 'staffRow', record.sub)).value })),
        );
        note(context, 'R', 'staff');
        const { facility } = query;
        const here = staff.filter(
          ({ places }) => facility === undefined || places.some((at) => at.facility === facility),
        );
        return { status: 200, body: { staff: here } };
      },
    }),
    route({
      method: 'GET',
      path: '/admin/staff/{id}',
      interaction: 'staff-read',
      roles: DESK,
      handle: async (context, { params }) => {
        const member = await shown(params.id!);
        const account = await accounts.find(member.username);
        note(context, 'R', `staff/${member.sub}`);
        return { status: 200, body: { ...member, email: account?.email, status: account?.status ?? 'MISSING' } };
      },
    }),
    ...(['disable', 'enable'] as const).map((verb) =>
      route({
        method: 'POST',
        path: `/admin/staff/{id}/${verb}`,
        interaction: `staff-${verb}`,
        roles: ADMIN,
        handle: async (context, { params }) => {
          await setDisabled(needs, context, params.id!, verb === 'disable');
          return { status: 200, body: await shown(params.id!) };
        },
      }),
    ),
    route({
      method: 'PUT',
      path: '/admin/staff/{id}/places',
      interaction: 'staff-places',
      roles: ADMIN,
      body: z.strictObject({ places: z.array(Place).check(z.minLength(1), z.maxLength(10)) }),
      handle: async (context, { params, body }) => {
        await setPlaces(needs, context, params.id!, body.places);
        return { status: 200, body: await shown(params.id!) };
      },
    }),
    route({
      method: 'POST',
      path: '/admin/staff/{id}/move',
      interaction: 'staff-move',
      roles: ADMIN,
      body: Move,
      handle: async (context, { params, body }) => {
        await moveStaff(needs, context, params.id!, body);
        return { status: 200, body: await shown(params.id!) };
      },
    }),
    route({
      method: 'POST',
      path: '/admin/staff/{id}/second-factor/reset',
      interaction: 'staff-factor-reset',
      roles: ADMIN,
      body: z.strictObject({ email: z.optional(NewStaff.shape.email) }),
      handle: async (context, { params, body }) => {
        await renewAccount(needs, context, params.id!, body.email);
        return { status: 200, body: await shown(params.id!) };
      },
    }),
    route({
      method: 'POST',
      path: '/admin/staff/{id}/invitation',
      interaction: 'staff-invite-again',
      roles: ADMIN,
      handle: async (context, { params }) => {
        const { record } = await heldStaff(rows, params.id!);
        await accounts.inviteAgain(record.value.username);
        note(context, 'U', `staff/${record.value.sub}`);
        return { status: 202 };
      },
    }),
  ];
};
