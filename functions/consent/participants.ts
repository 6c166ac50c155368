// What is sent from one facility to another: who it is addressed to may read it, and may write the elements that this table lists.

import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '../fhir/types.ts';

interface Addressed {
  /** Elements that name who takes part; a dot goes into an element, a list is gone through. */
  readonly by: readonly string[];
  readonly mayWrite: readonly string[];
}

export const ADDRESSED: Readonly<Record<string, Addressed>> = {
  Task: {
    by: ['owner', 'restriction.recipient'],
    mayWrite: ['status', 'statusReason', 'businessStatus', 'executionPeriod', 'lastModified', 'note', 'output'],
  },
  Appointment: {
    by: ['participant.actor'],
    mayWrite: [
      'status',
      'cancelationReason',
      'participant.status',
      'comment',
      'slot',
      'start',
      'end',
      'minutesDuration',
    ],
  },
  Communication: { by: ['recipient'], mayWrite: ['status', 'statusReason', 'received', 'note'] },
};

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

const at = (value: unknown, path: readonly string[]): unknown[] => {
  if (Array.isArray(value)) return value.flatMap((one) => at(one, path));
  const [name, ...rest] = path;
  if (name === undefined) return [value];
  return isNode(value) && value[name] !== undefined ? at(value[name], rest) : [];
};

/** Whether a resource is addressed to a facility: named by an identifier with its 10-digit code, or by its Organization. */
export const isAddressedTo = (resource: Resource, code: string, organization: string): boolean =>
  (ADDRESSED[resource.resourceType]?.by ?? [])
    .flatMap((path) => at(resource, path.split('.')))
    .filter(isNode)
    .some(
      ({ reference, identifier }) =>
        reference === `Organization/${organization}` || (isNode(identifier) && identifier.value === code),
    );

/** Elements of a resource that differ and that a participant may not write; a dotted path for parts of an element. */
export const beyondParticipant = (before: Resource, after: Resource): string[] => {
  const free = ADDRESSED[before.resourceType]?.mayWrite ?? [];
  const names = new Set([...Object.keys(before), ...Object.keys(after)].map((name) => name.replace(/^_/, '')));
  const own = (resource: Resource, name: string) => {
    // Labels and profiles are the source's; version and time are ours.
    if (name === 'meta') return filled(without(resource.meta, ['versionId', 'lastUpdated', 'source']));
    const inner = free.filter((path) => path.startsWith(`${name}.`)).map((path) => path.slice(name.length + 1));
    const value = without(resource[name], inner);
    return [value, resource[`_${name}`]];
  };
  return [...names].filter(
    (name) =>
      !free.includes(name) &&
      !(name === 'text' && after.text === undefined) && // a patch drops a narrative that no longer fits
      !isDeepStrictEqual(own(before, name), own(after, name)),
  );
};

const filled = (value: unknown): unknown => (isNode(value) && Object.keys(value).length > 0 ? value : undefined);

const without = (value: unknown, names: readonly string[]): unknown => {
  if (names.length === 0) return value;
  if (Array.isArray(value)) return value.map((one) => without(one, names));
  return isNode(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))) : value;
};
