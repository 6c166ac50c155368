// One question to each community: find the person there, or know where, then ask. What goes wrong with one is an issue about that one.
import { type Sharing, sharingOf } from '../consent/cross-region.ts';
import type { Policy } from '../consent/policy.ts';
import { FhirError } from '../fhir/outcome.ts';
import type { Issue } from '../fhir/types.ts';
import type { Context, Interaction, Services } from '../interactions/contract.ts';
import type { Stored } from '../storage/port.ts';
import { type Asking, HandleEnded } from './ask-peer.ts';
import { urnOf } from './assertion.ts';
import type { Contract } from './contract.ts';
import type { Contracts } from './contracts.ts';
import { type Correlation, type Correlations, isCurrent } from './correlations.ts';
import type { Evidence } from './evidence.ts';
import { PeerFault } from './peer-http.ts';
import { findIn, type Speaking } from './there.ts';

export interface QueryParts extends Speaking {
  /** `resources` brings the patient's rules along (consent/ruled.ts), for one caller. */
  readonly readAs: (context: Context) => Services['resources'];
  readonly services: Pick<Services, 'seal' | 'region' | 'clock' | 'audit'>;
  /** The interactions of the region itself (interactions/routes.ts). */
  readonly fhir: Interaction;
  readonly contracts: Pick<Contracts, 'active' | 'stopped'>;
  readonly correlations: Correlations;
}

/** The person who is asked about, as far as this region knows. */
export interface Person {
  /** What correlations are kept under. */
  readonly key: string;
  readonly patient: Stored;
  readonly policy: Policy;
  readonly evidence: Evidence;
  readonly basis: string;
}

export interface Run extends QueryParts {
  readonly context: Context;
  readonly asking: Asking;
  readonly person: Person;
  readonly active: readonly Contract[];
}

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

/** Finds the person there, or knows where; then asks. Once more from the beginning when the other side says that its handle has ended. */
export const askEach = async <T>(
  run: Run,
  contracts: readonly Contract[],
  question: (contract: Contract, known: Extract<Correlation, { kind: 'match' }>) => Promise<T>,
): Promise<ReadonlyMap<string, Outcome<T>>> => {
  const { asking, person, context, correlations } = run;
  const remembered = contracts.length > 0 ? await correlations.of(person.key) : new Map<string, Correlation>();
  const learnt = new Map<string, Correlation>();
  const now = context.now;
  const { basis, evidence } = person;
  const current = (contract: Contract): Correlation | undefined => {
    const known = remembered.get(contract.community);
    return known && isCurrent(known, { basis, evidence: evidence.hash, now }) ? known : undefined;
  };
  const sharing = new Map(contracts.map((contract) => [contract, sharingWith(run, contract)] as const));
  const mayTell = (contract: Contract) => ['identifiers', 'demographics'].includes(sharing.get(contract)!);
  await recordTelling(
    run,
    contracts.filter((contract) => !current(contract) && mayTell(contract)),
  );

  const find = async (contract: Contract) => {
    const found = await findIn(run, contract, { evidence, basis, sharing: sharing.get(contract)! }, asking, now);
    if (found) learnt.set(contract.community, found);
    return found;
  };
  const one = async (contract: Contract): Promise<Outcome<T>> => {
    if (!contract.terms.purposes.some((purpose) => purpose === asking.purpose))
      return {
        issue: issueOf(contract, 'business-rule', 'not asked: the link contract does not cover this purpose of use'),
      };
    if (sharing.get(contract) === 'refused')
      return { issue: issueOf(contract, 'suppressed', 'not asked: the person shares nothing with it', 'information') };
    let known = current(contract);
    // What was agreed when the person was found may not be agreed now; a pairing is the person's own doing.
    if (!mayTell(contract) && !(known?.kind === 'match' && known.how === 'pairing')) known = undefined;
    for (let tries = 0; ; tries += 1) {
      known ??= await find(contract);
      if (!known)
        return {
          issue: issueOf(
            contract,
            'suppressed',
            'not asked: the person has not agreed to be looked for there',
            'information',
          ),
        };
      if (known.kind === 'none') return undefined;
      if (known.kind !== 'match')
        return {
          issue: issueOf(
            contract,
            'multiple-matches',
            'nobody there is certainly this person; more about the person is needed to tell',
            'information',
          ),
        };
      try {
        return { got: await question(contract, known) };
      } catch (error) {
        if (!(error instanceof HandleEnded) || tries > 0) throw error;
        known = undefined;
      }
    }
  };
  const outcomes = await Promise.all(
    contracts.map(async (contract) => [contract.community, await one(contract).catch(faultOf(contract))] as const),
  );
  if (learnt.size > 0) await correlations.keep(person.key, learnt).catch(() => {}); // it will be found again
  return new Map(outcomes);
};

const faultOf =
  (contract: Contract) =>
  (error: unknown): Outcome<never> => {
    if (error instanceof PeerFault) return { issue: issueOf(contract, error.code, error.message) };
    if (error instanceof HandleEnded)
      return { issue: issueOf(contract, 'transient', 'it has forgotten the person twice') };
    if (error instanceof FhirError || (error instanceof Error && '$metadata' in error)) throw error;
    // What a peer sent made something of ours fail: that is its answer's fault, and nobody else's loss.
    return { issue: issueOf(contract, 'processing', 'its answer could not be worked with') };
  };

const sharingWith = ({ person, context }: Run, { community }: Contract): Sharing =>
  sharingOf({
    policy: person.policy,
    community,
    purpose: context.purpose,
    now: context.now,
    consentDefault: context.consentDefault,
  });

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
