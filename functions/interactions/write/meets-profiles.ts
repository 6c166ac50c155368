import { FhirError } from '../../fhir/outcome.ts';
import type { Issue, Resource } from '../../fhir/types.ts';
import type { Services } from '../contract.ts';

/** What a resource lacks of its profiles: those that are built in, and where the region has loaded some, those too. */
export const profileFaults = async (
  { profiles }: Pick<Services, 'profiles'>,
  resource: Resource,
): Promise<readonly Issue[]> => {
  if (profiles) return profiles.issues(resource);
  const { profileIssues } = await import('../../profiles/profiles.ts');
  return profileIssues(resource);
};

/** 422, since the body is well-formed and R4: https://hl7.org/fhir/R4/http.html#create */
export const refuseFaults = (issues: readonly Issue[]): void => {
  if (issues.some(({ severity }) => severity === 'error')) throw new FhirError('unprocessable', [...issues]);
};

/** Refuses what claims a profile (or must meet one) and does not. Asked of valid R4 only; answers the warnings. */
export const assertProfiles = async (
  services: Pick<Services, 'profiles'>,
  resource: Resource,
): Promise<readonly Issue[]> => {
  const issues = await profileFaults(services, resource);
  refuseFaults(issues);
  return issues;
};
