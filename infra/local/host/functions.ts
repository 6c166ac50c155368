// The template's functions, each with the environment that Lambda would give it and nothing else.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Iam, Principal } from '../iam.ts';
import { LocalError } from '../local-dir.ts';
import type { JsonObject } from './assembly.ts';
import { type FunctionPool, openFunction } from './function-pool.ts';
import type { Resource, Resources } from './resources.ts';
import { rolePolicies } from './roles.ts';

export interface HostedFunction {
  readonly pool: FunctionPool;
  readonly role: Principal;
  /** The settings of the template, local addresses in place. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface FunctionHost {
  readonly resources: Resources;
  readonly iam: Iam;
  /** `AWS_ENDPOINT_URL_<SERVICE>` and the like. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Puts addresses of this machine where the template has those of the cloud. */
  readonly localize: (text: string) => string;
  readonly log: (functionName: string, text: string) => void;
  readonly environments: number;
  readonly concurrency: number;
}

export const openFunctions = (host: FunctionHost): Map<string, HostedFunction> => {
  const roles = new Map<string, Principal>();
  const nodeFunctions = host.resources
    .ofType('AWS::Lambda::Function')
    .filter(({ properties }) => String(properties['Runtime']).startsWith('nodejs')); // CDK's own helpers are not run
  return new Map(nodeFunctions.map((fn) => [fn.attribute('Arn'), open(fn, host, roles, nodeFunctions)]));
};

const open = (fn: Resource, host: FunctionHost, roles: Map<string, Principal>, all: Resource[]): HostedFunction => {
  const { resources, iam, localize, log } = host;
  const { properties, ref: name } = fn;
  const roleArn = String(properties['Role']);
  let role = roles.get(roleArn);
  if (!role) {
    const functions = all.filter((one) => one.properties['Role'] === roleArn).map(({ ref }) => ref);
    const entry = /functions\/entries\/(.+)\.ts$/.exec(String(properties['Description'] ?? ''))?.[1];
    role = iam.addRole({ ...rolePolicies(resources, roleArn), functions, entry });
    roles.set(roleArn, role);
  }
  const folder = codeFolder(fn, resources);
  const handler = String(properties['Handler']);
  const given = ((properties['Environment'] as JsonObject | undefined)?.['Variables'] ?? {}) as JsonObject;
  const settings = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, localize(String(value))]));
  // The desk has two names (docs/local.md); functions that know their own address know both.
  if (settings['BASE_URL']) settings['OTHER_BASE_URLS'] = settings['BASE_URL'].replace('//127.0.0.1:', '//localhost:');
  const pool = openFunction({
    name,
    arn: fn.attribute('Arn'),
    bundle: pathToFileURL(moduleOf(folder, handler, name)).href,
    handler,
    environment: { ...settings, ...runtimeEnvironment(fn, folder, role), ...host.endpoints },
    timeoutSeconds: Number(properties['Timeout'] ?? 3),
    memoryMegabytes: Number(properties['MemorySize'] ?? 128),
    log: (text) => log(name, text),
    environments: Math.min(host.environments, Number(properties['ReservedConcurrentExecutions'] ?? host.environments)),
    concurrency: host.concurrency,
  });
  return { pool, role, settings };
};

const codeFolder = ({ ref, properties }: Resource, resources: Resources): string => {
  const key = String((properties['Code'] as JsonObject | undefined)?.['S3Key'] ?? '');
  const folder = resources.asset(key.replace(/\.zip$/, ''));
  if (!folder || !existsSync(folder)) throw new LocalError(`the code of ${ref} is not in the cloud assembly`);
  return folder;
};

const moduleOf = (folder: string, handler: string, name: string): string => {
  const stem = handler.slice(0, handler.lastIndexOf('.'));
  const found = ['.mjs', '.js', '.cjs'].map((extension) => join(folder, `${stem}${extension}`)).find(existsSync);
  if (!found) throw new LocalError(`${name}: the handler ${handler} has no file in its bundle`);
  return found;
};

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
const runtimeEnvironment = (fn: Resource, folder: string, role: Principal): Record<string, string> => ({
  _HANDLER: String(fn.properties['Handler']),
  AWS_REGION: fn.awsRegion,
  AWS_DEFAULT_REGION: fn.awsRegion,
  AWS_EXECUTION_ENV: `AWS_Lambda_${fn.properties['Runtime']}`,
  AWS_LAMBDA_FUNCTION_NAME: fn.ref,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.properties['MemorySize'] ?? 128),
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${fn.ref}`,
  AWS_LAMBDA_LOG_STREAM_NAME: 'local',
  AWS_ACCESS_KEY_ID: role.accessKeyId,
  AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
  AWS_SESSION_TOKEN: 'local',
  LAMBDA_TASK_ROOT: folder,
  LANG: 'en_US.UTF-8',
  TZ: ':UTC',
});
