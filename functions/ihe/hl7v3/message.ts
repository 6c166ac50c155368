// The transmission wrapper around every v3 message: https://profiles.ihe.net/ITI/TF/Volume2/ch-O.html

import type { Sender } from '../ports.ts';
import { SoapFault } from '../soap/fault.ts';
import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, children, path, trimmed } from '../xml/tree.ts';
import type { Content, Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';
import type { InstanceId } from './datatypes.ts';
import { readId, V3_NS, v3Time, writeId } from './datatypes.ts';

/** A system and the organization or community that it speaks for, as OIDs. */
export interface Party {
  readonly device: string;
  readonly organization?: string | undefined;
}

export interface V3Header {
  readonly id: InstanceId;
  readonly interaction: string;
  readonly sender: Party;
  readonly receiver: Party;
}

/** Who we are when we write a message. */
export interface V3Self extends Party {
  readonly now: number;
  readonly newId: () => string;
}

export type AckType = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';

export interface AckDetail {
  /** Table 0357, as in v2. */
  readonly code: string;
  readonly text: string;
  /** XPath to the parameter at fault. */
  readonly location?: string | undefined;
}

export interface Acknowledgement {
  readonly type: AckType;
  readonly details: readonly AckDetail[];
}

const INTERACTIONS = '2.16.840.1.113883.1.6';

export const triggerCode = (code: string): Markup => element('code', { code, codeSystem: INTERACTIONS });

const writeParty = (name: 'receiver' | 'sender', { device, organization }: Party): Markup =>
  element(
    name,
    { typeCode: name === 'receiver' ? 'RCV' : 'SND' },
    element(
      'device',
      { classCode: 'DEV', determinerCode: 'INSTANCE' },
      element('id', { root: device }),
      organization &&
        element(
          'asAgent',
          { classCode: 'AGNT' },
          element(
            'representedOrganization',
            { classCode: 'ORG', determinerCode: 'INSTANCE' },
            element('id', { root: organization }),
          ),
        ),
    ),
  );

const readParty = (party: XmlElement | undefined): Party => {
  const device = child(party, 'device');
  return {
    device: attribute(child(device, 'id'), 'root') ?? '',
    organization: attribute(path(device, 'asAgent', 'representedOrganization', 'id'), 'root'),
  };
};

/** A whole message; queries and answers ask for no accept acknowledgement (NE), feeds for one (AL). */
export const writeMessage = (
  interaction: string,
  self: V3Self,
  receiver: Party,
  parts: { acknowledgement?: Markup | undefined; control?: Markup | undefined; acceptAck?: 'NE' | 'AL'; root?: string },
  content?: Content,
): Markup =>
  element(
    parts.root ?? interaction,
    { xmlns: V3_NS, 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance', ITSVersion: 'XML_1.0' },
    element('id', { root: self.device, extension: self.newId() }),
    element('creationTime', { value: v3Time(self.now) }),
    element('interactionId', { root: INTERACTIONS, extension: interaction }),
    element('processingCode', { code: 'P' }),
    element('processingModeCode', { code: 'T' }),
    element('acceptAckCode', { code: parts.acceptAck ?? 'NE' }),
    writeParty('receiver', receiver),
    writeParty('sender', self),
    parts.acknowledgement,
    parts.control,
    content,
  );

/** The header of a message that is the interaction it should be. */
export const readHeader = (message: XmlElement): V3Header => {
  const id = readId(child(message, 'id'));
  const interaction = attribute(child(message, 'interactionId'), 'extension') ?? '';
  if (message.ns !== V3_NS) throw new SoapFault('Sender', 'the Body holds no HL7 v3 message');
  if (!id) throw new SoapFault('Sender', 'the message has no id');
  if (interaction !== message.name.replace('_Cancel', ''))
    throw new SoapFault('Sender', 'interactionId is not the message');
  return {
    id,
    interaction,
    sender: readParty(child(message, 'sender')),
    receiver: readParty(child(message, 'receiver')),
  };
};

export const senderOf = ({ sender }: V3Header): Sender => ({
  application: sender.device,
  facility: sender.organization ?? '',
});

export const writeAcknowledgement = (target: InstanceId, { type, details }: Acknowledgement): Markup =>
  element(
    'acknowledgement',
    {},
    element('typeCode', { code: type }),
    element('targetMessage', {}, writeId('id', target)),
    details.map(({ code, text, location }) =>
      element(
        'acknowledgementDetail',
        { typeCode: 'E' },
        element('code', { code, codeSystem: '2.16.840.1.113883.12.357' }),
        element('text', {}, text),
        location && element('location', {}, location),
      ),
    ),
  );

const ACK_TYPES: readonly AckType[] = ['AA', 'AE', 'AR', 'CA', 'CE', 'CR'];

export const readAcknowledgement = (message: XmlElement): Acknowledgement => {
  const acknowledgement = child(message, 'acknowledgement');
  const code = attribute(child(acknowledgement, 'typeCode'), 'code');
  return {
    type: ACK_TYPES.find((one) => one === code) ?? 'AR',
    details: children(acknowledgement, 'acknowledgementDetail').map((detail) => ({
      code: attribute(child(detail, 'code'), 'code') ?? '',
      text: trimmed(child(detail, 'text')) ?? '',
      location: trimmed(child(detail, 'location')),
    })),
  };
};
