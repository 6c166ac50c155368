// Follows the stream of `clinical`: each Patient that a facility registers or changes is linked to its person (docs/identity.md).
import { policyOver } from '../consent/head-writes.ts';
import { feed } from '../identity/feed.ts';
import { resolve } from '../identity/resolve.ts';
import type { IdentityServices } from '../identity/store.ts';
import { liveServices } from '../services/live.ts';
import { changeOf } from '../storage/change-feed.ts';
import { openDynamoClient } from '../storage/client.ts';

const { resources, audit, clock } = await liveServices(process.env, openDynamoClient());
const services: IdentityServices = {
  resources,
  audit,
  clock,
  policyOver: (patients, writes) => policyOver(resources, patients, writes),
};

export const handler = feed(
  changeOf,
  (patient) => resolve(services, patient),
  (line) => console.log(JSON.stringify(line)),
);
