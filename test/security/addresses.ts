import type { Role } from '../../functions/consent/actor.ts';
import { writePixQuery } from '../../functions/ihe/hl7v3/pix.ts';
import { writeQuery } from '../../functions/ihe/hl7v3/query.ts';
import { writeEnvelope } from '../../functions/ihe/soap/envelope.ts';
import { evidence } from '../functions/enrolment/given.ts';

import { HOSPITAL, her, type Ids, noClinic, type Step } from './closed-chart.ts';

export const DESK = ['municipal', 'operator'] as const;
const CARERS = ['doctor', 'dentist', 'nurse', 'pharmacist', 'care-manager', 'care-staff', 'support-centre'] as const;
const OFFICE = ['admin', 'operator', 'privacy'] as const;
export const EVERYBODY = [...CARERS, 'laboratory', 'ambulance', 'municipal', ...OFFICE, 'resident', 'system'] as const;

interface Address {
  readonly roles: readonly Role[];
  /** What is asked of her by who may come in. @default the address with her ids in it, without a body */
  readonly steps?: (its: Ids) => readonly Omit<Step, 'method' | 'path'>[];
}
const to = (roles: readonly Role[], ...bodies: ((its: Ids) => unknown)[]): Address => ({
  roles,
  ...(bodies.length > 0 && { steps: (its) => bodies.map((body) => ({ body: body(its) })) }),
});
const why = () => ({ reason: 'x' });
const because = () => ({ why: 'lost' });
const papers = () => ({ evidence });
const wish = () => ({ consent: noClinic });

/** `METHOD path`, who may come in, and what they send. */
export const WALK: Readonly<Record<string, Address>> = {
  'GET /me/account': to(EVERYBODY),
  'POST /me/sign-out': to(EVERYBODY.filter((role) => role !== 'system')),
  'POST /admin/facilities': to(['admin'], () => ({})),
  'GET /admin/facilities': to(OFFICE),
  'GET /admin/facilities/{code}': to(OFFICE),
  'PATCH /admin/facilities/{code}': to(['admin'], () => ({})),
  'POST /admin/staff': to(['admin'], () => ({})),
  'GET /admin/staff': to(OFFICE),
  'GET /admin/staff/{id}': to(OFFICE),
  'POST /admin/staff/{id}/disable': to(['admin']),
  'POST /admin/staff/{id}/enable': to(['admin']),
  'PUT /admin/staff/{id}/places': to(['admin'], () => ({})),
  'POST /admin/staff/{id}/move': to(['admin'], () => ({})),
  'POST /admin/staff/{id}/second-factor/reset': to(['admin']),
  'POST /admin/staff/{id}/invitation': to(['admin']),
  'POST /admin/systems': to(['admin'], () => ({})),
  'GET /admin/systems': to(OFFICE),
  'GET /admin/systems/{clientId}': to(OFFICE),
  'PATCH /admin/systems/{clientId}': to(['admin'], () => ({})),
  'POST /admin/systems/{clientId}/keys': to(['admin'], () => ({})),
  'DELETE /admin/systems/{clientId}/keys/{kid}': to(['admin']),
  'POST /admin/systems/{clientId}/disable': to(['admin']),
  'POST /admin/systems/{clientId}/enable': to(['admin']),
  'GET /admin/matrix': to(OFFICE),
  'PUT /admin/matrix': to(['admin'], () => ({})),
  'GET /admin/review/{kind}': to(['admin', 'privacy']),
  'POST /admin/review/{kind}': to(['admin'], () => ({ keep: [], disable: [] })),
  'GET /admin/reviews': to(['admin', 'privacy']),
  'POST /admin/import/facilities': to(['admin']),
  'POST /admin/import/staff': to(['admin']),
  'GET /admin/usage': to(['admin', 'operator', 'municipal']),
  'GET /admin/break-glass': to(['privacy']),
  'GET /admin/break-glass/{id}': to(['privacy']),
  'POST /admin/break-glass/{id}/review': to(['privacy'], () => ({ outcome: 'justified', note: 'x' })),

  'POST /enrolment/check': to(DESK, () => ({ ...her, sex: 'female' })),
  'POST /enrolment/people': to(DESK, () => ({ ...her, sex: 'female', route: 'counter', consent: noClinic, evidence })),
  'GET /enrolment/people/{person}': to(DESK),
  'POST /enrolment/people/{person}/majority': to(DESK, papers),
  'POST /enrolment/people/{person}/changes': to(DESK, papers),
  'POST /enrolment/people/{person}/withdrawal': to(DESK, papers),
  'POST /enrolment/people/{person}/return': to(DESK, () => ({ consent: noClinic, evidence })),
  'POST /enrolment/people/{person}/death': to(DESK, () => ({ on: '2026-01-01', evidence })),
  'POST /enrolment/people/{person}/cards': to(DESK, because),
  'POST /enrolment/people/{person}/cards/stop': to(DESK, because),
  'POST /enrolment/people/{person}/account': to(DESK, () => ({ email: 'x@example.test', by: 'letter' })),
  'POST /enrolment/people/{person}/account/password': to(DESK, papers),
  'GET /enrolment/people/{person}/proxies': to(DESK),
  'POST /enrolment/people/{person}/proxies': to(DESK, () => ({})),
  'POST /enrolment/proxies/{id}/revocation': to(DESK, papers),
  'POST /enrolment/scans': to(DESK),
  'GET /enrolment/people/{person}/scan': to(DESK),
  'GET /enrolment/applications': to(DESK),
  'GET /enrolment/applications/{receipt}': to(DESK),
  'POST /enrolment/applications/{receipt}/confirmation': to(DESK, papers),
  'POST /enrolment/applications/{receipt}/rejection': to(DESK, why),
  'GET /enrolment/majorities': to(DESK),
  'GET /enrolment/progress': to([...DESK, 'admin', 'privacy']),
  'PUT /enrolment/population/{municipality}': to(['admin', 'operator'], () => ({})),
  'POST /enrolment/progress/recount': to(['admin', 'operator']),
  // Who holds the card is told whose it is: a number that is no card's is the question here.
  'POST /enrolment/cards/lookup': to(
    [...CARERS, 'laboratory', 'ambulance', ...DESK, 'system'],
    () => ({ card: '123456789012' }),
    ({ person }) => ({ card: person }),
    ({ patient }) => ({ card: patient }),
  ),
  'POST /enrolment/consent-codes': to(CARERS, () => ({})),

  'GET /me/enrolment': to(['resident']),
  'GET /me/person': to(['resident']),
  'POST /me/application': to(['resident'], () => ({ ...her, sex: 'female', route: 'app', consent: noClinic })),
  'POST /me/majority': to(['resident']),
  'GET /me/application': to(['resident']),
  'POST /me/contact': to(['resident'], () => ({ phone: '090-0000-0001' })),
  'POST /me/withdrawal': to(['resident']),
  'POST /me/return': to(['resident'], wish),
  'GET /me/cards': to(['resident']),
  'POST /me/cards/stop': to(['resident'], because),
  'GET /me/proxies': to(['resident']),
  'POST /me/proxies/{id}/revocation': to(['resident']),
  'GET /me/alerts': to(['resident']),
  'POST /me/consents/qr': to(['resident'], ({ patient, code }) => ({
    code: code.repeat(3),
    explanation: '1',
    patient,
  })),
  'GET /me/consents': to(['resident']),
  'POST /me/consents/{id}/withdrawal': to(['resident']),
  'POST /me/consents/{id}/resumption': to(['resident']),
  'GET /me/pairings': to(['resident']),
  'POST /me/pairings': to(
    ['resident'],
    ({ patient }) => ({ label: 'x', patient }),
    ({ record }) => ({ label: 'x', patient: record }),
  ),
  'DELETE /me/pairings/{id}': to(['resident']),

  'GET /identity/reviews': to(DESK),
  'GET /identity/pairs/{id}': to(DESK),
  'GET /identity/patients/{id}/person': to(DESK),
  'POST /identity/patients/{id}/resolve': to(DESK),
  'POST /identity/links': to(DESK, ({ patient, record }) => ({ patients: [patient, record], reason: 'x' })),
  'POST /identity/differences': to(DESK, ({ patient, record }) => ({ patients: [patient, record], reason: 'x' })),
  'POST /identity/pairs/{id}/unlink': to(DESK, why),
  'POST /identity/pairs/{id}/confirm': to(DESK, why),
  'POST /identity/persons/{id}/split': to(DESK, ({ record }) => ({ patients: [record], reason: 'x' })),
  'POST /identity/merges': to(DESK, ({ patient, record }) => ({ kept: patient, replaced: record, reason: 'x' })),
  'POST /identity/pairs/{id}/unmerge': to(DESK, why),
  'POST /identity/pairing': to(['system'], () => ({ code: 'ABCD-EFGH-JKMN' })),

  'GET /federation/contracts': to(['admin', 'operator']),
  'POST /federation/contracts': to(['admin', 'operator'], () => ({})),
  'GET /federation/contracts/{community}': to(['admin', 'operator']),
  'POST /federation/contracts/{community}/tell': to(['admin', 'operator']),
  'POST /federation/contracts/{community}/approve': to(['admin', 'operator'], () => ({})),
  'POST /federation/contracts/{community}/activate': to(['admin', 'operator'], () => ({})),
  'POST /federation/contracts/{community}/suspend': to(['admin', 'operator'], () => ({})),
  'POST /federation/contracts/{community}/resume': to(['admin', 'operator'], () => ({})),
  'POST /federation/contracts/{community}/end': to(['admin', 'operator'], () => ({})),
  'POST /federation/contracts/{community}/certificates': to(['admin', 'operator'], () => ({})),
  'POST /federation/contracts/{community}/certificates/confirm': to(['admin', 'operator']),
  'POST /federation/certificates': to(['admin', 'operator'], () => ({})),
  'POST /federation/certificates/{serial}/retire': to(['admin', 'operator'], () => ({})),
  'GET /federation/communities': to(EVERYBODY),
  'POST /federation/pairings/codes': to(
    ['resident', ...DESK],
    ({ patient }) => ({ community: '2.999.3.1', patient }),
    ({ record }) => ({ community: '2.999.3.1', patient: record }),
  ),
  'POST /federation/pairings': to(['resident', ...DESK], ({ patient }) => ({
    community: '2.999.3.1',
    code: 'ABCD-EFGH-JKMN',
    patient,
  })),
  'GET /federation/pairings': to(['resident', ...DESK]),
  'DELETE /federation/pairings/{community}': to(['resident', ...DESK]),

  'GET /audit/affected': to(['privacy']),
  'GET /audit/unusual': to(['privacy']),
  'POST /audit/unusual/{id}': to(['privacy'], () => ({ outcome: 'justified', note: 'x' })),
};

const NAMED: Readonly<Record<string, (its: Ids) => readonly string[]>> = {
  '{person}': ({ person, patient }) => [person, patient],
  '{receipt}': ({ receipt }) => [receipt],
  '{code}': () => ['3610000002'],
  '{clientId}': () => ['system-clinic'],
  '{kid}': () => ['1'],
  '{community}': () => ['2.999.3.1'],
  '{kind}': () => ['staff'],
  '{municipality}': () => ['362018'],
};
/** What `{id}` stands for depends on the address: all that there are of her are tried. */
const anyOf = ({ person, patient, record, note, consent, proxy, paired, pair, glass }: Ids) => [
  ...[person, patient, record, note, consent, proxy, paired, pair, glass],
];
const pathsOf = (path: string, its: Ids): string[] => {
  const segment = /\{[a-zA-Z]+\}/.exec(path)?.[0];
  if (segment === undefined) return [path];
  return (NAMED[segment] ?? anyOf)(its).flatMap((value) =>
    pathsOf(path.replace(segment, encodeURIComponent(value)), its),
  );
};
export const stepsOf = (address: string, its: Ids): Step[] => {
  const [method = '', path = ''] = address.split(' ');
  const bodies = WALK[address]!.steps?.(its) ?? [{}];
  return pathsOf(path, its).flatMap((at) => bodies.map((body) => ({ method, path: at, ...body })));
};

/** Under /fhir and /ihe, by whoever the matrix lets search Patients: her demographics, her numbers. */
export const FACES = ({ record }: Ids): Step[] => {
  const self = { device: '1.2.3.1', now: 0, newId: () => 'x1' };
  const receiver = { device: '1.2.3' };
  const v3 = (face: string, action: string, body: ReturnType<typeof writePixQuery>): Step => ({
    method: 'POST',
    path: `/ihe/${face}`,
    body: writeEnvelope({ action: `urn:hl7-org:v3:${action}`, messageId: 'urn:uuid:1', body }),
    type: 'application/soap+xml; charset=UTF-8',
  });
  const v2 = (type: string, ...rest: string[]): Step => ({
    method: 'POST',
    path: '/ihe/hl7v2',
    body: [`MSH|^~\\&|EMR|C|TSUMUGI|T|20261122||${type}|M1|P|2.5||||||UNICODE UTF-8`, ...rest].join('\r'),
    type: 'application/hl7-v2+er7',
  });
  const match = (more: object): Step => ({
    method: 'POST',
    path: '/fhir/Patient/$match',
    body: {
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: { resourceType: 'Patient', ...more } }],
    },
  });
  const name = [{ family: '隠事', given: ['花'] }];
  const pix = (source: string) => ({
    method: 'GET',
    path: `/fhir/Patient/$ihe-pix?sourceIdentifier=${encodeURIComponent(source)}`,
  });
  const v2pix = (number: string, oid: string) =>
    v2('QBP^Q23^QBP_Q21', `QPD|IHE PIX Query|T|${number}^^^&${oid}&ISO`, 'RCP|I');
  const updates = (format: string) => ({
    method: 'GET',
    path: `/ihe/updates?since=2020-01-01T00:00:00Z&format=${format}`,
  });
  return [
    updates('hl7v2'),
    updates('hl7v3'),
    match({ name, birthDate: her.birthDate }),
    match({ name, telecom: [{ system: 'phone', value: her.phone }] }),
    match({ identifier: [{ system: `urn:oid:${HOSPITAL}`, value: 'P-77' }] }),
    pix(`urn:oid:${HOSPITAL}|P-77`),
    v2pix('P-77', HOSPITAL),
    v2('QBP^Q22^QBP_Q21', 'QPD|Q22^Find Candidates^HL7|T|@PID.5.1.1^隠事~@PID.7^19510401', 'RCP|I'),
    v2('ADT^A08', 'EVN||1', `PID|||P-77^^^&${HOSPITAL}&ISO||X^Y`),
    v2('ADT^A40', 'EVN||1', `PID|||P-77^^^&${HOSPITAL}&ISO||X^Y`, `MRG|C-9^^^&${HOSPITAL}&ISO`),
    v3('pix', 'PRPA_IN201309UV02', writePixQuery(self, receiver, { authority: { oid: HOSPITAL }, value: 'P-77' })),
    v3(
      'pdq',
      'PRPA_IN201305UV02',
      writeQuery({
        self,
        receiver,
        query: {
          ...{ identifiers: [], addresses: [], phones: [], domains: [], gender: 'female' as const },
          names: [{ family: '隠事', given: [] }],
          birthDate: her.birthDate,
        },
      }),
    ),
    match({ id: record, name, birthDate: her.birthDate }),
  ];
};
