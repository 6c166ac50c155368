// Pairing with another region (SHACHI-ID): who has records in two regions gets a one-time code in one of them and enters it in the other,
// or has it entered at a counter. The two regions then name the person to each other by a sealed token; nothing that says who it is is
// ever on the wire. Rows of `registry`:
//
//   pattern                              p                            s              trips  RRU
//   a code, until it is used             federation#code              <sha256>       1      0.5
//   with whom a person is paired         federation#paired#<person>   <community>    1      0.5
//
// A pairing stands on a record that the person has here, and on all that it was linked to then. When one of those is linked to it no
// more, somebody was taken for somebody else: the pairing is over, and the person pairs again.
import { randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import { notFound } from '../fhir/outcome.ts';
import { codeHash, newCode } from '../identity/pairing.ts';
import type { RowStore } from '../services/row-store.ts';
import type { Resources, Seal } from '../storage/port.ts';

/** The person may have to go to a counter in the other region first. */
const CODE_MS = 24 * 3_600_000;
const CODES = 'federation#code';
const PAIRED = (person: string) => `federation#paired#${person}`;

const Offer = z.strictObject({
  patient: z.string(),
  /** Good for this community alone. */
  community: z.string(),
  until: z.number(),
  isUsed: z.optional(z.boolean()),
});

const Paired = z.strictObject({
  id: z.string(),
  /** The record here that it stands on, and what it was linked to. */
  patient: z.string(),
  linked: z.array(z.string()),
  /** What the other side calls the person by. */
  token: z.string(),
  /** Milliseconds. */
  at: z.number(),
  ended: z.optional(z.number()),
});
export type Paired = z.infer<typeof Paired>;

/** How one pairing is named towards the other side: good for that region alone. */
export const Named = z.strictObject({ id: z.string(), person: z.string() });
export type Named = z.infer<typeof Named>;

/** A person here, as a pairing finds it. */
export interface Found {
  readonly patient: string;
  readonly linked: readonly string[];
  readonly pairing: Named;
}

export interface PairingParts {
  readonly rows: RowStore;
  readonly seal: Seal;
  readonly resources: Pick<Resources, 'heads'>;
  readonly clock: () => number;
}

export interface Pairings {
  /** A code for one region, good once and for a day. */
  offer(patient: string, community: string): Promise<{ readonly code: string; readonly until: number }>;
  /** Our name for the person, to be sent with the code that was got there. */
  begin(patient: string, community: string): Promise<{ readonly token: string; finish(theirs: string): Promise<void> }>;
  /** The other region brings a code of ours: both sides know the person from here on. @throws FhirError `notFound` */
  redeem(
    code: string,
    community: string,
    theirs: string,
  ): Promise<{ readonly token: string; readonly patient: string }>;
  /** Who is meant by our own token. Undefined: the pairing is over. */
  find(community: string, token: string): Promise<Found | undefined>;
  isAlive(community: string, pairing: Named): Promise<boolean>;
  /** What the person is called by elsewhere. */
  of(person: string, linked: readonly string[]): Promise<ReadonlyMap<string, Paired>>;
  list(patient: string): Promise<readonly (Paired & { readonly community: string })[]>;
  /** Ends it here. Undefined: there was none. */
  end(patient: string, community: string): Promise<Paired | undefined>;
  /** The other side, which has our token, ends it. */
  endByToken(community: string, token: string): Promise<string | undefined>;
  /** The other side knows its token no more. */
  forget(person: string, community: string, id: string): Promise<void>;
}

/** What correlations and pairings of a person are kept under. */
export const personKey = (person: string | undefined, patient: string): string => person ?? `Patient/${patient}`;

const bindOf = (community: string) => JSON.stringify(['federation-pairing', community]);

const isStanding = ({ linked, ended }: Paired, now: readonly string[]): boolean =>
  ended === undefined && linked.every((id) => now.includes(id));

export const openPairings = ({ rows, seal, resources, clock }: PairingParts): Pairings => {
  const whoIs = async (patient: string) => {
    const [head] = await resources.heads([patient]);
    return { person: personKey(head?.person, patient), linked: [...(head?.linked ?? [patient])] };
  };
  const get = async (person: string, community: string): Promise<Paired | undefined> => {
    const row = await rows.get(PAIRED(person), community);
    return row && Paired.parse(row.data);
  };
  const put = (person: string, community: string, data: Paired) =>
    ({ kind: 'put', p: PAIRED(person), s: community, data }) as const;
  const tokenOf = (community: string, named: Named): string => seal.seal(named, bindOf(community));
  const fresh = async (patient: string) => {
    const { person, linked } = await whoIs(patient);
    return { person, linked, id: randomBytes(16).toString('hex') };
  };
  const alive = async (community: string, { id, person }: Named): Promise<Found | undefined> => {
    const paired = await get(person, community);
    if (paired?.id !== id || paired.ended !== undefined) return undefined;
    const { linked } = await whoIs(paired.patient);
    return isStanding(paired, linked) ? { patient: paired.patient, linked, pairing: { id, person } } : undefined;
  };

  /** Answers the record that it stood on. */
  const close = async (person: string, community: string, id: string): Promise<string | undefined> => {
    const paired = await get(person, community);
    if (paired?.id !== id || paired.ended !== undefined) return undefined;
    await rows.write([put(person, community, { ...paired, ended: clock() })]);
    return paired.patient;
  };

  return {
    offer: async (patient, community) => {
      const code = newCode();
      const until = clock() + CODE_MS;
      const data = { patient, community, until } satisfies z.infer<typeof Offer>;
      await rows.write([{ kind: 'put', p: CODES, s: codeHash(code), data, expect: 'absent', until }]);
      return { code, until };
    },
    begin: async (patient, community) => {
      const { person, linked, id } = await fresh(patient);
      return {
        token: tokenOf(community, { id, person }),
        finish: async (theirs) => {
          await rows.write([put(person, community, { id, patient, linked, token: theirs, at: clock() })]);
        },
      };
    },
    redeem: async (code, community, theirs) => {
      const s = codeHash(code);
      const row = await rows.get(CODES, s);
      const { data: offer } = Offer.safeParse(row?.data);
      if (!row || !offer || offer.isUsed || offer.until < clock() || offer.community !== community) throw notGood();
      const { patient } = offer;
      const { person, linked, id } = await fresh(patient);
      const isFirst = await rows.write([
        { kind: 'put', p: CODES, s, data: { ...offer, isUsed: true }, expect: row.version, until: offer.until },
        put(person, community, { id, patient, linked, token: theirs, at: clock() }),
      ]);
      if (!isFirst) throw notGood();
      return { token: tokenOf(community, { id, person }), patient };
    },
    find: async (community, token) => {
      const { data: named } = Named.safeParse(seal.open(token, bindOf(community)));
      return named && alive(community, named);
    },
    isAlive: async (community, pairing) => (await alive(community, pairing)) !== undefined,
    of: async (person, linked) => {
      const { rows: found } = await rows.list({ p: PAIRED(person), limit: 1_000 });
      return new Map(
        found.flatMap(({ s, data }): [string, Paired][] => {
          const { data: paired } = Paired.safeParse(data);
          return paired && isStanding(paired, linked) ? [[s, paired]] : [];
        }),
      );
    },
    list: async (patient) => {
      const { person } = await whoIs(patient);
      const { rows: found } = await rows.list({ p: PAIRED(person), limit: 1_000 });
      return found.map(({ s, data }) => ({ community: s, ...Paired.parse(data) }));
    },
    end: async (patient, community) => {
      const { person } = await whoIs(patient);
      const paired = await get(person, community);
      if (!paired || paired.ended !== undefined) return undefined;
      await rows.write([put(person, community, { ...paired, ended: clock() })]);
      return paired;
    },
    endByToken: async (community, token) => {
      const { data: named } = Named.safeParse(seal.open(token, bindOf(community)));
      return named && close(named.person, community, named.id);
    },
    forget: async (person, community, id) => {
      await close(person, community, id);
    },
  };
};

const notGood = () => notFound('a code that is still good');
