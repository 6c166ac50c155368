import type { Resource } from '../fhir/types.ts';

const patient = /^Patient\/[A-Za-z0-9\-.]{1,64}$/;

/** Elements that name the patient whom a resource is about, before any other mention of one. */
const ABOUT = ['subject', 'patient', 'beneficiary', 'for', 'individual'];

const mention = (value: unknown): string | undefined => {
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = mention(item);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Record<string, unknown>;
  if (typeof record.reference === 'string') return patient.test(record.reference) ? record.reference : undefined;
  for (const name in record) {
    const found = typeof record[name] === 'object' ? mention(record[name]) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
};

/**
 * The patient with whom a resource is loaded: itself, the one it is about, else the first that it mentions.
 * It decides only what lands together; where a resource is stored is the store's business (search/index-entries.ts).
 */
export const patientOf = (resource: Resource): string | undefined => {
  if (resource.resourceType === 'Patient') return resource.id === undefined ? undefined : `Patient/${resource.id}`;
  for (const name of ABOUT) {
    const found = mention(resource[name]);
    if (found !== undefined) return found;
  }
  return mention(resource);
};
