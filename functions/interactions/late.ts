import type { Interaction } from './contract.ts';

/** An interaction whose code is loaded with its first call: what few requests ask for is no part of a cold start. */
export const late = (load: () => Promise<Interaction>): Interaction => {
  let loaded: Promise<Interaction> | undefined;
  return async (context, request) => {
    loaded ??= load();
    return (await loaded)(context, request);
  };
};
