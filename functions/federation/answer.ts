// What this region answers another one: find a person, read that person's records. Consent is decided here, by the same decision and the
// same interactions as at home; a link contract only takes away from them.

import type { BreakGlass } from '../break-glass/port.ts';
import type { Narrow } from '../consent/matrix.ts';
import { Heads, ruled } from '../consent/ruled.ts';
import { forbidden, notFound, refuse } from '../fhir/outcome.ts';
import type { Answer, Context, FhirRequest, Interaction, Services } from '../interactions/contract.ts';
import { note } from '../interactions/json-route.ts';
import { isServed } from './asked.ts';
import { TRAVELLING_ROLES } from './assertion.ts';
import { AREAS, BREAK_GLASS, type Contract } from './contract.ts';
import { findHere, findPaired, whoHere } from './find-here.ts';
import { openHandle, pairingEnded } from './handles.ts';
import type { DiscoverAnswer, DiscoverRequest, PairAnswer, PairRequest, QueryRequest } from './messages.ts';
import type { Pairings } from './pairings.ts';

interface Needs extends Pick<Services, 'resources' | 'seal' | 'clock'> {
  /** Absent: this face knows no pairing. */
  readonly pairings?: Pairings | undefined;
  /** Absent: no emergency opens anything. */
  readonly breakGlass?: BreakGlass | undefined;
}

export interface Answering {
  /**
   * Before `discover` and `query`: breaks the glass where that is what is asked for. The context that it answers has what was opened;
   * the person's alert and the privacy officer's case are stored by then, as at home.
   */
  open(context: Context, asked: DiscoverRequest | QueryRequest): Promise<Context>;
  discover(context: Context, asked: DiscoverRequest): Promise<DiscoverAnswer>;
  query(context: Context, asked: QueryRequest): Promise<Answer>;
  pair(context: Context, asked: PairRequest): Promise<PairAnswer | undefined>;
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
export const openAnswering = (
  { resources, seal, clock, pairings, breakGlass }: Needs,
  fhir: Interaction,
): Answering => {
  const heads = new Heads(resources, clock);
  const handles = { resources, seal, clock, pairings };
  const readAs = ({ actor }: Context) => ruled(resources, heads, { actor, isEager: true });

  const whom = async (community: string, asked: DiscoverRequest | QueryRequest): Promise<string | undefined> => {
    if ('handle' in asked) return (await openHandle(handles, community, asked.handle)).patient;
    if (asked.pairing !== undefined) return (await pairings?.find(community, asked.pairing))?.patient;
    return whoHere(resources, asked);
  };

  return {
    open: async (context, asked) => {
      if (!breakGlass || context.purpose !== BREAK_GLASS) return context;
      const patient = await whom(communityOf(context), asked);
      if (patient === undefined) return context;
      const { actor, now } = context;
      // As the header brings it at home: percent-encoded.
      const reason = encodeURIComponent(asked.reason ?? '');
      return { ...context, ...(await breakGlass.open({ actor, reason, patients: [patient], now })) };
    },
    discover: async (context, asked) => {
      const parts = { ...handles, resources: readAs(context) };
      if (asked.pairing === undefined) {
        if (context.actor.kind === 'resident') throw forbidden('a resident is known here by a pairing alone');
        return findHere(context, parts, asked);
      }
      const found = await pairings?.find(communityOf(context), asked.pairing);
      if (!found) throw pairingEnded();
      return findPaired(ownerOf(context, found.linked), parts, found);
    },
    pair: async (context, asked) => {
      if (!pairings) throw refuse('notSupported', 'there is no pairing by this way');
      const community = communityOf(context);
      const touch = (patient: string | undefined) => {
        if (patient !== undefined) note(context, 'U', `Patient/${patient}`, resources.patientKey(patient));
      };
      if ('end' in asked) {
        touch(await pairings.endByToken(community, asked.end));
        return undefined;
      }
      const { token, patient } = await pairings.redeem(asked.code, community, asked.token);
      touch(patient);
      return { token };
    },
    query: async (given, asked) => {
      const { patient, linked, isPaired } = await openHandle(handles, communityOf(given), asked.handle);
      if (given.actor.kind === 'resident' && !isPaired) throw forbidden('a resident is known here by a pairing alone');
      const context = ownerOf(given, linked);
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

const communityOf = ({ actor }: Context): string => {
  if (actor.community === undefined) throw forbidden('this is for other regions');
  return actor.community;
};

/** Of a resident: the records here that the pairing says are that one's own. */
const ownerOf = (context: Context, linked: readonly string[]): Context =>
  context.actor.kind === 'resident' ? { ...context, actor: { ...context.actor, patients: linked } } : context;

const made = new WeakMap<object, Map<string, Narrow>>();
const NOTHING: Narrow = {};
const NO_WRITES = { home: false, enrolment: false } as const;

/** What the region narrows, and what the contract does not open. Made once for each pair: the decision is asked for every record. */
export const narrowedBy = ({ terms }: Contract, narrow: Narrow | undefined): Narrow | undefined => {
  const closed = AREAS.filter((area) => !terms.classes.includes(area));
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
      // Who looked, and what was consented to, a resident reads at home here.
      resident: { read: { ...base.resident?.read, ...less, enrolment: false, audit: false }, write: NO_WRITES },
    };
    known.set(name, found);
  }
  return found;
};
