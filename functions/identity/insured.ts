// Insurances that a facility knows of its patient by Coverages, kept where the matcher finds them by their number: one Linkage of
// the region for each Patient, as for pairs (pairs.ts), of a class that no role may read. The Coverages themselves stay what they are, and whose they are.
import { createHash } from 'node:crypto';
import type { Resource } from '../fhir/types.ts';
import type { Lookup, Resources, Stored } from '../storage/port.ts';
import { beneficiaryOf, coverageInsurance, payorsToRead } from './matching/coverage.ts';
import { familyKey, type Insurance } from './matching/insurance.ts';
import { creating, deciding, type IdentityServices, replacing } from './store.ts';

/** What one Coverage has said, up to one version of it. */
interface Said {
  readonly coverage: string;
  readonly facility: string;
  readonly version: number;
  /** Oldest first: a card that was replaced by the next one stays. */
  readonly cards: readonly Insurance[];
}
interface Insured {
  readonly patient: string;
  readonly said: readonly Said[];
}

const INSURED = 'urn:tsumugi:identity-insured';
/** Versions that a Coverage has had since we last looked; a card is not changed that often. */
const MOST_VERSIONS = 20;
/** As many as one person ever has; a client that writes them without end makes no row without end. */
const MOST_COVERAGES = 50;

const insuredId = ({ patientKey }: Pick<Resources, 'patientKey'>, patient: string): string =>
  `insured-${createHash('sha256').update(patientKey(patient)).digest('hex').slice(0, 40)}`;

const insuredIn = (stored: Stored | undefined): Insured | undefined => {
  if (!stored || stored.deleted) return undefined;
  const { extension } = stored.resource() as { extension?: { url: string; valueString: string }[] };
  const text = extension?.find(({ url }) => url === INSURED)?.valueString;
  return text === undefined ? undefined : (JSON.parse(text) as Insured);
};

/** By which somebody is found from another record's number. */
export const insuredBlock = (insurance: Insurance): Pick<Lookup, 'bucket' | 'key' | 'sort'> => ({
  bucket: 'identifier',
  key: `insured|${familyKey(insurance)}`,
  sort: INSURED,
});

const rowsOf = ({ patient, said }: Insured): Lookup[] => {
  const rows = said.flatMap(({ cards }) => cards).map(insuredBlock);
  return [...new Map(rows.map((row) => [row.key, { ...row, card: JSON.stringify({ patient }) }])).values()];
};

/** Of a row that `insuredBlock` leads to. */
export const patientOfRow = (card: string | undefined): string | undefined =>
  card === undefined ? undefined : (JSON.parse(card) as { patient?: string }).patient;

export type InsurancesOf = (patient: Pick<Stored, 'id' | 'facility'>) => readonly Insurance[];

/** What is known of these Patients by Coverages of the facility whose records they are, in one trip: nobody else's word counts. */
export const readInsured = async (resources: Resources, patients: readonly string[]): Promise<InsurancesOf> => {
  const found =
    patients.length === 0
      ? []
      : await resources.getMany(patients.map((id) => ({ type: 'Linkage', id: insuredId(resources, id) })));
  const known = new Map(patients.map((id, at) => [id, insuredIn(found[at])]));
  return ({ id, facility }) =>
    (known.get(id)?.said ?? []).filter((one) => one.facility === facility).flatMap(({ cards }) => cards);
};

/** A number that was corrected, or a branch that is known now, takes the place of what it corrects; another number is another card. */
const withCard = (cards: readonly Insurance[], card: Insurance): Insurance[] => [
  ...cards.filter((one) => familyKey(one) !== familyKey(card)),
  card,
];

/** All versions since the one that is known, oldest first. */
const versionsSince = async (resources: Resources, now: Stored, known: number): Promise<Stored[]> => {
  const first = Math.max(known + 1, now.version - MOST_VERSIONS + 1);
  const numbers = Array.from({ length: Math.max(0, now.version - first) }, (_, at) => first + at);
  const before = await Promise.all(numbers.map((version) => resources.getVersion('Coverage', now.id, version)));
  return [...before.flatMap((one) => one ?? []), now];
};

const insuranceIn = async (resources: Resources, coverage: Resource): Promise<Insurance | undefined> => {
  const refs = payorsToRead(coverage).map((id) => ({ type: 'Organization', id }));
  const payors = refs.length === 0 ? [] : await resources.getMany(refs);
  return coverageInsurance(
    coverage,
    payors.flatMap((one) => (one && !one.deleted ? one.resource() : [])),
  );
};

const told = async (resources: Resources, now: Stored, before: Said | undefined): Promise<Said> => {
  let cards = before?.cards ?? [];
  for (const version of await versionsSince(resources, now, before?.version ?? 0)) {
    const resource = version.deleted ? undefined : version.resource();
    // Not an old card, but one that was never this person's: then it proves nothing, and nothing is held against anybody by it.
    if (!resource || resource.status === 'entered-in-error') cards = [];
    else {
      const card = await insuranceIn(resources, resource);
      if (card) cards = withCard(cards, card);
    }
  }
  return { coverage: now.id, facility: now.facility, version: now.version, cards };
};

/**
 * A facility has written a Coverage: what it says goes to what is known of the Patient. Gives the Patient whose record is to be decided on
 * anew, if the Coverage has ever told an insurance. The same call again changes nothing.
 */
export const takeCoverage = (services: IdentityServices, coverage: string): Promise<string | undefined> =>
  deciding(async () => {
    const { resources, clock } = services;
    const now = await resources.get('Coverage', coverage);
    const last = now?.deleted ? await resources.getVersion('Coverage', coverage, now.version - 1) : now;
    const patient = last && !last.deleted ? beneficiaryOf(last.resource()) : undefined;
    if (!now || patient === undefined) return undefined;
    const id = insuredId(resources, patient);
    const stored = await resources.get('Linkage', id);
    const known = insuredIn(stored)?.said ?? [];
    const before = known.find((one) => one.coverage === coverage);
    if (before && before.version >= now.version) return patient;
    const next = await told(resources, now, before);
    if (!before && next.cards.length === 0) return undefined;
    const said = [...known.filter((one) => one !== before), next].slice(-MOST_COVERAGES);
    const insured = { patient, said };
    const resource = {
      resourceType: 'Linkage',
      active: false,
      extension: [{ url: INSURED, valueString: JSON.stringify(insured) }],
      item: [{ type: 'source', resource: { reference: `Patient/${patient}` } }],
    };
    const kept = { dataClass: 'identity', lookups: rowsOf(insured) };
    const write = stored ? replacing(stored, resource, kept) : creating(resource, id, kept);
    await resources.commit([write], clock());
    return patient;
  });
