import { createHash } from 'node:crypto';
import { RESOURCE_TYPES } from '../fhir/resource-types.ts';
import type { Resource } from '../fhir/types.ts';
import { COMPARTMENT_TYPES } from '../search/compartments.ts';
import { includesOf, untypedReferrers } from '../search/include-claims.ts';
import { SEARCH_PARAMETERS } from '../search/parameters.ts';
import { AUDIT_PARAMS } from './audit-events.ts';
import type { Interaction, Services } from './contract.ts';
import { fhirBase } from './headers.ts';
import { hasEndpoint } from './ids.ts';
import type { Claims } from './routes.ts';
import { subsetOf, subsetResource } from './subset.ts';

/** The day that this statement last changed in substance. */
const DATE = '2026-11-22';

/** https://hl7.org/fhir/R4/http.html#capabilities. The same for every caller, so it is written once and kept as text. */
export const capabilities = (services: Pick<Services, 'region'>, claims: Claims): Interaction => {
  let written: { text: string; etag: string } | undefined;
  return async (_, { params }) => {
    if (!written) {
      const text = JSON.stringify(capabilityStatement(services, claims));
      written = { text, etag: `W/"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"` };
    }
    const { text, etag } = written;
    const subset = subsetOf(params);
    if (!subset) return { status: 200, text, headers: { etag } };
    return { status: 200, resource: subsetResource(capabilityStatement(services, claims), subset), headers: { etag } };
  };
};

export const capabilityStatement = ({ region }: Pick<Services, 'region'>, claims: Claims): Resource => {
  const base = fhirBase(region);
  return {
    resourceType: 'CapabilityStatement',
    url: `${base}/metadata`,
    name: 'Tsumugi',
    title: `Tsumugi, region ${region.name}`,
    status: 'active',
    date: DATE,
    kind: 'instance',
    software: { name: 'Tsumugi', version: '0.1.0' },
    implementation: { description: `Regional health record of ${region.name}`, url: base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: ['application/json-patch+json', 'application/fhir+json'],
    rest: [
      {
        mode: 'server',
        documentation: `Each type also answers _revinclude by the parameters that may point at anything: ${untypedReferrers().join(', ')}`,
        security: security(region.baseUrl),
        resource: RESOURCE_TYPES.filter(hasEndpoint).map((type) => resourceClaims(type, claims)),
        interaction: claims.systemCodes.map((code) => ({ code })),
        operation: claims.operations
          .filter(({ levels }) => levels.includes('system'))
          .map(({ name, definition }) => ({ name, definition })),
        compartment: COMPARTMENT_TYPES.map(
          (type) => `http://hl7.org/fhir/CompartmentDefinition/${type.charAt(0).toLowerCase()}${type.slice(1)}`,
        ),
      },
    ],
  };
};

/** https://hl7.org/fhir/smart-app-launch/STU2.1/conformance.html */
const security = (baseUrl: string) => ({
  cors: true,
  service: [
    {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' }],
    },
  ],
  extension: [
    {
      url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
      extension: [{ url: 'token', valueUri: `${baseUrl}/auth/token` }],
    },
  ],
});

const isAuditParam = (name: string) => AUDIT_PARAMS.some((known) => known === name);

const resourceClaims = (type: string, { codesOf, operations }: Claims) => {
  const codes = codesOf(type);
  const can = (code: string) => codes.includes(code);
  // AuditEvents are rendered from the trail: there is nothing to operate on.
  const isStored = type !== 'AuditEvent';
  const own = operations.filter(({ name, levels, types }) =>
    types ? types.includes(type) : levels.some((level) => level !== 'system') && (isStored || name === 'validate'),
  );
  return {
    type,
    interaction: codes.map((code) => ({ code })),
    versioning: can('update') ? 'versioned-update' : 'no-version',
    readHistory: can('vread'),
    updateCreate: can('update'),
    conditionalCreate: can('create'),
    conditionalRead: isStored ? 'full-support' : 'not-supported',
    conditionalUpdate: can('update'),
    conditionalDelete: can('delete') ? 'single' : 'not-supported',
    referencePolicy: ['literal', 'logical', 'local'],
    ...(isStored && includesOf(type)),
    searchParam: SEARCH_PARAMETERS(type).filter(({ name }) => isStored || isAuditParam(name)),
    ...(own.length > 0 && { operation: own.map(({ name, definition }) => ({ name, definition })) }),
  };
};
