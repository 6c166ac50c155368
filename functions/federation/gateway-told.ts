// Of whom a community was told documents. XCA retrieves a document by its own name and names no patient, so a name alone would open
// everything that consent lets that community see. Only what is of a person whom it has found, and asked about, is given; and no longer
// than the handle that it found the person by would last.
//
//   pattern                                   p                             s                data
//   a person whose documents were listed      federation#told#<community>   ~<patient key>   patient, basis
//   a document's name that leads nowhere      federation#told#<community>   <name>           id of the DocumentReference
import * as z from 'zod/mini';
import type { RowStore } from '../services/row-store.ts';
import type { Resources } from '../storage/port.ts';
import { sha256 } from './assertion.ts';
import type { Named } from './gateway-names.ts';
import { HANDLE_DAYS, linkBasis } from './handles.ts';

const P = (community: string) => `federation#told#${community}`;
const LIFE_MS = HANDLE_DAYS * 86_400_000;
/** Of a transaction of DynamoDB. */
const AT_ONCE = 100;
/** A list that is asked for again on the same day is not written down again. */
const FRESH_MS = 86_400_000;

/** `names`: a digest of the aliases that were written with it. */
const Person = z.strictObject({ patient: z.string(), basis: z.string(), names: z.string(), until: z.number() });
const Alias = z.strictObject({ kind: z.enum(['document', 'summary']), id: z.string(), until: z.number() });

export interface Told {
  /** Documents of the person of this Patient were listed; these of their names lead nowhere by themselves. */
  tell(patient: string, aliases: readonly (Named & { readonly name: string })[]): Promise<void>;
  /** The Patient under which the person was found whose records lie at this key. */
  foundAt(patientKey: string): Promise<string | undefined>;
  aliasOf(name: string): Promise<Named | undefined>;
}

export interface ToldParts {
  readonly rows: RowStore;
  readonly resources: Pick<Resources, 'heads' | 'patientKey'>;
  readonly clock: () => number;
}

export const openTold = ({ rows, resources, clock }: ToldParts, community: string): Told => {
  const p = P(community);
  const standing = async (patient: string) => {
    const [head] = await resources.heads([patient]);
    const linked = head?.linked ?? [patient];
    return { linked, basis: linkBasis(head?.person, linked) };
  };
  const current = <T extends { readonly until: number }>(row: T | undefined) =>
    row && row.until > clock() ? row : undefined;
  return {
    tell: async (patient, aliases) => {
      const key = (one: string) => `~${resources.patientKey(one)}`;
      const [{ linked, basis }, row] = await Promise.all([standing(patient), rows.get(p, key(patient))]);
      const names = sha256(JSON.stringify(aliases));
      const until = clock() + LIFE_MS;
      const known = current(Person.safeParse(row?.data).data);
      if (known?.basis === basis && known.names === names && known.until > until - FRESH_MS) return;
      const changes = [
        ...linked.map((one) => [key(one), { patient, basis, names, until }] as const),
        ...aliases.map(({ name, kind, id }) => [name, { kind, id, until }] as const),
      ].map(([s, data]) => ({ kind: 'put' as const, p, s, data, until }));
      for (let at = 0; at < changes.length; at += AT_ONCE) await rows.write(changes.slice(at, at + AT_ONCE));
    },
    foundAt: async (patientKey) => {
      const row = await rows.get(p, `~${patientKey}`);
      const found = current(Person.safeParse(row?.data).data);
      // Linked otherwise since: who was found then is perhaps somebody else now.
      return found && (await standing(found.patient)).basis === found.basis ? found.patient : undefined;
    },
    aliasOf: async (name) => {
      const found = current(Alias.safeParse((await rows.get(p, name))?.data).data);
      return found && { kind: found.kind, id: found.id };
    },
  };
};
