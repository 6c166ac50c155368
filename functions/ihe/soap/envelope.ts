// SOAP 1.2 (https://www.w3.org/TR/soap12-part1/) with WS-Addressing 1.0 (https://www.w3.org/TR/ws-addr-core/), as
// IHE ITI TF-2 Appendix V asks for: one body element, no document type, action and message id required.

import type { XmlLimits } from '../xml/parse.ts';
import { parseXml, XmlError } from '../xml/parse.ts';
import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, elementsOf, standalone, trimmed } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import { element, raw, XML_DECLARATION } from '../xml/write.ts';
import { faultBody, SoapFault } from './fault.ts';

export const SOAP_NS = 'http://www.w3.org/2003/05/soap-envelope';
export const WSA_NS = 'http://www.w3.org/2005/08/addressing';
export const WSSE_NS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
export const SAML_NS = 'urn:oasis:names:tc:SAML:2.0:assertion';
const ANONYMOUS = 'http://www.w3.org/2005/08/addressing/anonymous';
const SOAP_11_NS = 'http://schemas.xmlsoap.org/soap/envelope/';
/** Header blocks that this node acts upon; any other that must be understood is refused. */
const UNDERSTOOD: readonly string[] = [WSA_NS, WSSE_NS];
/** Roles in which this node acts: https://www.w3.org/TR/soap12-part1/#soaproles */
const ROLES: readonly string[] = ['', `${SOAP_NS}/role/next`, `${SOAP_NS}/role/ultimateReceiver`];

export interface Envelope {
  readonly action: string;
  readonly messageId: string | undefined;
  readonly to: string | undefined;
  readonly replyTo: string | undefined;
  readonly relatesTo: string | undefined;
  /** The one SAML assertion in the security header, as text that stands alone. */
  readonly assertion: string | undefined;
  readonly body: XmlElement;
  /** The text that `body` was read from. */
  readonly source: string;
}

/** Parses a message; whatever is wrong with it leaves as a `SoapFault`. */
export const parseEnvelope = (input: string | Uint8Array, limits?: XmlLimits): Envelope => {
  const source = typeof input === 'string' ? input : decodeOrFault(input);
  const envelope = parseOrFault(source, limits);
  if (envelope.name !== 'Envelope' || envelope.ns !== SOAP_NS)
    throw envelope.ns === SOAP_11_NS
      ? new SoapFault('VersionMismatch', 'SOAP 1.2 is needed')
      : new SoapFault('Sender', 'not a SOAP 1.2 envelope');
  const [first, second, ...more] = elementsOf(envelope);
  const header = first?.name === 'Header' && first.ns === SOAP_NS ? first : undefined;
  const body = header ? second : first;
  if (body?.name !== 'Body' || body.ns !== SOAP_NS || more.length > 0 || (!header && second))
    throw new SoapFault('Sender', 'an envelope is an optional Header and one Body');
  const blocks = header ? elementsOf(header) : [];
  refuseUnknown(blocks);
  const [content, ...others] = elementsOf(body);
  if (!content || others.length > 0) throw new SoapFault('Sender', 'the Body must have exactly one element');

  return {
    action: required(addressing(blocks, 'Action')),
    messageId: addressing(blocks, 'MessageID'),
    to: addressing(blocks, 'To'),
    replyTo: trimmed(child(block(blocks, 'ReplyTo'), 'Address')),
    relatesTo: addressing(blocks, 'RelatesTo'),
    assertion: assertionOf(source, blocks),
    body: content,
    source,
  };
};

/** A request that is answered on the connection that it came by, and names itself: the answer says what it relates to. */
export interface RequestEnvelope extends Envelope {
  readonly messageId: string;
}

/**
 * https://www.w3.org/TR/ws-addr-soap/#faults, https://profiles.ihe.net/ITI/TF/Volume2/ch-V.html
 * @param contentType whose `action`, where there is one, must be that of the header
 */
export const assertRequest: (envelope: Envelope, contentType: string) => asserts envelope is RequestEnvelope = (
  { action, messageId, replyTo },
  contentType,
) => {
  const named = /^application\/soap\+xml\b.*;\s*action\s*=\s*"([^"]+)"/i.exec(contentType)?.[1];
  if (named !== undefined && named !== action)
    throw new SoapFault('Sender', 'the action of the media type is not that of the header', 'wsa:ActionMismatch');
  if (!messageId) throw new SoapFault('Sender', 'wsa:MessageID is missing', 'wsa:MessageAddressingHeaderRequired');
  if (replyTo !== undefined && replyTo !== ANONYMOUS)
    throw new SoapFault(
      'Sender',
      'answers go back on the connection only: wsa:ReplyTo must be anonymous',
      'wsa:OnlyAnonymousAddressSupported',
    );
};

const decodeOrFault = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SoapFault('Sender', 'the message is not UTF-8');
  }
};

const parseOrFault = (source: string, limits: XmlLimits | undefined): XmlElement => {
  try {
    return parseXml(source, limits);
  } catch (fault) {
    if (fault instanceof XmlError) throw new SoapFault('Sender', fault.message);
    throw fault;
  }
};

/** https://www.w3.org/TR/soap12-part1/#soapmu */
const refuseUnknown = (blocks: readonly XmlElement[]): void => {
  const unknown = blocks.filter(
    (found) =>
      /^(true|1)$/.test(attribute(found, 'mustUnderstand', SOAP_NS)?.trim() ?? '') &&
      ROLES.includes(attribute(found, 'role', SOAP_NS) ?? '') &&
      !UNDERSTOOD.includes(found.ns),
  );
  if (unknown.length > 0)
    throw new SoapFault('MustUnderstand', 'a header block was not understood', undefined, unknown);
};

const block = (blocks: readonly XmlElement[], name: string): XmlElement | undefined => {
  const found = blocks.filter((candidate) => candidate.ns === WSA_NS && candidate.name === name);
  if (found.length > 1) throw new SoapFault('Sender', `more than one wsa:${name}`, 'wsa:InvalidAddressingHeader');
  return found[0];
};

const addressing = (blocks: readonly XmlElement[], name: string): string | undefined => trimmed(block(blocks, name));

const required = (action: string | undefined): string => {
  if (!action) throw new SoapFault('Sender', 'wsa:Action is missing', 'wsa:MessageAddressingHeaderRequired');
  return action;
};

const assertionOf = (source: string, blocks: readonly XmlElement[]): string | undefined => {
  const security = blocks.filter((found) => found.ns === WSSE_NS && found.name === 'Security');
  const assertions = security.flatMap(elementsOf).filter(({ ns, name }) => ns === SAML_NS && name === 'Assertion');
  if (assertions.length > 1) throw new SoapFault('Sender', 'more than one assertion', 'wsse:InvalidSecurityToken');
  return assertions[0] && standalone(source, assertions[0]);
};

export interface OutgoingEnvelope {
  readonly action: string;
  readonly messageId: string;
  readonly to?: string | undefined;
  /** Message id of the request that this answers. */
  readonly relatesTo?: string | undefined;
  /** A signed SAML assertion, as it was signed. */
  readonly assertion?: string | undefined;
  readonly body: Markup;
  readonly headers?: readonly Markup[];
}

const mustUnderstand = { 'soap:mustUnderstand': 'true' };

export const writeEnvelope = (message: OutgoingEnvelope): string =>
  XML_DECLARATION +
  element(
    'soap:Envelope',
    { 'xmlns:soap': SOAP_NS, 'xmlns:wsa': WSA_NS },
    element(
      'soap:Header',
      {},
      element('wsa:Action', mustUnderstand, message.action),
      element('wsa:MessageID', {}, message.messageId),
      message.relatesTo && element('wsa:RelatesTo', {}, message.relatesTo),
      message.relatesTo ? undefined : element('wsa:ReplyTo', {}, element('wsa:Address', {}, ANONYMOUS)),
      message.to && element('wsa:To', mustUnderstand, message.to),
      message.assertion &&
        element('wsse:Security', { 'xmlns:wsse': WSSE_NS, ...mustUnderstand }, raw(message.assertion)),
      message.headers,
    ),
    element('soap:Body', {}, message.body),
  ).markup;

const FAULT_ACTION = `${WSA_NS}/soap/fault`;

export const writeFault = (fault: SoapFault, messageId: string, relatesTo?: string): string =>
  writeEnvelope({
    action: FAULT_ACTION,
    messageId,
    relatesTo,
    headers: fault.notUnderstood.map(({ ns, name }) =>
      element('soap:NotUnderstood', { qname: `unknown:${name}`, 'xmlns:unknown': ns }),
    ),
    body: faultBody(fault),
  });

/** The fault that a partner answered with, or undefined for any other body. */
export const readFault = (body: XmlElement): SoapFault | undefined => {
  if (body.name !== 'Fault' || body.ns !== SOAP_NS) return undefined;
  const code = trimmed(child(child(body, 'Code'), 'Value'))
    ?.split(':')
    .at(-1);
  const known = (['Sender', 'Receiver', 'MustUnderstand', 'VersionMismatch', 'DataEncodingUnknown'] as const).find(
    (name) => name === code,
  );
  return new SoapFault(
    known ?? 'Receiver',
    trimmed(child(child(body, 'Reason'), 'Text')) ?? 'a fault without a reason',
  );
};
