// Initiating gateway: one question to another community over SOAP 1.2, and its answer, held against what was asked. How bytes travel and
// who vouches for the asker is the caller's.
// https://profiles.ihe.net/ITI/TF/Volume1/ch-18.html, https://profiles.ihe.net/ITI/TF/Volume1/ch-27.html
import { readDiscovery, writeDiscovery, XCPD_ACTION, XCPD_ANSWER_ACTION } from './hl7v3/xcpd.ts';
import type { DemographicQuery, DiscoveryAnswer, DocumentQuery, DocumentRequest } from './ports.ts';
import { parseEnvelope, SOAP_NS, writeEnvelope } from './soap/envelope.ts';
import { type FaultCode, SoapFault } from './soap/fault.ts';
import { readSoapMessage, writeMtom } from './soap/mtom.ts';
import { type FoundAnswer, readFound, writeCrossGatewayQuery } from './xca/query.ts';
import { QUERY_ACTION, QUERY_ANSWER_ACTION, RETRIEVE_ACTION, RETRIEVE_ANSWER_ACTION } from './xca/respond.ts';
import { type RetrievedAnswer, readRetrieved, writeRetrieve } from './xca/retrieve.ts';
import { RIM_NS } from './xca/slots.ts';
import { XML_LIMITS } from './xml/parse.ts';
import type { XmlElement } from './xml/tree.ts';
import { child, children, trimmed } from './xml/tree.ts';
import type { Markup } from './xml/write.ts';

/** The other side answered with a SOAP fault. Its reason is its own and is not kept. */
export class RemoteFault extends Error {
  readonly code: FaultCode;
  /** It does not accept who we say we are. */
  readonly isSecurity: boolean;
  constructor(code: FaultCode, isSecurity: boolean) {
    super(`a SOAP fault (${code})`);
    this.code = code;
    this.isSecurity = isSecurity;
  }
}

export interface Sent {
  readonly contentType: string;
  readonly body: string;
}
export interface Answered {
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface Initiator {
  /** OID of our own community. */
  readonly community: string;
  readonly now: number;
  readonly newId: () => string;
  readonly messageId: () => string;
  /** A signed assertion for the endpoint. */
  readonly assertion: (url: string) => Promise<string>;
  readonly send: (url: string, message: Sent) => Promise<Answered>;
  /** Bytes of an envelope that are read. */
  readonly mostBytes: number;
}

/** The community that is asked. */
export interface Remote {
  /** OID. */
  readonly community: string;
  readonly discovery: string;
  readonly query: string;
  readonly retrieve: string;
}

interface Question {
  readonly url: string;
  readonly action: string;
  readonly answer: string;
  readonly body: Markup;
  /** ITI-39 is MTOM both ways: ITI TF-2 Appendix V.3.6. */
  readonly mtom?: boolean;
}

const ask = async (initiator: Initiator, { url, action, answer, body, mtom }: Question) => {
  const messageId = initiator.messageId();
  const assertion = await initiator.assertion(url);
  const envelope = writeEnvelope({ action, messageId, to: url, assertion, body });
  const message = mtom
    ? inParts(writeMtom(envelope, action, [], initiator.newId))
    : { contentType: `application/soap+xml; charset=UTF-8; action="${action}"`, body: envelope };
  const { contentType, body: bytes } = await initiator.send(url, message);

  const { envelope: root, parts } = readSoapMessage(contentType, bytes);
  const said = parseEnvelope(root, { ...XML_LIMITS, bytes: initiator.mostBytes });
  const fault = remoteFault(said.body);
  if (fault) throw fault;
  if (said.action !== answer) throw new SoapFault('Receiver', 'the action of the answer is another');
  if (said.relatesTo !== messageId) throw new SoapFault('Receiver', 'the answer relates to another message');
  return { body: said.body, parts };
};

const inParts = ({ contentType, body }: { contentType: string; body: Uint8Array }): Sent => ({
  contentType,
  body: Buffer.from(body).toString('utf8'), // an envelope alone: no bytes that are no text
});

const CODES: readonly FaultCode[] = ['Sender', 'Receiver', 'MustUnderstand', 'VersionMismatch', 'DataEncodingUnknown'];
const local = (qname: string | undefined): string => qname?.split(':').at(-1) ?? '';
/** https://docs.oasis-open.org/wss-m/wss/v1.1.1/os/wss-SOAPMessageSecurity-v1.1.1-os.html, section 12 */
const SECURITY =
  /^(InvalidSecurity|InvalidSecurityToken|FailedAuthentication|FailedCheck|MessageExpired|SecurityTokenUnavailable)$/;

const remoteFault = (body: XmlElement): RemoteFault | undefined => {
  if (body.name !== 'Fault' || body.ns !== SOAP_NS) return undefined;
  const code = child(body, 'Code');
  const value = local(trimmed(child(code, 'Value')));
  const subcode = local(trimmed(child(child(code, 'Subcode'), 'Value')));
  return new RemoteFault(CODES.find((one) => one === value) ?? 'Receiver', SECURITY.test(subcode));
};

/** ITI-55. */
export const discoverAt = async (
  initiator: Initiator,
  remote: Remote,
  query: DemographicQuery,
): Promise<DiscoveryAnswer> => {
  const { community, now, newId } = initiator;
  const self = { device: community, organization: community, now, newId };
  const receiver = { device: remote.community, organization: remote.community };
  const { body } = await ask(initiator, {
    url: remote.discovery,
    action: XCPD_ACTION,
    answer: XCPD_ANSWER_ACTION,
    // No number of ours goes along under which we would be asked back.
    body: writeDiscovery(self, receiver, query, []),
  });
  return readDiscovery(body);
};

const homeOf = ({ community }: Remote): string => `urn:oid:${community}`;

export interface FoundAt extends FoundAnswer {
  /** Objects of the answer that are not of the community, or not whole. */
  readonly left: number;
}

/** ITI-38. */
export const findAt = async (initiator: Initiator, remote: Remote, query: DocumentQuery): Promise<FoundAt> => {
  const { body } = await ask(initiator, {
    url: remote.query,
    action: QUERY_ACTION,
    answer: QUERY_ANSWER_ACTION,
    body: writeCrossGatewayQuery(query, homeOf(remote)),
  });
  const found = readFound(body, homeOf(remote));
  const objects = children(child(body, 'RegistryObjectList', RIM_NS), 'ExtrinsicObject', RIM_NS);
  return { ...found, left: objects.length - found.entries.length };
};

/** ITI-39, for one document. */
export const retrieveAt = async (
  initiator: Initiator,
  remote: Remote,
  document: Omit<DocumentRequest, 'home'>,
): Promise<RetrievedAnswer> => {
  const requests = [{ ...document, home: homeOf(remote) }];
  const { body, parts } = await ask(initiator, {
    url: remote.retrieve,
    action: RETRIEVE_ACTION,
    answer: RETRIEVE_ANSWER_ACTION,
    body: writeRetrieve(requests),
    mtom: true,
  });
  return readRetrieved(body, parts, requests);
};
