// Cognito staff pool, pre token generation, event version 2.
import middy from '@middy/core';
import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import { staffClaims } from '../auth/pre-token.ts';
import { openIdentities } from '../auth/rows.ts';
import { readEnv } from '../env.ts';
import { openDynamoClient } from '../storage/client.ts';

const env = readEnv(process.env, 'REGISTRY_TABLE');
const claims = staffClaims({
  identities: openIdentities({ client: openDynamoClient(), table: env.REGISTRY_TABLE }),
});

export const handler = middy<PreTokenGenerationV2TriggerEvent, PreTokenGenerationV2TriggerEvent>().handler(
  async (event) => ({
    ...event,
    response: await claims(event),
  }),
);
