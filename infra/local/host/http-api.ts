// An API Gateway HTTP API on a loopback port: the template's routes, limits and CORS rules.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Listening } from '../front/service.ts';
import { LocalError } from '../local-dir.ts';
import type { JsonObject } from './assembly.ts';
import type { ConsoleSite } from './console-site.ts';
import { type FunctionPool, tooLarge } from './function-pool.ts';
import { type ApiIdentity, gatewayAnswer, type HttpAnswer, internalError, toAnswer, toEvent } from './http-event.ts';
import type { Resource, Resources } from './resources.ts';
import { type Matched, type Route, routeTable } from './routes.ts';

const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
const INTEGRATION_MS = 30_000;
/** Below this no escaping or base64 can bring an event to Lambda's 6 MB. */
const SURELY_FITS_BYTES = 900 * 1024;

export interface HttpApi extends Listening {
  /** The port is taken first, since functions are told the address; routes come when there are functions. */
  serve(
    resources: Resources,
    api: Resource,
    functions: (arn: string) => FunctionPool | undefined,
    console?: ConsoleSite,
  ): void;
}

interface Served {
  readonly find: (method: string, path: string) => Matched<FunctionPool> | undefined;
  readonly identity: ApiIdentity;
  readonly cors: JsonObject | undefined;
  readonly console: ConsoleSite | undefined;
}

export const openHttpApi = async (port: number): Promise<HttpApi> => {
  let served: Served | undefined;

  const answer = async (incoming: IncomingMessage): Promise<HttpAnswer> => {
    if (!served) return gatewayAnswer(503, 'Service Unavailable');
    const { find, identity } = served;
    const body = await readBody(incoming);
    if (!body) return gatewayAnswer(413, 'Request Entity Too Large');
    const request = {
      method: incoming.method ?? 'GET',
      target: incoming.url ?? '/',
      headers: incoming.headers,
      body,
      sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
    };
    const path = request.target.split('?')[0]!;
    const page = served.console?.(request.method, path, incoming.headers.host);
    if (page) return page;
    const matched = find(request.method, path);
    if (!matched) return gatewayAnswer(404, 'Not Found');
    const event = toEvent(request, matched.route.key, matched.pathParameters, identity);
    if (body.length > SURELY_FITS_BYTES && tooLarge(event)) return gatewayAnswer(413, 'Request Entity Too Large');
    return invoke(matched.route.target, event);
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const origin = incoming.headers.origin;
    const extra = served?.cors && origin ? corsHeaders(served.cors, origin) : undefined;
    if (extra && incoming.method === 'OPTIONS' && incoming.headers['access-control-request-method']) {
      incoming.resume();
      return send(outgoing, { status: 204, headers: extra, body: '' });
    }
    answer(incoming).then(
      (found) => send(outgoing, extra ? { ...found, headers: { ...found.headers, ...extra } } : found),
      () => outgoing.destroy(), // the client went away
    );
  });
  server.on('checkContinue', (incoming, outgoing) => {
    // A body that is announced as too large need not be sent.
    if (Number(incoming.headers['content-length']) > MAX_REQUEST_BYTES) {
      return send(outgoing, gatewayAnswer(413, 'Request Entity Too Large'));
    }
    outgoing.writeContinue();
    server.emit('request', incoming, outgoing);
  });
  await listen(server, port);
  const address = server.address();
  return {
    serve: (resources, api, functions, console) => {
      served = {
        find: routeTable(routesOf(resources, api, functions)),
        identity: { accountId: resources.account, apiId: api.ref, stage: stageOf(resources, api) },
        cors: api.properties['CorsConfiguration'] as JsonObject | undefined,
        console,
      };
    },
    endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const listen = (server: ReturnType<typeof createServer>, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new LocalError(`port ${port} is in use by another program (choose one with --port)`)
          : error.code === 'EACCES' || error.code === 'ERR_SOCKET_BAD_PORT'
            ? new LocalError(`port ${port} cannot be opened (choose one with --port)`)
            : error,
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });

const invoke = async (fn: FunctionPool, event: object): Promise<HttpAnswer> => {
  const late = Promise.withResolvers<HttpAnswer>();
  const timer = setTimeout(() => late.resolve(gatewayAnswer(503, 'Service Unavailable')), INTEGRATION_MS);
  try {
    // A function that threw, ended or ran out of time is a 500 at an HTTP API (502 is what REST APIs and ALBs say).
    return await Promise.race([fn.invoke(event).then(toAnswer, internalError), late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

const send = (outgoing: ServerResponse, answer: HttpAnswer) => {
  try {
    write(outgoing, answer);
  } catch {
    // A header that cannot be sent is the function's fault, and must not end everybody's host.
    if (outgoing.headersSent) outgoing.destroy();
    else write(outgoing, internalError());
  }
};

const write = (outgoing: ServerResponse, { status, headers, body }: HttpAnswer) => {
  const isHead = outgoing.req.method === 'HEAD';
  const bodyless = status === 204 || status === 304 || status < 200;
  // The length in an answer to HEAD is that of the body GET would have: a function that sends none may know, we do not.
  const isUnknown = bodyless || (isHead && body.length === 0);
  outgoing.writeHead(status, isUnknown ? headers : { ...headers, 'content-length': Buffer.byteLength(body) });
  outgoing.end(bodyless || isHead ? undefined : body);
};

const readBody = (incoming: IncomingMessage): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_REQUEST_BYTES) chunks.push(chunk);
      else chunks.length = 0; // read to the end all the same, or the client never sees the answer
    });
    incoming.on('end', () => resolve(size > MAX_REQUEST_BYTES ? undefined : Buffer.concat(chunks, size)));
    incoming.on('error', reject);
    incoming.on('aborted', () => reject(new Error('aborted')));
  });

const routesOf = (
  resources: Resources,
  api: Resource,
  functions: (arn: string) => FunctionPool | undefined,
): Route<FunctionPool>[] => {
  const integrations = new Map(
    resources
      .ofType('AWS::ApiGatewayV2::Integration')
      .filter(({ properties }) => properties['ApiId'] === api.ref)
      .map((integration) => [integration.ref, integration]),
  );
  return resources
    .ofType('AWS::ApiGatewayV2::Route')
    .filter(({ properties }) => properties['ApiId'] === api.ref)
    .map(({ properties }): Route<FunctionPool> => {
      const key = String(properties['RouteKey']);
      const authorization = properties['AuthorizationType'] ?? 'NONE';
      // Never let through what the cloud would stop.
      if (authorization !== 'NONE') {
        throw new LocalError(`the route ${key} has a ${authorization} authorizer, which the local host cannot run`);
      }
      const integration = integrations.get(String(properties['Target']).replace(/^integrations\//, ''));
      if (!integration) throw new LocalError(`the route ${key} has no integration`);
      const target = functionOf(String(integration.properties['IntegrationUri']), functions);
      if (!target) throw new LocalError(`the route ${key} leads to no function of the template`);
      if (integration.properties['PayloadFormatVersion'] !== '2.0') {
        throw new LocalError(`the route ${key} does not use payload format 2.0`);
      }
      requirePermission(resources, target.arn, 'apigateway.amazonaws.com', `the route ${key}`);
      return { key, target };
    });
};

/** The function's ARN, or the long form that API Gateway also takes (`…:lambda:path/…/<arn>/invocations`). */
const functionOf = (uri: string, functions: (arn: string) => FunctionPool | undefined) =>
  functions(/functions\/(arn:.*)\/invocations$/.exec(uri)?.[1] ?? uri);

/** Without an AWS::Lambda::Permission the cloud answers 500, or says nothing at all: better to hear it here. */
export const requirePermission = (resources: Resources, functionArn: string, service: string, what: string) => {
  const allowed = resources.ofType('AWS::Lambda::Permission').some(({ properties }) => {
    const name = String(properties['FunctionName']);
    return (
      String(properties['Principal']) === service &&
      (functionArn === name || functionArn.endsWith(`:function:${name}`) || name.startsWith(`${functionArn}:`))
    );
  });
  if (!allowed) throw new LocalError(`${what} may not invoke ${functionArn}: an AWS::Lambda::Permission is missing`);
};

const stageOf = (resources: Resources, api: Resource) =>
  resources.ofType('AWS::ApiGatewayV2::Stage').find(({ properties }) => properties['ApiId'] === api.ref)?.ref ??
  '$default';

const corsHeaders = (cors: JsonObject, origin: string): Record<string, string> => {
  const listed = (name: string) => (Array.isArray(cors[name]) ? cors[name].map(String) : []);
  const origins = listed('AllowOrigins');
  if (!origins.includes('*') && !origins.includes(origin)) return {};
  return {
    'access-control-allow-origin': origins.includes('*') ? '*' : origin,
    ...(cors['AllowCredentials'] === true && { 'access-control-allow-credentials': 'true' }),
    ...(listed('AllowMethods').length && { 'access-control-allow-methods': listed('AllowMethods').join(',') }),
    ...(listed('AllowHeaders').length && { 'access-control-allow-headers': listed('AllowHeaders').join(',') }),
    ...(listed('ExposeHeaders').length && { 'access-control-expose-headers': listed('ExposeHeaders').join(',') }),
    ...(cors['MaxAge'] !== undefined && { 'access-control-max-age': String(cors['MaxAge']) }),
  };
};
