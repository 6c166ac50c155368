// The resources of a stage with every intrinsic evaluated: what the host creates and runs.
import { LocalError } from '../local-dir.ts';
import type { Json, JsonObject, Stack, Stage, TemplateResource } from './assembly.ts';
import { attributeOf, type Named, refOf } from './attributes.ts';
import { evaluate, holds, type Scope } from './intrinsics.ts';

export interface Resource extends Named {
  /** `Ref` of this resource. */
  readonly ref: string;
  /** `Fn::GetAtt` of this resource. */
  readonly attribute: (name: string) => string;
}

export interface Resources {
  readonly stage: string;
  readonly account: string;
  readonly awsRegion: string;
  readonly all: readonly Resource[];
  readonly ofType: (...types: string[]) => Resource[];
  readonly asset: (hash: string) => string | undefined;
}

export const readResources = (stage: Stage): Resources => {
  const exported = new Map<string, () => Json>();
  const scopes = stage.stacks.map((stack) => scopeOf(stage, stack, exported));
  for (const scope of scopes) {
    for (const { Value, Export, Condition } of Object.values(scope.stack.template.Outputs ?? {})) {
      if (!Export || (Condition && !holds(Condition, scope))) continue;
      exported.set(String(evaluate(Export.Name, scope)), () => evaluate(Value, scope));
    }
  }

  const all = scopes.flatMap((scope) =>
    Object.entries(scope.stack.template.Resources ?? {})
      .filter(([, { Condition }]) => !Condition || holds(Condition, scope))
      .map(([logicalId, resource]): Resource => {
        const it = named(scope, logicalId, resource);
        return { ...it, ref: String(refOf(it)), attribute: (name) => String(attributeOf(it, name)) };
      }),
  );
  const [first] = stage.stacks;
  if (!first) throw new LocalError(`the stage ${stage.name} has no stack`);
  return {
    stage: stage.name,
    account: first.account,
    awsRegion: first.awsRegion,
    all,
    ofType: (...types) => all.filter(({ type }) => types.includes(type)),
    asset: stage.asset,
  };
};

const named = (scope: Scope, logicalId: string, { Type, Properties = {} }: TemplateResource): Named => ({
  stack: scope.stack.name,
  account: scope.stack.account,
  awsRegion: scope.stack.awsRegion,
  logicalId,
  type: Type,
  properties: evaluate(Properties, scope) as JsonObject,
});

/** Only the naming properties are evaluated for a reference, so that circles (key policy ⇄ role) do no harm. */
const NAMING = [
  'TableName',
  'BucketName',
  'AliasName',
  'GroupName',
  'FunctionName',
  'Name',
  'RoleName',
  'DomainName',
  'StageName',
  'QueueName',
  'TopicName',
  'LogGroupName',
];

const scopeOf = (stage: Stage, stack: Stack, exported: Map<string, () => Json>): Scope => {
  const find = (logicalId: string): Named => {
    const resource = stack.template.Resources?.[logicalId];
    if (!resource) throw new LocalError(`the template of ${stack.name} refers to ${logicalId}, which it does not have`);
    const naming = Object.entries(resource.Properties ?? {}).filter(([key]) => NAMING.includes(key));
    return named(scope, logicalId, { Type: resource.Type, Properties: Object.fromEntries(naming) });
  };
  const scope: Scope = {
    stack,
    ref: (logicalId) => refOf(find(logicalId)),
    attribute: (logicalId, name) => attributeOf(find(logicalId), name),
    imported: (name) => {
      const value = exported.get(name);
      if (!value) throw new LocalError(`${stack.name} imports ${name}, which no stack of ${stage.name} exports`);
      return value();
    },
  };
  return scope;
};
