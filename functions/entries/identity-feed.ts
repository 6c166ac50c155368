// Follows the stream of `clinical`: each Patient that a facility registers or changes, or whose insurance it writes as a Coverage, is
// linked to its person (docs/identity.md).
import { policyOver } from '../consent/head-writes.ts';
import { readEnv } from '../env.ts';
import { feed } from '../identity/feed.ts';
import { resolve, resolveCoverage } from '../identity/resolve.ts';
import type { IdentityServices } from '../identity/store.ts';
import { openKms } from '../services/aws-fetch.ts';
import { liveServices } from '../services/live.ts';
import { changeOf } from '../storage/change-feed.ts';
import { changeId } from '../storage/change-log.ts';
import { openDynamoClient } from '../storage/client.ts';
import { openIds } from '../storage/ids.ts';
import { loadRegionSecrets } from '../storage/region-keys.ts';

const client = openDynamoClient();
const { resources, audit, clock } = await liveServices(process.env, client);
// A row of a Coverage holds what its id encrypts, and not the id.
const { REGISTRY_TABLE: registry, DATA_KEY_ID: keyId } = readEnv(process.env, 'REGISTRY_TABLE', 'DATA_KEY_ID');
const idOf = changeId(openIds(await loadRegionSecrets({ client, registry, kms: openKms(), keyId }), clock));
const services: IdentityServices = {
  resources,
  audit,
  clock,
  policyOver: (patients, writes) => policyOver(resources, patients, writes),
};

export const handler = feed(
  (record) => {
    const change = changeOf(record);
    return change && { type: change.type, id: idOf(change) };
  },
  { Patient: (id) => resolve(services, id), Coverage: (id) => resolveCoverage(services, id) },
  (line) => console.log(JSON.stringify(line)),
);
