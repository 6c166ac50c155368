// Who writes, and where: the own facility's record of the person where there is one, else the one that was opened.
import type { Resource } from '../api/client.ts';
import { type Reference, targetOf } from '../record/fhir.ts';
import type { Chart } from '../record/record.ts';
import { useWho } from '../ui/context.ts';
import { useOwnFacility } from '../ui/own-facility.ts';
import type { Writer } from './entry/draft.ts';

const isOf = (code: string, resources: readonly Resource[]) => {
  const own = new Set(
    resources
      .filter(
        ({ resourceType, identifier }) =>
          resourceType === 'Organization' && (identifier as { value?: string }[])?.some(({ value }) => value === code),
      )
      .map(({ id }) => `Organization/${id}`),
  );
  return (record: Resource): boolean => own.has(targetOf(record['managingOrganization'] as Reference) ?? '');
};

/** The own facility's record of the person. */
export const ownRecord = (
  chart: Chart,
  resources: readonly Resource[],
  facility: string | undefined,
): Resource | undefined => (facility === undefined ? undefined : chart.records.find(isOf(facility, resources)));

export interface Place {
  readonly writer: Writer;
  /** Whose record it is, for the reader. */
  readonly name: string;
  /** The own facility has registered the person. */
  readonly registered: boolean;
}

export const usePlace = (chart: Chart, resources: readonly Resource[]): Place => {
  const who = useWho();
  const own = useOwnFacility();
  const mine = ownRecord(chart, resources, who.facility);
  const record = mine ?? chart.patient;
  const organization = targetOf(record?.['managingOrganization'] as Reference | undefined);
  const listed = resources.find(({ resourceType, id }) => `${resourceType}/${id}` === organization);
  return {
    writer: {
      patient: `Patient/${record?.id}`,
      organization: own.organization,
      facility: who.facility,
      subject: who.subject,
      profession: who.profession,
    },
    name: String(listed?.['name'] ?? own.name),
    registered: mine !== undefined,
  };
};
