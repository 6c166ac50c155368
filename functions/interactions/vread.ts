import { gone, notFound } from '../fhir/outcome.ts';
import { readBinary } from './binary.ts';
import type { Interaction, Services } from './contract.ts';
import { parseId, parseType, parseVersion } from './ids.ts';
import { assertReadable, disclose, knownTo } from './permit.ts';
import { subsetAnswer } from './subset.ts';

/** FHIR vread: https://hl7.org/fhir/R4/http.html#vread */
export const vread =
  (services: Pick<Services, 'resources' | 'documents'>): Interaction =>
  async (context, request) => {
    const type = parseType(request.path[0]!);
    const id = parseId(type, request.path[1]!);
    const version = parseVersion(`${type}/${id}`, request.path[3]!);

    const stored = knownTo(services.resources, context, await services.resources.getVersion(type, id, version));
    if (!stored) throw notFound(`${type}/${id}/_history/${version}`);
    assertReadable(services.resources, context, stored);
    if (stored.deleted) throw gone(`${type}/${id}/_history/${version}`);

    disclose(context, 'R', stored);
    if (type === 'Binary') return readBinary(services, context, request, stored);
    return subsetAnswer(stored, request);
  };
