// The responding gateway's three addresses: a SOAP message that is let in already becomes its answer. https://profiles.ihe.net/ITI/TF/Volume1/ch-18.html

import { type IheAnswer, SOAP_TYPE } from './faces.ts';
import { respondXcpd, XCPD_ACTION, XCPD_ANSWER_ACTION } from './hl7v3/xcpd.ts';
import type { Discovery, DocumentGateway } from './ports.ts';
import { type Envelope, writeEnvelope } from './soap/envelope.ts';
import { SoapFault } from './soap/fault.ts';
import { writeMtom } from './soap/mtom.ts';
import {
  QUERY_ACTION,
  QUERY_ANSWER_ACTION,
  RETRIEVE_ACTION,
  RETRIEVE_ANSWER_ACTION,
  respondQuery,
  respondRetrieve,
} from './xca/respond.ts';
import type { Markup } from './xml/write.ts';

export interface GatewayServices {
  readonly discovery: Discovery;
  readonly documents: DocumentGateway;
  /** OID of the region. */
  readonly community: string;
  /** Of who asks. */
  readonly asker: string;
  readonly now: number;
  readonly newId: () => string;
}

export type GatewayFace = (envelope: Envelope, services: GatewayServices) => Promise<IheAnswer>;

const FAILURE = /(?:status="[^"]*:Failure"|<typeCode code="A[ER]"\/>)/;

const answered = (envelope: Envelope, action: string, body: Markup, newId: () => string): IheAnswer => ({
  http: 200,
  contentType: `${SOAP_TYPE}; action="${action}"`,
  body: Buffer.from(writeEnvelope({ action, messageId: `urn:uuid:${newId()}`, relatesTo: envelope.messageId, body })),
  status: FAILURE.test(body.markup) ? 422 : 200,
});

const xcpd: GatewayFace = async (envelope, { discovery, community, asker, now, newId }) => {
  const self = () => ({ device: community, organization: community, now, newId });
  const body = await respondXcpd(envelope.body, envelope.source, { discovery, self }, asker);
  return answered(envelope, XCPD_ANSWER_ACTION, body, newId);
};

const query: GatewayFace = async (envelope, { documents, community, newId }) => {
  const services = { gateway: documents, home: `urn:oid:${community}`, newId };
  return answered(envelope, QUERY_ANSWER_ACTION, await respondQuery(envelope.body, services, undefined), newId);
};

const retrieve: GatewayFace = async (envelope, { documents, community, newId }) => {
  const services = { gateway: documents, home: `urn:oid:${community}`, newId };
  const { body, attachments } = await respondRetrieve(envelope.body, services, undefined);
  const action = RETRIEVE_ANSWER_ACTION;
  const text = writeEnvelope({ action, messageId: `urn:uuid:${newId()}`, relatesTo: envelope.messageId, body });
  const message = writeMtom(text, action, attachments, newId);
  return { http: 200, ...message, status: FAILURE.test(body.markup) ? 422 : 200 };
};

interface Transaction {
  readonly action: string;
  readonly answer: GatewayFace;
}

/** By the address below /ihe. */
export const GATEWAY_FACES: Readonly<Record<string, Transaction>> = {
  xcpd: { action: XCPD_ACTION, answer: xcpd },
  'xca/query': { action: QUERY_ACTION, answer: query },
  'xca/retrieve': { action: RETRIEVE_ACTION, answer: retrieve },
};

/** What SOAP's header says is to be done must be what this address does. */
export const assertAction = ({ action }: Envelope, transaction: Transaction): void => {
  if (action !== transaction.action)
    throw new SoapFault('Sender', 'the action is not the one of this address', 'wsa:ActionNotSupported');
};
