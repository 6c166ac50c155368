import { refuse } from '../../fhir/outcome.ts';
import { isObject } from '../write/body.ts';
import { copyOf, isEqual } from './copy.ts';

// JSON Patch, RFC 6902. Not the library of that name: its `copy` and its clones pass through JSON.parse, which would turn 1.00 into 1.

const MAX_OPERATIONS = 1000;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

interface Place {
  readonly parent: unknown;
  readonly key: string;
}

/** Applies all operations or throws; `document` is changed on the way, so hand in a copy. */
export const jsonPatch = (document: unknown, operations: unknown): unknown => {
  if (!Array.isArray(operations)) throw refuse('malformed', 'a JSON Patch is an array of operations');
  if (operations.length > MAX_OPERATIONS)
    throw refuse('tooLarge', `a patch holds at most ${MAX_OPERATIONS} operations`);
  const root = { '': document };
  for (const [at, operation] of operations.entries()) step(root, operation, at);
  return root[''];
};

const step = (root: unknown, operation: unknown, at: number): void => {
  const wrong = (rule: string) => refuse('unprocessable', `patch operation ${at}: ${rule}`);
  if (!isObject(operation)) throw refuse('malformed', `patch operation ${at} is not an object`);
  const place = (name: 'path' | 'from') => find(root, operation[name], () => wrong(`${name} leads nowhere`));
  const value = () => {
    if (!('value' in operation)) throw wrong('value is missing');
    return operation.value;
  };
  switch (operation.op) {
    case 'add':
      add(place('path'), value(), wrong);
      break;
    case 'remove':
      remove(place('path'), wrong);
      break;
    case 'replace': {
      const target = place('path');
      read(target, wrong);
      set(target, value());
      break;
    }
    case 'move': {
      const { from, path } = operation;
      if (`${path}/`.startsWith(`${from}/`) && path !== from) throw wrong('a value cannot move into itself');
      const moved = remove(place('from'), wrong);
      add(place('path'), moved, wrong);
      break;
    }
    case 'copy':
      add(place('path'), copyOf(read(place('from'), wrong)), wrong);
      break;
    case 'test':
      if (!isEqual(read(place('path'), wrong), value())) throw wrong('the test failed');
      break;
    default:
      throw refuse('malformed', `patch operation ${at}: op must be add, remove, replace, move, copy or test`);
  }
};

/** JSON Pointer, RFC 6901. The document itself hangs under the key `''` of the root. */
const find = (root: unknown, pointer: unknown, nowhere: () => Error): Place => {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) throw nowhere();
  const keys = pointer.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  let parent = root;
  for (const key of keys.slice(0, -1)) {
    parent = child(parent, key);
    if (parent === undefined) throw nowhere();
  }
  const key = keys.at(-1)!;
  if (typeof parent !== 'object' || parent === null || FORBIDDEN.has(key)) throw nowhere();
  return { parent, key };
};

const child = (parent: unknown, key: string): unknown => {
  if (Array.isArray(parent)) return isIndex(key) ? parent[Number(key)] : undefined;
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
};

const isIndex = (key: string) => /^(0|[1-9]\d{0,6})$/.test(key);

type Wrong = (rule: string) => Error;

const read = ({ parent, key }: Place, wrong: Wrong): unknown => {
  const value = child(parent, key);
  if (value === undefined) throw wrong('there is no value at the path');
  return value;
};

const set = ({ parent, key }: Place, value: unknown): void => {
  if (Array.isArray(parent)) parent[Number(key)] = value;
  else (parent as Record<string, unknown>)[key] = value;
};

const add = (place: Place, value: unknown, wrong: Wrong): void => {
  const { parent, key } = place;
  if (!Array.isArray(parent)) {
    set(place, value);
    return;
  }
  const at = key === '-' ? parent.length : isIndex(key) ? Number(key) : Number.NaN;
  if (!(at <= parent.length)) throw wrong('the index is outside the array');
  parent.splice(at, 0, value);
};

const remove = (place: Place, wrong: Wrong): unknown => {
  const { parent, key } = place;
  const value = read(place, wrong);
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete (parent as Record<string, unknown>)[key];
  return value;
};
