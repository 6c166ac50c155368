import { STAFF_ROLES } from '../auth/rows.ts';
import { refuse } from '../fhir/outcome.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import type { Accounts } from './accounts.ts';
import { change, find } from './records.ts';
import type { StaffNeeds } from './staff.ts';

export interface AccountNeeds extends Pick<StaffNeeds, 'rows' | 'accounts'> {
  /** The accounts of residents. */
  readonly residents: Pick<Accounts, 'signOut'>;
}

export const accountRoutes = ({ rows, accounts, residents }: AccountNeeds): readonly JsonRoute[] => [
  /** Who the caller is here, as the token and `registry` say: what the console shows in its corner. */
  route({
    method: 'GET',
    path: '/me/account',
    interaction: 'account-read',
    roles: [...STAFF_ROLES, 'resident', 'system'],
    handle: async (context) => {
      const { kind, subject, role, facility, facilityType, patients } = context.actor;
      note(context, 'R', `account/${subject}`);
      return { status: 200, body: { kind, subject, role, facility, facilityType, patients } };
    },
  }),
  /**
   * Signing out everywhere. Cognito's own sign-out ends the sessions, but an access token is good for the rest of its fifteen minutes
   * wherever it is verified without asking; here it ends within the half minute that a row is remembered.
   */
  route({
    method: 'POST',
    path: '/me/sign-out',
    interaction: 'account-sign-out',
    roles: [...STAFF_ROLES, 'resident'],
    handle: async (context) => {
      const { kind, subject } = context.actor;
      const row = await find(rows, kind === 'resident' ? 'residentRow' : 'staffRow', subject);
      // A resident who has not joined yet has none, and sees nothing either.
      if (row.value) await rows.write([change(row, { ...row.value, notBefore: context.now })]);
      else if (kind !== 'resident') throw refuse('unprocessable', 'this account has no row of its own');
      await (kind === 'resident' ? residents : accounts).signOut(subject); // Cognito takes the `sub` for a name
      note(context, 'U', `${kind}/${subject}`);
      return { status: 204 };
    },
  }),
];
