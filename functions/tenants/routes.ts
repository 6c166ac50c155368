import type { JsonRoute } from '../interactions/json-route.ts';
import { accountRoute } from './account.ts';
import { type FacilityNeeds, facilityRoutes } from './facilities.ts';
import { staffRoutes } from './staff-routes.ts';
import { systemRoutes } from './systems.ts';

export type TenantNeeds = FacilityNeeds;

/** `/admin` and `/me/account`: docs/administration.md. */
export const tenantRoutes = (needs: TenantNeeds): readonly JsonRoute[] => [
  accountRoute,
  ...facilityRoutes(needs),
  ...staffRoutes(needs),
  ...systemRoutes(needs),
];
