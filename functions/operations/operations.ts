import type { Interaction, Services } from '../interactions/contract.ts';
import { late } from '../interactions/late.ts';

export interface Operation {
  /** Without `$`. */
  readonly name: string;
  readonly definition: string;
  readonly levels: readonly ('system' | 'type' | 'instance')[];
  /** Absent: every type. */
  readonly types?: readonly string[];
  /** May only be called by POST. */
  readonly affectsState?: boolean;
  readonly make: (services: Services) => Interaction;
}

type Code = typeof import('./code.ts');

/** All operations are loaded with the first call of one. */
const from =
  (name: keyof Code): Operation['make'] =>
  (services) =>
    late(async () => (await import('./code.ts'))[name](services));

const R4 = 'http://hl7.org/fhir/OperationDefinition';

/** Every `$operation`; an entry here routes it and claims it. https://hl7.org/fhir/R4/operations.html */
export const OPERATIONS: readonly Operation[] = [
  {
    name: 'everything',
    definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
    levels: ['type', 'instance'],
    types: ['Patient'],
    make: from('everything'),
  },
  {
    name: 'everything',
    definition: 'http://hl7.org/fhir/OperationDefinition/Encounter-everything',
    levels: ['instance'],
    types: ['Encounter'],
    make: from('encounterEverything'),
  },
  {
    name: 'summary',
    definition: 'http://hl7.org/fhir/uv/ips/OperationDefinition/summary',
    levels: ['type', 'instance'],
    types: ['Patient'],
    make: from('summary'),
  },
  {
    name: 'validate',
    definition: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
    levels: ['type', 'instance'],
    affectsState: true,
    make: from('validateOperation'),
  },
  { name: 'meta', definition: `${R4}/Resource-meta`, levels: ['instance'], make: from('meta') },
  {
    name: 'meta-add',
    definition: `${R4}/Resource-meta-add`,
    levels: ['instance'],
    affectsState: true,
    make: from('metaAdd'),
  },
  {
    name: 'meta-delete',
    definition: `${R4}/Resource-meta-delete`,
    levels: ['instance'],
    affectsState: true,
    make: from('metaDelete'),
  },
  {
    name: 'lastn',
    definition: `${R4}/Observation-lastn`,
    levels: ['type'],
    types: ['Observation'],
    make: from('lastn'),
  },
  // Terminology: docs/terminology.md.
  {
    name: 'lookup',
    definition: `${R4}/CodeSystem-lookup`,
    levels: ['type'],
    types: ['CodeSystem'],
    make: from('lookup'),
  },
  {
    name: 'validate-code',
    definition: `${R4}/CodeSystem-validate-code`,
    levels: ['type', 'instance'],
    types: ['CodeSystem'],
    make: from('validateCodeInSystem'),
  },
  {
    name: 'validate-code',
    definition: `${R4}/ValueSet-validate-code`,
    levels: ['type', 'instance'],
    types: ['ValueSet'],
    make: from('validateCodeInSet'),
  },
  {
    name: 'expand',
    definition: `${R4}/ValueSet-expand`,
    levels: ['type', 'instance'],
    types: ['ValueSet'],
    make: from('expand'),
  },
  // Files larger than a request: docs/loading.md.
  {
    name: 'upload',
    definition: 'urn:tsumugi:operation:upload',
    levels: ['system'],
    affectsState: true,
    make: from('openUpload'),
  },
  {
    name: 'upload-status',
    definition: 'urn:tsumugi:operation:upload-status',
    levels: ['system'],
    make: from('uploadStatus'),
  },
];

/** Operations under /fhir that another function serves (entries/identity.ts): claimed here, answered there. */
export const ELSEWHERE: readonly Omit<Operation, 'make'>[] = [
  { name: 'match', definition: `${R4}/Patient-match`, levels: ['type'], types: ['Patient'], affectsState: true },
  {
    name: 'ihe-pix',
    definition: 'https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix',
    levels: ['type'],
    types: ['Patient'],
  },
];
