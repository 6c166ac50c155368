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

/** OID, or a facility of another region as the audit trail has it: `2.999.3.1~0310000001`. */
const FOREIGN = /^([0-2](?:\.\d+)+)(?:~(.+))?$/;

/** What a code of another region is called, with the code beside it where it names a facility; undefined: it is of this region. */
export const foreignName = (code: string, names: ReadonlyMap<string, string>): string | undefined => {
  const [, community, facility] = FOREIGN.exec(code) ?? [];
  if (community === undefined) return undefined;
  const region = names.get(community) ?? community;
  return facility === undefined ? region : `${region} (${facility})`;
};
