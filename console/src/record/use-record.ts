// Loads a whole record page by page: the first page is shown while the others come.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { type Api, type Bundle, type Issue, matchesOf, type Resource, warningsOf } from '../api/client.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { type Chart, chartOf } from './record.ts';

/** Bytes bound a page, not only this number. */
const PAGE = 500;

export interface LoadedRecord {
  readonly chart: Chart;
  readonly resources: readonly Resource[];
  /** Regions that did not answer, pages that stopped early. */
  readonly warnings: readonly Issue[];
  readonly pending: boolean;
  /** More is on its way. */
  readonly loading: boolean;
  readonly error: unknown;
  readonly retry: () => void;
}

export type LoadRecord = (api: Api, patientId: string, signal: AbortSignal) => Promise<Bundle>;

/** Of this region, all linked records: https://hl7.org/fhir/R4/patient-operation-everything.html */
export const fromRegion: LoadRecord = (api, patientId, signal) =>
  api.fhir<Bundle>(`/Patient/${encodeURIComponent(patientId)}/$everything?_count=${PAGE}`, { signal });

/** Regions that answer at once are shown at once; the others are asked for after that, by the link to what was missing. */
const QUICK_MS = 2_500;
const MISSING = 'urn:tsumugi:missing';

const has = ({ link }: Bundle, of: string): boolean => link?.some(({ relation }) => relation === of) === true;

/** What leads on from a page, and `from` which page that was reached: who was missing is asked once more, and not for ever. */
export const leadsOn = (page: Bundle, from: Bundle | undefined): 'next' | typeof MISSING | undefined => {
  if (has(page, 'next')) return 'next';
  return has(page, MISSING) && (from === undefined || has(from, 'next')) ? MISSING : undefined;
};

const LATE = ['timeout', 'transient'];

/** Who was late, and was asked once more, is as that answer says. */
export const warningsIn = (pages: readonly Bundle[]): Issue[] => {
  // A page without a next one that is followed by another was followed by the link to who was missing.
  const lastAsked = pages.slice(0, -1).findLastIndex((page) => !has(page, 'next'));
  return pages.flatMap((page, at) => warningsOf(page).filter(({ code }) => at > lastAsked || !LATE.includes(code)));
};

/** Of this region and of all that it has a link contract with, each under its own consent: docs/federation.md */
export const fromAllRegions: LoadRecord = (api, patientId, signal) =>
  api
    .ask<Bundle>(
      `/federation/fhir/Patient/${encodeURIComponent(patientId)}/$everything?_count=${PAGE}&_deadline=${QUICK_MS}`,
      { signal },
    )
    .then(({ value }) => value);

/** `mode` tells apart what is asked for in different ways: by this region alone, with others, in an emergency. */
export const useRecord = (
  patientId: string,
  load: LoadRecord = fromRegion,
  mode = 'region',
  enabled = true,
): LoadedRecord => {
  const api = useApi();
  const query = useInfiniteQuery({
    enabled,
    queryKey: ['record', patientId, mode],
    queryFn: async ({ pageParam, signal }) =>
      (pageParam ? await api.next(pageParam, signal, leadsOn(pageParam, undefined)) : undefined) ??
      load(api, patientId, signal),
    initialPageParam: undefined as Bundle | undefined,
    getNextPageParam: (last: Bundle, _: readonly Bundle[], from: Bundle | undefined) =>
      leadsOn(last, from) === undefined ? undefined : last,
  });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, isError } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, isError]);
  const count = usablePages(data?.pages.length ?? 0, hasNextPage);
  const resources = useMemo(() => unique((data?.pages ?? []).slice(0, count).flatMap(matchesOf)), [data, count]);
  const { language } = useLanguage();
  const chart = useMemo(() => chartOf(patientId, resources, undefined, { language }), [patientId, resources, language]);
  return {
    chart,
    resources,
    warnings: useMemo(() => warningsIn(data?.pages ?? []), [data]),
    pending: query.isPending,
    loading: query.isFetching,
    error: query.error,
    retry: () => void query.refetch(),
  };
};

/** A loaded record with what was just written: the rest of it is not asked for again. */
export const withWritten = <T>(loaded: T, written: readonly Resource[]): T => {
  const { pages } = (loaded ?? {}) as { pages?: readonly Bundle[] };
  if (!pages?.[0]) return loaded;
  const isWritten = ({ resource }: { readonly resource?: Resource }) =>
    written.some(({ resourceType, id }) => resourceType === resource?.resourceType && id === resource.id);
  const others = pages.map((page) => ({ ...page, entry: (page.entry ?? []).filter((entry) => !isWritten(entry)) }));
  const first = { ...others[0]!, entry: [...written.map((resource) => ({ resource })), ...others[0]!.entry] };
  return { ...loaded, pages: [first, ...others.slice(1)] };
};

/**
 * A long record is sorted into its chart after the first page, the second, the fourth and so on, and when it is whole: after
 * every page the work would grow with the square of the pages, and the page would stutter.
 */
export const usablePages = (loaded: number, more: boolean): number =>
  more && loaded > 0 ? 2 ** Math.floor(Math.log2(loaded)) : loaded;

/** What is linked may come with more than one page. */
const unique = (resources: readonly Resource[]): Resource[] => [
  ...new Map(resources.map((resource) => [`${resource.resourceType}/${resource.id}`, resource])).values(),
];
