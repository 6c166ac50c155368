import type { JsonRoute } from '../interactions/json-route.ts';
import { type AccountNeeds, accountRoutes } from './account.ts';
import { type FacilityNeeds, facilityRoutes } from './facilities.ts';
import { importRoutes } from './import.ts';
import { matrixRoutes } from './narrow.ts';
import { type ReviewNeeds, reviewRoutes } from './review.ts';
import { staffRoutes } from './staff-routes.ts';
import { systemRoutes } from './systems.ts';

export type TenantNeeds = AccountNeeds & ReviewNeeds & FacilityNeeds;

/** `/admin`, `/me/account` and `/me/sign-out`: docs/administration.md. */
export const tenantRoutes = (needs: TenantNeeds): readonly JsonRoute[] => [
  ...accountRoutes(needs),
  ...facilityRoutes(needs),
  ...staffRoutes(needs),
  ...systemRoutes(needs),
  ...matrixRoutes(needs),
  ...reviewRoutes(needs),
  ...importRoutes(needs),
];
