import { Heads, ruled } from '../consent/ruled.ts';
import { FhirError, notFound, refuse } from '../fhir/outcome.ts';
import { ELSEWHERE, OPERATIONS, type Operation } from '../operations/operations.ts';
import { bundle } from './bundle/bundle.ts';
import type { Context, FhirRequest, Interaction, Services } from './contract.ts';
import { create } from './create.ts';
import { conditionalDelete, del } from './delete.ts';
import { does, parseType } from './ids.ts';
import { late } from './late.ts';
import { admitBody, type BodyKind } from './media-type.ts';
import { conditionalPatch, patch } from './patch.ts';
import { read } from './read.ts';
import { searchCompartment, searchSystem, searchType } from './search.ts';
import { conditionalUpdate, update } from './update.ts';
import { vread } from './vread.ts';

type Method = Exclude<FhirRequest['method'], 'HEAD'>;

/** Few ask, and then page by page. */
const historyOfMany = (services: Services) => late(async () => (await import('./history.ts')).historyOfMany(services));
const historyOfInstance = (services: Services) =>
  late(async () => (await import('./history.ts')).historyOfInstance(services));

export interface Route {
  readonly method: Method;
  /** `Type`, `Id` and `Vid` stand for any; other segments for themselves. */
  readonly path: string;
  /** https://hl7.org/fhir/R4/valueset-type-restful-interaction.html and -system-restful-interaction */
  readonly code: string;
  readonly conditional?: true;
  readonly body?: BodyKind;
  /** Anybody may ask, without a token. */
  readonly open?: true;
  readonly make: (services: Services, dispatch: Interaction) => Interaction;
}

/** Every address of the API. The CapabilityStatement is written from this table too. */
export const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: 'metadata',
    code: 'capabilities',
    open: true,
    make: (services) => late(async () => (await import('./capabilities.ts')).capabilities(services, CLAIMS)),
  },
  { method: 'POST', path: '', code: 'transaction', body: 'fhir', make: bundle },
  { method: 'GET', path: '_history', code: 'history-system', make: historyOfMany },
  { method: 'GET', path: '', code: 'search-system', make: searchSystem },
  { method: 'POST', path: '_search', code: 'search-system', body: 'form', make: searchSystem },

  { method: 'POST', path: 'Type', code: 'create', body: 'fhir', make: create },
  { method: 'PUT', path: 'Type', code: 'update', conditional: true, body: 'fhir', make: conditionalUpdate },
  { method: 'PATCH', path: 'Type', code: 'patch', conditional: true, body: 'patch', make: conditionalPatch },
  { method: 'DELETE', path: 'Type', code: 'delete', conditional: true, make: conditionalDelete },
  { method: 'GET', path: 'Type', code: 'search-type', make: searchType },
  { method: 'POST', path: 'Type/_search', code: 'search-type', body: 'form', make: searchType },
  { method: 'GET', path: 'Type/_history', code: 'history-type', make: historyOfMany },

  { method: 'GET', path: 'Type/Id', code: 'read', make: read },
  { method: 'PUT', path: 'Type/Id', code: 'update', body: 'fhir', make: update },
  { method: 'PATCH', path: 'Type/Id', code: 'patch', body: 'patch', make: patch },
  { method: 'DELETE', path: 'Type/Id', code: 'delete', make: del },
  { method: 'GET', path: 'Type/Id/_history', code: 'history-instance', make: historyOfInstance },
  { method: 'GET', path: 'Type/Id/_history/Vid', code: 'vread', make: vread },

  { method: 'GET', path: 'Type/Id/Type', code: 'search-type', make: searchCompartment },
  { method: 'GET', path: 'Type/Id/*', code: 'search-type', make: searchCompartment },
  { method: 'POST', path: 'Type/Id/Type/_search', code: 'search-type', body: 'form', make: searchCompartment },
  { method: 'POST', path: 'Type/Id/_search', code: 'search-type', body: 'form', make: searchCompartment },
];

/** What the CapabilityStatement must know; handed to it, since it hangs in this table itself. */
export interface Claims {
  readonly codesOf: (type: string) => readonly string[];
  readonly systemCodes: readonly string[];
  readonly operations: readonly Omit<Operation, 'make'>[];
}

const TYPE_CODES = [...new Set(ROUTES.filter(({ path }) => path.startsWith('Type')).map(({ code }) => code))];
export const CLAIMS: Claims = {
  codesOf: (type) => TYPE_CODES.filter((code) => does(type, code)),
  systemCodes: ['transaction', 'batch', 'search-system', 'history-system'],
  operations: [...OPERATIONS, ...ELSEWHERE],
};

/** The form of a path: `Patient/p1/_history/2` → `Type/Id/_history/Vid`. */
const shapeOf = (path: readonly string[]): string => {
  const last = path.at(-1);
  if (last?.startsWith('$'))
    return path.length === 1 ? '$' : path.length === 2 ? 'Type/$' : path.length === 3 ? 'Type/Id/$' : '?';
  switch (path.length) {
    case 0:
      return '';
    case 1:
      return named(path[0]!) ?? 'Type';
    case 2:
      return `Type/${named(path[1]!) ?? 'Id'}`;
    case 3:
      return `Type/Id/${named(path[2]!) ?? 'Type'}`;
    case 4:
      return path[2] === '_history' ? 'Type/Id/_history/Vid' : `Type/Id/Type/${named(path[3]!) ?? '?'}`;
    default:
      return '?';
  }
};

const NAMED = new Set(['metadata', '_history', '_search', '*']);
const named = (segment: string) => (NAMED.has(segment) ? segment : undefined);

const BY_SHAPE = new Map(ROUTES.map((route) => [`${route.method} ${route.path}`, route]));
const BY_PATH = Map.groupBy(ROUTES, ({ path }) => path);

const methodOf = ({ method }: FhirRequest): Method => (method === 'HEAD' ? 'GET' : method);

/** Whether anybody may ask, without a token. */
export const isOpen = (request: FhirRequest): boolean =>
  request.path.length === 1 && BY_SHAPE.get(`${methodOf(request)} ${shapeOf(request.path)}`)?.open === true;

/** Name of the interaction for the audit trail. */
export const interactionOf = (request: FhirRequest): string => {
  const last = request.path.at(-1);
  if (last?.startsWith('$')) return OPERATIONS.find(({ name }) => `$${name}` === last) ? last : 'operation';
  return BY_SHAPE.get(`${methodOf(request)} ${shapeOf(request.path)}`)?.code ?? 'unknown';
};

/** AuditEvents are not stored resources: the audit folder renders its records when they are asked for. */
export interface AuditEvents {
  readonly read: Interaction;
  readonly search: Interaction;
}

/** Finds the interaction, and refuses what this address does not do. */
export const routes = (services: Services, audits?: AuditEvents): Interaction => {
  const heads = new Heads(services.resources, services.clock);
  /** The store as this caller reads it: every record with what its patient has said about it. */
  const servicesFor = ({ actor }: Context, request: FhirRequest): Services => ({
    ...services,
    resources: ruled(services.resources, heads, { actor, isEager: isRead(request) }),
  });
  const dispatch: Interaction = (context, request) => {
    const shape = shapeOf(request.path);
    if (shape.endsWith('$')) return operate(servicesFor(context, request), shape, request)(context, request);
    const route = BY_SHAPE.get(`${methodOf(request)} ${shape}`);
    if (!route) throw notThere(shape, request);
    if (shape.startsWith('Type')) assertDoes(parseType(request.path[0]!), route);
    if (request.path[0] === 'Patient' && request.path[2] === 'AuditEvent') return dispatch(context, ofPatient(request));
    if (audits && request.path[0] === 'AuditEvent')
      return audits[route.code === 'read' ? 'read' : 'search'](context, request);
    if (route.body && !request.resource && !isBareSearch(route, request)) admit(route.body, request);
    return (open.get(route) ?? route.make(servicesFor(context, request), dispatch))(context, request);
  };
  // What anybody may read is made once, and has no caller.
  const open = new Map(
    ROUTES.filter((route) => route.open).map((route) => [route, route.make(services, dispatch)] as const),
  );
  return dispatch;
};

/** A search by POST may have all of its parameters in the URL: what is not there has no type. */
const isBareSearch = ({ body: kind }: Route, { body }: FhirRequest) => kind === 'form' && body === undefined;

const isRead = ({ method, path }: FhirRequest) => method === 'GET' || method === 'HEAD' || path.at(-1) === '_search';

/** `Patient/p1/AuditEvent` is a search of the trail, not of the compartment. */
const ofPatient = (request: FhirRequest): FhirRequest => {
  const { path, params } = request;
  return { ...request, path: ['AuditEvent', ...path.slice(3)], params: [['patient', path[1]!], ...params] };
};

const admit = (kind: BodyKind, { path, headers }: FhirRequest) =>
  admitBody(path[0] === 'Binary' && kind === 'fhir' ? 'any' : kind, headers['content-type']);

const assertDoes = (type: string, { code, path }: Route) => {
  if (!does(type, code)) throw notAllowed(`${type} has no ${code} here`, path, type);
};

const notThere = (shape: string, { path, method }: FhirRequest) => {
  if (!BY_PATH.has(shape)) return notFound('an address of this form');
  const type = shape.startsWith('Type') ? parseType(path[0]!) : undefined;
  return notAllowed(`this address does not take ${method}`, shape, type);
};

/** 405 says what the address does take (RFC 9110 15.5.6). */
const notAllowed = (diagnostics: string, shape: string, type: string | undefined) => {
  const routes = (BY_PATH.get(shape) ?? []).filter(({ code }) => type === undefined || does(type, code));
  const methods = routes.map(({ method }) => method);
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ');
  return new FhirError('notAllowed', [{ diagnostics }], { allow });
};

const ADDRESSES = { system: '[base]', type: '[type]', instance: '[type]/[id]' } as const;

/** An operation may be there for one resource and not for a type. */
const notHere = (path: readonly string[]): string => {
  const operation = OPERATIONS.find(
    ({ name, types }) => `$${name}` === path.at(-1) && (!types || path.length === 1 || types.includes(path[0]!)),
  );
  if (!operation) return 'there is no operation of this name here';
  const { name, levels, types } = operation;
  const places = levels.map((level) => `${ADDRESSES[level].replace('[type]', types?.[0] ?? '[type]')}/$${name}`);
  return `$${name} is not answered at this address, but at ${places.join(', ')}`;
};

const operate = (services: Services, shape: string, request: FhirRequest): Interaction => {
  const { path } = request;
  if (shape !== '$') parseType(path[0]!);
  const level = shape === '$' ? 'system' : shape === 'Type/$' ? 'type' : 'instance';
  const operation = OPERATIONS.find(
    ({ name, levels, types }) =>
      `$${name}` === path.at(-1) &&
      levels.includes(level) &&
      (level === 'system' || !types || types.includes(path[0]!)),
  );
  if (!operation) throw refuse('notSupported', notHere(path));
  const method = methodOf(request);
  if (method !== 'POST' && !(method === 'GET' && !operation.affectsState)) {
    const allow = operation.affectsState ? 'POST' : 'GET, HEAD, POST';
    throw new FhirError('notAllowed', [{ diagnostics: `$${operation.name} does not take ${method}` }], { allow });
  }
  if (method === 'POST' && request.body) admitBody('fhir', request.headers['content-type']);
  return operation.make(services);
};
