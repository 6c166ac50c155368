// Whether a role may do what its function asks: the synthesized policies, evaluated with the rules of IAM.
// Decisions are kept per role, action and resource, so that a warm call costs one look-up.
import { createHash } from 'node:crypto';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { JsonObject } from './host/assembly.ts';
import { LocalError, writeJson } from './local-dir.ts';

export interface Principal {
  /** `arn:aws:iam::<account>:role/<name>`. */
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly policies: readonly { name: string; policy: JsonObject }[];
  /** The person at the keyboard (seeds, first administrator): may do everything, as an account's administrator may. */
  readonly operator: boolean;
  /** Functions that run under this role. */
  readonly functions: readonly string[];
  /** Their file in functions/entries/, where the template says it. */
  readonly entry?: string | undefined;
}

export interface Wanted {
  /** `dynamodb:PutItem`. */
  readonly action: string;
  /** ARN. */
  readonly resource: string;
  /** The service that asks on the caller's behalf: `dynamodb` reading a table that is encrypted with a KMS key. */
  readonly via?: string;
}

export interface Exercised {
  readonly functions: readonly string[];
  readonly entry?: string | undefined;
  readonly actions: string[];
  /** `dynamodb:Query table/<name>`, `s3:PutObject <bucket>/seals/*`, `kms:Sign`. */
  readonly uses: string[];
}

export interface Iam {
  readonly operator: Principal;
  addRole(role: Pick<Principal, 'arn' | 'policies' | 'functions' | 'entry'>): Principal;
  /** Policies of resources (KMS keys): same-account rules need them. */
  addResourcePolicy(arn: string, policy: JsonObject): void;
  principal(accessKeyId: string): Principal | undefined;
  /** What is refused, as AWS words it; `undefined` when everything is allowed. */
  refusal(principal: Principal, wanted: readonly Wanted[]): string | undefined | Promise<string | undefined>;
  /** role → the actions its functions have used, and on what. */
  exercised(): Record<string, Exercised>;
  saveExercised(path: string): void;
}

export const openIam = (): Iam => {
  const principals = new Map<string, Principal>();
  const resourcePolicies = new Map<string, JsonObject>();
  const decisions = new Map<string, string | undefined>();
  const used = new Map<Principal, Set<string>>();

  const register = (principal: Principal): Principal => {
    principals.set(principal.accessKeyId, principal);
    return principal;
  };
  const operator = register({
    ...keysOf('operator'),
    arn: 'arn:aws:iam::000000000000:user/operator',
    policies: [],
    operator: true,
    functions: [],
  });

  const noted = new Set<string>();
  const note = (principal: Principal, wanted: Wanted, key: string) => {
    if (noted.has(key)) return;
    if (noted.size > 50_000) noted.clear();
    noted.add(key);
    const uses = used.get(principal);
    if (uses) uses.add(usageOf(wanted));
    else used.set(principal, new Set([usageOf(wanted)]));
  };

  const decide = async (principal: Principal, wanted: Wanted): Promise<string | undefined> => {
    const allowed = await simulate(principal, wanted, resourcePolicies.get(wanted.resource));
    const reason = allowed
      ? undefined
      : `User: ${principal.arn} is not authorized to perform: ${wanted.action} on resource: ${wanted.resource} because no identity-based policy allows the ${wanted.action} action`;
    if (decisions.size > 50_000) decisions.clear(); // object keys are without end
    decisions.set(cacheKey(principal, wanted), reason);
    return reason;
  };

  const slow = async (principal: Principal, wanted: readonly Wanted[]): Promise<string | undefined> => {
    for (const one of wanted) {
      const key = cacheKey(principal, one);
      const refusal = decisions.has(key) ? decisions.get(key) : await decide(principal, one);
      if (refusal) return refusal;
      note(principal, one, key);
    }
    return undefined;
  };

  return {
    operator,
    addRole: (role) => register({ ...keysOf(role.arn), ...role, operator: false }),
    addResourcePolicy: (arn, policy) => void resourcePolicies.set(arn, policy),
    principal: (accessKeyId) => principals.get(accessKeyId),
    refusal: (principal, wanted) => {
      if (principal.operator) return undefined;
      for (const one of wanted) {
        const key = cacheKey(principal, one);
        const known = decisions.get(key);
        if (known !== undefined) return known;
        if (!decisions.has(key)) return slow(principal, wanted);
        note(principal, one, key);
      }
      return undefined;
    },
    exercised: () =>
      Object.fromEntries(
        [...used].map(([{ arn, functions, entry }, set]) => {
          const uses = [...set].sort();
          const actions = [...new Set(uses.map((use) => use.split(' ')[0]!))];
          return [arn, { functions, ...(entry !== undefined && { entry }), actions, uses }];
        }),
      ),
    saveExercised(path) {
      writeJson(path, this.exercised());
    },
  };
};

/** What infra/permissions.ts tells apart: the table, the bucket and the first folder of a name in it. */
const usageOf = ({ action, resource, via }: Wanted): string => {
  if (via !== undefined) return `${action} via ${via}`;
  if (action.startsWith('dynamodb:')) return `${action} ${/table\/[^/]+/.exec(resource)?.[0] ?? '*'}`;
  const [, bucket, folder] = /^arn:aws:s3:::([^/]+)(?:\/([^/]*))?/.exec(resource) ?? [];
  if (bucket !== undefined) return folder === undefined ? `${action} ${bucket}` : `${action} ${bucket}/${folder}/*`;
  return action;
};

const cacheKey = ({ accessKeyId }: Principal, { action, resource, via }: Wanted) =>
  via === undefined ? `${accessKeyId} ${action} ${resource}` : `${accessKeyId} ${action} ${resource} ${via}`;

/** Stable over restarts, so that a presigned address outlives one; DynamoDB Local wants keys of letters and digits. */
const keysOf = (arn: string) => ({
  accessKeyId: `LKIA${createHash('sha256').update(arn).digest('hex').slice(0, 16).toUpperCase()}`,
  secretAccessKey: createHash('sha256').update(`local secret|${arn}`).digest('hex').slice(0, 40),
});

const simulate = async (
  principal: Principal,
  { action, resource, via }: Wanted,
  resourcePolicy: JsonObject | undefined,
): Promise<boolean> => {
  const accountId = principal.arn.split(':')[4] ?? '';
  const region = resource.split(':')[3] || 'ap-northeast-1';
  const contextVariables: Record<string, string> = {
    'aws:SecureTransport': 'true', // the loopback stands for TLS
    'aws:PrincipalAccount': accountId,
    ...(action.startsWith('kms:') && { 'kms:CallerAccount': accountId }),
    ...(via !== undefined && { 'kms:ViaService': `${via}.${region}.amazonaws.com` }),
  };
  const result = await runSimulation(
    {
      request: { principal: principal.arn, action, resource: { resource, accountId }, contextVariables },
      identityPolicies: [...principal.policies],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(resourcePolicy && { resourcePolicy }),
    },
    {},
  );
  if (result.resultType === 'error') {
    throw new LocalError(`a policy of ${principal.arn} is no IAM policy: ${JSON.stringify(result.errors)}`);
  }
  return result.overallResult === 'Allowed';
};
