import { FhirError, refuse } from '../../fhir/outcome.ts';
import type { Context, Interaction } from '../contract.ts';
import { asRefusal } from '../faults.ts';
import { isUnchanged } from '../headers.ts';
import { slotsOf } from '../write/references.ts';
import { type Entry, inEntry } from './entries.ts';
import { answeredEntry, refusedEntry } from './response.ts';

/** Entries of a batch do not wait for each other; more at once would only queue behind the same connections. */
const AT_ONCE = 8;

/** The order of a transaction, though no entry of a batch may depend on it. */
const PHASES = [['DELETE'], ['POST'], ['PUT', 'PATCH'], ['GET', 'HEAD']];

/** Each entry succeeds or fails on its own: https://hl7.org/fhir/R4/http.html#brules */
export const batch = async (
  dispatch: Interaction,
  context: Context,
  base: string,
  entries: readonly (Entry | FhirError)[],
): Promise<string[]> => {
  const answers: string[] = new Array(entries.length);
  const placeholders = placeholdersOf(entries);
  const twice = writtenTwice(entries);
  entries.forEach((entry, at) => {
    const refused = entry instanceof FhirError ? entry : dependency(entry, placeholders, twice);
    if (!refused) return;
    answers[at] = refusedEntry(refused);
    context.refused?.push({ request: entry instanceof FhirError ? undefined : entry.request, status: refused.status });
  });
  for (const methods of PHASES) {
    const phase = entries.filter(
      (entry, at): entry is Entry =>
        answers[at] === undefined && entry instanceof FhirError === false && methods.includes(entry.request.method),
    );
    let next = 0;
    const work = async () => {
      for (let entry = phase[next++]; entry; entry = phase[next++]) {
        answers[entry.at] = await answerOf(dispatch, context, base, entry);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
  return answers;
};

const placeholdersOf = (entries: readonly (Entry | FhirError)[]): ReadonlySet<string> =>
  new Set(
    entries
      .flatMap((entry) => (entry instanceof FhirError ? [] : (entry.fullUrl ?? [])))
      .filter((url) => url.startsWith('urn:')),
  );

/** `Type/id` that more than one entry writes. */
const writtenTwice = (entries: readonly (Entry | FhirError)[]): ReadonlySet<string> => {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const entry of entries) {
    const target = entry instanceof FhirError ? undefined : targetOf(entry);
    if (target === undefined) continue;
    if (seen.has(target)) twice.add(target);
    seen.add(target);
  }
  return twice;
};

const targetOf = ({ request: { method, path } }: Entry): string | undefined =>
  path.length === 2 && (method === 'PUT' || method === 'PATCH' || method === 'DELETE') ? path.join('/') : undefined;

/**
 * A reference to another entry would dangle: its resource gets an id that this one never learns. Of two changes to one
 * resource, one would undo the other, depending on which is sooner.
 */
const dependency = (
  entry: Entry,
  placeholders: ReadonlySet<string>,
  twice: ReadonlySet<string>,
): FhirError | undefined => {
  const { at, resource } = entry;
  const target = targetOf(entry);
  if (target !== undefined && twice.has(target)) {
    return inEntry(at, refuse('invalid', 'another entry of the batch changes the same resource'));
  }
  const refers =
    resource &&
    placeholders.size > 0 &&
    slotsOf(resource).some(({ isReference, value }) => isReference && placeholders.has(value));
  return refers
    ? inEntry(at, refuse('invalid', 'an entry of a batch may not refer to another; send a transaction'))
    : undefined;
};

export const answerOf = async (
  dispatch: Interaction,
  context: Context,
  base: string,
  entry: Entry,
): Promise<string> => {
  try {
    const answer = await dispatch(context, entry.request);
    const shown = isUnchanged(answer, entry.request) ? { ...answer, status: 304 } : answer;
    return answeredEntry(base, shown, entry.request.method === 'HEAD' || shown.status === 304);
  } catch (error) {
    const refusal = asRefusal(error, context.requestId);
    context.refused?.push({ request: entry.request, status: refusal.status });
    return refusedEntry(inEntry(entry.at, refusal));
  }
};
