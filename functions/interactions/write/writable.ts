import type { Issue, Resource } from '../../fhir/types.ts';
import { assertNoPointer, isRawBinary, rawBinary } from '../binary.ts';
import type { FhirRequest, Services } from '../contract.ts';
import { fhirBase } from '../headers.ts';
import { assertValid, readResource } from './body.ts';
import { assertProfiles } from './meets-profiles.ts';
import { normaliseReferences } from './references.ts';

/** The resource in the body, valid, as its profiles want it, with its references as they are to be stored. */
export const readWritable = async (
  services: Pick<Services, 'region' | 'profiles'>,
  request: FhirRequest,
  type: string,
): Promise<{ resource: Resource; issues: readonly Issue[] }> => {
  const resource = isRawBinary(request) ? rawBinary(request) : readResource(request, type);
  const issues = [...assertValid(resource, type), ...(await assertProfiles(services, resource))];
  if (type === 'Binary') assertNoPointer(resource);
  const base = fhirBase(services.region);
  // Most bodies never mention our address: a search in the bytes is cheaper than a walk.
  if (
    !request.body ||
    Buffer.from(request.body.buffer, request.body.byteOffset, request.body.byteLength).includes(base)
  ) {
    normaliseReferences(resource, base);
  }
  return { resource, issues };
};
