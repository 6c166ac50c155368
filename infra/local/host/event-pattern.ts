// EventBridge patterns and event source filters, as far as templates of this project go; anything else is refused.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
import { LocalError } from '../local-dir.ts';
import type { Json, JsonObject } from './assembly.ts';

export const matches = (pattern: JsonObject, event: unknown): boolean =>
  Object.entries(pattern).every(([key, wanted]) => {
    const value = isObject(event) ? event[key] : undefined;
    if (Array.isArray(wanted)) return wanted.some((rule) => holds(rule, value));
    return isObject(wanted) && matches(wanted, value);
  });

const holds = (rule: Json, value: unknown): boolean => {
  if (!isObject(rule)) return Array.isArray(value) ? value.includes(rule) : value === rule;
  const text = typeof value === 'string' ? value : undefined;
  if ('prefix' in rule) return text?.startsWith(String(rule['prefix'])) ?? false;
  if ('suffix' in rule) return text?.endsWith(String(rule['suffix'])) ?? false;
  if ('exists' in rule) return (value !== undefined) === rule['exists'];
  if ('anything-but' in rule) {
    const not = rule['anything-but'];
    return value !== undefined && !(Array.isArray(not) ? not : [not]).includes(value as Json);
  }
  throw new LocalError(
    `the template has an event pattern with ${Object.keys(rule).join(', ')}, which the local host does not know`,
  );
};

const isObject = (value: unknown): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
