import type { Issue, Resource } from '../../fhir/types.ts';
import { assertNoPointer, isRawBinary, rawBinary } from '../binary.ts';
import type { FhirRequest, Services } from '../contract.ts';
import { fhirBases } from '../headers.ts';
import { assertValid, readResource } from './body.ts';
import { assertProfiles } from './meets-profiles.ts';
import { normaliseReferences } from './references.ts';

/** The resource in the body, valid, as its profiles want it, with its references as they are to be stored. */
export const readWritable = async (
  services: Pick<Services, 'region' | 'profiles'>,
  request: FhirRequest,
  type: string,
): Promise<{ resource: Resource; issues: readonly Issue[]; isRaw: boolean }> => {
  const isRaw = isRawBinary(request);
  const resource = isRaw ? rawBinary(request) : readResource(request, type);
  const issues = [...assertValid(resource, type), ...(await assertProfiles(services, resource))];
  if (type === 'Binary') assertNoPointer(resource);
  const bases = fhirBases(services.region);
  // Most bodies never mention our address: a search in the bytes is cheaper than a walk.
  if (!request.body || isRaw || mentions(request.body, bases)) normaliseReferences(resource, bases);
  return { resource, issues, isRaw };
};

const mentions = ({ buffer, byteOffset, byteLength }: Uint8Array, texts: readonly string[]): boolean => {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return texts.some((text) => bytes.includes(text));
};
