// A user pool or its client as the local host reads it from a template, and a template's resources, for tests that have no template.
import type { Json } from '../../infra/local/host/assembly.ts';
import type { Resource, Resources } from '../../infra/local/host/resources.ts';

export const poolResource = (type: string, ref: string, properties: Record<string, Json>): Resource => ({
  stack: 's',
  account: '000000000000',
  awsRegion: 'ap-northeast-1',
  logicalId: ref,
  type,
  properties,
  ref,
  attribute: (name) =>
    name === 'Arn'
      ? `arn:aws:cognito-idp:ap-northeast-1:000000000000:userpool/${ref}`
      : `https://cognito-idp.ap-northeast-1.amazonaws.com/${ref}`,
});

/** As of a synthesized template. */
export const resourcesOf = (...all: readonly Resource[]): Resources => ({
  stage: 'test',
  account: '000000000000',
  awsRegion: 'ap-northeast-1',
  all,
  ofType: (...types) => all.filter(({ type }) => types.includes(type)),
  asset: () => undefined,
});
