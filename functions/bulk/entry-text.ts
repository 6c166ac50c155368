import type { Assigned } from './assign.ts';

/** An assigned entry as it stands in a transaction: https://hl7.org/fhir/R4/bundle.html */
export const entryText = ({ method, url, ifNoneExist, fullUrl, resource }: Assigned): string =>
  JSON.stringify({
    ...(fullUrl !== undefined && { fullUrl }),
    resource,
    request: { method, url, ...(ifNoneExist !== undefined && { ifNoneExist }) },
  });

/** A transaction around entries that are text already. */
export const transactionText = (entries: readonly string[]): string =>
  `{"resourceType":"Bundle","type":"transaction","entry":[${entries.join(',')}]}`;
