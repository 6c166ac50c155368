// QUQI_IN000003UV01: more of a query's answer, or no more of it. https://profiles.ihe.net/ITI/TF/Volume2/ITI-47.html
import { SoapFault } from '../soap/fault.ts';
import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, path } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';
import type { InstanceId } from './datatypes.ts';
import { readId, writeId } from './datatypes.ts';
import type { Party, V3Header, V3Self } from './message.ts';
import { readHeader, triggerCode, writeAcknowledgement, writeMessage } from './message.ts';
import { positive } from './query.ts';

export interface Continuation {
  readonly header: V3Header;
  readonly queryId: InstanceId;
  readonly quantity: number | undefined;
  readonly cancel: boolean;
}

export const readContinuation = (message: XmlElement): Continuation => {
  const header = readHeader(message);
  const continuation = path(message, 'controlActProcess', 'queryContinuation');
  const queryId = readId(child(continuation, 'queryId'));
  if (!queryId) throw new SoapFault('Sender', 'queryContinuation has no queryId');
  return {
    header,
    queryId,
    quantity: positive(attribute(child(continuation, 'continuationQuantity'), 'value')),
    cancel: message.name.endsWith('_Cancel') || attribute(child(continuation, 'statusCode'), 'code') === 'aborted',
  };
};

export const writeContinuation = (
  self: V3Self,
  receiver: Party,
  to: {
    readonly queryId: InstanceId;
    readonly answer: InstanceId;
    readonly quantity?: number;
    readonly cancel?: boolean;
  },
): Markup =>
  writeMessage('QUQI_IN000003UV01', self, receiver, {
    root: to.cancel ? 'QUQI_IN000003UV01_Cancel' : 'QUQI_IN000003UV01',
    acknowledgement: writeAcknowledgement(to.answer, { type: 'AA', details: [] }),
    control: element(
      'controlActProcess',
      { classCode: 'CACT', moodCode: 'EVN' },
      triggerCode('PRPA_TE000003UV02'),
      element(
        'queryContinuation',
        {},
        writeId('queryId', to.queryId),
        to.cancel
          ? element('continuationQuantity', { value: 0 })
          : to.quantity === undefined
            ? undefined
            : element('continuationQuantity', { value: to.quantity }),
        element('statusCode', { code: to.cancel ? 'aborted' : 'waitContinuedQueryResponse' }),
      ),
    ),
  });
