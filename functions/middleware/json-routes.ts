import type { JsonRoute } from '../interactions/json-route.ts';

export interface Found {
  readonly route?: JsonRoute;
  readonly params: Readonly<Record<string, string>>;
  /** Methods of the address, when the one that was asked for is not among them. */
  readonly allow: readonly string[];
}

/** Looks a path up in the table; an address with fewer named segments goes before one with more. */
export const matchRoute = (routes: readonly JsonRoute[]): ((method: string, path: readonly string[]) => Found) => {
  const table = routes
    .map((route) => ({ route, pattern: route.path.split('/').filter(Boolean) }))
    .sort((a, b) => named(a.pattern) - named(b.pattern));
  return (method, path) => {
    const wanted = method === 'HEAD' ? 'GET' : method;
    const here = table.flatMap(({ route, pattern }) => {
      const params = paramsOf(pattern, path);
      return params ? [{ route, params }] : [];
    });
    const found = here.find(({ route }) => route.method === wanted);
    if (found) return { ...found, allow: [] };
    return { params: {}, allow: [...new Set(here.map(({ route }) => route.method))] };
  };
};

const named = (pattern: readonly string[]) => pattern.filter((segment) => segment.startsWith('{')).length;

const paramsOf = (pattern: readonly string[], path: readonly string[]): Record<string, string> | undefined => {
  if (pattern.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const given = path[index]!;
    if (segment.startsWith('{')) params[segment.slice(1, -1)] = given;
    else if (segment !== given) return undefined;
  }
  return params;
};
