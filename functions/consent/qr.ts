// Opt-in by QR code (電子オプトイン): a facility shows a code, the resident's app reads it, and the facility may look from then on.
// The code is sealed by the region, good for five minutes, once, and for the facility (or the member of staff) that showed it.
import { randomBytes } from 'node:crypto';
import { refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Seal } from '../storage/port.ts';
import { EXPLANATION, PATTERNS, STAFF } from './compile.ts';

export const QR_MS = 5 * 60_000;
/** Evidence of a consent that came by QR: the code's id, and who showed it. */
export const QR_EVIDENCE = 'urn:tsumugi:consent-qr';
const BIND = 'consent-qr';
const INSTITUTION = 'http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no';

export interface QrOffer {
  readonly id: string;
  readonly facility: string;
  /** `sub` of who showed it. */
  readonly shownBy: string;
  /** The consent is for that person only, not for the facility. */
  readonly isPersonal: boolean;
  readonly until: number;
}

export const issueQr = (
  seal: Seal,
  { facility, subject, isPersonal, now }: { facility: string; subject: string; isPersonal: boolean; now: number },
): { code: string; until: number } => {
  const until = now + QR_MS;
  const offer: QrOffer = { id: randomBytes(12).toString('hex'), facility, shownBy: subject, isPersonal, until };
  return { code: seal.seal(offer, BIND), until };
};

/** Row by which a code is used once: `qr#<id>`, kept until it has expired for long. */
export interface Once {
  /** True for the first who says it. */
  use(id: string, until: number): Promise<boolean>;
}

const unusable = () =>
  refuse('unprocessable', 'code: not a code of this region, used before, or older than five minutes');

/** What a code offers, for the first who redeems it in time. */
export const redeemQr = async (seal: Seal, once: Once, code: string, now: number): Promise<QrOffer> => {
  const offer = seal.open(code, BIND) as QrOffer | undefined;
  if (!offer || offer.until <= now) throw unusable();
  if (!(await once.use(offer.id, offer.until))) throw unusable();
  return offer;
};

/** The Consent that the offer becomes. `explanation`: version of the text that the app showed. */
export const qrConsent = (offer: QrOffer, patient: string, explanation: string, now: number): Resource => {
  const time = new Date(now).toISOString();
  const who = offer.isPersonal
    ? { system: STAFF, value: offer.shownBy }
    : { system: INSTITUTION, value: offer.facility };
  return {
    resourceType: 'Consent',
    extension: [
      {
        url: QR_EVIDENCE,
        extension: [
          { url: 'code', valueString: offer.id },
          { url: 'facility', valueString: offer.facility },
          { url: 'shownBy', valueString: offer.shownBy },
        ],
      },
    ],
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [{ coding: [{ system: PATTERNS, code: offer.isPersonal ? 'per-person' : 'electronic-opt-in' }] }],
    patient: { reference: `Patient/${patient}` },
    dateTime: time,
    performer: [{ reference: `Patient/${patient}` }],
    policyRule: { coding: [{ system: EXPLANATION, code: explanation }] },
    verification: [{ verified: true, verifiedWith: { reference: `Patient/${patient}` }, verificationDate: time }],
    provision: {
      type: 'permit',
      actor: [
        {
          role: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }],
          },
          reference: { identifier: who },
        },
      ],
    },
  };
};
