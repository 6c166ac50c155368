// A person who is to be registered, from one page to the next: in memory, because neither addresses nor the browser's storage hold
// anything of a person.
import type { Resource } from '../api/client.ts';

let kept: Resource | undefined;

export const prefill = {
  keep: (patient: Resource | undefined): void => {
    kept = patient;
  },
  take: (): Resource | undefined => {
    const taken = kept;
    kept = undefined;
    return taken;
  },
};
