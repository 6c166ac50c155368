// How the account stands, and whose record is being looked at: the own one, or that of somebody whom the person acts for.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Api, Resource } from '../api/client.ts';
import { namesOf } from '../record/fhir.ts';
import { useApi } from '../ui/context.ts';
import type { ConsentDefault } from './policy.ts';

export type Status = 'none' | 'applied' | 'rejected' | 'enrolled' | 'withdrawn' | 'deceased';

export interface Enrolment {
  readonly status: Status;
  readonly since?: string;
  readonly person?: string;
  /** The region's own record of the person: what is written at home hangs on it. */
  readonly patient?: string;
  readonly patients: readonly string[];
  readonly consentDefault: ConsentDefault;
  /** Who comes of age within a month: the person, or somebody whom the person acts for. */
  readonly notices?: readonly {
    readonly kind: 'coming-of-age' | 'proxy-ends';
    readonly on: string;
    readonly patient: string;
  }[];
  /** Of age since a while, and others had agreed. */
  readonly asked?: 'majority';
  /** A minor who sees and consents alone in this region. */
  readonly decidesAlone?: boolean;
}

export interface ProxyRight {
  readonly id: string;
  readonly patient: string;
  readonly person: string;
  readonly kind: 'parent' | 'guardian-of-minor' | 'adult-guardian' | 'family' | 'delegate';
  readonly basis: string;
  readonly from: string;
  readonly until?: string;
  readonly active: boolean;
  readonly inForce: boolean;
  readonly name?: Resource['name'];
  /** A minor whose consents are nobody else's, though the rest may be seen. */
  readonly decidesAlone?: boolean;
}

export interface Proxies {
  readonly actForMe: readonly ProxyRight[];
  readonly iActFor: readonly ProxyRight[];
}

export interface Subject {
  readonly patient: string;
  /** Undefined: the person who is signed in. */
  readonly proxy: ProxyRight | undefined;
  readonly name: string;
}

export const useEnrolment = () => {
  const api = useApi();
  return useQuery({
    queryKey: ['enrolment'],
    queryFn: async ({ signal }) => (await api.ask<Enrolment>('/me/enrolment', { signal })).value,
  });
};

export const useProxies = (enabled = true) => {
  const api = useApi();
  return useQuery({
    queryKey: ['proxies'],
    queryFn: async ({ signal }) => (await api.ask<Proxies>('/me/proxies', { signal })).value,
    enabled,
  });
};

/** What a Patient is called; nobody is refused a page for want of a name. */
const nameOf = async (api: Api, patient: string): Promise<string> => {
  try {
    return namesOf(await api.fhir(`/Patient/${encodeURIComponent(patient)}`)).kanji;
  } catch {
    return '';
  }
};

const CHOSEN = ['subject'];

export const useSubjects = () => {
  const api = useApi();
  const client = useQueryClient();
  const enrolment = useEnrolment();
  const { data } = enrolment;
  const own = data?.patient ?? data?.patients[0];
  const proxies = useProxies(data?.person !== undefined);
  const represented = (proxies.data?.iActFor ?? []).filter(({ inForce }) => inForce);
  const names = useQuery({
    queryKey: ['names', represented.map(({ patient }) => patient)],
    queryFn: () => Promise.all(represented.map(({ patient }) => nameOf(api, patient))),
    enabled: represented.length > 0,
  });
  const subjects: Subject[] = [
    ...(own === undefined ? [] : [{ patient: own, proxy: undefined, name: '' }]),
    ...represented.map((proxy, at) => ({ patient: proxy.patient, proxy, name: names.data?.[at] ?? '' })),
  ];
  // Kept with what was read, and gone with it at sign-out.
  const { data: chosen } = useQuery({
    queryKey: CHOSEN,
    queryFn: () => '',
    initialData: '',
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });
  return {
    enrolment,
    subjects,
    subject: subjects.find(({ patient }) => patient === chosen) ?? subjects[0],
    choose: (patient: string) => client.setQueryData(CHOSEN, patient),
    pending: enrolment.isPending || (data?.person !== undefined && proxies.isPending),
    error: enrolment.error ?? proxies.error,
    retry: () => void Promise.all([enrolment.refetch(), ...(data?.person === undefined ? [] : [proxies.refetch()])]),
  };
};
