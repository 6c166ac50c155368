// ITI-55 at the responding gateway: the discovery of our own protocol (find-here.ts), asked in IHE's words. A match is a handle under the
// region's authority, with what the record says of name, birth date and sex; numbers and addresses are not given back.
import { FhirError } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { MEMBER_ID } from '../identity/matching/insurance.ts';
import type { PatientData } from '../ihe/patient.ts';
import { type FhirPatient, fromFhir, toFhir } from '../ihe/patient-fhir.ts';
import type { DemographicQuery, Discovery, DiscoveryAnswer, RequestedAttribute } from '../ihe/ports.ts';
import type { Context } from '../interactions/contract.ts';
import type { Answering } from './answer.ts';
import type { Names } from './gateway-names.ts';
import { type DiscoverAnswer, DiscoverRequest } from './messages.ts';
import { ownPage } from './own.ts';

export interface DiscoveryParts {
  readonly answering: Answering;
  readonly names: Names;
  /** OID under which the asker names insurances 被保険者個人識別子. */
  readonly insuranceAuthority?: string | undefined;
}

/** https://profiles.ihe.net/ITI/TF/Volume2/ITI-55.html#3.55.4.2.3: a name and a birth date are asked for by the profile itself. */
const ATTRIBUTES: Partial<Record<string, RequestedAttribute>> = {
  gender: 'LivingSubjectAdministrativeGenderRequested',
  telecom: 'PatientTelecomRequested',
  address: 'PatientAddressRequested',
};

const UNAVAILABLE = { kind: 'unavailable', reason: 'AnswerNotAvailable' } as const;

/** What we depend on does not answer at present: asked again, it may. */
export const isBusy = (fault: unknown): boolean =>
  fault instanceof FhirError && (fault.refusal === 'unavailable' || fault.status === 429);

/** Discovery as this caller may use it. */
export const gatewayDiscovery = (
  { answering, names, insuranceAuthority }: DiscoveryParts,
  context: Context,
): Discovery => ({
  discover: async (query): Promise<DiscoveryAnswer> => {
    try {
      const asked = DiscoverRequest.safeParse(requestOf(query, insuranceAuthority));
      if (!asked.success) return UNAVAILABLE;
      const answer = await found(answering, context, asked.data);
      if (answer.kind === 'match') return await matched(answering, names, context, answer);
      const attributes = answer.kind === 'ask' ? answer.attributes.flatMap((name) => ATTRIBUTES[name] ?? []) : [];
      return attributes.length > 0 ? { kind: 'ask', attributes } : { kind: 'none' };
    } catch (fault) {
      if (isBusy(fault)) return { kind: 'unavailable', reason: 'ResponderBusy' };
      if (!(fault instanceof FhirError) || fault.status >= 500) throw fault;
      return UNAVAILABLE;
    }
  },
});

/** By what is said of the person; where that leads nowhere, by the numbers alone, as long as the rest does not contradict. */
const found = async (answering: Answering, context: Context, asked: DiscoverRequest): Promise<DiscoverAnswer> => {
  const first = await answering.discover(context, asked);
  const { demographics, identifiers } = asked;
  if (first.kind === 'match' || !demographics || identifiers.length === 0) return first;
  const attempt = { ...context, disclosed: [] };
  const second = await answering.discover(attempt, { identifiers });
  if (second.kind !== 'match') return first;
  for (const name of ['birthDate', 'gender'] as const) {
    const [ours, theirs] = [second[name], demographics[name]];
    if (ours !== undefined && theirs !== undefined && ours !== theirs) return first;
  }
  context.disclosed.push(...attempt.disclosed);
  return second;
};

const requestOf = (query: DemographicQuery, insuranceAuthority: string | undefined): unknown => {
  const { identifiers, names, gender, birthDate, addresses, phones } = query;
  const patient = toFhir({ identifiers, names, gender, birthDate, addresses, phones });
  const isNamed = names.length > 0 || birthDate !== undefined;
  return {
    identifiers: (patient.identifier ?? []).map(({ system, value }) => ({
      system: insuranceAuthority !== undefined && system === `urn:oid:${insuranceAuthority}` ? MEMBER_ID : system,
      value,
    })),
    ...(isNamed && {
      demographics: {
        name: patient.name ?? [],
        ...(birthDate !== undefined && { birthDate }),
        ...(gender !== undefined && { gender }),
        telecom: patient.telecom ?? [],
        address: (patient.address ?? []).map(({ postalCode, city, line }) => ({
          ...(postalCode !== undefined && { postalCode }),
          ...(city !== undefined && { city }),
          ...(line !== undefined && { line }),
        })),
      },
    }),
  };
};

const matched = async (
  answering: Answering,
  names: Names,
  context: Context,
  { handle }: Extract<DiscoverAnswer, { kind: 'match' }>,
): Promise<DiscoveryAnswer> => {
  // The discovery has noted whom it shows: this is the same Patient.
  const reading = { ...context, disclosed: [] };
  const answer = await answering.query(reading, { kind: 'search', handle, type: 'Patient', params: [] });
  const [entry] = ownPage(answer).entries;
  const patient = { ...shown(entry?.resource), identifiers: [{ authority: { oid: names.patients }, value: handle }] };
  const community = names.home.replace('urn:oid:', '');
  return { kind: 'matches', matches: [{ patient, community, score: 100 }] };
};

const shown = (resource: Resource | undefined): Omit<PatientData, 'identifiers'> => {
  const { names, gender, birthDate } = fromFhir((resource ?? { resourceType: 'Patient' }) as FhirPatient);
  return { names, gender, birthDate, addresses: [], phones: [] };
};
