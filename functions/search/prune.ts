// The hashed tokens that a resource must have to match: the store skips others without inflating them.
import { prunedParameters, pruneToken } from './index-entries.ts';
import type { Criterion } from './query.ts';

export const prune = (type: string, criteria: readonly Criterion[]): string[][] | undefined => {
  const names = prunedParameters(type);
  const found = criteria
    .filter(({ parameter, modifier }) => modifier === undefined && names.includes(parameter.name))
    .flatMap(({ parameter, values }) => {
      const codes = values.flatMap((value) => (value.kind === 'token' ? (value.code ?? []) : []));
      return codes.length === values.length ? [codes.map((code) => pruneToken(parameter.name, code))] : [];
    });
  return found.length > 0 ? found : undefined;
};
