import { type Capability, PERMISSIONS } from '../permissions.ts';
import type { EntryFunction } from './entry-function.ts';

/** Something that a function can be let into: it gives the permissions asked for, and the settings that go with them. */
export interface Connectable {
  connect(fn: EntryFunction, actions: readonly string[]): void;
}

/** Grants a function all that infra/permissions.ts lists for it; whatever is listed must be at hand. */
export const connect = (fn: EntryFunction, at: Partial<Record<Capability, Connectable>>) => {
  for (const [capability, grant] of Object.entries(PERMISSIONS[fn.entry])) {
    const target = at[capability as Capability];
    if (!target) throw new Error(`${fn.entry} is to be let into ${capability}, which its stack does not have`);
    target.connect(fn, Object.keys(grant));
  }
};
