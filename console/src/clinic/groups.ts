// One person whom several facilities know is one line. Who is one person is the region's word (identity): records that look alike are
// asked about, and only those that it has linked stand together.
import { useQueries } from '@tanstack/react-query';
import { type Api, type Bundle, matchesOf, type Resource } from '../api/client.ts';
import { namesOf } from '../record/fhir.ts';
import { useApi } from '../ui/context.ts';

/** Records that may be of one person: the same name and date of birth. */
export const alike = (patients: readonly Resource[]): Resource[][] => {
  const found = new Map<string, Resource[]>();
  for (const patient of patients) {
    const { kana, kanji } = namesOf(patient);
    const key = [(kana || kanji).normalize('NFKC').replace(/\s/g, ''), patient['birthDate']].join('|');
    found.set(key, [...(found.get(key) ?? []), patient]);
  }
  return [...found.values()];
};

/** In the order of the first of each; `linked`: for an id, all ids of the same person. */
export const grouped = (
  patients: readonly Resource[],
  linked: ReadonlyMap<string, ReadonlySet<string>>,
): Resource[][] => {
  const groups: Resource[][] = [];
  for (const patient of patients) {
    const group = groups.find(([first]) => linked.get(first!.id ?? '')?.has(patient.id ?? ''));
    if (group) group.push(patient);
    else groups.push([patient]);
  }
  return groups;
};

const linkedOf = async (api: Api, id: string, signal: AbortSignal): Promise<ReadonlySet<string>> => {
  const bundle = await api.fhir<Bundle>(`/Patient/${encodeURIComponent(id)}/$everything?_type=Patient`, { signal });
  return new Set(
    matchesOf(bundle).flatMap(({ resourceType, id: one }) => (resourceType === 'Patient' && one ? [one] : [])),
  );
};

export interface Groups {
  readonly groups: readonly (readonly Resource[])[];
  /** Not known of all yet: who is listed may still become fewer. */
  readonly pending: boolean;
}

export const useGroups = (patients: readonly Resource[]): Groups => {
  const api = useApi();
  const asked = alike(patients)
    .filter(({ length }) => length > 1)
    // The last one may be of somebody else; all but it are asked.
    .flatMap((group) => group.slice(0, -1).map(({ id }) => id ?? ''));
  const { linked, pending } = useQueries({
    queries: asked.map((id) => ({
      queryKey: ['linked', id],
      queryFn: ({ signal }: { signal: AbortSignal }) => linkedOf(api, id, signal),
      gcTime: 60_000,
    })),
    combine: (answers) => ({
      linked: new Map(answers.flatMap(({ data }, index) => (data ? [[asked[index]!, data] as const] : []))),
      pending: answers.some(({ isPending }) => isPending),
    }),
  });
  return { groups: grouped(patients, linked), pending };
};
