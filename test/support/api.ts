// The whole API in one process: a Lambda event in, a Lambda answer out, with stores in memory and a caller of the test's choice.
import { gunzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import { auditOn } from '../../functions/audit/chain.ts';
import type { Audit, AuditRecord } from '../../functions/audit/port.ts';
import { memoryAuditTable } from '../../functions/audit/table.ts';
import { trailOn } from '../../functions/audit/trail.ts';
import { parseScopes } from '../../functions/auth/scopes.ts';
import type { Actor } from '../../functions/consent/actor.ts';
import { FhirError } from '../../functions/fhir/outcome.ts';
import type { Resource } from '../../functions/fhir/types.ts';
import { auditEvents } from '../../functions/interactions/audit-events.ts';
import type { Services } from '../../functions/interactions/contract.ts';
import { fhirApi } from '../../functions/middleware/fhir-api.ts';
import { openMemory } from '../../functions/storage/memory.ts';

export const BASE = 'https://api.tokushima.example/fhir';
export const NOW = Date.parse('2026-11-22T00:00:00Z');

export const hospital: Actor = {
  kind: 'system',
  subject: 'system-hospital',
  role: 'system',
  facility: '3610000001',
  facilityType: 'hospital',
  scopes: parseScopes('system/*.cruds'),
  patients: [],
  tokenId: 'token-1',
};
export const clinic: Actor = {
  ...hospital,
  subject: 'system-clinic',
  facility: '3610000002',
  facilityType: 'clinic',
  tokenId: 'token-2',
};
export const residentOf = (...patients: string[]): Actor => ({
  kind: 'resident',
  subject: 'resident-1',
  role: 'resident',
  facility: undefined,
  facilityType: undefined,
  scopes: parseScopes('patient/*.cruds'),
  patients,
  tokenId: 'token-3',
});

export const privacyOfficer: Actor = {
  ...hospital,
  kind: 'staff',
  subject: 'privacy-1',
  role: 'privacy',
  facility: '3690000001',
  facilityType: 'operator',
  scopes: parseScopes('user/*.rs'),
  tokenId: 'token-4',
};

export interface Sent {
  readonly headers?: Record<string, string>;
  /** A resource, or text that goes as it is. */
  readonly body?: unknown;
  readonly bytes?: Uint8Array;
  readonly as?: Actor;
  readonly anonymous?: true;
  /** The gateway hands textual bodies on as text. */
  readonly asText?: true;
}

export interface Got {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
  readonly bytes: Buffer;
  /** Parsed body; an empty object without one. */
  readonly body: Resource & {
    entry?: Entry[];
    issue?: { code: string; diagnostics: string; expression?: string[] }[];
    link?: Link[];
  };
  readonly result: APIGatewayProxyStructuredResultV2;
}
export interface Entry {
  readonly fullUrl?: string;
  readonly resource?: Resource;
  readonly request?: Record<string, string>;
  readonly response?: { status: string; location?: string; etag?: string; lastModified?: string; outcome?: Resource };
  readonly search?: { mode: string };
}
interface Link {
  readonly relation: string;
  readonly url: string;
}

const lambdaContext = {} as LambdaContext;

export const openApi = (parts: Partial<Services> = {}) => {
  const time = { now: NOW };
  const clock = () => time.now;
  const recorded: AuditRecord[] = [];
  const logged: Record<string, unknown>[] = [];
  const table = memoryAuditTable();
  const trail = auditOn(table, { clock, environmentId: 'test' });
  const audit: Audit = {
    record: async (records) => {
      await trail.record(records);
      recorded.push(...records);
    },
  };
  const region = { name: 'tokushima', baseUrl: BASE.replace(/\/fhir$/, ''), homeCommunityId: '1.2.3' };
  const services: Services = { ...openMemory(clock), audit, clock, region, ...parts };

  let actor: Actor | undefined;
  const handler = fhirApi({
    services,
    authenticate: async () => {
      if (!actor)
        throw new FhirError('unauthenticated', [{ diagnostics: 'a bearer token is needed' }], {
          'www-authenticate': 'Bearer',
        });
      return actor;
    },
    audits: auditEvents(services, trailOn(table)),
    log: (line) => void logged.push(line),
  });

  const send = async (method: string, path: string, sent: Sent = {}): Promise<Got> => {
    actor = sent.anonymous ? undefined : (sent.as ?? hospital);
    // Each request comes a second later, so that versions differ in time.
    time.now += 1000;
    const result = (await handler(
      eventOf(method, path, sent) as never,
      lambdaContext,
    )) as APIGatewayProxyStructuredResultV2;
    return gotOf(result);
  };
  return { send, services, recorded, logged, time };
};

export type Api = ReturnType<typeof openApi>;

/** As API Gateway makes it: HTTP API, payload 2.0. */
export const eventOf = (
  method: string,
  path: string,
  { headers = {}, body, bytes, asText }: Sent,
): APIGatewayProxyEventV2 => {
  const [rawPath = '', rawQueryString = ''] = path.startsWith(BASE)
    ? path.slice(BASE.length).split('?')
    : path.split('?');
  const payload =
    bytes ?? (body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const type = typeof body === 'object' ? { 'content-type': 'application/fhir+json' } : {};
  return {
    version: '2.0',
    routeKey: 'ANY /fhir/{proxy+}',
    rawPath: `/fhir${rawPath}`,
    rawQueryString,
    headers: { ...type, ...lower },
    requestContext: { requestId: 'request-1', http: { method, path: `/fhir${rawPath}` } },
    isBase64Encoded: payload !== undefined && !asText,
    ...(payload && { body: Buffer.from(payload).toString(asText ? 'utf8' : 'base64') }),
  } as unknown as APIGatewayProxyEventV2;
};

const gotOf = (result: APIGatewayProxyStructuredResultV2): Got => {
  const headers = result.headers as Record<string, string>;
  const raw = Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8');
  const bytes = headers['content-encoding'] === 'gzip' && raw.length > 0 ? gunzipSync(raw) : raw;
  const text = bytes.toString('utf8');
  const isJson = /json/.test(headers['content-type'] ?? '');
  return { status: result.statusCode!, headers, text, bytes, body: text && isJson ? JSON.parse(text) : {}, result };
};

/** Nobody of these is a real person. */
export const given = {
  patient: (more: Record<string, unknown> = {}): Resource => ({
    resourceType: 'Patient',
    identifier: [{ system: 'urn:oid:1.2.392.100495.20.3.51.13610000001', value: 'P-1' }],
    name: [{ family: 'Awa', given: ['Hanako'] }],
    gender: 'female',
    birthDate: '1951-04-01',
    ...more,
  }),
  observation: (patient: string, more: Record<string, unknown> = {}): Resource => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: '2026-11-01T09:00:00+09:00',
    ...more,
  }),
  bundle: (type: string, entry: unknown[]): Resource => ({ resourceType: 'Bundle', type, entry }),
};

/** Stores a resource and returns it as stored. */
export const stored = async (api: Api, resource: Resource, sent: Sent = {}): Promise<Resource & { id: string }> => {
  const got = resource.id
    ? await api.send('PUT', `/${resource.resourceType}/${resource.id}`, { ...sent, body: resource })
    : await api.send('POST', `/${resource.resourceType}`, { ...sent, body: resource });
  if (got.status > 201) throw new Error(`${got.status} ${got.text}`);
  return got.body as Resource & { id: string };
};
