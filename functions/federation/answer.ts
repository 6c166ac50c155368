// What this region answers another one: find a person, read that person's records. Consent is decided here, by the same decision and the
// same interactions as at home; a link contract only takes away from them.

import type { Narrow } from '../consent/matrix.ts';
import { Heads, ruled } from '../consent/ruled.ts';
import { forbidden, notFound, refuse } from '../fhir/outcome.ts';
import type { Answer, Context, FhirRequest, Interaction, Services } from '../interactions/contract.ts';
import { isServed } from './asked.ts';
import { TRAVELLING_ROLES } from './assertion.ts';
import { AREAS, type Contract } from './contract.ts';
import { findHere } from './find-here.ts';
import { openHandle } from './handles.ts';
import type { DiscoverAnswer, DiscoverRequest, QueryRequest } from './messages.ts';

type Needs = Pick<Services, 'resources' | 'seal' | 'clock'>;

export interface Answering {
  discover(context: Context, asked: DiscoverRequest): Promise<DiscoverAnswer>;
  query(context: Context, asked: QueryRequest): Promise<Answer>;
}

const request = (
  path: readonly string[],
  params: FhirRequest['params'],
  headers: FhirRequest['headers'] = {},
): FhirRequest => ({
  method: 'GET',
  path,
  params,
  headers,
  body: undefined,
});

/** @param fhir the interactions of the region (interactions/routes.ts) */
export const openAnswering = ({ resources, seal, clock }: Needs, fhir: Interaction): Answering => {
  const heads = new Heads(resources, clock);
  const readAs = ({ actor }: Context) => ruled(resources, heads, { actor, isEager: true });

  return {
    discover: (context, asked) => findHere(context, { resources: readAs(context), seal, clock }, asked),
    query: async (context, asked) => {
      const { community } = context.actor;
      if (community === undefined) throw forbidden('this is for other regions');
      const { patient, linked } = await openHandle({ resources, seal, clock }, community, asked.handle);
      switch (asked.kind) {
        case 'everything':
          return fhir(context, request(['Patient', patient, '$everything'], asked.params));
        case 'search': {
          if (!isServed(asked.type)) throw refuse('notSupported', 'records of this type belong to no patient');
          const isPatient = asked.type === 'Patient';
          const path = isPatient ? ['Patient'] : ['Patient', patient, asked.type];
          const isResumed = asked.params.some(([name]) => name === '_cursor');
          const params = isPatient && !isResumed ? [['_id', patient] as const, ...asked.params] : asked.params;
          return fhir(context, request(path, params, { prefer: 'handling=lenient' }));
        }
        case 'read': {
          // Of this person only: a handle is no key to everybody else's records.
          const stored = await resources.get(asked.type, asked.id);
          if (!stored || !linked.map(resources.patientKey).includes(stored.patientKey ?? ''))
            throw notFound(`${asked.type}/${asked.id}`);
          return fhir(context, request([asked.type, asked.id], [], { accept: 'application/fhir+json' }));
        }
      }
    },
  };
};

const made = new WeakMap<object, Map<string, Narrow>>();
const NOTHING: Narrow = {};

/** What the region narrows, and what the contract does not open. Made once for each pair: the decision is asked for every record. */
export const narrowedBy = ({ terms }: Contract, narrow: Narrow | undefined): Narrow | undefined => {
  const closed = AREAS.filter((area) => !terms.classes.includes(area));
  if (closed.length === 0) return narrow;
  const base = narrow ?? NOTHING;
  const known = made.get(base) ?? new Map<string, Narrow>();
  made.set(base, known);
  const name = closed.join();
  let found = known.get(name);
  if (!found) {
    const less = Object.fromEntries(closed.map((area) => [area, false]));
    found = {
      ...base,
      ...Object.fromEntries(
        TRAVELLING_ROLES.map((role) => [role, { ...base[role], read: { ...base[role]?.read, ...less } }]),
      ),
    };
    known.set(name, found);
  }
  return found;
};
