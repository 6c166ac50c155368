// Has this person joined already? Asked of the region's own Patients: by insurance number, and by name in kana with the birth date.
// What facilities have written is the matcher's business, which hears of the new Patient from the stream.
import { REGION_OWNER } from '../consent/matrix.ts';
import { foldIdentifier } from '../search/extract.ts';
import { loose } from '../search/kana.ts';
import type { Resources, Stored } from '../storage/port.ts';
import type { CheckForm } from './form.ts';
import { INSURANCE, insuranceValue } from './person.ts';
import { findPerson, personIdOf } from './records.ts';

export interface Duplicate {
  readonly person: string;
  readonly patient: string;
  readonly status: string;
  readonly since: string;
  readonly municipality: string;
  /** The same number with its branch is the same person; the same name and birth date may be another one. */
  readonly by: 'insurance' | 'name-and-birth-date';
}

const kanaOf = ({ name }: Pick<CheckForm, 'name'>) => loose(`${name.kana.family}${name.kana.given}`);

/** What two enrolments of one person have in common, whoever types them. */
export const sameness = (who: Pick<CheckForm, 'name' | 'birthDate'>): string => `${kanaOf(who)}|${who.birthDate}`;

export const findDuplicates = async (resources: Resources, who: CheckForm): Promise<Duplicate[]> => {
  const [byNumber, byBirth] = await Promise.all([insured(resources, who), bornThatDay(resources, who)]);
  const found = new Map<string, Duplicate>();
  for (const [by, patients] of [
    ['insurance', byNumber],
    ['name-and-birth-date', byBirth],
  ] as const)
    for (const patient of patients) {
      const duplicate = await duplicateOf(resources, patient, by);
      if (duplicate && !found.has(duplicate.patient)) found.set(duplicate.patient, duplicate);
    }
  return [...found.values()];
};

const duplicateOf = async (
  resources: Resources,
  patient: string,
  by: Duplicate['by'],
): Promise<Duplicate | undefined> => {
  const person = await findPerson(resources, personIdOf(resources, patient));
  if (!person) return undefined;
  const { status, at, municipality } = person.enrolment;
  return { person: person.stored.id, patient, status, since: at, municipality, by };
};

const regionPatients = async (resources: Resources, ids: readonly string[]): Promise<Stored[]> => {
  const stored = await resources.getMany([...new Set(ids)].map((id) => ({ type: 'Patient', id })));
  return stored.filter((one): one is Stored => one !== undefined && !one.deleted && one.facility === REGION_OWNER);
};

const insured = async (resources: Resources, { insurance }: CheckForm): Promise<string[]> => {
  // Without its branch a number is a family's.
  if (insurance?.branch === undefined) return [];
  const { rows } = await resources.lookup({
    bucket: 'identifier',
    key: foldIdentifier(insuranceValue(insurance)),
    sortPrefix: INSURANCE,
  });
  const ids = rows.filter(({ type }) => type === 'Patient').map(({ id }) => id);
  return (await regionPatients(resources, ids)).map(({ id }) => id);
};

const bornThatDay = async (resources: Resources, who: CheckForm): Promise<string[]> => {
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const page = await resources.lookup({ bucket: 'birth', key: who.birthDate, after });
    ids.push(...page.rows.filter(({ card = '' }) => mayBe(card, who)).map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  return (await regionPatients(resources, ids)).map(({ id }) => id);
};

/** The row's card has the names as they are written: no Patient is read whose name is another. */
const mayBe = (card: string, who: CheckForm): boolean => {
  const wanted = kanaOf(who);
  const { n = [] } = JSON.parse(card || '{}') as { n?: [string, string][] };
  return n.some((name) => loose(name.join('')) === wanted);
};
