// Pairing (SHACHI-ID): a resident who is signed in gets a one-time code and types it into another system; that system redeems it for a
// pseudonymous id, and writes under a Patient that holds this id and nothing else. No name and no birth date ever cross the wire.
import { createHash, randomBytes } from 'node:crypto';
import { forbidden, notFound, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Stored, Write } from '../storage/port.ts';
import { adding, groupsOf, patientsOf, splitting } from './persons.ts';
import { creating, deciding, type IdentityServices, NOWHERE, replacing } from './store.ts';

/** `Patient?identifier=urn:tsumugi:pairing|<pseudonym>` is how the system names the person from then on. */
export const PAIRING = 'urn:tsumugi:pairing';
/** After the end nothing is found under the pseudonym; what was contributed stays with the facility. */
export const ENDED = 'urn:tsumugi:pairing-ended';
const OFFER = 'urn:tsumugi:pairing-offer';
const MINUTES = 10;

/** 60 bits in letters and digits that are not mistaken for each other, in groups for the eye: no one guesses it in ten minutes. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const newCode = (): string =>
  [...randomBytes(12)]
    .map((byte) => ALPHABET[byte % 32])
    .join('')
    .replace(/(.{4})(?=.)/g, '$1-');
const plainCode = (code: string): string =>
  code
    .normalize('NFKC')
    .toUpperCase()
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1')
    .replace(/[^0-9A-Z]/g, '');
/** The code itself is kept nowhere. */
export const codeHash = (code: string): string =>
  createHash('sha256').update(plainCode(code)).digest('hex').slice(0, 40);
const offerId = (code: string): string => `pairing-${codeHash(code)}`;

interface Offer {
  /** One of the resident's own records; the person is whoever it is linked to when the code is redeemed. */
  readonly patient: string;
  /** Milliseconds. */
  readonly until: number;
  readonly label: string;
}

const offerResource = (offer: Offer): Resource => ({
  resourceType: 'Linkage',
  active: false,
  extension: [{ url: OFFER, valueString: JSON.stringify(offer) }],
  item: [{ type: 'source', resource: { reference: `Patient/${offer.patient}` } }],
});

const offerOf = (stored: Stored | undefined): Offer | undefined => {
  if (!stored || stored.deleted) return undefined;
  const { extension } = stored.resource() as { extension?: { url: string; valueString: string }[] };
  const text = extension?.find(({ url }) => url === OFFER)?.valueString;
  return text === undefined ? undefined : (JSON.parse(text) as Offer);
};

/** A code for one other system, good once and for ten minutes. */
export const offer = async ({ resources, clock }: IdentityServices, patient: string, label: string) => {
  const code = newCode();
  const until = clock() + MINUTES * 60_000;
  await resources.commit(
    [creating(offerResource({ patient, until, label }), offerId(code), { dataClass: 'identity' })],
    clock(),
  );
  return { code, expires: new Date(until).toISOString() };
};

const notGood = () => notFound('a code that is still good');

const pseudonymOf = (patient: Resource): { value: string; system: string } | undefined => {
  const { identifier } = patient as { identifier?: { system?: string; value?: string }[] };
  const found = identifier?.find(({ system }) => system === PAIRING || system === ENDED);
  return found && { value: found.value ?? '', system: found.system! };
};

/**
 * The system's own Patient of the person: a pseudonym, linked, and no more. The offer goes in the same commit, so nobody redeems it
 * twice, and who could not be linked still has a good code.
 */
export const redeem = (services: IdentityServices, code: string, facility: string) =>
  deciding(async () => {
    const { resources, clock } = services;
    const stored = await resources.get('Linkage', offerId(code));
    const found = offerOf(stored);
    if (!stored || !found || found.until < clock()) throw notGood();
    const [group] = await groupsOf(services, [found.patient]);
    if (!group) throw notGood();

    const value = randomBytes(16).toString('hex');
    const patient: Resource = {
      resourceType: 'Patient',
      active: true,
      identifier: [{ use: 'secondary', system: PAIRING, value, assigner: { display: found.label } }],
    };
    const id = resources.allocate('Patient', NOWHERE);
    await resources.commit(
      [
        creating(patient, id, { facility }),
        ...(await adding(services, group, id, 'level4')),
        { kind: 'delete', previous: stored, facility: stored.facility } satisfies Write,
      ],
      clock(),
    );
    return { id, value, owner: found.patient };
  });

export interface Paired {
  readonly patient: string;
  readonly facility: string;
  readonly label: string;
  readonly since: string;
  readonly active: boolean;
}

/** What the resident has paired: the pseudonym itself is the other system's business. */
export const pairings = async (services: IdentityServices, patients: readonly string[]): Promise<Paired[]> => {
  const groups = await groupsOf(services, patients);
  return groups.flatMap(({ members }) =>
    members.flatMap(({ id, stored }) => {
      const resource = stored.deleted ? undefined : stored.resource();
      const pseudonym = resource && pseudonymOf(resource);
      if (!resource || !pseudonym) return [];
      const { identifier } = resource as { identifier?: { assigner?: { display?: string } }[] };
      return {
        patient: id,
        facility: stored.facility,
        label: identifier?.[0]?.assigner?.display ?? '',
        since: new Date(stored.lastUpdated).toISOString(),
        active: pseudonym.system === PAIRING,
      };
    }),
  );
};

/** The resident ends a pairing: the record leaves the person, and nothing more can be written under the pseudonym. */
export const endPairing = (services: IdentityServices, paired: string, patients: readonly string[]): Promise<void> =>
  deciding(async () => {
    const { resources, clock } = services;
    const [group] = await groupsOf(services, [paired]);
    const member = group?.members.find(({ id }) => id === paired);
    const pseudonym = member && !member.stored.deleted && pseudonymOf(member.stored.resource());
    if (!group || !member || !pseudonym || !patientsOf(group.person.resource()).some((id) => patients.includes(id)))
      throw notFound('a pairing with this id');
    const { writes } = await splitting(services, group, [paired]);
    const ended: Resource = {
      ...member.stored.resource(),
      active: false,
      identifier: [
        { use: 'old', system: ENDED, value: pseudonym.value, period: { end: new Date(clock()).toISOString() } },
      ],
    };
    await resources.commit([replacing(member.stored, ended, { facility: member.stored.facility }), ...writes], clock());
  });

export const facilityOf = (facility: string | undefined): string => {
  if (facility === undefined) throw forbidden('who redeems a code must belong to a facility');
  return facility;
};

export const LABEL_RULE = 'at most 60 characters';
export const parseLabel = (label: string): string => {
  if ([...label].length > 60) throw refuse('invalid', `label: ${LABEL_RULE}`, 'label');
  return label;
};
