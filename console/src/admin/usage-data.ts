// What `GET /admin/usage` answers (docs/administration.md, "Usage and cost").
import { useQuery } from '@tanstack/react-query';
import { useApi } from '../ui/context.ts';

export const KINDS = ['read', 'search', 'write', 'federated', 'answered', 'token', 'desk'] as const;
export type Kind = (typeof KINDS)[number];
export type Counts = Readonly<Record<Kind | 'refused' | 'resources', number>>;

interface Shares {
  readonly use: number;
  readonly share: number;
  readonly total: number;
}

export interface FacilityUse {
  readonly code: string;
  readonly name?: string;
  readonly feeClass: string;
  readonly counts: Counts;
  readonly activeStaff: number;
  readonly usd: Shares;
}

export interface FeeClassUse {
  readonly feeClass: string;
  readonly facilities: number;
  readonly requests: number;
  readonly usd: Shares & { readonly each: number };
}

export interface Usage {
  readonly from: string;
  readonly to: string;
  readonly today: string;
  readonly totals: Counts;
  readonly days: readonly { readonly day: string; readonly counts: Counts }[];
  readonly facilities: readonly FacilityUse[];
  readonly feeClasses: readonly FeeClassUse[];
  readonly residents: Counts;
  readonly regions: readonly { readonly community: string; readonly counts: Counts }[];
  readonly people: {
    readonly months: readonly { readonly staff: number; readonly residents: number; readonly systems: number }[];
    readonly accounts: { readonly staff: number; readonly residents: number };
  };
  readonly storage?: {
    readonly day: string;
    readonly tables: readonly { readonly table: string; readonly rows: number; readonly bytes: number }[];
  };
  readonly cost: {
    readonly usd: Readonly<Record<'idle' | 'seals' | 'storage' | 'people' | 'use' | 'total', number>>;
    readonly idleMonthUsd: number;
    readonly yen: { readonly rate: number; readonly asOf: string; readonly isOfRegion: boolean };
    readonly prices: { readonly awsRegion: string; readonly asOf: string };
  };
}

export const requestsOf = (counts: Counts): number => KINDS.reduce((sum, kind) => sum + counts[kind], 0);

/** First and last day of a month, `2026-11`. */
export const daysOfMonth = (month: string): { readonly from: string; readonly to: string } => {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return { from: `${month}-01`, to: new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10) };
};

/** This month and those before it, in Japan, the newest first. */
export const lastMonths = (count: number, now = Date.now()): string[] => {
  const [year = 0, month = 1] = new Date(now + 9 * 3_600_000).toISOString().split('-').map(Number);
  return Array.from({ length: count }, (_, back) =>
    new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 7),
  );
};

export const useUsage = (month: string) => {
  const api = useApi();
  return useQuery({
    queryKey: ['usage', month],
    queryFn: async ({ signal }) =>
      (await api.ask<Usage>(`/admin/usage?${new URLSearchParams(daysOfMonth(month))}`, { signal })).value,
  });
};
