// What the enrolment desk is made of. Handlers take the part that they need.
import type { Services } from '../interactions/contract.ts';
import type { RowStore } from '../services/row-store.ts';
import type { Accounts } from './accounts.ts';
import type { Pattern } from './form.ts';

export interface Desk extends Pick<Services, 'resources' | 'seal' | 'clock' | 'region' | 'documents'> {
  readonly rows: RowStore;
  /** The residents pool. */
  readonly accounts: Accounts;
  /** What the region asks residents to agree to, where the form says nothing else. */
  readonly pattern: Pattern | undefined;
}

/** Where the region's own pattern is 自施設のみ, each form has to say how it consents. */
export const openDesk = (
  services: Pick<Services, 'resources' | 'seal' | 'clock' | 'region' | 'documents'>,
  own: Pick<Desk, 'rows' | 'accounts'>,
): Desk => {
  const { consentDefault } = services.region;
  return { ...services, ...own, pattern: consentDefault === 'own-facility' ? undefined : consentDefault };
};
