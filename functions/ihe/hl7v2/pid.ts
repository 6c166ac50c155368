// PID and its data types: https://www.hl7.eu/HL7v2x/v25/std25/ch03.html#Heading42

import type { Authority, Identifier, PatientData, PersonName, PostalAddress } from '../patient.ts';
import { fhirDate, genderOf, hl7Date, v2Gender } from '../patient.ts';
import type { PatientIndex } from '../ports.ts';
import { IndexError } from '../ports.ts';
import type { OutField, Repetition, Segment } from './message.ts';
import { componentOf, components, repeat, repetitions, value } from './message.ts';

type Authorities = Pick<PatientIndex, 'authority'>;

/** HD as written in a CX's fourth component: `NAME&1.2.3&ISO`, either part enough. */
export const readAuthority = async (repetition: Repetition, index: Authorities, at: number): Promise<Authority> => {
  const [name, id, type] = [1, 2, 3].map((part) => componentOf(repetition, 4, part));
  const oid = id && (!type || type === 'ISO') ? id : undefined;
  if (!name && !oid) throw new IndexError('unknown-authority', 'CX-4 names no assigning authority', at);
  const found = await index.authority({ oid, name: name || undefined });
  if (!found) throw new IndexError('unknown-authority', 'the assigning authority in CX-4 is not known', at);
  return found;
};

/** CX: https://www.hl7.eu/HL7v2x/v25/std25/ch02A.html */
export const readIdentifier = async (repetition: Repetition, index: Authorities, at = 0): Promise<Identifier> => {
  const authority = await readAuthority(repetition, index, at);
  const number = componentOf(repetition, 1);
  if (!number) throw new IndexError('missing-identifier', 'CX-1 is empty', at);
  return { authority, value: number, type: componentOf(repetition, 5) || undefined };
};

export const writeIdentifier = ({ authority, value: number, type }: Identifier): OutField =>
  components(number, '', '', writeAuthority(authority), type ?? 'PI');

export const writeAuthority = ({ name, oid }: Authority): readonly string[] => [name ?? '', oid, 'ISO'];

const REPRESENTATIONS = { I: 'IDE', P: 'SYL', A: 'ABC' } as const;

/** XPN; component 8 says which of kanji, kana and Latin letters it is in. */
export const readName = (repetition: Repetition): PersonName => {
  const representation = componentOf(repetition, 8);
  return {
    family: componentOf(repetition, 1) || undefined,
    given: [componentOf(repetition, 2), ...componentOf(repetition, 3).split(' ')].filter(Boolean),
    representation: Object.hasOwn(REPRESENTATIONS, representation)
      ? REPRESENTATIONS[representation as keyof typeof REPRESENTATIONS]
      : undefined,
    use: componentOf(repetition, 7) === 'M' ? 'maiden' : 'legal',
  };
};

const writeName = ({ family, given, representation, use }: PersonName): OutField =>
  components(
    family ?? '',
    given[0] ?? '',
    given.slice(1).join(' '),
    '',
    '',
    '',
    use === 'maiden' ? 'M' : 'L',
    representation ? { IDE: 'I', SYL: 'P', ABC: 'A' }[representation] : '',
  );

/** XAD */
const readAddress = (repetition: Repetition): PostalAddress => ({
  lines: [componentOf(repetition, 1), componentOf(repetition, 2)].filter(Boolean),
  city: componentOf(repetition, 3) || undefined,
  state: componentOf(repetition, 4) || undefined,
  postalCode: componentOf(repetition, 5) || undefined,
  country: componentOf(repetition, 6) || undefined,
});

const writeAddress = ({ lines, city, state, postalCode, country }: PostalAddress): OutField =>
  components(lines[0] ?? '', lines.slice(1).join(' '), city ?? '', state ?? '', postalCode ?? '', country ?? '', 'H');

/** XTN: the whole number in component 1 or 12, or its parts. */
const readPhone = (repetition: Repetition): string =>
  componentOf(repetition, 1) ||
  componentOf(repetition, 12) ||
  [5, 6, 7]
    .map((part) => componentOf(repetition, part))
    .filter(Boolean)
    .join('-');

/** PID as a patient. Fields that are absent are absent; what HL7 writes as `""` is read as absent too. */
export const readPid = async (pid: Segment, index: Authorities): Promise<PatientData> => {
  const numbers = repetitions(pid, 3);
  if (numbers.length === 0) throw new IndexError('missing-identifier', 'PID-3 is empty');
  const identifiers: Identifier[] = [];
  for (const [at, number] of numbers.entries()) identifiers.push(await readIdentifier(number, index, at));
  const maiden = repetitions(pid, 6)[0];
  return {
    identifiers,
    names: [...repetitions(pid, 5), ...repetitions(pid, 9)].map(readName).filter(hasName),
    gender: genderOf(value(pid, 8)),
    birthDate: fhirDate(value(pid, 7)),
    deceased: fhirDate(value(pid, 29)) ?? (value(pid, 30) === 'Y' || undefined),
    addresses: repetitions(pid, 11).map(readAddress),
    phones: [...repetitions(pid, 13), ...repetitions(pid, 14)].map(readPhone).filter(Boolean),
    mothersMaidenName: maiden && readName(maiden),
  };
};

const hasName = ({ family, given }: PersonName) => family !== undefined || given.length > 0;

/** Fields of a PID that answers a query; only the identifiers and the name for PIX (ITI TF-2 3.9.4.2.2.6). */
export const writePid = (patient: PatientData): OutField[] => [
  '',
  '',
  repeat(patient.identifiers.map(writeIdentifier)),
  '',
  // PIX answers no name: one repetition of nothing, and a second with the type S that says so.
  patient.names.length > 0
    ? repeat(patient.names.map(writeName))
    : repeat([components(' '), components('', '', '', '', '', '', 'S')]),
  patient.mothersMaidenName ? writeName({ ...patient.mothersMaidenName, use: 'maiden' }) : '',
  hl7Date(patient.birthDate),
  v2Gender(patient.gender),
  '',
  '',
  repeat(patient.addresses.map(writeAddress)),
  '',
  repeat(patient.phones.map((phone) => components(phone, 'PRN', 'PH'))),
  ...Array.from({ length: 15 }, () => ''),
  typeof patient.deceased === 'string' ? hl7Date(patient.deceased) : '',
  patient.deceased ? 'Y' : '',
];
