// What a warning of a federated answer says of one region: by its code (docs/federation.md), since its sentence is for software.
import type { Issue } from '../api/client.ts';

export type RegionState = 'down' | 'closed' | 'unsure' | 'part' | 'refused';

const STATES: Readonly<Record<string, RegionState>> = {
  timeout: 'down',
  transient: 'down',
  suppressed: 'closed',
  'business-rule': 'closed',
  'multiple-matches': 'unsure',
  incomplete: 'part',
  'too-long': 'part',
  'too-costly': 'part',
  'not-supported': 'part',
};

/** Of a warning that speaks of one region (`Name (urn:oid:…): rule`); undefined: it is about something else. */
export const regionStateOf = ({
  code,
  diagnostics,
}: Pick<Issue, 'code' | 'diagnostics'>): { readonly region: string; readonly state: RegionState } | undefined => {
  const [, region] = /^(.+) \(urn:oid:[\d.]+\): /.exec(diagnostics) ?? [];
  return region === undefined ? undefined : { region, state: STATES[code] ?? 'refused' };
};
