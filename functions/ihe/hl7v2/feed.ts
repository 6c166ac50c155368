// ITI-8 Patient Identity Feed and ITI-10 PIX Update Notification:
// https://profiles.ihe.net/ITI/TF/Volume2/ITI-8.html, https://profiles.ihe.net/ITI/TF/Volume2/ITI-10.html

import type { Identifier, PatientData } from '../patient.ts';
import type { FeedEvent, PatientIndex, Relation, Sender } from '../ports.ts';
import type { Self } from './answer.ts';
import { answerHeader } from './answer.ts';
import type { Message, Segment } from './message.ts';
import {
  Hl7Error,
  repetitions,
  segmentOf,
  segmentsOf,
  timestamp,
  value,
  writeMessage,
  writeSegment,
} from './message.ts';
import { readIdentifier, readPid, writePid } from './pid.ts';

const KINDS: Readonly<Record<string, FeedEvent['kind']>> = {
  A01: 'add',
  A04: 'add',
  A05: 'add',
  A08: 'revise',
  A31: 'revise',
  A40: 'merge',
};

/** https://www.hl7.eu/HL7v2x/v25/std25/ch03.html, 3.3.24 and 3.3.37 */
const RELATIONS: Readonly<Record<string, Relation>> = { A24: 'link', A37: 'unlink' };

/** Undefined: another event. Both patients are there already; a message of this kind changes nothing else of them. */
export const readRelation = async (
  message: Message,
  index: PatientIndex,
): Promise<{ relation: Relation; sides: readonly [readonly Identifier[], readonly Identifier[]] } | undefined> => {
  const event = value(segmentOf(message, 'MSH'), 9, 2) || value(segmentOf(message, 'EVN'), 1);
  const relation = Object.hasOwn(RELATIONS, event) ? RELATIONS[event] : undefined;
  if (!relation) return undefined;
  const pids = segmentsOf(message, 'PID');
  if (pids.length !== 2) throw new Hl7Error('100', 'two patients, each in a PID of its own', ['PID', pids.length + 1]);
  const read = async (pid: Segment) => {
    const numbers = repetitions(pid, 3);
    if (numbers.length === 0) throw new Hl7Error('101', 'PID-3 is empty', ['PID', 1, 3]);
    return Promise.all(numbers.map((one, at) => readIdentifier(one, index, at)));
  };
  return { relation, sides: [await read(pids[0]!), await read(pids[1]!)] };
};

export const senderOf = (message: Message): Sender => {
  const msh = segmentOf(message, 'MSH');
  return { application: value(msh, 3), facility: value(msh, 4) };
};

/** An ADT message as an event for the index. */
export const readFeed = async (message: Message, index: PatientIndex): Promise<FeedEvent> => {
  const event = value(segmentOf(message, 'MSH'), 9, 2) || value(segmentOf(message, 'EVN'), 1);
  const kind = Object.hasOwn(KINDS, event) ? KINDS[event] : undefined;
  if (!kind) throw new Hl7Error('201', 'MSH-9.2 is not an event of the patient identity feed', ['MSH', 1, 9]);
  const pids = segmentsOf(message, 'PID');
  const [pid] = pids;
  if (!pid) throw new Hl7Error('100', 'PID is missing', ['PID', 1]);
  if (pids.length > 1) throw new Hl7Error('100', 'one patient in a message', ['PID', 2]);
  const patient = await readPid(pid, index);
  if (kind !== 'merge') return { kind, patient };
  const mrg = segmentsOf(message, 'MRG');
  const obsolete = repetitions(mrg[0], 1);
  if (mrg.length !== 1 || obsolete.length === 0) throw new Hl7Error('101', 'MRG-1 is empty', ['MRG', 1, 1]);
  return { kind, patient, obsolete: await Promise.all(obsolete.map((one, at) => readIdentifier(one, index, at))) };
};

/** ITI-10: tells a consumer that the numbers of a person have changed (ADT^A31, PID with identifiers and name only). */
export const writeUpdateNotification = (patient: PatientData, to: Sender, self: Self): string =>
  writeMessage([
    answerHeader(
      { name: 'MSH', fields: ['|', '', to.application, to.facility].map((one) => [[[one]]]) },
      ['ADT', 'A31', 'ADT_A05'],
      'UNICODE UTF-8',
      self,
    ),
    writeSegment('EVN', 'A31', timestamp(self.now)),
    writeSegment(
      'PID',
      ...writePid({ identifiers: patient.identifiers, names: patient.names, addresses: [], phones: [] }),
    ),
    writeSegment('PV1', '', 'N'),
  ]);
