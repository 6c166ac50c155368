// The journeys of test/conformance/http once more on DynamoDB, where conditions, partitions and pages are real.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDynamo } from '../../functions/storage/dynamo.ts';
import { openMemory } from '../../functions/storage/memory.ts';
import { deriveSecrets } from '../../functions/storage/region-secrets.ts';
import { type Api, BASE, clinic, given, NOW, openApi, stored } from '../support/api.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../support/dynamodb.ts';

let api: Api;
beforeAll(async () => {
  const client = await dynamoClient();
  const { clinical, registry } = await createTables(client);
  const { documents } = openMemory();
  const keys = deriveSecrets(new Uint8Array(32).fill(9));
  api = openApi({
    resources: openDynamo({ client, tables: { clinical, registry }, keys, documents, clock: () => NOW }),
    documents,
  });
});
afterAll(stopDynamoDb);

const UUID = 'urn:uuid:11111111-1111-4111-8111-111111111111';
const post = (resource: { resourceType: string }, more: Record<string, unknown> = {}) => ({
  ...more,
  resource,
  request: { method: 'POST', url: resource.resourceType },
});
const pagesOf = async (url: string): Promise<string[]> => {
  const ids: string[] = [];
  for (let next: string | undefined = url, page = 0; next && page < 60; page++) {
    const { body }: { body: Awaited<ReturnType<Api['send']>>['body'] } = await api.send('GET', next);
    ids.push(
      ...(body.entry ?? []).map(
        ({ resource }) => `${resource?.resourceType}/${resource?.id}/${resource?.meta?.versionId}`,
      ),
    );
    next = body.link?.find(({ relation }) => relation === 'next')?.url;
  }
  return ids;
};

describe('the API on DynamoDB', () => {
  it('creates, reads, updates, deletes and keeps every version', async () => {
    const { id } = await stored(api, given.patient());
    expect((await api.send('GET', `/Patient/${id}`)).body.birthDate).toBe('1951-04-01');
    expect(
      (await api.send('PUT', `/Patient/${id}`, { body: given.patient({ id, gender: 'male' }) })).headers.etag,
    ).toBe('W/"2"');
    expect(
      (await api.send('PUT', `/Patient/${id}`, { body: given.patient({ id, gender: 'male' }) })).headers.etag,
    ).toBe('W/"2"');
    expect((await api.send('DELETE', `/Patient/${id}`)).status).toBe(204);
    expect((await api.send('GET', `/Patient/${id}`)).status).toBe(410);
    expect((await api.send('GET', `/Patient/${id}/_history/1`)).body.gender).toBe('female');
    expect((await pagesOf(`${BASE}/Patient/${id}/_history?_count=1`)).length).toBe(3);
  });

  it('works on ids of the client, children before their patient', async () => {
    await stored(api, given.observation('late', { id: 'early' }));
    await stored(api, given.patient({ id: 'late' }));
    expect((await api.send('GET', '/Observation?patient=late')).body.entry).toHaveLength(1);
    expect((await api.send('PUT', '/Patient/late', { body: given.patient({ id: 'late' }), as: clinic })).status).toBe(
      403,
    );
  });

  it('lets one of three writers with the same If-Match through', async () => {
    const { id } = await stored(api, given.patient());
    const put = (gender: string) =>
      api.send('PUT', `/Patient/${id}`, { body: given.patient({ id, gender }), headers: { 'if-match': 'W/"1"' } });
    const statuses = (await Promise.all([put('male'), put('other'), put('unknown')])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 412, 412]);
  });

  it('stores once what If-None-Exist sends twice at the same time', async () => {
    const send = () =>
      api.send('POST', '/Patient', {
        body: given.patient({ identifier: [{ system: 'urn:race', value: '1' }] }),
        headers: { 'if-none-exist': 'identifier=urn:race|1' },
      });
    const [one, other] = await Promise.all([send(), send()]);
    expect(one.body.id).toBe(other.body.id);
    expect([one.status, other.status].sort()).toEqual([200, 201]);
  });

  it('takes a transaction larger than one of DynamoDB whole, and answers the chart in pages', async () => {
    const observations = Array.from({ length: 400 }, (_, at) =>
      post(
        given.observation('x', {
          subject: { reference: UUID },
          effectiveDateTime: new Date(NOW - at * 86_400_000).toISOString(),
        }),
      ),
    );
    const got = await api.send('POST', '/', {
      body: given.bundle('transaction', [...observations, post(given.patient(), { fullUrl: UUID })]),
    });
    expect(got.status).toBe(200);
    const patient = got.body.entry!.at(-1)!.response!.location!.slice(BASE.length).split('/')[2];
    const everything = await pagesOf(`${BASE}/Patient/${patient}/$everything?_count=150`);
    expect(new Set(everything).size).toBe(401);
    const observationsFound = await pagesOf(`${BASE}/Observation?patient=${patient}&_count=90`);
    expect(new Set(observationsFound).size).toBe(400);
  });

  it('stores nothing of a transaction that meets another version', async () => {
    await stored(api, given.patient({ id: 'held' }));
    const got = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        { resource: given.patient({ id: 'unseen' }), request: { method: 'PUT', url: 'Patient/unseen' } },
        {
          resource: given.patient({ id: 'held', gender: 'male' }),
          request: { method: 'PUT', url: 'Patient/held', ifMatch: 'W/"7"' },
        },
      ]),
    });
    expect(got.status).toBe(412);
    expect((await api.send('GET', '/Patient/unseen')).status).toBe(404);
  });
});
