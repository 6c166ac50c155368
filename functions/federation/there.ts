// One question to one community, in the words that it speaks: JSON of this software, or IHE's SOAP.
import type { Actor } from '../consent/actor.ts';
import type { Json } from '../fhir/types.ts';
import type { Context } from '../interactions/contract.ts';
import type { Query } from '../search/query.ts';
import type { Asking, AskPeer } from './ask-peer.ts';
import type { Asked } from './asked.ts';
import type { Contract } from './contract.ts';
import type { Correlation } from './correlations.ts';
import { type Finding, findThere } from './find-there.ts';
import type { IheGateway } from './ihe-gateway.ts';
import type { Place } from './merge.ts';
import type { QueryRequest } from './messages.ts';
import { resumedBy } from './own.ts';
import { type Entry, type Page, readPage, resourceOf } from './peer-bundle.ts';
import { PeerFault } from './peer-http.ts';

export interface Speaking {
  readonly ask: AskPeer;
  readonly ihe: IheGateway;
}
/** For a caller of this region. */
type For = Speaking & { readonly context: Pick<Context, 'narrow'> };

type Match = Extract<Correlation, { kind: 'match' }>;

/** `undefined`: there was nothing that may be told. */
export const findIn = (
  { ask, ihe }: Speaking,
  contract: Contract,
  finding: Finding,
  asking: Asking,
  now: number,
): Promise<Correlation | undefined> =>
  contract.protocol === 'ihe'
    ? ihe.find(contract, finding, asking, now)
    : findThere(ask, contract, finding, asking, now);

export interface Wish {
  readonly asked: Extract<Asked, { kind: 'search' | 'everything' }>;
  readonly params: readonly (readonly [string, string])[];
  /** The same, understood; undefined for `$everything`. */
  readonly query: Query | undefined;
  readonly place: Place;
}

export const pageFrom = async (
  { ask, ihe, context }: For,
  contract: Contract,
  { handle, patients }: Match,
  wish: Wish,
  asking: Asking,
): Promise<Page> => {
  const { asked, params, place } = wish;
  if (contract.protocol === 'ihe') return ihe.page(contract, handle, wish, { ...asking, narrow: context.narrow });
  const body: QueryRequest = {
    ...(asked.kind === 'search' ? { kind: 'search', type: asked.type } : { kind: 'everything' }),
    handle,
    params: (place.cursor === undefined ? params : resumedBy(asked.kind, params, place.cursor)).map(([name, value]) => [
      name,
      value,
    ]),
  } as QueryRequest;
  return readPage(await ask(contract, 'fhir', body, asking), {
    type: asked.kind === 'search' ? asked.type : undefined,
    patients: new Set(patients),
    base: `${contract.baseUrl}/fhir`,
  });
};

export const readFrom = async (
  { ask, ihe, context }: For,
  contract: Contract,
  { handle, patients }: Match,
  { type, id }: { readonly type: string; readonly id: string },
  asking: Asking,
): Promise<Entry['resource']> => {
  if (contract.protocol === 'ihe')
    return ihe.read(contract, handle, { type, id }, { ...asking, narrow: context.narrow });
  const body: QueryRequest = { kind: 'read', handle, type, id };
  const answer: Json = await ask(contract, 'fhir', body, asking);
  const resource = resourceOf(
    answer,
    { type, patients: new Set(patients), base: `${contract.baseUrl}/fhir` },
    type === 'Binary',
  );
  if (resource.id !== id)
    throw new PeerFault('structure', 'its answer is refused: it is another record than was asked for');
  return resource;
};

/** Where records of a community have their addresses; an IHE community has none, so they are had through us. */
export const baseIn = (contract: Contract, ownBaseUrl: string): string =>
  contract.protocol === 'ihe' ? `${ownBaseUrl}/federation/fhir` : `${contract.baseUrl}/fhir`;

const IHE_TYPES: readonly string[] = ['DocumentReference', 'Binary'];

/** What it cannot be asked at all, whoever the person is: then nothing is told either. */
export const cannotAnswer = (contract: Contract, asked: Asked, { kind }: Pick<Actor, 'kind'>): string | undefined => {
  if (contract.protocol !== 'ihe') return undefined;
  if (kind === 'resident') return 'not asked: it cannot be told that the person asks for what is his own';
  if (asked.kind !== 'everything' && !IHE_TYPES.includes(asked.type))
    return `not asked: it answers for documents only (IHE XCA), not for ${asked.type}`;
  return contract.terms.classes.includes('document')
    ? undefined
    : 'not asked: it answers for documents only (IHE XCA), which the link contract does not name';
};
