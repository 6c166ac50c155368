import { refuse } from '../fhir/outcome.ts';

/** `application/x-www-form-urlencoded`, strict about UTF-8: a replacement character would search for something else. */
export const parseForm = (text: string): [string, string][] => {
  if (text === '') return [];
  const pairs: [string, string][] = [];
  for (const part of text.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    pairs.push(at < 0 ? [decode(part), ''] : [decode(part.slice(0, at)), decode(part.slice(at + 1))]);
  }
  return pairs;
};

const decode = (text: string) => {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw refuse('invalid', 'the query is not percent-encoded UTF-8');
  }
};

export const param = (params: readonly (readonly [string, string])[], name: string): string | undefined =>
  params.find(([key]) => key === name)?.[1];

/** A whole number that a parameter must be, or the default. */
export const countParam = (
  params: readonly (readonly [string, string])[],
  name: string,
  bounds: { default: number; max: number },
): number => {
  const text = param(params, name);
  if (text === undefined) return bounds.default;
  if (!/^\d{1,9}$/.test(text)) throw refuse('invalid', `${name} must be a whole number`);
  return Math.min(Number(text), bounds.max);
};
