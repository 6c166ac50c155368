import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { CONTRACTS_KEY, parseContracts, parseNarrow } from '../../../functions/auth/narrow.ts';
import { decide } from '../../../functions/consent/decide.ts';
import { MATRIX, type Narrow, rulesOf } from '../../../functions/consent/matrix.ts';
import { NarrowRow, readNarrow } from '../../../functions/tenants/narrow.ts';
import { given as charts, hospital, openApi, stored } from '../../support/api.ts';
import { type Desk, given as facilities, HOSPITAL, openDesk, PHARMACY } from './desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});

const put = (narrow: unknown) => desk.send('PUT', '/admin/matrix', { narrow });

it('a region takes a column, or all of it but some types, from a role; the page shows what is left', async () => {
  const got = await put({
    pharmacist: { read: { document: false, clinical: { types: ['MedicationRequest'] } } },
    nurse: { write: { care: false } },
  });

  expect(got.status).toBe(200);
  const { body } = await desk.send('GET', '/admin/matrix');
  expect(body.effective.pharmacist.read).toMatchObject({ clinical: { types: ['MedicationRequest'] }, basic: '*' });
  expect(body.effective.pharmacist.read).not.toHaveProperty('document');
  expect(body.effective.nurse.write).not.toHaveProperty('care');
  expect(body.default.nurse.write.care).toBe('*');
});

it.each([
  ['a type that there is not', { pharmacist: { read: { clinical: { types: ['Observations'] } } } }],
  ['a column that the role has not', { 'care-manager': { read: { audit: false } } }],
  ['a type that the role has not', { laboratory: { write: { clinical: { types: ['Condition'] } } } }],
  ['all of a column', { nurse: { read: { clinical: '*' } } }],
  ['a role that there is not', { surgeon: { read: { clinical: false } } }],
  ['a column that there is not', { nurse: { read: { everything: false } } }],
  ['purposes of use', { ambulance: { purposes: [] } }],
])('is refused with %s', async (_, narrow) => {
  expect((await put(narrow)).status).toBe(400);
  expect(await readNarrow(desk.rows)).toEqual({});
});

const ROLES = Object.keys(MATRIX) as (keyof typeof MATRIX)[];
const AREAS = ['basic', 'clinical', 'document', 'care', 'home', 'admin', 'directory', 'enrolment', 'audit'];
const TYPES = [
  'Patient',
  'Observation',
  'Condition',
  'MedicationRequest',
  'DocumentReference',
  'Task',
  'Consent',
  'AuditEvent',
];

it('no row ever widens what a role may do, whatever it says', () => {
  const less = fc.dictionary(
    fc.constantFrom(...AREAS),
    fc.oneof(fc.constant(false as const), fc.record({ types: fc.subarray(TYPES) })),
  );
  const rows = fc.dictionary(fc.constantFrom(...ROLES, 'system'), fc.record({ read: less, write: less }));
  const question = fc.record({
    role: fc.constantFrom(...ROLES),
    action: fc.constantFrom('read', 'search', 'create', 'update', 'delete') as fc.Arbitrary<'read'>,
    type: fc.constantFrom(...TYPES),
    dataClass: fc.constantFrom(...AREAS.slice(0, 6)),
    own: fc.boolean(),
  });
  fc.assert(
    fc.property(rows, question, (row, { role, action, type, dataClass, own }) => {
      const narrow = NarrowRow.parse(row) as Narrow;
      const kind = role === 'resident' ? ('resident' as const) : ('staff' as const);
      const scopes = [
        {
          level: kind === 'resident' ? ('patient' as const) : ('user' as const),
          type: '*',
          create: true,
          read: true,
          update: true,
          delete: true,
          search: true,
        },
      ];
      const actor = { ...hospital, kind, role, scopes, patients: ['p1'] };
      const asked = {
        actor,
        action,
        type,
        dataClass,
        facility: own ? hospital.facility : '3610000099',
        patientId: 'p1',
        purpose: 'ETREAT',
        now: 0,
        consentDefault: 'implicit',
      } as const;
      if (decide({ ...asked, narrow }).permit) expect(decide(asked).permit).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

it('reaches the answer of the API', async () => {
  let narrow: Narrow | undefined;
  const api = openApi({ narrow: async () => narrow });
  const patient = await stored(api, charts.patient());
  const doctor = { ...hospital, kind: 'staff' as const, role: 'doctor' as const, scopes: rulesScopes };
  expect((await api.send('GET', `/Patient/${patient.id}`, { as: doctor })).status).toBe(200);

  narrow = { doctor: { read: { basic: false }, write: { basic: false } } };

  expect((await api.send('GET', `/Patient/${patient.id}`, { as: doctor })).status).toBe(403);
});
const rulesScopes = [
  { level: 'user' as const, type: '*', create: true, read: true, update: true, delete: true, search: true },
];

it('changes nothing for a role that it does not name', () => {
  expect(rulesOf({ role: 'doctor', facilityType: 'hospital' }, { nurse: { read: { care: false } } })).toBe(
    MATRIX.doctor,
  );
});

describe('the contract of a facility', () => {
  const contracts = async () => parseContracts((await desk.rows.get(CONTRACTS_KEY))?.d);
  const change = (contract: { disclose: boolean; view: boolean }) =>
    desk.send('PATCH', `/admin/facilities/${HOSPITAL}`, { contract });

  it('is known to every decision as soon as it is changed', async () => {
    await desk.send('POST', '/admin/facilities', facilities.facility());
    await desk.send('POST', '/admin/facilities', facilities.pharmacy({ contract: { disclose: false, view: true } }));
    expect(await contracts()).toEqual({ noView: new Set(), noDisclose: new Set([PHARMACY]) });

    await change({ disclose: false, view: false });
    expect(await contracts()).toEqual({ noView: new Set([HOSPITAL]), noDisclose: new Set([HOSPITAL, PHARMACY]) });

    await change({ disclose: true, view: true });
    expect(await contracts()).toEqual({ noView: new Set(), noDisclose: new Set([PHARMACY]) });
  });

  it('without "view" leaves a facility its own records, without "disclose" leaves them to itself', async () => {
    const [own, other] = ['3610000001', '3610000002'];
    const doctor = { ...hospital, kind: 'staff' as const, role: 'doctor' as const, facility: own, scopes: rulesScopes };
    const asked = (facility: string, row: { noView?: string[]; noDisclose?: string[] }) =>
      decide({
        actor: doctor,
        action: 'read',
        type: 'Observation',
        dataClass: 'clinical',
        facility,
        patientId: 'p1',
        purpose: 'TREAT',
        now: 0,
        consentDefault: 'implicit',
        narrow: { contracts: parseContracts(JSON.stringify({ noView: [], noDisclose: [], ...row })) },
      }).permit;

    expect(asked(other, {})).toBe(true);
    expect(asked(other, { noView: [own] })).toBe(false);
    expect(asked(own, { noView: [own], noDisclose: [own] })).toBe(true);
    expect(asked(other, { noDisclose: [other] })).toBe(false);
    expect(asked(other, { noDisclose: [own] })).toBe(true);
  });

  it.each(['[]x', '{"noView":[1],"noDisclose":[]}', '{"noView":[]}', 'null'])(
    'in a row such as %s stops the request',
    (text) => {
      expect(() => parseContracts(text)).toThrow();
    },
  );
});

it.each(['{"nurse":{"read":{"care":true}}}', '{"nurse":1}', '[1]', '{"nurse":{"read":{"care":{"types":"x"}}}}'])(
  'a row such as %s stops the request',
  (text) => {
    expect(() => parseNarrow(text)).toThrow();
  },
);
