// What other regions are called: by the link contract of this region with each (docs/federation.md). An OID is shown where there is none.
import { useQuery } from '@tanstack/react-query';
import { useApi } from './context.ts';

const NONE: ReadonlyMap<string, string> = new Map();

/** OID → name. Asked for once, and by pages only that have other regions to name. */
export const useRegionNames = (wanted = true): ReadonlyMap<string, string> => {
  const api = useApi();
  const { data } = useQuery({
    queryKey: ['regions'],
    queryFn: async ({ signal }) => {
      const { value } = await api.ask<{ communities: readonly { community: string; name: string }[] }>(
        '/federation/communities',
        { signal },
      );
      return new Map(value.communities.map(({ community, name }) => [community, name]));
    },
    enabled: wanted,
    staleTime: 600_000,
    retry: false,
  });
  return data ?? NONE;
};

/** A facility of another region as the audit trail has it: `2.999.3.1~0310000001`. */
export const splitForeign = (code: string): { readonly community: string; readonly facility: string } | undefined => {
  const [community, facility] = code.split('~');
  return community !== undefined && facility !== undefined ? { community, facility } : undefined;
};
