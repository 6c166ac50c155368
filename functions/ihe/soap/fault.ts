// SOAP 1.2 faults: https://www.w3.org/TR/soap12-part1/#soapfault

import type { Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';

export type FaultCode = 'Sender' | 'Receiver' | 'MustUnderstand' | 'VersionMismatch' | 'DataEncodingUnknown';

/** WS-Addressing (https://www.w3.org/TR/ws-addr-soap/#faultdetailelement) and WS-Security subcodes that we send. */
export type FaultSubcode =
  | 'wsa:ActionNotSupported'
  | 'wsa:MessageAddressingHeaderRequired'
  | 'wsa:InvalidAddressingHeader'
  | 'wsa:ActionMismatch'
  | 'wsa:OnlyAnonymousAddressSupported'
  | 'wsse:FailedAuthentication'
  | 'wsse:InvalidSecurityToken'
  | 'wsse:MessageExpired'
  | 'wsse:UnsupportedAlgorithm';

/** A refusal of the whole message. The reason names the rule, never what the message held. */
export class SoapFault extends Error {
  readonly code: FaultCode;
  readonly subcode: FaultSubcode | undefined;
  /** Qualified names of header blocks that were not understood. */
  readonly notUnderstood: readonly { readonly ns: string; readonly name: string }[];

  constructor(code: FaultCode, reason: string, subcode?: FaultSubcode, notUnderstood: SoapFault['notUnderstood'] = []) {
    super(reason);
    this.code = code;
    this.subcode = subcode;
    this.notUnderstood = notUnderstood;
  }

  /** HTTP status: https://www.w3.org/TR/soap12-part2/#tabresstatereccodes */
  get status(): number {
    return this.code === 'Sender' ? 400 : 500;
  }
}

export const faultBody = (fault: SoapFault): Markup =>
  element(
    'soap:Fault',
    {},
    element(
      'soap:Code',
      {},
      element('soap:Value', {}, `soap:${fault.code}`),
      fault.subcode && subcodeOf(fault.subcode),
    ),
    element('soap:Reason', {}, element('soap:Text', { 'xml:lang': 'en' }, fault.message)),
  );

/** These two are said within `wsa:InvalidAddressingHeader`: https://www.w3.org/TR/ws-addr-soap/#invalidmapfault */
const WITHIN: readonly FaultSubcode[] = ['wsa:ActionMismatch', 'wsa:OnlyAnonymousAddressSupported'];

const subcodeOf = (subcode: FaultSubcode): Markup => {
  const value = (one: FaultSubcode) =>
    element('soap:Value', { 'xmlns:wsse': one.startsWith('wsse:') ? WSSE_NS : undefined }, one);
  return WITHIN.includes(subcode)
    ? element('soap:Subcode', {}, value('wsa:InvalidAddressingHeader'), element('soap:Subcode', {}, value(subcode)))
    : element('soap:Subcode', {}, value(subcode));
};

const WSSE_NS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
