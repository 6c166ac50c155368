import type { JsonRoute } from '../interactions/json-route.ts';
import { accountRoute } from './account.ts';

/** `/admin` and `/me`: docs/administration.md. */
export const tenantRoutes = (): readonly JsonRoute[] => [accountRoute];
