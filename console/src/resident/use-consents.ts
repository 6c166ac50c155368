// All Consents over one person's records, and the changes that a switch makes of them.
import { useQuery } from '@tanstack/react-query';
import { matchesOf, type Resource } from '../api/client.ts';
import { useApi } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import {
  type ConsentDefault,
  consentOf,
  type OthersChoice,
  othersConsent,
  othersPlan,
  type Plan,
  planFor,
  type Target,
} from './policy.ts';
import { type Kept, keepConsent, keepPlan } from './proxies-policy.ts';
import type { Subject } from './use-resident.ts';

export const useConsents = (patient: string) => {
  const api = useApi();
  return useQuery({
    queryKey: ['consents', patient],
    queryFn: async ({ signal }) => {
      const found: Resource[] = [];
      let bundle = await api.search('Consent', { patient, _count: '200' }, { signal });
      found.push(...matchesOf(bundle));
      for (let next = api.next(bundle, signal); next; next = api.next(bundle, signal)) {
        bundle = await next;
        found.push(...matchesOf(bundle));
      }
      return found
        .filter(({ resourceType }) => resourceType === 'Consent')
        .sort((a, b) => String(b['dateTime'] ?? '').localeCompare(String(a['dateTime'] ?? '')));
    },
  });
};

export interface Change extends Target {
  readonly wanted: 'open' | 'closed';
}

export const useConsentChange = ({ patient }: Subject, consents: readonly Resource[], region: ConsentDefault) => {
  const api = useApi();
  const step = (id: string, name: 'withdrawal' | 'resumption') =>
    api.ask(`/me/consents/${encodeURIComponent(id)}/${name}`, { method: 'POST' });
  const carryOut = async (
    { withdraw, resume, create }: Plan,
    made: (type: 'permit' | 'deny', now: Date) => Resource,
  ) => {
    // What closes comes first: a line that is cut in between leaves less open, not more.
    for (const id of resume) await step(id, 'resumption');
    if (create) await api.fhir('/Consent', { method: 'POST', body: made(create, new Date()) });
    for (const id of withdraw) await step(id, 'withdrawal');
  };
  const change = useSend(
    ({ wanted, ...target }: Change) =>
      carryOut(planFor(consents, region, target, wanted), (type, now) => consentOf(patient, type, target, now)),
    { stale: ['consents'] },
  );
  const others = useSend(
    (wanted: OthersChoice) => carryOut(othersPlan(consents, wanted), (type, now) => othersConsent(patient, type, now)),
    { stale: ['consents'] },
  );
  /** From who acts for a minor who decides alone. */
  const keep = useSend(
    ({ kept, wanted }: { readonly kept: Kept; readonly wanted: boolean }) =>
      carryOut(keepPlan(consents, kept, wanted), (_, now) => keepConsent(patient, kept, now)),
    { stale: ['consents'] },
  );
  /** Of one Consent as it is, whoever wrote it down. */
  const single = useSend(
    ({ id, to }: { readonly id: string; readonly to: 'withdrawal' | 'resumption' }) => step(id, to),
    { stale: ['consents'] },
  );
  return { change, others, keep, single };
};
