// A record of this region with what other regions sent of the same person, as one chart.
import { useMemo } from 'react';
import { useLanguage } from '../i18n/i18n.ts';
import { useServices } from '../ui/context.ts';
import { useRegionNames } from '../ui/regions.ts';
import { byCommunity, chartOf, joined } from './record.ts';
import type { LoadedRecord } from './use-record.ts';

export interface JoinedRecord {
  readonly record: LoadedRecord;
  /** Records by the OID of the region that sent them. */
  readonly answered: ReadonlyMap<string, number>;
}

/** @param others as `fromAllRegions` loads it (use-record.ts), if it is wanted */
export const useJoined = (record: LoadedRecord, others: LoadedRecord, isWanted: boolean): JoinedRecord => {
  const { homeCommunityId } = useServices().config;
  const { language } = useLanguage();
  const names = useRegionNames(isWanted);
  const sent = useMemo(() => byCommunity(others.resources, homeCommunityId), [others.resources, homeCommunityId]);
  const chart = useMemo(
    () =>
      isWanted
        ? joined(
            record.chart,
            [...sent].map(([oid, resources]) => chartOf('', resources, oid, { language, regionName: names.get(oid) })),
          )
        : record.chart,
    [isWanted, record.chart, sent, language, names],
  );
  const answered = useMemo(() => new Map([...sent].map(([oid, { length }]) => [oid, length])), [sent]);
  return { record: { ...record, chart }, answered };
};
