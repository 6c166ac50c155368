import type { Cases } from '../break-glass/cases.ts';
import type { JsonRoute } from '../interactions/json-route.ts';
import { applicationRoutes } from './application-routes.ts';
import { cardRoutes } from './card-routes.ts';
import { deskRoutes } from './desk-routes.ts';
import { majorityRoutes } from './majority-routes.ts';
import { meRoutes } from './me-routes.ts';
import { scanRoutes } from './scan-routes.ts';
import type { Desk } from './services.ts';

/** `/enrolment` and `/me`: docs/enrolment.md. */
export const enrolmentRoutes = (desk: Desk, cases: Cases): readonly JsonRoute[] => [
  ...deskRoutes(desk),
  ...applicationRoutes(desk),
  ...cardRoutes(desk),
  ...scanRoutes(desk),
  ...majorityRoutes(desk),
  ...meRoutes(desk, cases),
];
