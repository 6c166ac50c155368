import { FhirError } from '../../fhir/outcome.ts';
import type { Context, Interaction } from '../contract.ts';
import { asRefusal } from '../faults.ts';
import { isUnchanged } from '../headers.ts';
import { type Entry, inEntry } from './entries.ts';
import { answeredEntry, refusedEntry } from './response.ts';

/** Entries of a batch do not wait for each other; more at once would only queue behind the same connections. */
const AT_ONCE = 8;

/** Each entry succeeds or fails on its own: https://hl7.org/fhir/R4/http.html#brules */
export const batch = async (
  dispatch: Interaction,
  context: Context,
  base: string,
  entries: readonly (Entry | FhirError)[],
): Promise<string[]> => {
  const answers: string[] = new Array(entries.length);
  let next = 0;
  const work = async () => {
    for (let at = next++; at < entries.length; at = next++)
      answers[at] = await answerOf(dispatch, context, base, entries[at]!, at);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answers;
};

export const answerOf = async (
  dispatch: Interaction,
  context: Context,
  base: string,
  entry: Entry | FhirError,
  at: number,
): Promise<string> => {
  if (entry instanceof FhirError) return refusedEntry(entry);
  try {
    const answer = await dispatch(context, entry.request);
    const shown = isUnchanged(answer, entry.request) ? { ...answer, status: 304 } : answer;
    return answeredEntry(base, shown, entry.request.method === 'HEAD' || shown.status === 304);
  } catch (error) {
    return refusedEntry(inEntry(at, asRefusal(error, context.requestId)));
  }
};
