// A region in memory with its identity desk: stores, the feed as a call, and Patients of nobody real.

import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import { policyOver } from '../../../functions/consent/head-writes.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { fhirFaces } from '../../../functions/identity/fhir-faces.ts';
import { resolve } from '../../../functions/identity/resolve.ts';
import { identityRoutes } from '../../../functions/identity/routes.ts';
import type { IdentityServices } from '../../../functions/identity/store.ts';
import { identityApi } from '../../../functions/middleware/identity-api.ts';
import type { Api } from '../../support/api.ts';
import { clinic, hospital, openApi, stored } from '../../support/api.ts';

export const KANJI = { url: 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation', valueCode: 'IDE' };
export const KANA = { ...KANJI, valueCode: 'SYL' };

export const patientOf = (facility: string, number: string, more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'Patient',
  identifier: [{ system: `urn:oid:1.2.392.100495.20.3.51.1${facility}`, value: number }],
  name: [
    { extension: [KANJI], use: 'official', family: '阿波', given: ['花子'] },
    { extension: [KANA], use: 'official', family: 'アワ', given: ['ハナコ'] },
  ],
  gender: 'female',
  birthDate: '1951-04-01',
  telecom: [{ system: 'phone', value: '088-600-0001' }],
  address: [{ postalCode: '770-0001', city: '徳島市', line: ['仮町1-2-3'] }],
  ...more,
});

/** The same person, as another machine writes her. */
export const halfWidth = (facility: string, number: string, more: Record<string, unknown> = {}): Resource =>
  patientOf(facility, number, { name: [{ use: 'official', family: 'ｱﾜ', given: ['ﾊﾅｺ'] }], ...more });

export const HOSPITAL = hospital.facility!;
export const CLINIC = clinic.facility!;

export const identityOf = (api: Api): IdentityServices => ({
  resources: api.services.resources,
  audit: api.services.audit,
  clock: api.services.clock,
  policyOver: (patients, writes) => policyOver(api.services.resources, patients, writes),
});

export const openRegion = (api: Api = openApi()) => {
  const services = identityOf(api);
  const { resources } = services;
  return {
    api,
    services,
    resources,
    register: async (patient: Resource, as = hospital) => (await stored(api, patient, { as })).id,
    resolve: (patient: string) => resolve(services, patient),
    /** What is stored of these, versions and times left out. */
    rows: async (...patients: string[]) => {
      const heads = await resources.heads(patients);
      const persons = [...new Set(heads.map((head) => head?.person ?? ''))].sort();
      const rest = (resource: Resource) => {
        const { meta, ...others } = resource;
        const { versionId: _v, lastUpdated: _u, ...own } = meta ?? {};
        return JSON.stringify({ meta: own, ...others });
      };
      return {
        heads: heads.map((head) => {
          const { version: _v, ...others } = head!;
          return JSON.stringify(others);
        }),
        persons: await Promise.all(persons.map(async (id) => rest((await resources.get('Person', id))!.resource()))),
        patients: await Promise.all(patients.map(async (id) => (await resources.get('Patient', id))!.text())),
      };
    },
    personOf: async (patient: string) => (await resources.heads([patient]))[0]?.person,
  };
};

/** The desk and the FHIR faces over the same stores, called as API Gateway calls them. */
export const openDesk = (api: Api = openApi()) => {
  const region = openRegion(api);
  const { services } = api;
  let actor: Actor | undefined;
  const handler = identityApi({
    services,
    authenticate: async () => actor!,
    faces: fhirFaces(services, async (system) => /\.51\.13610000001$|\.51\.13610000002$/.test(system)),
    routes: identityRoutes({ ...region.services, seal: services.seal }),
    log: () => {},
  });
  const call = async (as: Actor, method: string, path: string, body?: object) => {
    actor = as;
    api.time.now += 1000;
    const [rawPath = '', rawQueryString = ''] = path.split('?');
    const isFhir = rawPath.startsWith('/fhir');
    const event = {
      rawPath,
      rawQueryString,
      headers: body ? { 'content-type': isFhir ? 'application/fhir+json' : 'application/json' } : {},
      requestContext: { requestId: 'request-1', http: { method } },
      isBase64Encoded: false,
      ...(body && { body: JSON.stringify(body) }),
    };
    const answer = await handler(event as never, {} as never);
    return { status: answer.statusCode!, body: answer.body ? JSON.parse(answer.body) : undefined };
  };
  return { ...region, call };
};

export const operator: Actor = {
  ...hospital,
  kind: 'staff',
  subject: 'operator-1',
  role: 'operator',
  facility: '9886000007',
  facilityType: 'operator',
  scopes: parseScopes('user/*.cruds'),
};
