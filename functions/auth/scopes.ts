// SMART scopes: what a token may be used for. They only narrow what the role already allows (consent/matrix.ts).
// https://hl7.org/fhir/smart-app-launch/STU2.1/scopes-and-launch-context.html
import type { Actor, Scope } from '../consent/actor.ts';

export type Action = 'create' | 'read' | 'update' | 'delete' | 'search';

const LETTERS = { c: 'create', r: 'read', u: 'update', d: 'delete', s: 'search' } as const satisfies Record<
  string,
  Action
>;

/** SMART v1 permissions, as v2 says they are to be read. */
const V1: Record<string, string> = { read: 'rs', write: 'cud', '*': 'cruds' };

/** The order of the letters is fixed: `.rs` is a scope, `.sr` is none. */
const FORM = /^(patient|user|system)\/(\*|[A-Z][A-Za-z]{1,63})\.(\*|read|write|(?=.)c?r?u?d?s?)$/;

/**
 * One scope. Undefined for what is no FHIR scope (`openid`) and for scopes with search parameters
 * (`patient/Observation.rs?category=…`): we cannot hold them, and must not read them as the wider scope.
 */
export const parseScope = (text: string): Scope | undefined => {
  const [, level, type, permissions] = FORM.exec(text) ?? [];
  if (!level || !type || !permissions) return undefined;
  const letters = V1[permissions] ?? permissions;
  const may = (letter: keyof typeof LETTERS) => letters.includes(letter);
  return {
    level: level as Scope['level'],
    type,
    create: may('c'),
    read: may('r'),
    update: may('u'),
    delete: may('d'),
    search: may('s'),
  };
};

/** A space-separated list; what is no FHIR scope is left out. */
export const parseScopes = (text: string): Scope[] =>
  text
    .split(' ')
    .map(parseScope)
    .filter((scope) => scope !== undefined);

/** Which scopes count for whom: a system has no patient context, a resident nothing else. */
export const LEVEL_OF = { staff: 'user', system: 'system', resident: 'patient' } as const satisfies Record<
  Actor['kind'],
  Scope['level']
>;

export const allows = (scopes: readonly Scope[], level: Scope['level'], type: string, action: Action): boolean =>
  scopes.some((scope) => scope.level === level && (scope.type === '*' || scope.type === type) && scope[action]);

const ACTIONS = Object.values(LETTERS);

export const formatScope = (scope: Scope): string => {
  const letters = Object.entries(LETTERS).filter(([, action]) => scope[action]);
  return `${scope.level}/${scope.type}.${letters.map(([letter]) => letter).join('')}`;
};

/**
 * What of the requested scopes is covered by the registered ones, as a list without empty or repeated scopes.
 * A wildcard request is narrowed to the registered types; nothing is ever widened.
 */
export const narrow = (requested: readonly Scope[], registered: readonly Scope[]): Scope[] => {
  const granted = new Map<string, Scope>();
  for (const wish of requested) {
    for (const limit of registered) {
      const type = meet(wish.type, limit.type);
      if (type === undefined || wish.level !== limit.level) continue;
      const key = `${wish.level}/${type}`;
      const before = granted.get(key);
      const both = (action: Action) => (wish[action] && limit[action]) || before?.[action] === true;
      const scope = {
        level: wish.level,
        type,
        create: both('create'),
        read: both('read'),
        update: both('update'),
        delete: both('delete'),
        search: both('search'),
      };
      if (ACTIONS.some((action) => scope[action])) granted.set(key, scope);
    }
  }
  return [...granted.values()];
};

const meet = (a: string, b: string): string | undefined => (a === b || b === '*' ? a : a === '*' ? b : undefined);
