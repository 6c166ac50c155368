import type { Interaction, Services } from '../interactions/contract.ts';
import { encounterEverything, everything } from './everything.ts';
import { openUpload, uploadStatus } from './upload.ts';
import { validateOperation } from './validate.ts';

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

/** Every `$operation`; an entry here routes it and claims it. https://hl7.org/fhir/R4/operations.html */
export const OPERATIONS: readonly Operation[] = [
  {
    name: 'everything',
    definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
    levels: ['instance'],
    types: ['Patient'],
    make: everything,
  },
  {
    name: 'everything',
    definition: 'http://hl7.org/fhir/OperationDefinition/Encounter-everything',
    levels: ['instance'],
    types: ['Encounter'],
    make: encounterEverything,
  },
  {
    name: 'validate',
    definition: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
    levels: ['type', 'instance'],
    affectsState: true,
    make: validateOperation,
  },
  // Files larger than a request: docs/loading.md.
  {
    name: 'upload',
    definition: 'urn:tsumugi:operation:upload',
    levels: ['system'],
    affectsState: true,
    make: openUpload,
  },
  {
    name: 'upload-status',
    definition: 'urn:tsumugi:operation:upload-status',
    levels: ['system'],
    make: uploadStatus,
  },
];
