// One question to each community: find the person there, or know where, then ask. What goes wrong with one is an issue about that one.
import { type Sharing, sharingOf } from '../consent/cross-region.ts';
import type { Policy } from '../consent/policy.ts';
import { FhirError } from '../fhir/outcome.ts';
import type { Issue } from '../fhir/types.ts';
import type { Context, Interaction, Services } from '../interactions/contract.ts';
import type { Stored } from '../storage/port.ts';
import { type Asking, HandleEnded } from './ask-peer.ts';
import { urnOf } from './assertion.ts';
import { type Circuits, openWatch, type Watch } from './circuits.ts';
import { BREAK_GLASS, type Contract } from './contract.ts';
import type { Contracts } from './contracts.ts';
import type { Correlation } from './correlations.ts';
import type { Cursors } from './cursor.ts';
import type { Evidence } from './evidence.ts';
import { type KnownThereParts, openKnownThere } from './known-there.ts';
import { PeerFault, StrangerFault } from './peer-http.ts';

export interface QueryParts extends KnownThereParts {
  /** `resources` brings the patient's rules along (consent/ruled.ts), for one caller. */
  readonly readAs: (context: Context) => Services['resources'];
  readonly services: Pick<Services, 'region' | 'clock' | 'audit'>;
  /** The interactions of the region itself (interactions/routes.ts). */
  readonly fhir: Interaction;
  readonly contracts: Pick<Contracts, 'active' | 'stopped'>;
  readonly cursors: Cursors;
  /** Who does not answer at the moment. */
  readonly circuits: Circuits;
}

/** The person who is asked about, as far as this region knows. */
export interface Person {
  /** What correlations are kept under. */
  readonly key: string;
  readonly patient: Stored;
  readonly policy: Policy;
  readonly evidence: Evidence;
  readonly basis: string;
  /** Ids of the Patients of the person here. */
  readonly linked: readonly string[];
}

export interface Run extends QueryParts {
  readonly context: Context;
  readonly asking: Asking;
  readonly person: Person;
  /** Of the communities that are meant, those under a contract in force, and those whose contract is held at the moment. */
  readonly active: readonly Contract[];
  readonly stopped: readonly { readonly contract: Contract; readonly why: string }[];
  readonly isOwnMeant: boolean;
  /** The client asks once more for those who were missing: each of them is tried. */
  readonly isInsisting: boolean;
}

type Match = Extract<Correlation, { kind: 'match' }>;

/** What became of one community. */
export type Outcome<T> = { readonly got: T } | { readonly issue: Issue } | undefined;

export const issueOf = (
  contract: Pick<Contract, 'community' | 'name'>,
  code: string,
  rule: string,
  severity: Issue['severity'] = 'warning',
): Issue => ({
  severity,
  code,
  diagnostics: `${contract.name} (${urnOf(contract.community)}): ${rule}`,
});

const isPersons = ({ kind }: Context['actor']): boolean => kind === 'resident';

/** Why a community is not asked at all. */
const refusal = ({ asking, context }: Run, contract: Contract, sharing: Sharing): Issue | undefined => {
  if (!contract.terms.purposes.some((purpose) => purpose === asking.purpose))
    return issueOf(contract, 'business-rule', 'not asked: the link contract does not cover this purpose of use');
  // As it sees nothing of others at home (consent/decide.ts).
  if (context.narrow?.contracts?.noView.has(context.actor.facility ?? ''))
    return issueOf(contract, 'suppressed', 'not asked: the facility sees its own records only', 'information');
  if (sharing === 'refused' && !isPersons(context.actor))
    return issueOf(contract, 'suppressed', 'not asked: the person shares nothing with it', 'information');
  return undefined;
};

const unknown = ({ context }: Run, contract: Contract): Issue =>
  issueOf(
    contract,
    'suppressed',
    isPersons(context.actor)
      ? 'not asked: it is not known which records there are yours; pair the two regions by a code'
      : 'not asked: the person has not agreed to be looked for there',
    'information',
  );

/**
 * Finds the person there, or knows where; then asks. Once more from the beginning when the other side says that its handle has ended,
 * or shows a record that it did not when the person was found.
 */
export const askEach = async <T>(
  run: Run,
  contracts: readonly Contract[],
  question: (contract: Contract, known: Match, asking: Asking) => Promise<T>,
): Promise<ReadonlyMap<string, Outcome<T>>> => {
  const { asking, person, context } = run;
  const sharing = new Map(contracts.map((contract) => [contract, sharingWith(run, contract)] as const));
  const refused = new Map(
    contracts.map((contract) => [contract, refusal(run, contract, sharing.get(contract)!)] as const),
  );
  const open = contracts.filter((contract) => !refused.get(contract));
  const { actor, purpose, now } = context;
  const [known, watch] = await Promise.all([
    openKnownThere(
      run,
      { ...person, isOwn: isPersons(actor), purpose, now },
      (contract) => sharing.get(contract)!,
      open.length > 0,
    ),
    openWatch({
      circuits: run.circuits,
      communities: open.map(({ community }) => community),
      signal: asking.signal,
      isInsisting: run.isInsisting,
      now,
    }),
  ]);
  await recordTelling(
    run,
    open.filter((one) => watch.isAsked(one.community) && !known.current(one) && known.tells(one)),
  );

  /** Whether the stranger belongs to the person by now, or for who asks now. */
  const knownNow = async (contract: Contract, before: Match, asking: Asking, fault: StrangerFault): Promise<Match> => {
    const found = await known.find(contract, asking).catch(() => undefined);
    if (found?.kind !== 'match' || found.patients.every((id) => before.patients.includes(id))) throw fault;
    return found;
  };
  const one = async (contract: Contract): Promise<Outcome<T>> => {
    const { community } = contract;
    const why = refused.get(contract);
    if (why) return { issue: why };
    if (!watch.isAsked(community))
      return { issue: issueOf(contract, 'transient', `not asked at this moment${watch.sinceWhen(community)}`) };
    const patient: Asking = { ...asking, signal: watch.signalFor(community) };
    let match = known.current(contract);
    for (let tries = 0; ; tries += 1) {
      match ??= await watch.watched(community, () => known.find(contract, patient));
      if (!match) return { issue: unknown(run, contract) };
      if (match.kind === 'none') return undefined;
      if (match.kind !== 'match')
        return {
          issue: issueOf(
            contract,
            'multiple-matches',
            'nobody there is certainly this person; more about the person is needed to tell',
            'information',
          ),
        };
      const found = match;
      try {
        return { got: await watch.watched(community, () => question(contract, found, patient)) };
      } catch (error) {
        if (tries > 0) throw error;
        if (error instanceof HandleEnded) match = undefined;
        else if (error instanceof StrangerFault) match = await knownNow(contract, found, patient, error);
        else throw error;
      }
    }
  };
  const outcomes = await Promise.all(
    contracts.map(
      async (contract) => [contract.community, await one(contract).catch(faultOf(contract, watch))] as const,
    ),
  );
  // Neither is needed for the answer: it will be found again, and found out again.
  await Promise.all([known.keep(), watch.done()].map((work) => work.catch(() => {})));
  return new Map(outcomes);
};

const faultOf =
  (contract: Contract, watch: Watch) =>
  (error: unknown): Outcome<never> => {
    if (error instanceof PeerFault) {
      const since = ['timeout', 'transient'].includes(error.code) ? watch.sinceWhen(contract.community) : '';
      return { issue: issueOf(contract, error.code, error.message + since) };
    }
    if (error instanceof HandleEnded)
      return { issue: issueOf(contract, 'transient', 'it has forgotten the person twice') };
    if (error instanceof FhirError || (error instanceof Error && '$metadata' in error)) throw error;
    // What a peer sent made something of ours fail: that is its answer's fault, and nobody else's loss.
    return { issue: issueOf(contract, 'processing', 'its answer could not be worked with') };
  };

/** In an emergency a number leaves where nothing was said, as the glass opens here what nobody has denied. */
const sharingWith = ({ person, context }: Run, { community }: Contract): Sharing => {
  const { purpose, now, consentDefault, glassOverridesDenial, grants } = context;
  if (isPersons(context.actor)) return 'nothing';
  const { policy, patient } = person;
  const said = sharingOf({ policy, community, purpose, now, consentDefault });
  const isOpened = purpose === BREAK_GLASS && grants?.some(({ keys }) => keys.includes(patient.patientKey ?? ''));
  if (!isOpened || policy.closed) return said;
  return said === 'nothing' || (said === 'refused' && glassOverridesDenial === true) ? 'identifiers' : said;
};

/** Telling others about a person is an access of its own, written down before anything leaves. */
const recordTelling = async ({ services, context, person }: Run, contracts: readonly Contract[]): Promise<void> => {
  if (contracts.length === 0) return;
  const { actor } = context;
  await services.audit.record([
    {
      action: 'E',
      interaction: 'federation-discover',
      actor: actor.subject,
      actorKind: actor.kind,
      role: actor.role,
      facility: actor.facility,
      tokenId: actor.tokenId,
      purpose: context.purpose,
      requestId: context.requestId,
      patientKey: person.patient.patientKey,
      entities: contracts.slice(0, 20).map(({ community }) => urnOf(community)),
      count: contracts.length,
      outcome: '0',
      status: 200,
    },
  ]);
};

export const isFailed = (outcome: Outcome<unknown>): boolean => outcome !== undefined && 'issue' in outcome;

/** It may answer when it is asked once more. */
export const isLate = (outcome: Outcome<unknown>): boolean =>
  outcome !== undefined && 'issue' in outcome && ['timeout', 'transient'].includes(outcome.issue.code);

/** What was shown is written down: ours by its record, others' under the person here and the name of the community. */
export const discloseShown = (
  { context, person, services }: Run,
  local: Context,
  shown: readonly { community: string; resource: { resourceType: string; id: string } }[],
) => {
  const own = services.region.homeCommunityId;
  const names = new Set(
    shown.filter(({ community }) => community === own).map(({ resource }) => `${resource.resourceType}/${resource.id}`),
  );
  context.disclosed.push(...local.disclosed.filter(({ reference }) => names.has(reference)));
  for (const { community, resource } of shown)
    if (community !== own)
      context.disclosed.push({
        patientKey: person.patient.patientKey,
        reference: `${urnOf(community)}/${resource.resourceType}/${resource.id}`,
        action: 'R',
      });
};
