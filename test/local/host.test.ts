// The host runs a template that the CDK synthesized: one of each kind (fixture/app.ts), looked at from outside.
import { DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunningFixture, runFixture } from './fixture/host.ts';

let fixture: RunningFixture;
let dynamo: DynamoDBClient;

beforeAll(async () => {
  fixture = await runFixture();
  await fixture.stack.regions[0]!.startEvents();
  dynamo = new DynamoDBClient(fixture.client('DYNAMODB'));
});
afterAll(async () => {
  dynamo.destroy();
  await fixture.stop();
});

const call = async (path: string, init: RequestInit = {}) => {
  const answer = await fetch(`${fixture.url}${path}`, init);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) };
};
/** Has the function do something, with its own rights. */
const task = (name: string, input: unknown = null) =>
  call(`/do/${name}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) });

describe('the HTTP API', () => {
  it('hands a request over as payload format 2.0', async () => {
    const { json } = await call('/fhir/Patient?name=%E5%B1%B1&name=b&_id=1', {
      headers: { cookie: 'a=1; b=2', 'X-Twice': 'one' },
    });
    expect(json()).toMatchObject({
      version: '2.0',
      routeKey: 'ANY /fhir/{proxy+}',
      rawPath: '/fhir/Patient',
      rawQueryString: 'name=%E5%B1%B1&name=b&_id=1',
      queryStringParameters: { name: '山,b', _id: '1' },
      pathParameters: { proxy: 'Patient' },
      cookies: ['a=1', 'b=2'],
      headers: { 'x-twice': 'one' },
      isBase64Encoded: false,
      requestContext: { stage: '$default', http: { method: 'GET', path: '/fhir/Patient' } },
    });
  });

  it.each([
    ['GET', '/fhir', 'ANY /fhir'],
    ['DELETE', '/fhir/a/b/c', 'ANY /fhir/{proxy+}'],
    ['GET', '/fhir/', 'ANY /fhir/{proxy+}'],
    ['GET', '/fhir/special/7', 'GET /fhir/special/{id}'],
    ['PUT', '/fhir/special/7', 'ANY /fhir/{proxy+}'],
  ])('sends %s %s to the most specific route, %s', async (method, path, route) => {
    expect((await call(path, { method })).json()).toMatchObject({ routeKey: route });
  });

  it.each([
    ['GET', '/'],
    ['GET', '/do/event'],
    ['POST', '/do/event/more'],
  ])('answers 404 to %s %s, which no route takes', async (method, path) => {
    expect(await call(path, { method })).toMatchObject({ status: 404, text: '{"message":"Not Found"}' });
  });

  it.each([
    ['application/json', false],
    ['application/json; charset=utf-8', false],
    ['text/plain', false],
    ['application/fhir+json', true],
    ['application/x-www-form-urlencoded', true],
  ])('delivers a body of %s in base64: %s', async (type, encoded) => {
    const { json } = await call('/fhir', { method: 'POST', headers: { 'content-type': type }, body: '{"é":1}' });
    const { body, isBase64Encoded } = json();
    expect(isBase64Encoded).toBe(encoded);
    expect(encoded ? Buffer.from(body, 'base64').toString() : body).toBe('{"é":1}');
  });

  it('gives back status, headers, cookies and bytes of the answer', async () => {
    const answer = await task('answer', {
      statusCode: 201,
      headers: { ETag: 'W/"1"', 'content-type': 'application/fhir+json' },
      cookies: ['a=1', 'b=2'],
      body: Buffer.from([1, 2, 255]).toString('base64'),
      isBase64Encoded: true,
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('etag')).toBe('W/"1"');
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const raw = await fetch(`${fixture.url}/do/answer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ statusCode: 200, body: 'AQL/', isBase64Encoded: true }),
    });
    expect([...new Uint8Array(await raw.arrayBuffer())]).toEqual([1, 2, 255]);
  });

  it('answers HEAD without a body', async () => {
    expect(await call('/fhir/x', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it('says in an answer to HEAD no length but that of the body that GET has', async () => {
    const head = async (answer: object) => {
      const address = `/fhir/answer?${new URLSearchParams({ input: JSON.stringify({ statusCode: 200, ...answer }) })}`;
      return (await call(address, { method: 'HEAD' })).headers.get('content-length');
    };
    expect(await head({})).toBeNull();
    expect(await head({ headers: { 'content-length': '12' } })).toBe('12');
    expect(await head({ body: 'four' })).toBe('4');
  });

  it.each([
    ['over 10 MB, which API Gateway refuses', 10 * 1024 * 1024 + 1, 'application/json'],
    ['whose base64 is over the 6 MB of a Lambda event', 5 * 1024 * 1024, 'application/fhir+json'],
  ])('answers 413 to a body %s', async (_, size, type) => {
    const body = Buffer.alloc(size, 'a');
    expect(await call('/fhir', { method: 'POST', headers: { 'content-type': type }, body })).toMatchObject({
      status: 413,
    });
  });

  it('takes a FHIR body of 4 MB', async () => {
    const body = Buffer.alloc(4 * 1024 * 1024, 'a');
    const headers = { 'content-type': 'application/fhir+json' };
    expect(await call('/fhir/count', { method: 'POST', headers, body: Buffer.from('null') })).toMatchObject({
      status: 200,
    });
    expect(await call('/do/answer', { method: 'POST', headers, body })).toMatchObject({ status: 418 }); // no JSON, but it came
  });

  it('allows the origins of the template, and no others', async () => {
    const preflight = (origin: string) =>
      call('/fhir', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET' } });
    const allowed = await preflight('https://console.example');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://console.example');
    expect((await preflight('https://elsewhere.example')).headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('a function', () => {
  it('sees its own environment and nothing of this process', async () => {
    process.env['TSUMUGI_SECRET_OF_THE_HOST'] = 'x';
    const environment = (await task('environment')).json();
    expect(environment).toMatchObject({
      TABLE: fixture.name('Table'),
      BASE_URL: fixture.url,
      AWS_REGION: 'ap-northeast-1',
      AWS_LAMBDA_FUNCTION_NAME: fixture.name('Api'),
    });
    for (const name of ['TSUMUGI_SECRET_OF_THE_HOST', 'PATH', 'HOME', 'HEARD_TABLE']) {
      expect(environment).not.toHaveProperty(name);
    }
  });

  it('serves one request at a time in an environment, and more environments start when they are needed', async () => {
    const began = performance.now();
    const answers = await Promise.all([task('sleep', 400), task('sleep', 400), task('sleep', 400)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(790); // two environments, three requests
  });

  it.each([
    ['throws', 'throw', null],
    ['ends its process', 'exit', null],
    ['takes longer than its timeout', 'sleep', 5000],
  ])('that %s is a 500 without detail, and the next request is served', async (_, name, input) => {
    expect(await task(name, input)).toMatchObject({ status: 500, text: '{"message":"Internal Server Error"}' });
    expect((await task('environment')).status).toBe(200);
  });
});

describe('IAM', () => {
  const key = { p: { S: 'iam' }, s: { S: '1' } };
  const denied = (action: string) => ({
    name: 'AccessDeniedException',
    message: expect.stringContaining(`is not authorized to perform: ${action}`),
  });

  it('lets a function do what its role allows', async () => {
    const TableName = fixture.name('Table');
    expect(
      (await task('put', { TableName, Item: { ...key, a: { S: 'x' }, b: { S: 'y' }, c: { S: 'z' } } })).status,
    ).toBe(200);
    expect((await task('get', { TableName, Key: key })).json()).toMatchObject({ Item: { p: { S: 'iam' } } });
    const query = await task('query', {
      TableName,
      IndexName: 'work',
      KeyConditionExpression: 'a = :a AND b = :b',
      ExpressionAttributeValues: { ':a': { S: 'x' }, ':b': { S: 'y' } },
    });
    expect(query.json()).toMatchObject({ Count: 1 });
    expect((await task('dataKey', { KeyId: fixture.name('Key'), KeySpec: 'AES_256' })).status).toBe(200);
  });

  it('refuses a table that the role does not name', async () => {
    const answer = await task('get', { TableName: fixture.name('Hidden'), Key: { p: { S: 'x' } } });
    expect(answer.status).toBe(418);
    expect(answer.json()).toMatchObject(denied('dynamodb:GetItem'));
  });

  it('refuses an action that the role does not name, also inside a transaction', async () => {
    const TableName = fixture.name('Table');
    const Put = { TableName, Item: { ...key, v: { S: 'changed' } } };
    const answer = await task('transact', {
      TransactItems: [{ Put }, { Delete: { TableName, Key: { ...key, s: { S: '2' } } } }],
    });
    expect(answer.json()).toMatchObject(denied('dynamodb:DeleteItem'));
    const { Item } = await dynamo.send(new GetItemCommand({ TableName, Key: key }));
    expect(Item).not.toHaveProperty('v'); // nothing of it was done
    const hidden = { Put: { TableName: fixture.name('Hidden'), Item: { p: { S: 'x' } } } };
    expect((await task('transact', { TransactItems: [{ Put }, hidden] })).json()).toMatchObject(
      denied('dynamodb:PutItem'),
    );
  });

  it('refuses a KMS operation that the role does not name', async () => {
    const { CiphertextBlob } = (await task('dataKey', { KeyId: fixture.name('Key'), KeySpec: 'AES_256' })).json();
    const blob = Buffer.from(Object.values(CiphertextBlob) as number[]).toString('base64');
    const answer = await task('decrypt', { KeyId: fixture.name('Key'), CiphertextBlob: blob });
    // What arrives is text and no bytes; the refusal is the same one.
    expect(['AccessDeniedException', 'InvalidCiphertextException']).toContain(answer.json().name);
  });

  it('refuses a caller that it does not know', async () => {
    const { endpoint } = fixture.client('DYNAMODB');
    const stranger = new DynamoDBClient({
      endpoint,
      region: 'ap-northeast-1',
      credentials: { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' },
    });
    await expect(
      stranger.send(new GetItemCommand({ TableName: fixture.name('Table'), Key: key })),
    ).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    stranger.destroy();
  });

  it('remembers which actions each role has used', async () => {
    const roles = Object.values(fixture.stack.iam.exercised());
    const api = roles.find(({ functions }) => functions.includes(fixture.name('Api')));
    expect(api?.actions).toEqual(
      expect.arrayContaining(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'kms:GenerateDataKey']),
    );
    expect(api?.actions).not.toContain('dynamodb:DeleteItem');
  });
});

describe('events', () => {
  const heard = async () => {
    const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: fixture.name('Heard') }));
    return new Map(Items.map(({ p, event }) => [p!.S!, JSON.parse(event!.S!)]));
  };
  const until = <T>(probe: () => Promise<T>) => vi.waitFor(probe, { timeout: 240_000, interval: 200 });
  const put = (p: string) =>
    dynamo.send(new PutItemCommand({ TableName: fixture.name('Table'), Item: { p: { S: p }, s: { S: '1' } } }));

  it('brings the records of a stream to its function, with both images and the ARN of the template', async () => {
    await put('streamed');
    await until(async () => {
      expect((await heard()).get('record streamed')).toMatchObject({
        eventName: 'INSERT',
        eventSource: 'aws:dynamodb',
        eventSourceARN: expect.stringContaining(`table/${fixture.name('Table')}/stream/`),
        dynamodb: { NewImage: { p: { S: 'streamed' } }, SequenceNumber: expect.any(String) },
      });
    });
  });

  it('keeps what the filter of the mapping does not want from the function', async () => {
    await put('changed-twice');
    await put('changed-twice');
    await put('after-the-change');
    await until(async () => expect(await heard()).toHaveProperty('size', expect.any(Number)));
    await until(async () => expect((await heard()).has('record after-the-change')).toBe(true));
    expect((await heard()).get('record changed-twice')).toMatchObject({ eventName: 'INSERT' });
  });

  it('sets a record aside that fails for good, and goes on with the rest', async () => {
    for (const p of ['before-bad', 'bad-record', 'after-bad']) await put(p);
    await until(async () => {
      const found = await heard();
      expect(found.has('record before-bad') && found.has('record after-bad')).toBe(true);
    });
    const { messages } = fixture.stack.regions[0]!.deadLetters;
    await until(async () => expect(messages).toHaveLength(1));
    expect(messages[0]?.message).toMatchObject({ DDBStreamBatchInfo: { batchSize: 1 } });
    expect(JSON.stringify(messages)).not.toContain('bad-record'); // where it is, not what it holds
  });

  it('tells the rule of an upload under its prefix, and nobody of others', async () => {
    const s3 = new S3Client(fixture.client('S3'));
    for (const Key of ['other/file', 'incoming/file.ndjson']) {
      await s3.send(new PutObjectCommand({ Bucket: fixture.name('Uploads'), Key, Body: 'x' }));
    }
    await until(async () => {
      expect((await heard()).get('Object Created')).toMatchObject({
        source: 'aws.s3',
        detail: { bucket: { name: fixture.name('Uploads') }, object: { key: 'incoming/file.ndjson', size: 1 } },
      });
    });
    s3.destroy();
  });
});
