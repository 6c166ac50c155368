// The console as CloudFront serves it, on the API's own port under /console/: the built files with the headers of the
// template's response headers policy. The one thing that differs is where Cognito answers.
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { type ConsoleConfig, consoleConfig } from '../../console-config.ts';
import { readRegion } from '../../regions/read-regions.ts';
import { projectRoot } from '../local-dir.ts';
import type { JsonObject } from './assembly.ts';
import { gatewayAnswer, type HttpAnswer } from './http-event.ts';
import type { Resources } from './resources.ts';

/** What `npm run build-console` writes. */
export const consoleFolder = join(projectRoot, 'build/console');

/** `host` as the browser named it. */
export type ConsoleSite = (method: string, path: string, host?: string | undefined) => HttpAnswer | undefined;

const ROOT = '/console';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};

export interface ConsoleSiteOptions {
  readonly resources: Resources;
  readonly region: string;
  readonly baseUrl: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly cognitoEndpoint: string;
}

export const openConsoleSite = (options: ConsoleSiteOptions): ConsoleSite => {
  const headers = headersOf(options);
  const config = configOf(options);
  return (method, path, host) => {
    if (path !== ROOT && !path.startsWith(`${ROOT}/`)) return undefined;
    if (method !== 'GET' && method !== 'HEAD') return gatewayAnswer(405, 'Method Not Allowed');
    if (path === ROOT) return { status: 308, headers: { ...headers, location: `${ROOT}/` }, body: '' };
    const name = path.slice(ROOT.length + 1) || 'index.html';
    if (name === 'config.json' && config)
      return file(
        'config.json',
        Buffer.from(JSON.stringify({ ...config, baseUrl: sameOrigin(config.baseUrl, host) })),
        headers,
      );
    const at = join(consoleFolder, normalize(`/${decoded(name)}`));
    if (existsSync(at) && extname(at) in TYPES) return file(at, readFileSync(at), headers);
    if (name === 'index.html')
      return { status: 503, headers, body: 'the console is not built: npm run build-console\n' };
    return gatewayAnswer(404, 'Not Found');
  };
};

/** This machine has two names, and a page may ask only the one that it came from. */
const sameOrigin = (baseUrl: string, host: string | undefined): string => {
  const named = baseUrl.replace('127.0.0.1', 'localhost');
  return host !== undefined && named === `http://${host}` ? named : baseUrl;
};

const decoded = (name: string): string => {
  try {
    return decodeURIComponent(name);
  } catch {
    return '';
  }
};

const file = (name: string, body: Buffer, headers: Record<string, string>): HttpAnswer => ({
  status: 200,
  headers: {
    ...headers,
    'content-type': TYPES[extname(name)]!,
    // Names under assets/ hold a hash of what is in them.
    'cache-control': name.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  },
  body,
});

/** A stage that is hosted in a test may have no region file. */
const configOf = ({ region, baseUrl, settings, cognitoEndpoint }: ConsoleSiteOptions): ConsoleConfig | undefined => {
  const path = join(projectRoot, 'infra/regions', `${region}.json`);
  if (!existsSync(path)) return undefined;
  const pools = {
    staffPoolId: settings['STAFF_POOL_ID'] ?? '',
    staffClientId: settings['STAFF_CLIENT_ID'] ?? '',
    residentsPoolId: settings['RESIDENTS_POOL_ID'] ?? '',
    residentsClientId: settings['RESIDENTS_CLIENT_ID'] ?? '',
  };
  return consoleConfig(readRegion(path), baseUrl, pools, cognitoEndpoint);
};

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudfront-responseheaderspolicy.html */
const headersOf = ({ resources, cognitoEndpoint }: ConsoleSiteOptions): Record<string, string> => {
  const policy = resources.ofType('AWS::CloudFront::ResponseHeadersPolicy')[0]?.properties[
    'ResponseHeadersPolicyConfig'
  ];
  const { SecurityHeadersConfig: security = {}, CustomHeadersConfig: custom = {} } = (policy ?? {}) as Record<
    string,
    JsonObject
  >;
  const of = (name: string) => (security[name] ?? {}) as Record<string, string>;
  const items = ((custom as JsonObject)['Items'] ?? []) as { Header: string; Value: string }[];
  const csp = of('ContentSecurityPolicy')['ContentSecurityPolicy'] ?? '';
  return {
    // The stand-in of Cognito has another address.
    'content-security-policy': csp.replace(/https:\/\/cognito-idp\.[^\s;]+/, cognitoEndpoint),
    'x-content-type-options': 'nosniff',
    'x-frame-options': of('FrameOptions')['FrameOption'] ?? 'DENY',
    'referrer-policy': of('ReferrerPolicy')['ReferrerPolicy'] ?? 'no-referrer',
    ...Object.fromEntries(items.map(({ Header, Value }) => [Header.toLowerCase(), Value])),
  };
};
