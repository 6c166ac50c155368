// Break-glass as the rest of the system sees it: https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html (BTG).
import type { Actor } from '../consent/actor.ts';

/** Somebody may see the emergency set of one person for a while. Reaches the decision with the question (consent/decide.ts). */
export interface Grant {
  readonly id: string;
  /** Partition keys of the person's records, as `Stored.patientKey` has them. */
  readonly keys: readonly string[];
  /** Milliseconds. */
  readonly until: number;
}

export interface BreakGlassRequest {
  readonly actor: Actor;
  /** Why, in the words of who asks; as the header `X-Purpose-Reason` brought it. */
  readonly reason: string | undefined;
  /** Ids of the patients that the request names. */
  readonly patients: readonly string[];
  /** Another resource that the request names: its patient is looked up. */
  readonly resource?: { readonly type: string; readonly id: string } | undefined;
  readonly now: number;
}

export interface BreakGlass {
  /**
   * Opens a grant for each patient, or finds the one that is open still, and answers all that the actor has open. Refuses who may
   * not, and who gives no reason. When it answers, the person's alert and the privacy officer's case are stored.
   */
  open(request: BreakGlassRequest): Promise<{ readonly grants: readonly Grant[]; readonly reason: string }>;
}
