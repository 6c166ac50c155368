// The responding gateway's cores for one caller: discovery and documents of this region, under the handles of our own protocol.
import type { Discovery, DocumentGateway } from '../ihe/ports.ts';
import type { Context, Interaction, Region } from '../interactions/contract.ts';
import type { RowStore } from '../services/row-store.ts';
import type { Resources } from '../storage/port.ts';
import type { Answering } from './answer.ts';
import { gatewayDiscovery } from './gateway-discovery.ts';
import { gatewayDocuments } from './gateway-documents.ts';
import { gatewayNames } from './gateway-names.ts';
import { openTold } from './gateway-told.ts';
import { type HandleParts, openHandle, sealHandle } from './handles.ts';
import type { XuaCaller } from './xua-caller.ts';

export interface GatewayParts {
  readonly handles: HandleParts;
  readonly answering: Answering;
  readonly resources: Resources;
  readonly rows: RowStore;
  /** The interactions of the region (interactions/routes.ts). */
  readonly fhir: Interaction;
  readonly clock: () => number;
  readonly region: Pick<Region, 'homeCommunityId' | 'baseUrl'>;
  readonly newId: () => string;
  /** Of one list. @default 500: metadata of some 2 MB */
  readonly mostDocuments?: number;
}

const MOST_DOCUMENTS = 500;

export const openGateway = ({ handles, answering, resources, rows, fhir, clock, region, ...parts }: GatewayParts) => {
  const names = gatewayNames(region.homeCommunityId);
  return (
    context: Context,
    { contract, resourceId }: Pick<XuaCaller, 'contract' | 'resourceId'>,
  ): { discovery: Discovery; documents: DocumentGateway } => {
    const { community, ihe } = contract;
    return {
      discovery: gatewayDiscovery({ answering, names, insuranceAuthority: ihe.insuranceAuthority }, context),
      documents: gatewayDocuments(
        {
          answering,
          resources,
          fhir,
          names,
          told: openTold({ rows, resources, clock }, community),
          baseUrl: region.baseUrl,
          handleFor: (patient) => sealHandle(handles, community, patient),
          patientOf: async (handle) => (await openHandle(handles, community, handle)).patient,
          onlyPatient: resourceId,
          newId: parts.newId,
          mostDocuments: parts.mostDocuments ?? MOST_DOCUMENTS,
        },
        context,
      ),
    };
  };
};
