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
  entries.forEach((entry, at) => {
    const refused = entry instanceof FhirError ? entry : dependency(entry, placeholders);
    if (refused) answers[at] = refusedEntry(refused);
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

/** A reference to another entry would dangle: its resource gets an id that this one never learns. */
const dependency = ({ at, resource }: Entry, placeholders: ReadonlySet<string>): FhirError | undefined =>
  resource &&
  placeholders.size > 0 &&
  slotsOf(resource).some(({ isReference, value }) => isReference && placeholders.has(value))
    ? inEntry(at, refuse('invalid', 'an entry of a batch may not refer to another; send a transaction'))
    : undefined;

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
    return refusedEntry(inEntry(entry.at, asRefusal(error, context.requestId)));
  }
};
