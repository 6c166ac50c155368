// What the pages of the administrator ask for, and the shapes of the answers (docs/administration.md).
import { useQuery } from '@tanstack/react-query';
import { matchesOf, type Resource } from '../api/client.ts';
import { useApi, useWho } from '../ui/context.ts';
import { foreignName, useRegionNames } from '../ui/regions.ts';

export interface Facility {
  readonly code: string;
  readonly type: string;
  readonly name: string;
  readonly disabled: boolean;
  readonly kana?: string;
  readonly municipality?: string;
  readonly contract?: { readonly disclose: boolean; readonly view: boolean };
  readonly feeClass?: string;
  readonly otherCodes?: readonly string[];
  readonly privacyOfficer?: { readonly email: string; readonly confirmed?: boolean };
}

export interface PlaceOfWork {
  readonly facility: string;
  readonly role: string;
  readonly profession: string;
}

export interface Staff {
  readonly id: string;
  readonly sub: string;
  readonly username: string;
  readonly name: {
    readonly family: string;
    readonly given: string;
    readonly familyKana?: string;
    readonly givenKana?: string;
  };
  readonly licence?: string;
  readonly request?: string;
  readonly disabled: boolean;
  readonly places: readonly PlaceOfWork[];
  readonly active?: string;
  readonly changed: string;
  readonly reviewed?: string;
  /** Of one alone. */
  readonly email?: string;
  readonly status?: string;
}

export interface System {
  readonly clientId: string;
  readonly name: string;
  readonly facility: string;
  readonly scopes: string;
  readonly disabled: boolean;
  readonly jwksUrl?: string;
  readonly keys: readonly { readonly kid: string; readonly kty: string }[];
}

/** Who may see lists of facilities, staff and systems. */
const OFFICE = ['admin', 'operator', 'privacy'];

const INSTITUTION = 'http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no';

const ofOrganization = ({ name, identifier, active }: Resource): Facility[] => {
  const codes = (identifier as { system?: string; value?: string }[] | undefined) ?? [];
  const code = codes.find(({ system }) => system === INSTITUTION)?.value;
  return code ? [{ code, type: '', name: String(name ?? ''), disabled: active === false }] : [];
};

/** The facilities of the region: from the desk where the role may, else as FHIR Organizations, which everybody may read. */
export const useFacilities = () => {
  const api = useApi();
  const { role } = useWho();
  return useQuery({
    queryKey: ['facilities'],
    queryFn: async ({ signal }): Promise<readonly Facility[]> => {
      if (OFFICE.includes(role))
        return (await api.ask<{ facilities: Facility[] }>('/admin/facilities', { signal })).value.facilities;
      return matchesOf(await api.search('Organization', { _count: '500' }, { signal })).flatMap(ofOrganization);
    },
    staleTime: 300_000,
  });
};

export type NameOfFacility = (code: string | undefined) => string;

/** The name of a facility by its code; the code until it is known. */
export const useFacilityName = (): NameOfFacility => {
  const { data = [] } = useFacilities();
  const regions = useRegionNames();
  const names = new Map(data.map(({ code, name }) => [code, name]));
  return (code = '') => (code === REGION ? '—' : (foreignName(code, regions) ?? names.get(code) ?? code));
};

/** Owner of what belongs to no facility. */
const REGION = '0000000000';

export const useFacilityChoices = (first?: string): { readonly value: string; readonly label: string }[] => {
  const { data = [] } = useFacilities();
  return [
    ...(first === undefined ? [] : [{ value: '', label: first }]),
    ...data.filter(({ disabled }) => !disabled).map(({ code, name }) => ({ value: code, label: `${name} (${code})` })),
  ];
};

export const useStaff = (enabled = true) => {
  const api = useApi();
  return useQuery({
    queryKey: ['staff'],
    queryFn: async ({ signal }) => (await api.ask<{ staff: Staff[] }>('/admin/staff', { signal })).value.staff,
    enabled,
  });
};

export const useSystems = (enabled = true) => {
  const api = useApi();
  return useQuery({
    queryKey: ['systems'],
    queryFn: async ({ signal }) => (await api.ask<{ systems: System[] }>('/admin/systems', { signal })).value.systems,
    enabled,
  });
};

export const staffName = ({ name }: Pick<Staff, 'name'>): string => `${name.family} ${name.given}`;

/** The name behind an account or a client id, for who may see the lists; the id where it is nobody's. */
export const useAccountName = (): ((account: string) => string) => {
  const { data: staff = [] } = useStaff();
  const { data: systems = [] } = useSystems();
  const names = new Map([
    ...staff.map((one): [string, string] => [one.sub, `${staffName(one)} (${one.username})`]),
    ...systems.map(({ clientId, name }): [string, string] => [clientId, name]),
  ]);
  return (account) => names.get(account) ?? account;
};

export const useAccountChoices = (first: string): { readonly value: string; readonly label: string }[] => {
  const { data: staff = [] } = useStaff();
  const { data: systems = [] } = useSystems();
  return [
    { value: '', label: first },
    ...staff.map((one) => ({ value: one.sub, label: `${staffName(one)} (${one.username})` })),
    ...systems.map(({ clientId, name }) => ({ value: clientId, label: `${name} (${clientId})` })),
  ];
};
