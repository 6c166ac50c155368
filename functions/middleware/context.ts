import type { Actor } from '../consent/actor.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Context, FhirRequest, Services } from '../interactions/contract.ts';

/** middleware/authenticate.ts: a verified token becomes an actor, or the request ends here. */
export type Authenticate = (headers: FhirRequest['headers']) => Promise<Actor>;

/** https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html: what else is said would stand in the audit trail as a code. */
const PURPOSES = new Set(
  `BIORCH BTG CAREMGT CLINTRCH CLMATTCH COC COVAUTH COVERAGE DISASTER DONAT DSRCH ELIGDTRM ELIGVER ENROLLM ETREAT FAMRQT FRAUD GOV
  HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HMARKT HOPERAT HOUTCOMS HPAYMT HPRGRP HQUALIMP HRESCH HSYSADMIN LABELING LEGAL MEMADMIN
  MILCDM METAMGT PATADMIN PATRQT PATSFTY PERFMSR POARSRCH PREPHRES PUBHLTH PWATRNY RECORDMGT REMITADV SUPNWK SYSDEV TRAIN THREAT
  TRANSRCH TREAT`.split(/\s+/),
);

/** Who asks, when, and for what purpose: the same for every API of the region. */
export const openContext =
  ({ clock, region, narrow }: Pick<Services, 'clock' | 'region' | 'narrow'>, authenticate: Authenticate) =>
  async (headers: FhirRequest['headers'], requestId: string): Promise<Context> => {
    const [actor, taken] = await Promise.all([authenticate(headers), narrow?.()]);
    const purpose = headers['x-purpose'] ?? 'TREAT';
    if (!PURPOSES.has(purpose)) throw refuse('invalid', 'X-Purpose must be a code of PurposeOfUse');
    return {
      actor,
      requestId,
      now: clock(),
      purpose,
      consentDefault: region.consentDefault,
      glassOverridesDenial: region.glassOverridesDenial,
      narrow: taken,
      disclosed: [],
      refused: [],
    };
  };
