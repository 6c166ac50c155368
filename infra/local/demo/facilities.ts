// The demo facilities of a region. Codes: 10 digits of insured facilities begin with the prefecture's two; care, fire
// department and offices have 9 and nine digits of a telephone number, as everywhere in Japan.
import { join } from 'node:path';
import type { FacilityRow } from '../../../functions/auth/rows.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { readRegion } from '../../regions/read-regions.ts';

type Kind = 'hospital' | 'clinic' | 'pharmacy' | 'care' | 'fire' | 'municipality' | 'operator';

/** `PP` stands for the prefecture. */
const FACILITIES: readonly { kind: Kind; code: string; name: string }[] = [
  { kind: 'hospital', code: 'PP10000001', name: 'デモ中央病院' },
  { kind: 'clinic', code: 'PP10000002', name: 'デモ内科医院' },
  { kind: 'pharmacy', code: 'PP40000003', name: 'デモ薬局' },
  { kind: 'care', code: '9886000004', name: 'デモ居宅介護支援事業所' },
  { kind: 'fire', code: '9886000005', name: 'デモ消防本部' },
  { kind: 'municipality', code: '9886000006', name: 'デモ市役所' },
  { kind: 'operator', code: '9886000007', name: 'デモ地域医療連携協議会' },
];

export type DemoFacilities = Readonly<Record<Kind, FacilityRow>>;

export const demoFacilities = (region: string): DemoFacilities => {
  const { prefecture } = readRegion(join(import.meta.dirname, '../../regions', `${region}.json`));
  const rows = FACILITIES.map(({ kind, code, name }) => [
    kind,
    { code: code.replace('PP', prefecture), type: kind, name, disabled: false },
  ]);
  return Object.fromEntries(rows) as DemoFacilities;
};

const TYPE = 'http://terminology.hl7.org/CodeSystem/organization-type';

/** The same facilities as FHIR Organizations, for whoever loads them: `--empty` regions have them too. */
export const demoOrganizations = (region: string): Resource[] =>
  Object.entries(demoFacilities(region)).map(([kind, { code, name }]) => ({
    resourceType: 'Organization',
    id: `demo-${kind}`,
    identifier: [{ system: 'http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no', value: code }],
    active: true,
    type: [
      {
        coding: [
          kind === 'municipality' || kind === 'operator'
            ? { system: TYPE, code: 'govt', display: 'Government' }
            : { system: TYPE, code: 'prov', display: 'Healthcare Provider' },
        ],
      },
    ],
    name,
  }));
