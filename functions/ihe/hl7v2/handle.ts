// One HL7 v2 message in, its answer out. Whatever arrives is answered: a sender that hears nothing sends again.
import type { PatientIndex } from '../ports.ts';
import type { Self } from './answer.ts';
import { acknowledgement, refusalOf } from './answer.ts';
import type { Charset } from './charset.ts';
import { decodeMessage, encodeMessage } from './charset.ts';
import { readFeed, readRelation, senderOf } from './feed.ts';
import type { Message } from './message.ts';
import { HL7_LIMITS, Hl7Error, headerOf, parseMessage, segmentOf, value, writeMessage } from './message.ts';
import type { Written } from './queries.ts';
import { answerPdq, answerPix } from './queries.ts';

export interface Hl7Services {
  readonly index: PatientIndex;
  readonly self: () => Self;
  /** Told of a fault that is ours, without the message. */
  readonly onFault?: (fault: unknown) => void;
}

export const handleHl7 = async (bytes: Uint8Array, services: Hl7Services): Promise<Uint8Array> => {
  let charset: Charset = 'utf-8';
  let message: Message | undefined;
  const self = services.self();
  const encode = (segments: Written) => encodeMessage((name) => writeMessage(segments(name)), charset);
  try {
    if (bytes.length > HL7_LIMITS.bytes) throw new Hl7Error('207', 'the message is too long');
    const decoded = decodeMessage(bytes);
    charset = decoded.charset;
    message = parseMessage(decoded.text);
    const answer = await dispatch(message, services.index, self);
    return encode(answer);
  } catch (fault) {
    const refusal = refusalOf(fault);
    if (refusal.text === 'internal error') services.onFault?.(fault);
    // A sender finds its message by the number in MSA-2, whatever else of it could not be read.
    return encode((name) => acknowledgement(message ?? headerOf(bytes), name, self, refusal));
  }
};

const dispatch = async (message: Message, index: PatientIndex, self: Self): Promise<Written> => {
  const msh = segmentOf(message, 'MSH');
  const [type, event] = [value(msh, 9), value(msh, 9, 2)];
  if (!/^2\.\d/.test(value(msh, 12))) throw new Hl7Error('203', 'MSH-12 is not a version of HL7 v2', ['MSH', 1, 12]);
  if (!value(msh, 10)) throw new Hl7Error('101', 'MSH-10 is empty', ['MSH', 1, 10]);
  if (!['P', 'T', 'D', ''].includes(value(msh, 11)))
    throw new Hl7Error('202', 'MSH-11 is not P, T or D', ['MSH', 1, 11]);
  if (type === 'ADT') {
    const related = await readRelation(message, index);
    if (related) await index.relate(related.relation, related.sides, senderOf(message));
    else await index.feed(await readFeed(message, index), senderOf(message));
    return (charset) => acknowledgement(message, charset, self, undefined);
  }
  const query =
    type === 'QBP' && (event === 'Q23' ? answerPix : event === 'Q22' || event === 'ZV1' ? answerPdq : undefined);
  if (query) return query(message, index, self);
  // QCN^J01: the asker wants no more pages; there is no state of ours to let go of.
  if (type === 'QCN' && event === 'J01') return (charset) => acknowledgement(message, charset, self, undefined);
  throw new Hl7Error('200', 'MSH-9 is not a message of PIX or PDQ', ['MSH', 1, 9]);
};
