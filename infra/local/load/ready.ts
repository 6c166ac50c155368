// An entry that is ready to be sent: its request decided, its references rewritten, its content checked.
import type { Assigned } from '../../../functions/bulk/assign.ts';
import { entryText } from '../../../functions/bulk/entry-text.ts';
import { patientOf } from '../../../functions/bulk/patient-of.ts';

export interface Ready {
  readonly method: string;
  /** `Observation/x` (or a conditional url): also what the report calls it. */
  readonly url: string;
  /** A plain POST that became a PUT: creates, never changes. */
  readonly created: boolean;
  readonly patient: string | undefined;
  /** The whole Bundle entry as JSON. */
  readonly text: string;
}

export const ready = (assigned: Assigned): Ready => ({
  method: assigned.method,
  url: assigned.url,
  created: assigned.created,
  patient: patientOf(assigned.resource),
  text: entryText(assigned),
});

/** One line for the spool, and back. The patient is the spool's key. */
export const toLine = ({ method, url, created, text }: Ready): string =>
  `${created ? 1 : 0}\t${method}\t${url}\t${text}`;

export const fromLine = (line: string, patient: string | undefined): Ready => {
  const [created = '', method = '', url = ''] = line.split('\t', 3);
  return {
    created: created === '1',
    method,
    url,
    patient,
    text: line.slice(created.length + method.length + url.length + 3),
  };
};

/** One thing to send: all of a patient that the files hold, one Bundle, or resources that many patients share. */
export interface Unit {
  readonly label: string;
  read(): Promise<readonly Ready[]>;
}
