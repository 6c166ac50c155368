// Records of other regions beside the own: asked for by a switch, since that is a question to each of them; who answered, and who did not, is said.
import { Badge, Group, Switch, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { type JoinedRecord, useJoined } from '../record/joined-record.ts';
import { fromAllRegions, type LoadedRecord, useRecord } from '../record/use-record.ts';
import { useRegionNames } from '../ui/regions.ts';
import { Failure } from '../ui/states.tsx';
import { RegionStates } from './region-states.tsx';

const useText = words({
  ja: {
    with: '他の地域の記録も表示',
    asking: '他の地域に問い合わせています…',
    nothing: '他の地域に表示できる記録はありません。',
    answered: '{region}: {count}件',
  },
  en: {
    with: 'With other regions',
    asking: 'Asking the other regions…',
    nothing: 'Other regions have no records to show.',
    answered: '{region}: {count} records',
  },
});

/** The own record, with what others sent where that is asked for. */
export interface WithRegions extends JoinedRecord {
  readonly on: boolean;
  readonly turn: (on: boolean) => void;
  readonly others: LoadedRecord;
}

export const useRegions = (patientId: string, record: LoadedRecord, mode: string): WithRegions => {
  const [on, turn] = useState(false);
  const others = useRecord(patientId, fromAllRegions, `regions-${mode}`, on);
  return { ...useJoined(record, others, on), on, turn, others };
};

export const Regions = ({ regions }: { readonly regions: WithRegions }): ReactNode => {
  const t = useText();
  const { on, turn, others, answered } = regions;
  const names = useRegionNames(on);
  return (
    <>
      <Group gap="sm" my="xs">
        <Switch checked={on} onChange={(event) => turn(event.currentTarget.checked)} label={t('with')} />
        {on && (
          <Group gap="xs" role="status">
            {others.loading && <Text size="sm">{t('asking')}</Text>}
            {[...answered].map(([region, count]) => (
              <Badge key={region} variant="light" tt="none" title={region}>
                {t('answered', { region: names.get(region) ?? region, count })}
              </Badge>
            ))}
            {!others.loading && !others.error && answered.size === 0 && <Text size="sm">{t('nothing')}</Text>}
          </Group>
        )}
      </Group>
      {on && others.error !== null && others.error !== undefined && (
        <Failure error={others.error} retry={others.retry} />
      )}
      {on && others.warnings.length > 0 && <RegionStates warnings={others.warnings} onRetry={others.retry} />}
    </>
  );
};
