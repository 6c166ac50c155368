// SMART Backend Services: access tokens for systems, the key set, the SMART configuration.
import { randomUUID } from 'node:crypto';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { openAudit } from '../audit/chain.ts';
import { openIdentities } from '../auth/rows.ts';
import { tokenHttp } from '../auth/token-http.ts';
import { openTokenKeys } from '../auth/token-keys.ts';
import { readEnv } from '../env.ts';
import { openKms } from '../services/aws-fetch.ts';
import { openDynamoClient } from '../storage/client.ts';

const env = readEnv(process.env, 'REGION_NAME', 'BASE_URL', 'REGISTRY_TABLE', 'AUDIT_TABLE', 'TOKEN_KEY_ID');
const client = openDynamoClient();
const clock = Date.now;

const answer = tokenHttp({
  baseUrl: env.BASE_URL,
  region: env.REGION_NAME,
  identities: openIdentities({ client, table: env.REGISTRY_TABLE }),
  keys: openTokenKeys(openKms(), env.TOKEN_KEY_ID),
  audit: openAudit({
    client,
    table: env.AUDIT_TABLE,
    clock,
    environmentId: process.env.AWS_LAMBDA_LOG_STREAM_NAME ?? randomUUID(),
  }),
  clock,
  newId: randomUUID,
  log: (line) => console.log(JSON.stringify(line)),
});

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>().handler(answer);
