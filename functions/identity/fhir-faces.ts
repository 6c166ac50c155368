// The FHIR faces of identity: addresses under /fhir that this function serves and not the FHIR API, which does not need the matcher.
import type { Actor } from '../consent/actor.ts';
import { Heads, ruled } from '../consent/ruled.ts';
import { notFound, refuse } from '../fhir/outcome.ts';
import type { Context, Interaction, Services } from '../interactions/contract.ts';
import { admitBody } from '../interactions/media-type.ts';
import type { Resources } from '../storage/port.ts';
import { match } from './match.ts';
import { type KnowsDomain, pix } from './pix.ts';

/** The store as this caller reads it: what comes out brings the patient's rules along (consent/ruled.ts). */
export type ReadAs = (context: { readonly actor: Actor }) => Resources;

export const fhirFaces = (
  { resources, clock, region }: Pick<Services, 'resources' | 'clock' | 'region'>,
  knowsDomain: KnowsDomain,
): Interaction => {
  const heads = new Heads(resources, clock);
  const readAs: ReadAs = ({ actor }) => ruled(resources, heads, { actor, isEager: true });
  const faces: Readonly<Record<string, { methods: readonly string[]; answer: Interaction }>> = {
    $match: { methods: ['POST'], answer: match(readAs, region) },
    '$ihe-pix': { methods: ['GET', 'POST', 'HEAD'], answer: pix(readAs, knowsDomain) },
  };
  return async (context: Context, request) => {
    const [type, name = '', ...more] = request.path;
    const face = type === 'Patient' && more.length === 0 ? faces[name] : undefined;
    if (!face) throw notFound('an address of this form');
    if (!face.methods.includes(request.method))
      throw Object.assign(refuse('notAllowed', `${name} does not take ${request.method}`), {
        headers: { allow: face.methods.join(', ') },
      });
    if (request.method === 'POST' && request.body) admitBody('fhir', request.headers['content-type']);
    return face.answer(context, request);
  };
};
