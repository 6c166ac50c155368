// GET /federation/fhir/metadata: what can be asked of all communities, said as FHIR servers say it. Made of the region's own statement:
// https://hl7.org/fhir/R4/capabilitystatement.html
import type { Resource } from '../fhir/types.ts';
import { isServed } from './asked.ts';
import { COMMUNITY } from './communities.ts';

interface OfType {
  readonly type: string;
  readonly searchParam?: readonly object[];
  readonly operation?: readonly { readonly name: string }[];
  readonly [other: string]: unknown;
}

const OWN_PARAMETERS = [
  { name: COMMUNITY, type: 'token', documentation: 'Communities that are asked, by OID or name; without it, all' },
  { name: '_deadline', type: 'number', documentation: 'Milliseconds for all of it, 25000 at most' },
];

const SEARCH = 'About one patient of this region: patient=, subject= (Patient: _id=), or Patient/{id}/{type}';
const READ = 'With patient=, a Patient of this region, and _community= where the record is of another one';

const ofType = ({ type, searchParam = [], operation = [], searchInclude, searchRevInclude }: OfType) => {
  const isBinary = type === 'Binary';
  const own = operation.filter(({ name }) => type === 'Patient' && name === 'everything');
  return {
    type,
    documentation: 'docs/federation.md',
    interaction: [
      { code: 'read', documentation: READ },
      ...(isBinary ? [] : [{ code: 'search-type', documentation: SEARCH }]),
    ],
    ...(!isBinary && { searchInclude, searchRevInclude, searchParam: [...searchParam, ...OWN_PARAMETERS] }),
    ...(own.length > 0 && { operation: own }),
  };
};

export const federatedStatement = (own: Resource, baseUrl: string): Resource => {
  const url = `${baseUrl}/federation/fhir`;
  const [server] = own.rest as readonly { readonly resource: readonly OfType[]; readonly security?: object }[];
  const { patchFormat: _, ...statement } = own;
  return {
    ...statement,
    url: `${url}/metadata`,
    title: `${own.title}, and the communities under contract with it`,
    implementation: { description: 'One question to this region and to all that it is linked with', url },
    rest: [
      {
        mode: 'server',
        security: server?.security,
        resource: (server?.resource ?? []).filter(({ type }) => isServed(type) || type === 'Binary').map(ofType),
      },
    ],
  };
};
