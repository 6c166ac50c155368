import type { FacilityRow } from '../auth/rows.ts';
import { canonicalSystem } from '../terminology/systems.ts';
import { MEMBER_ID } from './matching/insurance.ts';
import type { KnowsDomain } from './pix.ts';

/** Patient numbers of a facility: https://jpfhir.jp/fhir/core/, JP_Patient.identifier. */
const FACILITY_NUMBERS = /^urn:oid:1\.2\.392\.100495\.20\.3\.51\.1(\d{10})$/;

/** Who gives out identifiers here: facilities of the region, the region, and the insurers. */
export const regionDomains =
  (
    homeCommunityId: string,
    { facility }: { readonly facility: (code: string) => Promise<FacilityRow | undefined> },
  ): KnowsDomain =>
  async (system) => {
    const canonical = canonicalSystem(system);
    if (canonical === MEMBER_ID || canonical.startsWith(`urn:oid:${homeCommunityId}.`)) return true;
    const [, code] = FACILITY_NUMBERS.exec(canonical) ?? [];
    return code !== undefined && (await facility(code)) !== undefined;
  };
