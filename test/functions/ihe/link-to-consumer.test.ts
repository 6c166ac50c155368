// A link on its whole way: registered over MLLP at one facility and over REST at another, in DynamoDB, linked by the feed that follows
// the table's stream, read from the change log, fetched by the facility's agent and brought to its PIX consumer (ITI-10). The clock is the
// test's, so nobody waits for the minute after which a change is told.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as listenTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyStructuredResultV2, DynamoDBRecord } from 'aws-lambda';
import { afterAll, expect, it, vi } from 'vitest';
import { feed } from '../../../functions/identity/feed.ts';
import { fhirFaces } from '../../../functions/identity/fhir-faces.ts';
import { linkChanges, SETTLED_MS } from '../../../functions/identity/link-changes.ts';
import { resolve } from '../../../functions/identity/resolve.ts';
import { type FacesParts, iheFaces } from '../../../functions/ihe/faces.ts';
import { parseMessage, repetitions, segmentOf, value } from '../../../functions/ihe/hl7v2/message.ts';
import { facilityNumbers } from '../../../functions/ihe/region-index.ts';
import { routes } from '../../../functions/interactions/routes.ts';
import { iheApi } from '../../../functions/middleware/ihe-api.ts';
import { isNumber } from '../../../functions/search/extract.ts';
import { changeOf } from '../../../functions/storage/change-feed.ts';
import { changeId, openChangeLogWriter } from '../../../functions/storage/change-log.ts';
import { openDynamo } from '../../../functions/storage/dynamo.ts';
import { openIds } from '../../../functions/storage/ids.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { deriveSecrets } from '../../../functions/storage/region-secrets.ts';
import { startAgent } from '../../../infra/operations/mllp-agent.ts';
import { frame, unframer } from '../../../infra/operations/mllp-framing.ts';
import { startNotifier } from '../../../infra/operations/mllp-notify.ts';
import { clinic, hospital, NOW, openApi, stored } from '../../support/api.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';
import { recordsOf } from '../../support/table-streams.ts';
import { CLINIC, HOSPITAL, identityOf, patientOf } from '../identity/given.ts';

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await stopDynamoDb();
});
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

const openRegion = async () => {
  const time = { now: NOW };
  const clock = () => time.now;
  const client = await dynamoClient();
  const tables = await createTables(client);
  const memory = openMemory(clock);
  const keys = deriveSecrets(new Uint8Array(32).fill(9));
  const resources = openDynamo({ client, tables, keys, documents: memory.documents, clock });
  const region = {
    ...{ name: 'tokushima', baseUrl: 'https://api.tokushima.example', homeCommunityId: '1.2.3' },
    consentDefault: 'implicit' as const,
  };
  const api = openApi({ ...memory, resources, clock, region });
  const { services } = api;
  const known = async (system: string) =>
    [HOSPITAL, CLINIC].some((code) => system === `urn:oid:${facilityNumbers(code)}`);
  const handler = iheApi({
    services,
    authenticate: async () => hospital,
    log: () => undefined,
    faces: iheFaces({
      fhir: routes(services),
      pix: fhirFaces(services, known),
      knowsDomain: known,
      isNumber,
      linkChanges: linkChanges(services),
      clock,
      seal: services.seal,
      continuations: () => ({}) as ReturnType<FacesParts['continuations']>,
      region,
      newId: randomUUID,
      onFault: () => undefined,
    }),
  });
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [rawPath, rawQueryString = ''] = (request.url ?? '').split('?');
    const event = {
      ...{ rawPath, rawQueryString, headers: request.headers },
      requestContext: { requestId: 'r', http: { method: request.method } },
      isBase64Encoded: true,
      body: Buffer.concat(chunks).toString('base64'),
    };
    const result = (await handler(event as never, {} as never)) as APIGatewayProxyStructuredResultV2;
    response.writeHead(result.statusCode ?? 500, result.headers as Record<string, string>);
    response.end(Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8'));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => server.close());

  // As the entries of the two functions behind the streams have it.
  const idOf = changeId(openIds(keys, clock));
  const relink = (id: string) => resolve(identityOf(api), id);
  const identity = feed(
    (record) => {
      const change = changeOf(record);
      return change && { type: change.type, id: idOf(change) };
    },
    { Patient: relink },
    () => undefined,
  );
  const log = openChangeLogWriter({ client, registry: tables.registry });
  const seen = new Set<string | undefined>();
  const news = async (table: string): Promise<DynamoDBRecord[]> => {
    const records = await recordsOf(table);
    return records.filter(({ eventID }) => !seen.has(eventID) && seen.add(eventID));
  };
  const follow = async () => {
    const Records = await news(tables.clinical);
    expect(await identity({ Records })).toEqual({ batchItemFailures: [] });
    const changes = [...Records, ...(await news(tables.clinical)), ...(await news(tables.registry))];
    await log(
      changes.flatMap(({ dynamodb = {} }) => changeOf(dynamodb) ?? []),
      'batch',
    );
  };
  return { api, time, follow, base: `http://127.0.0.1:${portOf(server)}` };
};

/** A facility's PIX consumer: takes what comes. */
const openConsumer = async () => {
  const heard: string[] = [];
  const server = listenTcp((socket) => {
    const unframe = unframer();
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      for (const message of unframe(chunk)) {
        heard.push(message.toString('utf8'));
        const id = value(segmentOf(parseMessage(message.toString('utf8')), 'MSH'), 10);
        socket.write(frame(Buffer.from(`MSH|^~\\&|PIX|H|||20261122||ACK^A31|A1|P|2.5\rMSA|AA|${id}\r`)));
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => server.close());
  return { heard, port: portOf(server) };
};

it('is told to the PIX consumer of a facility, with the number that the other one has', {
  timeout: 60_000,
}, async () => {
  const [{ api, time, follow, base }, consumer] = [await openRegion(), await openConsumer()];
  const folder = mkdtempSync(join(tmpdir(), 'link-to-consumer-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  const cursorFile = join(folder, 'cursor');
  const token = async () => 't0ken';
  const notifier = startNotifier({
    ...{ url: `${base}/ihe/updates`, token, cursorFile, intervalMs: 5 },
    to: { host: '127.0.0.1', port: consumer.port },
  });
  closing.push(() => notifier.stop());
  const agent = await startAgent({ url: `${base}/ihe/hl7v2`, token, port: 0 });
  closing.push(() => agent.close());
  await vi.waitUntil(() => existsSync(cursorFile), { timeout: 20_000 });

  time.now += 1_000;
  const emr = connect(portOf(agent), '127.0.0.1');
  closing.push(() => emr.destroy());
  const answer = once(emr, 'data');
  emr.write(
    frame(
      Buffer.from(
        [
          'MSH|^~\\&|EMR|H|T|T|20261122||ADT^A04^ADT_A01|M1|P|2.5||||||UNICODE UTF-8',
          'EVN||20261122',
          `PID|||H-1^^^${HOSPITAL}||阿波^花子^^^^^L^I~アワ^ハナコ^^^^^L^P||19510401|F|||仮町1-2-3^^徳島市^^770-0001||088-600-0001`,
        ].join('\r'),
      ),
    ),
  );
  expect(String((await answer)[0])).toContain('MSA|AA|M1');
  await stored(api, patientOf(CLINIC, 'C-77'), { as: clinic });
  await follow();
  time.now += SETTLED_MS + 1_000;

  await vi.waitUntil(() => consumer.heard.length > 0, { timeout: 20_000 });
  const told = parseMessage(consumer.heard[0]!);
  expect([value(segmentOf(told, 'MSH'), 9), value(segmentOf(told, 'MSH'), 9, 2)]).toEqual(['ADT', 'A31']);
  expect(repetitions(segmentOf(told, 'PID'), 3).map((one) => one[0]?.[0])).toEqual(['H-1', 'C-77']);
  expect(consumer.heard.join()).not.toContain('花子');
});
