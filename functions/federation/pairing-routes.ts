// /federation/pairings: a person says in one region, by a code that was got in another, that the two are about the same human being. The
// person does so, or somebody at a counter who has the person before them. docs/federation.md, "Pairing".
import * as z from 'zod/mini';
import { FhirError, notFound, refuse } from '../fhir/outcome.ts';
import type { Context, Services } from '../interactions/contract.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import { type AskPeer, ROOM_BYTES } from './ask-peer.ts';
import { COUNTER_ROLES } from './assertion.ts';
import { Community, OWN_REQUEST, type TsumugiContract } from './contract.ts';
import type { Contracts } from './contracts.ts';
import { PairAnswer, type PairRequest } from './messages.ts';
import type { Paired, Pairings } from './pairings.ts';
import { PeerFault } from './peer-http.ts';

export interface PairingRoutesParts extends Pick<Services, 'resources'> {
  readonly pairings: Pairings;
  readonly contracts: Pick<Contracts, 'all' | 'active'>;
  readonly ask: AskPeer;
}

const WHO = ['resident', ...COUNTER_ROLES] as const;
const WAIT_MS = 5_000;

const Id = z.string().check(z.regex(/^[A-Za-z0-9\-.]{1,64}$/, 'not a FHIR id'));
const Wanted = z.strictObject({ community: Community, patient: z.optional(Id) });
const Brought = z.strictObject({
  community: Community,
  code: z.string().check(z.minLength(12), z.maxLength(40)),
  patient: z.optional(Id),
});

export const pairingRoutes = ({ resources, pairings, contracts, ask }: PairingRoutesParts): JsonRoute[] => {
  /** Of a resident one of the own records; at a counter any. */
  const whose = async ({ actor }: Context, named: string | undefined): Promise<string> => {
    const patient = named ?? actor.patients[0];
    if (patient === undefined) throw refuse('invalid', 'patient: whose records', 'patient');
    const isOwn = actor.kind !== 'resident' || (actor.patients.includes(patient) && !actor.minors?.includes(patient));
    const stored = isOwn ? await resources.get('Patient', patient) : undefined;
    if (!stored || stored.deleted) throw notFound('a Patient with this id');
    return patient;
  };
  const linkedWith = async (community: string): Promise<TsumugiContract> => {
    const found = (await contracts.active()).find((one) => one.community === community);
    if (!found) throw refuse('conflict', 'there is no link contract with this community in force');
    if (found.protocol !== 'tsumugi') throw refuse('notSupported', 'this community knows no pairing');
    return found;
  };
  const say = (context: Context, contract: TsumugiContract, body: PairRequest) => {
    const { actor, requestId } = context;
    const purpose = actor.kind === 'resident' ? OWN_REQUEST : 'PATADMIN';
    const signal = AbortSignal.timeout(WAIT_MS);
    return ask(contract, 'pair', body, { actor, purpose, requestId, signal, room: { bytes: ROOM_BYTES } });
  };
  const touch = (context: Context, action: 'R' | 'U', patient: string) =>
    note(context, action, `Patient/${patient}`, resources.patientKey(patient));

  return [
    route({
      method: 'POST',
      path: '/federation/pairings/codes',
      interaction: 'federation-pairing-offer',
      roles: WHO,
      body: Wanted,
      handle: async (context, { body }) => {
        const patient = await whose(context, body.patient);
        const { community } = await linkedWith(body.community);
        touch(context, 'U', patient);
        const { code, until } = await pairings.offer(patient, community);
        return { status: 201, body: { code, expires: new Date(until).toISOString() } };
      },
    }),
    route({
      method: 'POST',
      path: '/federation/pairings',
      interaction: 'federation-pairing-redeem',
      roles: WHO,
      body: Brought,
      handle: async (context, { body }) => {
        const patient = await whose(context, body.patient);
        const contract = await linkedWith(body.community);
        const { token, finish } = await pairings.begin(patient, contract.community);
        touch(context, 'U', patient);
        const { data: answer } = PairAnswer.safeParse(
          await say(context, contract, { code: body.code, token }).catch(inWords),
        );
        if (!answer) throw inWords(new PeerFault('structure', ''));
        await finish(answer.token);
        return { status: 201, body: { community: contract.community, name: contract.name } };
      },
    }),
    route({
      method: 'GET',
      path: '/federation/pairings',
      interaction: 'federation-pairing-list',
      query: ['patient'],
      roles: WHO,
      handle: async (context, { query }) => {
        const patient = await whose(context, query.patient);
        const [found, all] = await Promise.all([pairings.list(patient), contracts.all()]);
        touch(context, 'R', patient);
        const nameOf = (community: string) => all.find((one) => one.community === community)?.name;
        return { status: 200, body: { pairings: found.map((one) => view(one, nameOf(one.community))) } };
      },
    }),
    route({
      method: 'DELETE',
      path: '/federation/pairings/{community}',
      interaction: 'federation-pairing-end',
      query: ['patient'],
      roles: WHO,
      handle: async (context, { params, query }) => {
        const patient = await whose(context, query.patient);
        const community = params.community!;
        const ended = await pairings.end(patient, community);
        if (!ended) throw notFound('a pairing with this community');
        touch(context, 'U', patient);
        // It is over here whether or not they hear of it: what they ask by it is refused.
        const contract = (await contracts.active()).find((one) => one.community === community);
        if (contract?.protocol === 'tsumugi') await say(context, contract, { end: ended.token }).catch(() => undefined);
        return { status: 204 };
      },
    }),
  ];
};

const view = ({ community, at, ended }: Paired & { readonly community: string }, name: string | undefined) => ({
  community,
  ...(name !== undefined && { name }),
  since: new Date(at).toISOString(),
  active: ended === undefined,
});

/** What the other side said, as who typed the code must hear it. */
const inWords = (error: unknown): never => {
  if (!(error instanceof PeerFault)) throw error;
  if (error.code === 'not-found') throw notFound('a code of that region that is still good');
  if (error.code === 'timeout' || error.code === 'transient')
    throw new FhirError('unavailable', [
      { diagnostics: 'the other region does not answer now; the code is still good' },
    ]);
  throw refuse('conflict', 'the other region does not take the code');
};
