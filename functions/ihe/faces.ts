// The addresses under /ihe that facilities' systems call: bytes in, bytes out. What the outcome was is told beside the answer,
// for the audit trail, since HL7 v2 and SOAP say it inside.
import type { Context, Services } from '../interactions/contract.ts';
import { handleHl7 } from './hl7v2/handle.ts';
import type { V3Self } from './hl7v3/message.ts';
import { respondV3 } from './hl7v3/respond.ts';
import type { Continuations } from './ports.ts';
import { type RegionParts, regionIndex } from './region-index.ts';
import { assertRequest, parseEnvelope, writeEnvelope, writeFault } from './soap/envelope.ts';
import { SoapFault } from './soap/fault.ts';
import { readSoapMessage } from './soap/mtom.ts';
import { type UpdatesParts, updates } from './updates.ts';

export const HL7_TYPE = 'application/hl7-v2+er7';
export const SOAP_TYPE = 'application/soap+xml; charset=UTF-8';

export interface IheRequest {
  /** Below /ihe. */
  readonly face: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly params: URLSearchParams;
}

export interface IheAnswer {
  readonly http: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** As the trail counts it: 200, 422 for a message that was refused, 500. */
  readonly status: number;
}

export interface FacesParts extends RegionParts {
  readonly linkChanges: UpdatesParts['linkChanges'];
  readonly clock: () => number;
  readonly continuations: (context: Context) => Continuations;
  readonly region: Services['region'];
  readonly newId: () => string;
  readonly onFault: (fault: unknown) => void;
}

/** Messages are posted; what has changed is fetched. */
export const methodOf = (face: string): 'GET' | 'POST' => (face === 'updates' ? 'GET' : 'POST');

export type Face = (context: Context, request: IheRequest) => Promise<IheAnswer>;

/** By the last segment of the address; undefined: no such face. */
export const iheFaces = (parts: FacesParts): Readonly<Record<string, Face>> => ({
  hl7v2: hl7v2(parts),
  pix: soap(parts),
  pdq: soap(parts),
  updates: fetched(parts),
});

const fetched = (parts: FacesParts): Face => {
  const answer = updates({ ...parts, index: (context) => regionIndex(parts, context) });
  return async (context, { params }) => {
    const body = Buffer.from(JSON.stringify(await answer(context, params)));
    return { http: 200, contentType: 'application/json', body, status: 200 };
  };
};

const hl7v2 =
  (parts: FacesParts): Face =>
  async (context, { body }) => {
    const self = () => ({ application: 'TSUMUGI', facility: parts.region.name, now: context.now, newId: parts.newId });
    const answer = await handleHl7(body, { index: regionIndex(parts, context), self, onFault: parts.onFault });
    const accepted = /[\r\n]MSA\|AA/.test(Buffer.from(answer).toString('latin1'));
    return { http: 200, contentType: HL7_TYPE, body: answer, status: accepted ? 200 : 422 };
  };

const soap =
  (parts: FacesParts): Face =>
  async (context, { contentType, body }) => {
    let relatesTo: string | undefined;
    const messageId = () => `urn:uuid:${parts.newId()}`;
    const answered = (text: string, http: number, status: number): IheAnswer => ({
      http,
      contentType: SOAP_TYPE,
      body: Buffer.from(text),
      status,
    });
    try {
      const envelope = parseEnvelope(readSoapMessage(contentType, body).envelope);
      relatesTo = envelope.messageId;
      assertRequest(envelope, contentType);
      const { homeCommunityId } = parts.region;
      const self = (): V3Self => ({
        device: homeCommunityId,
        organization: homeCommunityId,
        now: context.now,
        newId: parts.newId,
      });
      const answer = await respondV3(envelope.action, {
        message: envelope.body,
        source: envelope.source,
        services: {
          index: regionIndex(parts, context),
          continuations: parts.continuations(context),
          self,
          community: homeCommunityId,
        },
      });
      const refused = /<typeCode code="(AE|AR|CE|CR)"\/>/.test(answer.body.markup);
      const text = writeEnvelope({ action: answer.action, messageId: messageId(), relatesTo, body: answer.body });
      return answered(text, 200, refused ? 422 : 200);
    } catch (fault) {
      if (!(fault instanceof SoapFault)) parts.onFault(fault);
      const said = fault instanceof SoapFault ? fault : new SoapFault('Receiver', 'internal error');
      return answered(writeFault(said, messageId(), relatesTo), said.status, said.status);
    }
  };
