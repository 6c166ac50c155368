// Whether somebody else here has the same name. Only the number is asked for: nobody else's record is shown for it, and none is in the
// trail as looked at.
import { useQuery } from '@tanstack/react-query';
import type { Bundle, Resource } from '../api/client.ts';
import { useApi } from '../ui/context.ts';
import type { HumanName } from './fhir.ts';
import { nameParts } from './fhir.ts';
import type { Chart } from './record.ts';

const hiragana = (text: string): string =>
  text.replace(/[ァ-ヶ]/g, (char) => String.fromCharCode(char.charCodeAt(0) - 0x60));
const katakana = (text: string): string =>
  text.replace(/[ぁ-ゖ]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0x60));

/** A name in both kana: facilities write it in either. */
const spellings = (text: string): string[] => [...new Set([text, katakana(text), hiragana(text)])];

interface Parts {
  readonly family: readonly string[];
  readonly given: readonly string[];
}

export const partsOf = (patient: Resource): Parts | undefined => {
  const { family, given } = nameParts(patient) ?? {};
  return family && given?.[0] ? { family: spellings(family), given: spellings(given[0]) } : undefined;
};

/** As the server matches it: each part in any of the names. */
const isCalled = ({ family, given }: Parts, patient: Resource): boolean => {
  const names = (patient['name'] as readonly HumanName[] | undefined) ?? [];
  return (
    names.some((name) => family.includes(name.family ?? '')) &&
    names.some((name) => (name.given ?? []).some((one) => given.includes(one)))
  );
};

const asAlternatives = (texts: readonly string[]): string =>
  texts.map((text) => text.replace(/[\\,$|]/g, (char) => `\\${char}`)).join(',');

/** Records of the person's own, in other facilities, are no other person. */
export const useSameName = ({ patient, records }: Pick<Chart, 'patient' | 'records'>): boolean => {
  const api = useApi();
  const parts = patient && partsOf(patient);
  const { data = 0 } = useQuery({
    queryKey: ['same-name', patient?.id],
    queryFn: async ({ signal }) => {
      const { family, given } = parts!;
      const form = {
        'family:exact': asAlternatives(family),
        'given:exact': asAlternatives(given),
        _summary: 'count',
      };
      return ((await api.search('Patient', form, { signal })) as Bundle).total ?? 0;
    },
    enabled: parts !== undefined,
    staleTime: 300_000,
    retry: false,
  });
  return parts !== undefined && data > records.filter((record) => isCalled(parts, record)).length;
};
