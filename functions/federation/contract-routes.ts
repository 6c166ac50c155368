// /federation/contracts: the operator's desk for link contracts. /federation/communities: what everybody may know of them.
import * as z from 'zod/mini';
import { forbidden, notFound, refuse } from '../fhir/outcome.ts';
import type { Context, Region } from '../interactions/contract.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import type { Circuits, Down } from './circuits.ts';
import {
  ACTIONS,
  AgreedOn,
  Certificates,
  type Contract,
  hasRunOut,
  notInForce,
  Proposal,
  proposed,
  rotated,
  rotating,
  stepped,
} from './contract.ts';
import type { Contracts } from './contracts.ts';
import type { Exchange } from './exchange.ts';
import { assertCertificates, shownCertificate } from './ihe-certificates.ts';
import type { PeerHttp } from './peer-http.ts';

export interface ContractRoutesParts {
  readonly contracts: Contracts;
  readonly circuits: Pick<Circuits, 'known'>;
  readonly exchange: Pick<Exchange, 'tell'>;
  readonly peers: Pick<PeerHttp, 'assertAllowed'>;
  readonly clock: () => number;
  readonly region: Pick<Region, 'homeCommunityId'>;
}

const DESK = ['admin', 'operator'] as const;
const EVERYBODY = [
  ...DESK,
  ...(['doctor', 'dentist', 'nurse', 'pharmacist', 'laboratory', 'care-manager', 'care-staff'] as const),
  ...(['support-centre', 'ambulance', 'municipal', 'privacy', 'resident', 'system'] as const),
];

/** `down`: since when it does not answer, as charts have found out (circuits.ts). */
const view = (contract: Contract, now: number, down?: Down) => {
  const reason = notInForce(contract, now);
  return {
    ...contract,
    inForce: reason === undefined,
    ...(reason !== undefined && { notInForce: reason }),
    ...(down && { down }),
    ...(contract.protocol === 'ihe' && {
      certificates: contract.ihe.certificates.map(shownCertificate),
      nextCertificates: contract.rotation?.certificates.map(shownCertificate),
    }),
  };
};

/** Where what the other side says is checked; an IHE community says nothing. */
const keysAt = (of: Proposal): string | undefined => (of.protocol === 'tsumugi' ? of.jwksUrl : undefined);

const ChangeForm = z.strictObject({ reason: z.optional(z.string().check(z.trim(), z.minLength(1), z.maxLength(300))) });
const RotationForm = z.strictObject({ certificates: Certificates, agreedOn: AgreedOn });
/** What stops or ends data for everybody says why. */
const NEEDS_REASON = ['suspend', 'end'];

export const contractRoutes = ({
  contracts,
  circuits,
  exchange,
  peers,
  clock,
  region,
}: ContractRoutesParts): JsonRoute[] => {
  const known = async (community: string) => {
    const kept = await contracts.get(community);
    if (!kept) throw notFound('a link contract with this community');
    return kept;
  };
  const knownIhe = async (community: string) => {
    const { contract, version } = await known(community);
    if (contract.protocol !== 'ihe')
      throw refuse('invalid', 'the keys of this community are in its key set, not in the contract');
    return { contract, version };
  };
  const assertAddresses = (proposal: Proposal) => {
    if (proposal.protocol === 'ihe')
      for (const name of ['discovery', 'query', 'retrieve'] as const)
        peers.assertAllowed(proposal.ihe[name], `ihe.${name}`);
    else for (const name of ['baseUrl', 'jwksUrl'] as const) peers.assertAllowed(proposal[name], name);
  };
  const answer = (context: Context, contract: Contract) => {
    note(context, 'U', `federation/contracts/${contract.community}`);
    return { status: 200, body: view(contract, clock()) };
  };
  return [
    route({
      method: 'GET',
      path: '/federation/contracts',
      interaction: 'contract-list',
      roles: DESK,
      handle: async () => {
        const [all, down] = await Promise.all([contracts.all(), circuits.known()]);
        return {
          status: 200,
          body: {
            community: region.homeCommunityId,
            contracts: all.map((one) => view(one, clock(), down.get(one.community))),
          },
        };
      },
    }),
    route({
      method: 'POST',
      path: '/federation/contracts',
      interaction: 'contract-propose',
      roles: DESK,
      body: Proposal,
      handle: async (context, { body }) => {
        if (body.community === region.homeCommunityId)
          throw refuse('invalid', 'community: this is the region itself', 'community');
        assertAddresses(body);
        if (hasRunOut(body.terms, clock()))
          throw refuse('invalid', 'terms.until must be a day that is not over', 'terms.until');
        if (body.protocol === 'ihe') assertCertificates(body.ihe.certificates, clock(), 'ihe.certificates');
        const kept = await contracts.get(body.community);
        if (kept && kept.contract.own !== 'ended' && kept.contract.own !== 'proposed')
          throw refuse(
            'conflict',
            `there is a contract with this community, which is ${kept.contract.own} here; end it first`,
          );
        // What the other side has said of its own accord is still what it says, unless its keys are to be looked for elsewhere.
        const peer = kept && keysAt(kept.contract) === keysAt(body) ? kept.contract.peer : undefined;
        const next = { ...proposed(body, clock(), context.actor.subject), ...(peer && { peer }) };
        await contracts.put(next, kept?.version);
        note(context, 'C', `federation/contracts/${body.community}`);
        return { status: 201, body: view(await exchange.tell(body.community), clock()) };
      },
    }),
    route({
      method: 'GET',
      path: '/federation/contracts/{community}',
      interaction: 'contract-read',
      roles: DESK,
      handle: async (_context, { params }) => {
        const [{ contract }, down] = await Promise.all([known(params.community!), circuits.known()]);
        return { status: 200, body: view(contract, clock(), down.get(contract.community)) };
      },
    }),
    route({
      method: 'POST',
      path: '/federation/contracts/{community}/tell',
      interaction: 'contract-tell',
      roles: DESK,
      handle: async (context, { params }) => answer(context, await exchange.tell(params.community!)),
    }),
    route({
      method: 'POST',
      path: '/federation/contracts/{community}/certificates',
      interaction: 'contract-certificates',
      roles: DESK,
      body: RotationForm,
      handle: async (context, { params, body }) => {
        assertCertificates(body.certificates, clock(), 'certificates');
        const { contract, version } = await knownIhe(params.community!);
        const next = rotating(contract, { ...body, by: context.actor.subject, at: clock() });
        await contracts.put(next, version);
        return answer(context, next);
      },
    }),
    route({
      method: 'POST',
      path: '/federation/contracts/{community}/certificates/confirm',
      interaction: 'contract-certificates-confirm',
      roles: DESK,
      handle: async (context, { params }) => {
        const { contract, version } = await knownIhe(params.community!);
        const next = rotated(contract, context.actor.subject);
        await contracts.put(next, version);
        return answer(context, next);
      },
    }),
    ...ACTIONS.map((action) =>
      route({
        method: 'POST',
        path: `/federation/contracts/{community}/${action}`,
        interaction: `contract-${action}`,
        roles: DESK,
        body: ChangeForm,
        handle: async (context, { params, body }) => {
          if (NEEDS_REASON.includes(action) && body.reason === undefined)
            throw refuse('invalid', `reason: to ${action} a contract says why`, 'reason');
          const { contract, version } = await known(params.community!);
          const { subject } = context.actor;
          // First here, then there: what we stop is stopped, whether or not they hear of it.
          await contracts.put(stepped(contract, action, { at: clock(), by: subject, reason: body.reason }), version);
          return answer(context, await exchange.tell(contract.community));
        },
      }),
    ),
    route({
      method: 'GET',
      path: '/federation/communities',
      interaction: 'communities',
      roles: EVERYBODY,
      handle: async ({ actor }) => {
        if (actor.community !== undefined) throw forbidden('this is for people of this region');
        return {
          status: 200,
          body: {
            communities: (await contracts.all())
              .filter(({ own }) => own === 'active' || own === 'suspended')
              .map((one) => ({
                community: one.community,
                name: one.name,
                protocol: one.protocol,
                purposes: one.terms.purposes,
                classes: one.terms.classes,
                ...(one.terms.until && { until: one.terms.until }),
                since: new Date(
                  one.steps.find(({ side, state }) => side === 'own' && state === 'active')?.at ?? 0,
                ).toISOString(),
                inForce: notInForce(one, clock()) === undefined,
              })),
          },
        };
      },
    }),
  ];
};
