import { operationOutcome } from '../../fhir/outcome.ts';
import type { Issue } from '../../fhir/types.ts';
import type { Stored } from '../../storage/port.ts';
import { publicText } from '../bundle-text.ts';
import type { Answer, FhirRequest, Services } from '../contract.ts';
import { fhirBase, preferReturn, versionHeaders } from '../headers.ts';

const ALL_OK: Issue = { severity: 'information', code: 'informational', diagnostics: 'stored as sent' };

/** `[base]/[type]/[id]/_history/[vid]`: https://hl7.org/fhir/R4/http.html#create */
export const locationOf = (base: string, { type, id, version }: Stored) => `${base}/${type}/${id}/_history/${version}`;

/** What a successful write answers: the whole resource unless `Prefer` asks for less. */
export const writtenAnswer = (
  { region }: Pick<Services, 'region'>,
  { headers }: FhirRequest,
  status: number,
  stored: Stored,
  issues: readonly Issue[] = [],
): Answer => {
  const location = { location: locationOf(fhirBase(region), stored) };
  switch (preferReturn(headers)) {
    case 'minimal':
      return { status, headers: { ...versionHeaders(stored), ...location } };
    case 'OperationOutcome': {
      const resource = operationOutcome(issues.length > 0 ? issues : [ALL_OK]);
      return { status, resource, headers: { ...versionHeaders(stored), ...location } };
    }
    default:
      return stored.type === 'Binary'
        ? { status, text: publicText(stored), headers: { ...versionHeaders(stored), ...location } }
        : { status, stored, headers: location };
  }
};
