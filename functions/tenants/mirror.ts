// Facilities and staff as everybody sees them: Organization, Practitioner, PractitionerRole. The ids are made from ours, so
// that writing a mirror twice writes one resource.
import type { Resource } from '../fhir/types.ts';
import type { Context, Services } from '../interactions/contract.ts';
import { note } from '../interactions/json-route.ts';
import { commitOne, createWrite, ownerOf, replaceWrite } from '../interactions/write/draft.ts';
import type { Membership } from './facility-roles.ts';
import type { FacilityRecord, StaffRecord } from './records.ts';

export type MirrorNeeds = Pick<Services, 'resources'>;

const NOWHERE = { patient: undefined, otherPatients: [], date: undefined, spansDays: false };

export const organizationId = ({ resources }: MirrorNeeds, code: string): string =>
  resources.allocate('Organization', NOWHERE, `tenant facility ${code}`);

export const practitionerId = ({ resources }: MirrorNeeds, username: string): string =>
  resources.allocate('Practitioner', NOWHERE, `tenant staff ${username}`);

const roleId = ({ resources }: MirrorNeeds, staff: string, facility: string): string =>
  resources.allocate('PractitionerRole', NOWHERE, `tenant role ${staff} ${facility}`);

const CODE_SYSTEM = 'http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no';
const ORGANIZATION_TYPE = 'http://terminology.hl7.org/CodeSystem/organization-type';
const LICENCE_CODES = 'http://jpfhir.jp/fhir/core/CodeSystem/JP_MedicalLicenseCertificate_CS';
const LICENCE_NUMBER = 'http://jpfhir.jp/fhir/core/mhlw/IdSystem/medicalRegistrationNumber';
const OFFICES = ['municipality', 'operator', 'fire'];

export const writeOrganization = (
  needs: MirrorNeeds,
  context: Context,
  { code, kana, otherCodes, organization }: FacilityRecord,
  { name, type, disabled }: { readonly name: string; readonly type: string; readonly disabled: boolean },
): Promise<void> =>
  put(needs, context, {
    resourceType: 'Organization',
    id: organization,
    identifier: [code, ...otherCodes].map((value) => ({ system: CODE_SYSTEM, value })),
    active: !disabled,
    type: [
      {
        coding: [{ system: ORGANIZATION_TYPE, code: OFFICES.includes(type) ? 'govt' : 'prov' }],
        text: type,
      },
    ],
    name,
    ...(kana !== undefined && { alias: [kana] }),
  });

export interface MirroredStaff {
  readonly record: StaffRecord;
  readonly disabled: boolean;
  readonly memberships: readonly Membership[];
  /** Places that the person has left. */
  readonly left: readonly Membership[];
}

export const writePractitioner = async (
  needs: MirrorNeeds,
  context: Context,
  { record, disabled, memberships, left }: MirroredStaff,
  organizationOf: (code: string) => Promise<string | undefined>,
): Promise<void> => {
  const professions = [...new Set(memberships.map(({ profession }) => profession))];
  await put(needs, context, {
    resourceType: 'Practitioner',
    id: record.id,
    active: !disabled,
    name: namesOf(record.name),
    ...(record.licence !== undefined && {
      qualification: [
        {
          identifier: [{ ...(professions.includes('doctor') && { system: LICENCE_NUMBER }), value: record.licence }],
          code: professions.includes('doctor')
            ? { coding: [{ system: LICENCE_CODES, code: 'medical-registration' }] }
            : { text: professions.join(', ') },
        },
      ],
    }),
  });
  const places = [
    ...memberships.map((at) => ({ at, active: !disabled })),
    ...left
      .filter(({ facility }) => !memberships.some((one) => one.facility === facility))
      .map((at) => ({ at, active: false })),
  ];
  for (const { at, active } of places) {
    const organization = await organizationOf(at.facility);
    await put(needs, context, {
      resourceType: 'PractitionerRole',
      id: roleId(needs, record.id, at.facility),
      active,
      practitioner: { reference: `Practitioner/${record.id}` },
      organization:
        organization === undefined
          ? { identifier: { system: CODE_SYSTEM, value: at.facility } }
          : { reference: `Organization/${organization}` },
      code: [{ text: at.profession }],
    });
  }
};

/** https://jpfhir.jp/fhir/core/1.2.0/StructureDefinition-jp-humanname.html */
const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';

const namesOf = ({ family, given, familyKana, givenKana }: StaffRecord['name']) => {
  const as = (valueCode: string) => [{ url: REPRESENTATION, valueCode }];
  const kana = [familyKana, givenKana].filter((part) => part !== undefined);
  return [
    { extension: as('IDE'), use: 'official', text: `${family} ${given}`, family, given: [given] },
    ...(kana.length > 0
      ? [
          {
            extension: as('SYL'),
            use: 'official',
            text: kana.join(' '),
            ...(familyKana !== undefined && { family: familyKana }),
            ...(givenKana !== undefined && { given: [givenKana] }),
          },
        ]
      : []),
  ];
};

/**
 * The same text makes no version, so that a mirror may be written as often as one likes. What a facility has written of itself
 * stays its own: nobody else changes a resource of a facility, not even the desk.
 */
const put = async (needs: MirrorNeeds, context: Context, resource: Resource & { id: string }): Promise<void> => {
  const { resourceType: type, id } = resource;
  const previous = await needs.resources.get(type, id);
  if (previous && previous.facility !== ownerOf(context)) return;
  const made = { type, resource, method: 'PUT' } as const;
  const write = previous
    ? replaceWrite(needs, context, previous, made)
    : createWrite(needs, context, made, { assigned: id });
  if (!write) return;
  await commitOne(needs, context, write, false);
  note(context, previous ? 'U' : 'C', `${type}/${id}`);
};
