// What the enrolment desk asks for, and the shapes of the answers (docs/enrolment.md).
import { useQuery } from '@tanstack/react-query';
import { useApi } from '../ui/context.ts';

export interface Card {
  readonly number: string;
  readonly valid: boolean;
  readonly from?: string;
  readonly until?: string;
  readonly stopped?: string;
}

export interface Enrolled {
  readonly person: string;
  readonly patient?: string;
  readonly status: string;
  readonly since: string;
  readonly route: string;
  readonly municipality: string;
  readonly name: { readonly kanji: string; readonly kana: string };
  readonly birthDate: string;
  readonly sex: string;
  readonly phone?: string;
  readonly postcode?: string;
  readonly address?: string;
  readonly account: boolean;
  readonly cards: readonly Card[];
}

/** Once, for the printer. */
export interface PrintableCard {
  readonly number: string;
  readonly printed: string;
  readonly qr: string;
}

export interface Joined {
  readonly person: string;
  readonly patient: string;
  readonly card: PrintableCard;
}

export interface Duplicate {
  readonly person: string;
  readonly patient: string;
  readonly status: string;
  readonly since: string;
  readonly municipality: string;
  readonly by: 'insurance' | 'name-and-birth-date';
}

export const useEnrolled = (person: string) => {
  const api = useApi();
  return useQuery({
    queryKey: ['enrolled', person],
    queryFn: async ({ signal }) =>
      (await api.ask<Enrolled>(`/enrolment/people/${encodeURIComponent(person)}`, { signal })).value,
    enabled: person !== '',
  });
};

/** What a form holds of a person, flat; the API wants it nested and without what is empty. */
export const NOBODY = {
  kanjiFamily: '',
  kanjiGiven: '',
  kanaFamily: '',
  kanaGiven: '',
  birthDate: '',
  sex: '',
  postcode: '',
  address: '',
  municipality: '',
  phone: '',
  insurer: '',
  symbol: '',
  number: '',
  branch: '',
};
export type WhoValues = typeof NOBODY;

export const nameBody = ({ kanjiFamily, kanjiGiven, kanaFamily, kanaGiven }: WhoValues) => ({
  kanji: { family: kanjiFamily, given: kanjiGiven },
  kana: { family: kanaFamily, given: kanaGiven },
});

export const addressBody = ({ postcode, address, municipality }: WhoValues) => ({
  postcode: narrow(postcode),
  text: address,
  municipality: narrow(municipality),
});

export const insuranceBody = ({ insurer, symbol, number, branch }: WhoValues) => ({
  insurer: narrow(insurer),
  number: narrow(number),
  ...(symbol && { symbol }),
  ...(branch && { branch: narrow(branch) }),
});

/** Digits are often typed full-width. */
const narrow = (text: string) => text.normalize('NFKC').trim();

/** Everything, for joining. */
export const whoBody = (who: WhoValues) => ({
  name: nameBody(who),
  birthDate: who.birthDate,
  sex: who.sex,
  address: addressBody(who),
  ...(who.phone && { phone: narrow(who.phone) }),
  ...((who.insurer || who.number) && { insurance: insuranceBody(who) }),
});

/** Only what was filled in: changes and corrections. */
export const changedBody = (who: WhoValues) => ({
  ...((who.kanjiFamily || who.kanaFamily) && { name: nameBody(who) }),
  ...(who.birthDate && { birthDate: who.birthDate }),
  ...(who.sex && { sex: who.sex }),
  ...((who.address || who.postcode) && { address: addressBody(who) }),
  ...(who.phone && { phone: narrow(who.phone) }),
  ...((who.insurer || who.number) && { insurance: insuranceBody(who) }),
});
