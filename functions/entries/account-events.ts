// Cognito: post confirmation of both pools, and pre token generation (event version 2) of the residents pool.
import { setTimeout as wait } from 'node:timers/promises';
import middy from '@middy/core';
import { type AccountEvent, accountEvents } from '../auth/account-events.ts';
import { readEnv } from '../env.ts';
import { openRowStore } from '../services/row-store.ts';
import { openDynamoClient } from '../storage/client.ts';

const env = readEnv(process.env, 'REGISTRY_TABLE');
const answer = accountEvents({
  rows: openRowStore({ client: openDynamoClient(), table: env.REGISTRY_TABLE }),
  clock: () => Date.now(),
  wait,
});

export const handler = middy<AccountEvent, AccountEvent>().handler(async (event) => ({
  ...event,
  response: { ...event.response, ...(await answer(event)) },
}));
