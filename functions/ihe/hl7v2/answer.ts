// What every answer begins with, and how a refusal looks: https://www.hl7.eu/HL7v2x/v25/std25/ch02.html#Heading30 (MSA, ERR)
import { type FaultyPart, IndexError } from '../ports.ts';
import type { Message, OutField, Segment } from './message.ts';
import { components, Hl7Error, segmentOf, timestamp, value, writeSegment } from './message.ts';

export interface Self {
  readonly application: string;
  readonly facility: string;
  readonly now: number;
  readonly newId: () => string;
}

/** AA: done. AE: refused for what it says. AR: refused for its header, or we failed. */
export type AckCode = 'AA' | 'AE' | 'AR';

export interface Refusal {
  readonly ack: AckCode;
  /** Table 0357. */
  readonly code: string;
  readonly text: string;
  readonly location: readonly (string | number)[];
  /** What a person may be told, in the words that OpenHIE's client registry test expects. */
  readonly userMessage: string;
}

const CODES: Readonly<Record<string, string>> = {
  '100': 'Segment sequence error',
  '101': 'Required field missing',
  '102': 'Data type error',
  '103': 'Table value not found',
  '200': 'Unsupported message type',
  '201': 'Unsupported event code',
  '202': 'Unsupported processing id',
  '203': 'Unsupported version id',
  '204': 'Unknown key identifier',
  '207': 'Application internal error',
};

/** A refusal by whoever threw it; a fault that is neither ours nor the index's is not explained to strangers. */
export const refusalOf = (fault: unknown): Refusal => {
  if (fault instanceof Hl7Error) {
    const { code, location } = fault;
    // The header is what decides whether a message can be handled at all: AR; its content: AE.
    const ack = ['200', '201', '202', '203', '207'].includes(code) || location[0] === 'MSH' ? 'AR' : 'AE';
    return { ack, code, text: fault.message, location, userMessage: fault.message };
  }
  if (fault instanceof IndexError) return indexRefusal(fault);
  return { ack: 'AR', code: '207', text: 'internal error', location: [], userMessage: 'internal error' };
};

const FIELDS: Readonly<Record<FaultyPart, readonly [string, number, number]>> = {
  identifier: ['PID', 1, 3],
  obsolete: ['MRG', 1, 1],
  name: ['PID', 1, 5],
  birthDate: ['PID', 1, 7],
  gender: ['PID', 1, 8],
  address: ['PID', 1, 11],
  telecom: ['PID', 1, 13],
};

const indexRefusal = (fault: IndexError): Refusal => {
  const base = { ack: 'AE' as const, text: fault.message, location: [...FIELDS[fault.part], fault.at + 1] };
  switch (fault.refusal) {
    case 'unknown-authority':
      return { ...base, code: '204', userMessage: 'Error processing assigning authority' };
    case 'not-its-authority':
    case 'forbidden':
      return { ...base, code: '207', userMessage: 'Error authenticating application' };
    case 'missing-identifier':
      return { ...base, code: '101', userMessage: fault.message };
    case 'unknown-identifier':
      return { ...base, code: '204', userMessage: fault.message };
    default:
      return { ...base, code: '102', userMessage: fault.message };
  }
};

/** ERR in the form of the asker's version: 2.5 divided what was one field. */
export const errSegment = (refusal: Refusal, version: string): string => {
  const { code, location, text, userMessage } = refusal;
  const name = CODES[code] ?? '';
  const [segment = '', sequence = '', field = '', repetition = ''] = location.map(String);
  if (isBefore25(version)) return writeSegment('ERR', components(segment, sequence, field, [code, userMessage]));
  return writeSegment(
    'ERR',
    '',
    components(segment, sequence, field, repetition),
    components(code, name, 'HL70357'),
    'E',
    '',
    '',
    text,
    userMessage,
  );
};

const isBefore25 = (version: string): boolean => /^2\.[1-4](\.|$)/.test(version);

/** MSH of an answer: sender and receiver change places, the version stays the asker's. */
export const answerHeader = (
  msh: Segment | undefined,
  type: readonly [string, string, string],
  charset: string,
  self: Self,
): string =>
  writeSegment(
    'MSH',
    self.application,
    self.facility,
    header(msh, 3),
    header(msh, 4),
    timestamp(self.now),
    '',
    components(...type),
    self.newId().slice(0, 20),
    value(msh, 11) || 'P',
    value(msh, 12) || '2.5',
    '',
    '',
    '',
    '',
    '',
    { repeat: charset.split('~') },
  );

const header = (msh: Segment | undefined, field: number): OutField =>
  components(value(msh, field), value(msh, field, 2), value(msh, field, 3));

export const msaSegment = (ack: AckCode, msh: Segment | undefined, text = ''): string =>
  writeSegment('MSA', ack, value(msh, 10), text);

/** ACK for a feed, and for whatever could not be read as anything. */
export const acknowledgement = (
  message: Message | undefined,
  charset: string,
  self: Self,
  refusal: Refusal | undefined,
): (string | undefined)[] => {
  const msh = message && segmentOf(message, 'MSH');
  const version = value(msh, 12);
  const event = value(msh, 9, 2);
  return [
    answerHeader(msh, ['ACK', event, event && 'ACK'], charset, self),
    msaSegment(refusal?.ack ?? 'AA', msh),
    refusal && errSegment(refusal, version),
  ];
};
