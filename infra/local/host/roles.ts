// A role's policies, gathered from the role itself and from the policies that name it.
import { LocalError } from '../local-dir.ts';
import type { Json, JsonObject } from './assembly.ts';
import type { Resource, Resources } from './resources.ts';

/** Policies of AWS's own that functions of this project carry: they allow logs and traces, which stay on this machine. */
const MANAGED =
  /:policy\/service-role\/(AWSLambdaBasicExecutionRole|AWSXRayDaemonWriteAccess)$|AWSXRayDaemonWriteAccess$/;

export interface RolePolicies {
  readonly arn: string;
  readonly policies: { name: string; policy: JsonObject }[];
}

export const rolePolicies = (resources: Resources, roleArn: string): RolePolicies => {
  const role = resources.ofType('AWS::IAM::Role').find((one) => one.attribute('Arn') === roleArn);
  if (!role) throw new LocalError(`the template names the role ${roleArn}, which it does not have`);
  const managed = list(role.properties['ManagedPolicyArns']).map(String);
  const own = resources.ofType('AWS::IAM::ManagedPolicy').filter(({ ref }) => managed.includes(ref));
  const unknown = managed.find((arn) => !MANAGED.test(arn) && !own.some(({ ref }) => ref === arn));
  if (unknown) throw new LocalError(`the role ${role.ref} carries ${unknown}, which the local host cannot evaluate`);

  const attached = resources
    .ofType('AWS::IAM::Policy', 'AWS::IAM::RolePolicy')
    .filter(({ properties }) => [...list(properties['Roles']), properties['RoleName']].includes(role.ref));
  return {
    arn: roleArn,
    policies: [
      ...list(role.properties['Policies']).map((policy, index) => inline(policy as JsonObject, `${role.ref}-${index}`)),
      ...[...attached, ...own].map(document),
    ],
  };
};

const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

const inline = (policy: JsonObject, name: string) => ({
  name: String(policy['PolicyName'] ?? name),
  policy: policy['PolicyDocument'] as JsonObject,
});

const document = ({ logicalId, properties }: Resource) => ({
  name: logicalId,
  policy: properties['PolicyDocument'] as JsonObject,
});
