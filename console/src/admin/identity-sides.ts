// Two records line by line, and where two texts part. What a counter has on its forms, nothing clinical (functions/identity/difference.ts).
import { type HumanName, namesOf } from '../record/fhir.ts';

export interface Side {
  readonly patient: string;
  readonly facility: string;
  readonly shown: {
    readonly name?: readonly HumanName[];
    readonly gender?: string;
    readonly birthDate?: string;
    readonly telecom?: readonly { readonly system?: string; readonly value?: string }[];
    readonly address?: readonly {
      readonly text?: string;
      readonly postalCode?: string;
      readonly line?: string[];
      readonly city?: string;
      readonly state?: string;
    }[];
    readonly identifier?: readonly { readonly system?: string; readonly value?: string }[];
    readonly deceasedBoolean?: boolean;
    readonly deceasedDateTime?: string;
  };
}

export const LINES = [
  'kanji',
  'kana',
  'oldNames',
  'birthDate',
  'sex',
  'phone',
  'postcode',
  'address',
  'numbers',
  'deceased',
] as const;
export type Line = (typeof LINES)[number];

export const linesOf = ({ shown }: Side): Readonly<Record<Line, string>> => {
  const { kanji, kana } = namesOf({ resourceType: 'Patient', name: shown.name ?? [] });
  const [address] = shown.address ?? [];
  return {
    kanji,
    kana,
    oldNames: (shown.name ?? [])
      .filter(({ use }) => use === 'old' || use === 'maiden')
      .map(({ text, family = '', given = [] }) => text ?? [family, ...given].join(' '))
      .join('、'),
    birthDate: shown.birthDate ?? '',
    sex: shown.gender ?? '',
    phone: (shown.telecom ?? [])
      .filter(({ system }) => system === 'phone')
      .map(({ value }) => value)
      .join('、'),
    postcode: address?.postalCode ?? '',
    address: address?.text ?? [address?.state, address?.city, ...(address?.line ?? [])].filter(Boolean).join(' '),
    numbers: (shown.identifier ?? []).map(({ value }) => value).join('、'),
    deceased: shown.deceasedDateTime ?? (shown.deceasedBoolean ? '✓' : ''),
  };
};

export interface Part {
  readonly text: string;
  readonly differs: boolean;
}

/** What both begin with, what is different, what both end with. */
export const parted = (one: string, other: string): readonly Part[] => {
  const [a, b] = [[...one], [...other]];
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  return [
    { text: a.slice(0, start).join(''), differs: false },
    { text: a.slice(start, a.length - end).join(''), differs: true },
    { text: end === 0 ? '' : a.slice(-end).join(''), differs: false },
  ].filter(({ text }) => text !== '');
};
