import { type FhirError, operationOutcome } from '../../fhir/outcome.ts';
import type { Stored } from '../../storage/port.ts';
import { publicText } from '../bundle-text.ts';
import type { Answer } from '../contract.ts';
import { type Return, versionHeaders } from '../headers.ts';
import { locationOf } from '../write/answer.ts';
import { statusOf } from './entries.ts';

// The text of each entry of a batch-response or transaction-response: https://hl7.org/fhir/R4/bundle.html#transaction-response

const entryText = (response: Record<string, unknown>, resource?: string, fullUrl?: string): string => {
  const parts = [`"response":${JSON.stringify(response)}`];
  if (resource) parts.unshift(`"resource":${resource}`);
  if (fullUrl) parts.unshift(`"fullUrl":${JSON.stringify(fullUrl)}`);
  return `{${parts.join(',')}}`;
};

/** What was written; the resource itself only when `Prefer: return=representation` asks for it. */
export const writtenEntry = (base: string, status: string, stored: Stored, wanted: Return | undefined): string => {
  const { etag } = versionHeaders(stored);
  const response = {
    status,
    ...(!stored.deleted && { location: locationOf(base, stored) }),
    etag,
    lastModified: new Date(stored.lastUpdated).toISOString(),
    ...(wanted === 'OperationOutcome' && {
      outcome: operationOutcome([{ severity: 'information', code: 'informational', diagnostics: 'done' }]),
    }),
  };
  const resource = wanted === 'representation' && !stored.deleted ? publicText(stored) : undefined;
  return entryText(response, resource, stored.deleted ? undefined : `${base}/${stored.type}/${stored.id}`);
};

export const refusedEntry = (error: FhirError): string =>
  entryText({ status: statusOf(error), outcome: operationOutcome(error.issues) });

/** The answer of an interaction that ran on its own. */
export const answeredEntry = (
  base: string,
  { status, stored, resource, text, headers }: Answer,
  isHead: boolean,
): string => {
  const version = stored ? versionHeaders(stored) : headers;
  // HTTP's date has no milliseconds, but what the resource says of itself has.
  const lastModified = stored?.lastUpdated ?? resource?.meta?.lastUpdated ?? version?.['last-modified'];
  const response = {
    status: String(status),
    ...(headers?.location && { location: headers.location }),
    ...(version?.etag && { etag: version.etag }),
    ...(lastModified && { lastModified: new Date(lastModified).toISOString() }),
    ...(resource?.resourceType === 'OperationOutcome' && { outcome: resource }),
  };
  if (isHead) return entryText(response);
  if (stored && !stored.deleted) return entryText(response, publicText(stored), `${base}/${stored.type}/${stored.id}`);
  const body =
    text ?? (resource && resource.resourceType !== 'OperationOutcome' ? JSON.stringify(resource) : undefined);
  // A part of a resource, or a Binary with its bytes, stands where the resource does.
  const fullUrl = version?.etag && resource?.id ? `${base}/${resource.resourceType}/${resource.id}` : undefined;
  return entryText(response, body, fullUrl);
};
