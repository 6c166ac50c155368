import { type JsonRoute, note, route } from '../interactions/json-route.ts';

/** Who the caller is here, as the token and `registry` say: what the console shows in its corner. */
export const accountRoute: JsonRoute = route({
  method: 'GET',
  path: '/me/account',
  interaction: 'account-read',
  roles: [
    ...(['doctor', 'dentist', 'nurse', 'pharmacist', 'laboratory', 'care-manager', 'care-staff'] as const),
    ...(['support-centre', 'ambulance', 'municipal', 'operator', 'privacy', 'admin', 'resident', 'system'] as const),
  ],
  handle: async (context) => {
    const { kind, subject, role, facility, facilityType, patients } = context.actor;
    note(context, 'R', `account/${subject}`);
    return { status: 200, body: { kind, subject, role, facility, facilityType, patients } };
  },
});
