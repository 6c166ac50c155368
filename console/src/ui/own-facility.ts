// The facility that who is signed in works for.
import { useQuery } from '@tanstack/react-query';
import { matchesOf } from '../api/client.ts';
import { useApi, useWho } from './context.ts';

export interface Own {
  /** `Organization/x` of the own facility. */
  readonly organization: string | undefined;
  readonly name: string;
}

/** The Organization of the own facility, as the region lists it. */
export const useOwnFacility = (): Own => {
  const api = useApi();
  const { facility } = useWho();
  const { data } = useQuery({
    queryKey: ['own-facility', facility],
    queryFn: ({ signal }) => api.search('Organization', { identifier: facility ?? '' }, { signal }),
    enabled: facility !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [found] = data ? matchesOf(data) : [];
  return { organization: found && `Organization/${found.id}`, name: String(found?.['name'] ?? '') };
};
