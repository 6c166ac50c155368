// A patient index of a few lines for the faces' tests: people are linked by a number they share, and found by exact fields.
import type { Authority, Identifier, PatientData } from '../../../../functions/ihe/patient.ts';
import type { DemographicQuery, FeedEvent, PatientIndex, Sender } from '../../../../functions/ihe/ports.ts';
import { IndexError } from '../../../../functions/ihe/ports.ts';

export const REGION: Authority = { oid: '1.2.392.100.36.1', name: 'REGION' };

export interface MemoryIndex extends PatientIndex {
  readonly authorities: (Authority & { readonly senders: readonly string[] })[];
  readonly people: PatientData[][];
  readonly queries: DemographicQuery[];
}

const same = (a: Identifier, b: Identifier) => a.authority.oid === b.authority.oid && a.value === b.value;

export const memoryIndex = (...authorities: (Authority & { senders: readonly string[] })[]): MemoryIndex => {
  const people: PatientData[][] = [];
  const queries: DemographicQuery[] = [];
  const numbersOf = (person: readonly PatientData[]): Identifier[] => {
    const all = person.flatMap(({ identifiers }) => identifiers);
    return all.filter((one, at) => all.findIndex((other) => same(one, other)) === at);
  };
  const withRegion = (person: PatientData[]) => [
    ...numbersOf(person),
    { authority: REGION, value: `P${people.indexOf(person) + 1}` },
  ];
  const personOf = (identifier: Identifier) =>
    people.find((person) => withRegion(person).some((one) => same(one, identifier)));
  const mine = (identifiers: readonly Identifier[], sender: Sender) => {
    const given = ({ authority }: Identifier) =>
      authorities.find(({ oid }) => oid === authority.oid)?.senders.includes(sender.application);
    if (!identifiers.some(given))
      throw new IndexError('not-its-authority', 'the sender does not give these numbers out');
  };
  const within = (identifiers: readonly Identifier[], domains: readonly Authority[]) =>
    identifiers.filter(({ authority }) => domains.length === 0 || domains.some(({ oid }) => oid === authority.oid));

  const add = (patient: PatientData) => {
    const person = patient.identifiers.map(personOf).find((found) => found !== undefined);
    if (!person) return void people.push([patient]);
    const before = person.findIndex((record) => record.identifiers.some((one) => same(one, patient.identifiers[0]!)));
    if (before >= 0) person[before] = patient;
    else person.push(patient);
  };

  return {
    authorities,
    people,
    queries,
    authority: async ({ oid, name }) =>
      [...authorities, REGION].find(
        (one) => (oid === undefined || one.oid === oid) && (name === undefined || one.name === name),
      ),
    feed: async (event: FeedEvent, sender) => {
      mine(event.patient.identifiers, sender);
      if (event.kind === 'merge') {
        for (const obsolete of event.obsolete) {
          const person = personOf(obsolete);
          if (!person) throw new IndexError('unknown-identifier', 'the number to be merged is not known');
          people.splice(people.indexOf(person), 1);
        }
      }
      add(event.patient);
    },
    relate: async () => {
      throw new IndexError('invalid', 'this index knows no links but those of its people');
    },
    crossReference: async (identifier, domains) => {
      const person = personOf(identifier);
      if (!person) throw new IndexError('unknown-identifier', 'the patient number is not known');
      return { identifiers: within(withRegion(person), domains) };
    },
    query: async (query, { count, cursor }) => {
      queries.push(query);
      const found = people.filter((person) => person.some((patient) => matches(patient, query)));
      const start = Number(cursor ?? 0);
      const page = found.slice(start, start + count);
      return {
        matches: page.map((person) => ({
          patient: { ...person[0]!, identifiers: within(withRegion(person), query.domains) },
          score: 95,
        })),
        total: found.length,
        next: start + count < found.length ? String(start + count) : undefined,
      };
    },
  };
};

const like = (pattern: string | undefined, values: readonly (string | undefined)[]) =>
  pattern === undefined ||
  values.some((value) =>
    pattern.endsWith('*') ? value?.startsWith(pattern.slice(0, -1)) : value?.toLowerCase() === pattern.toLowerCase(),
  );

const matches = (patient: PatientData, query: DemographicQuery): boolean =>
  (query.names.length === 0 ||
    query.names.some(
      ({ family, given }) =>
        like(
          family,
          patient.names.map((name) => name.family),
        ) &&
        like(
          given[0],
          patient.names.map((name) => name.given[0]),
        ),
    )) &&
  (query.gender === undefined || query.gender === patient.gender) &&
  (query.birthDate === undefined || query.birthDate === patient.birthDate) &&
  query.identifiers.every((one) => patient.identifiers.some((other) => same(one, other)));
