import { gone, notFound } from '../fhir/outcome.ts';
import { readBinary } from './binary.ts';
import type { Interaction, Services } from './contract.ts';
import { versionHeaders } from './headers.ts';
import { parseId, parseType } from './ids.ts';
import { assertReadable, disclose } from './permit.ts';
import { subsetAnswer } from './subset.ts';

/** FHIR read: https://hl7.org/fhir/R4/http.html#read */
export const read =
  (services: Pick<Services, 'resources' | 'documents'>): Interaction =>
  async (context, request) => {
    const type = parseType(request.path[0]!);
    const id = parseId(type, request.path[1]!);

    const stored = await services.resources.get(type, id);
    if (!stored) throw notFound(`${type}/${id}`);
    assertReadable(services.resources, context, stored);
    // Whoever brings it back to life can say that it follows the deletion.
    if (stored.deleted) throw gone(`${type}/${id}`, { etag: versionHeaders(stored).etag });

    disclose(context, 'R', stored);
    if (type === 'Binary') return readBinary(services, context, request, stored);
    return subsetAnswer(stored, request);
  };
