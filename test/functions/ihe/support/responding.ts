// The responding gateway over the stores of a test, as functions/entries/responding-gateway.ts puts it together.
import { randomUUID } from 'node:crypto';
import { openAnswering } from '../../../../functions/federation/answer.ts';
import type { Contracts } from '../../../../functions/federation/contracts.ts';
import { openGateway } from '../../../../functions/federation/gateway.ts';
import { openXuaVerifier } from '../../../../functions/federation/xua-caller.ts';
import { routes } from '../../../../functions/interactions/routes.ts';
import { respondingGateway } from '../../../../functions/middleware/responding-gateway.ts';
import type { RowStore } from '../../../../functions/services/row-store.ts';
import type { openApi } from '../../../support/api.ts';
import { memoryIdentities } from '../../auth/given.ts';

interface Over {
  readonly services: ReturnType<typeof openApi>['services'];
  readonly contracts: Contracts;
  readonly rows: RowStore;
  readonly clock: () => number;
  readonly region: { readonly homeCommunityId: string; readonly baseUrl: string };
  readonly mostDocuments?: number;
  readonly log?: (line: Record<string, unknown>) => void;
}

export const respondingOver = ({ services, contracts, rows, clock, region, log = () => {}, ...more }: Over) => {
  const { resources, seal } = services;
  const fhir = routes(services);
  const handles = { resources, seal, clock };
  const answering = openAnswering(handles, fhir);
  const identities = memoryIdentities({});
  return respondingGateway({
    services,
    verify: openXuaVerifier({ community: region.homeCommunityId, contracts, identities, clock }),
    gateway: openGateway({ handles, answering, resources, rows, fhir, clock, region, newId: randomUUID, ...more }),
    limit: async () => {},
    log,
  });
};
