// Which route of an HTTP API takes a request.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
export interface Route<Target> {
  /** `ANY /fhir/{proxy+}`, `$default`. */
  readonly key: string;
  readonly target: Target;
}

export interface Matched<Target> {
  readonly route: Route<Target>;
  readonly pathParameters: Record<string, string>;
}

interface Compiled<Target> {
  readonly route: Route<Target>;
  readonly method: string;
  readonly segments: readonly string[];
}

/** The most specific route wins: full match, then greedy `{proxy+}`, then `$default`; a named method before `ANY`. */
export const routeTable = <Target>(routes: readonly Route<Target>[]) => {
  const fallback = routes.find(({ key }) => key === '$default');
  const compiled = routes
    .filter(({ key }) => key !== '$default')
    .map((route): Compiled<Target> => {
      const [method = 'ANY', path = '/'] = route.key.split(' ');
      return { route, method, segments: path.split('/').slice(1) };
    })
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));

  return (method: string, path: string): Matched<Target> | undefined => {
    const parts = path.split('/').slice(1);
    for (const { route, method: wanted, segments } of compiled) {
      if (wanted !== 'ANY' && wanted !== method) continue;
      const pathParameters = match(segments, parts);
      if (pathParameters) return { route, pathParameters };
    }
    return fallback && { route: fallback, pathParameters: {} };
  };
};

/** Sorts literal before `{name}` before `{name+}`, segment by segment; longer before shorter. */
const rank = ({ method, segments }: Compiled<unknown>) =>
  `${segments.map((part) => (part.endsWith('+}') ? '2' : part.startsWith('{') ? '1' : '0')).join('')}3${method === 'ANY' ? 1 : 0}`;

const match = (segments: readonly string[], parts: readonly string[]): Record<string, string> | undefined => {
  const found: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    if (segment.endsWith('+}')) {
      const rest = parts.slice(index).join('/');
      // A trailing slash is an empty rest, as who runs HTTP APIs reports: https://github.com/storacha/w3infra/pull/166
      if (parts.length <= index || (rest === '' && index === 0)) return undefined;
      found[segment.slice(1, -2)] = decode(rest);
      return found;
    }
    const part = parts[index];
    if (part === undefined) return undefined;
    if (segment.startsWith('{')) {
      if (part === '') return undefined;
      found[segment.slice(1, -1)] = decode(part);
    } else if (segment !== part) return undefined;
  }
  return parts.length === segments.length ? found : undefined;
};

const decode = (text: string) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
