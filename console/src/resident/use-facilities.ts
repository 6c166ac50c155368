// The facilities of the region, from its directory: what their codes are called.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { matchesOf, type Resource } from '../api/client.ts';
import { useApi } from '../ui/context.ts';
import { foreignName, useRegionNames } from '../ui/regions.ts';
import type { Facility } from './policy.ts';

const CODE = /^\d{10}$/;
/** Ambulance crews look, though a fire department is an office. */
const OFFICES = ['municipality', 'operator'];

const facilityOf = (organization: Resource): Facility[] => {
  const identifiers = (organization['identifier'] as { value?: string }[] | undefined) ?? [];
  const code = identifiers.find(({ value = '' }) => CODE.test(value))?.value;
  if (code === undefined || organization['active'] === false) return [];
  const [type] = (organization['type'] as { text?: string; coding?: { code?: string }[] }[] | undefined) ?? [];
  const isOffice = type?.text === undefined ? type?.coding?.[0]?.code === 'govt' : OFFICES.includes(type.text);
  return [{ code, name: String(organization['name'] ?? code), type: type?.text, isOffice }];
};

export const useFacilities = () => {
  const api = useApi();
  const query = useQuery({
    queryKey: ['facilities'],
    queryFn: async ({ signal }) => {
      const found: Resource[] = [];
      let bundle = await api.search('Organization', { _count: '500' }, { signal });
      found.push(...matchesOf(bundle));
      for (let next = api.next(bundle, signal); next; next = api.next(bundle, signal)) {
        bundle = await next;
        found.push(...matchesOf(bundle));
      }
      return found.flatMap(facilityOf).sort((a, b) => a.name.localeCompare(b.name, 'ja'));
    },
    staleTime: 600_000,
  });
  const { data } = query;
  const regions = useRegionNames();
  const names = useMemo(() => new Map((data ?? []).map(({ code, name }) => [code, name])), [data]);
  return {
    query,
    facilities: data ?? [],
    nameOf: (code: string) => foreignName(code, regions) ?? names.get(code) ?? code,
  };
};
