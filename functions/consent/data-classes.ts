// The classes of data that a consent may name (domain.md 4.4), in terms of what a record tells without being read.
// Documents of a kind are told by their type code; where it is not known, a class perhaps fits.
import type { Subject } from './policy.ts';

type Test = (subject: Pick<Subject, 'type' | 'dataClass' | 'codes' | 'facts'>) => 'yes' | 'perhaps' | 'no';

const DRUGS = [
  'Medication',
  'MedicationAdministration',
  'MedicationDispense',
  'MedicationRequest',
  'MedicationStatement',
];
const IMAGES = ['ImagingStudy', 'Media'];

/** LOINC: progress, nurse's, physician's and consultation notes. */
const NOTES = ['11506-3', '34746-8', '28570-0', '34109-9', '11488-4', '34117-2'].map(
  (code) => `http://loinc.org|${code}`,
);

/** What residents write themselves is a class of its own, whatever its type. */
const ofTypes =
  (...types: string[]): Test =>
  ({ type, dataClass }) =>
    types.includes(type) && dataClass !== 'home' ? 'yes' : 'no';
const ofClass =
  (name: string): Test =>
  ({ dataClass }) =>
    dataClass === name ? 'yes' : 'no';

export const DATA_CLASSES: Readonly<Record<string, Test>> = {
  basic: ofClass('basic'),
  disease: ofTypes('Condition'),
  allergy: ofTypes('AllergyIntolerance'),
  drug: ofTypes(...DRUGS),
  lab: ofTypes('DiagnosticReport', 'Observation', 'Specimen'),
  image: ofTypes(...IMAGES),
  document: ({ type, dataClass }) => (dataClass === 'document' && !IMAGES.includes(type) ? 'yes' : 'no'),
  'progress-note': (subject) => {
    const { type, dataClass } = subject;
    if (type === 'ClinicalImpression') return 'yes';
    if (dataClass !== 'document' || IMAGES.includes(type)) return 'no';
    const codes = subject.codes ?? subject.facts?.codes();
    if (!codes || codes.length === 0) return 'perhaps';
    return codes.some((code) => NOTES.includes(code)) ? 'yes' : 'no';
  },
  care: ofClass('care'),
  home: ofClass('home'),
  /** Everything clinical, the classes above that are included. */
  clinical: ofClass('clinical'),
  /** Appointments, tasks, claims and the like. */
  admin: ofClass('admin'),
};
