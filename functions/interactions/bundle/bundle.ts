import { FhirError, refuse } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { bundleText } from '../bundle-text.ts';
import type { Interaction } from '../contract.ts';
import { fhirBase, fhirBases, preferReturn } from '../headers.ts';
import { assertValid, isObject, readJson } from '../write/body.ts';
import { batch } from './batch.ts';
import { inEntry, MAX_ENTRIES, parseEntry } from './entries.ts';
import { gather, type Needs } from './plan.ts';
import { transaction } from './transaction.ts';

/** Batch and transaction: https://hl7.org/fhir/R4/http.html#transaction */
export const bundle =
  (services: Needs, dispatch: Interaction): Interaction =>
  async (context, request) => {
    const body = readJson(request);
    if (!isObject(body) || body.resourceType !== 'Bundle')
      throw refuse('invalid', 'only a Bundle can be posted to the base');
    const { type, entry = [], ...rest } = body;
    if (type !== 'batch' && type !== 'transaction') {
      throw refuse('invalid', 'Bundle.type must be batch or transaction', 'Bundle.type');
    }
    if (!Array.isArray(entry)) throw refuse('invalid', 'Bundle.entry must be a list', 'Bundle.entry');
    // An empty list of entries is no FHIR, but no error here either: https://hl7.org/fhir/R4/http.html#trules
    assertValid({ ...rest, type } as unknown as Resource, 'Bundle');
    if (entry.length > MAX_ENTRIES) {
      throw refuse(
        'tooLarge',
        `a Bundle holds at most ${MAX_ENTRIES} entries; larger files go through an upload (docs/loading.md)`,
      );
    }

    const base = fhirBase(services.region);
    const bases = fhirBases(services.region);
    const parse = (value: unknown, at: number) => parseEntry(value, at, bases, request.headers.prefer);
    if (type === 'batch') {
      const parsed = entry.map((value: unknown, at) => attempt(at, () => parse(value, at)));
      const entries = await batch(dispatch, context, base, parsed);
      return { status: 200, text: bundleText({ type: 'batch-response', timestamp: context.now, entries }) };
    }
    const parsed = gather(
      [...entry.entries()],
      ([at]) => at,
      ([at, value]) => parse(value, at),
    );
    const entries = await transaction(services, dispatch, context, base, parsed, preferReturn(request.headers));
    return { status: 200, text: bundleText({ type: 'transaction-response', timestamp: context.now, entries }) };
  };

const attempt = <T>(at: number, run: () => T): T | FhirError => {
  try {
    return run();
  } catch (error) {
    if (error instanceof FhirError) return inEntry(at, error);
    throw error;
  }
};
