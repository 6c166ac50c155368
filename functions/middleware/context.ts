import type { Actor } from '../consent/actor.ts';
import { PURPOSES_OF_USE } from '../consent/purposes.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Context, FhirRequest, Services } from '../interactions/contract.ts';

/** middleware/authenticate.ts: a verified token becomes an actor, or the request ends here. */
export type Authenticate = (headers: FhirRequest['headers']) => Promise<Actor>;

/** Who asks, when, and for what purpose: the same for every API of the region. */
export const openContext =
  ({ clock, region, narrow }: Pick<Services, 'clock' | 'region' | 'narrow'>, authenticate: Authenticate) =>
  async (headers: FhirRequest['headers'], requestId: string): Promise<Context> => {
    const [actor, taken] = await Promise.all([authenticate(headers), narrow?.()]);
    const purpose = headers['x-purpose'] ?? 'TREAT';
    if (!PURPOSES_OF_USE.has(purpose)) throw refuse('invalid', 'X-Purpose must be a code of PurposeOfUse');
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
