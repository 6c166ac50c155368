// Commits writes together with the heads that follow from them, and decides who may take whose consent.
import { forbidden } from '../fhir/outcome.ts';
import type { Resources, Stored, Write } from '../storage/port.ts';
import { WriteRefused } from '../storage/write-refused.ts';
import type { Actor } from './actor.ts';
import { isInForce } from './compile.ts';
import { after, patientOf, withHeads } from './head-writes.ts';

/** Two who change one person's consents at the same time meet at the heads; each tries again with what the other has written. */
const TRIES = 12;
/** Those of one batch begin together; a little chance keeps them from meeting for ever. */
const MOST_WAIT_MS = 25;
const pause = () => new Promise((done) => setTimeout(done, Math.random() * MOST_WAIT_MS));

export interface Committed {
  readonly stored: Stored[];
  /** Whose heads were written. */
  readonly patients: readonly string[];
}

export const commitWithHeads = async (
  resources: Resources,
  actor: Actor,
  writes: readonly Write[],
  now: number,
): Promise<Committed> => {
  await assertMayTake(resources, actor, writes);
  for (let tries = 1; ; tries += 1) {
    const all = await withHeads(resources, writes);
    try {
      const stored = await resources.commit(all, now);
      return { stored, patients: all.slice(writes.length).flatMap((one) => (one.kind === 'head' ? one.patient : [])) };
    } catch (error) {
      if (!(error instanceof WriteRefused) || error.at < writes.length || tries === TRIES) throw error;
      await pause();
    }
  }
};

const DESKS = ['municipality', 'operator'];

/**
 * A resident takes the own consent (decide.ts sees to that), the enrolment desk anybody's, a facility that of its own patients: a
 * consent for somebody whom it has never seen would be a key that it cuts for itself.
 */
const assertMayTake = async (resources: Resources, actor: Actor, writes: readonly Write[]): Promise<void> => {
  if (actor.kind === 'resident') return;
  const named = writes.flatMap((write) => {
    if (write.kind !== 'create' && write.kind !== 'replace') return [];
    const consent = write.draft.type === 'Consent' ? after(write) : undefined;
    return consent && isInForce(consent) ? [patientOf(consent) ?? ''] : [];
  });
  if (named.length === 0) return;
  const patients = [...new Set(named)];
  const stored = await resources.getMany(patients.map((id) => ({ type: 'Patient', id })));
  const isDesk = DESKS.includes(actor.facilityType ?? '');
  patients.forEach((id, at) => {
    const one = stored[at];
    const made = writes.some(
      (write) => write.kind === 'create' && write.draft.type === 'Patient' && write.draft.id === id,
    );
    if (made || (one && !one.deleted && (isDesk || one.facility === actor.facility))) return;
    throw forbidden('Consent.patient: a facility takes the consent of patients whom it has registered itself');
  });
};
