// The whole record on one page: what must not be missed first, then everything by kind and by time.
import { Alert, Badge, Checkbox, Group, NativeSelect, Stack, Tabs, Text } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import type { Resource } from '../api/client.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { IssueList } from '../ui/states.tsx';
import { Documents } from './documents.tsx';
import { ItemList } from './items.tsx';
import styles from './record.module.css';
import { type Chart, current, type Item, isPast } from './record.ts';
import { Team } from './team.tsx';
import { Trends } from './trends.tsx';
import type { LoadedRecord } from './use-record.ts';
import { typeName, useRecordText } from './words.ts';

export const ChartView = ({
  record,
  withOverview = true,
}: {
  readonly record: LoadedRecord;
  /** False where what must not be missed stands above already. */
  readonly withOverview?: boolean;
}): ReactNode => {
  const t = useRecordText();
  const { chart, warnings, loading, resources } = record;
  return (
    <Stack gap="md">
      {warnings.length > 0 && (
        <Alert color="orange" title={t('warnings')} role="status">
          <IssueList issues={warnings} />
        </Alert>
      )}
      {withOverview && (
        <div className={styles.overview}>
          <Card title={t('problems')}>
            <Problems items={chart.problems} />
          </Card>
          <Card title={t('allergies')}>
            <ItemList items={chart.allergies} none={t('noAllergies')} />
          </Card>
          <Card title={t('medicines')}>
            <Medicines items={chart.medicines} />
          </Card>
        </div>
      )}
      <Sections chart={chart} resources={resources} />
      <Text size="xs" c="dimmed" role="status">
        {loading ? t('loadingMore') : t('records', { count: resources.length })}
      </Text>
    </Stack>
  );
};

const Card = ({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode => (
  <section className={styles.card} aria-label={title}>
    <h2 className={styles.cardTitle}>{title}</h2>
    {children}
  </section>
);

/** What is there now comes first; what is over can be seen. */
export const Problems = ({ items }: { readonly items: readonly Item[] }): ReactNode => {
  const t = useRecordText();
  const past = items.filter(isPast);
  return (
    <>
      <ItemList items={items.filter((item) => !isPast(item))} none={t(past.length > 0 ? 'noProblemsNow' : 'none')} />
      {past.length > 0 && (
        <details className={styles.past}>
          <summary>{t('pastProblems', { count: past.length })}</summary>
          <ItemList items={past} />
        </details>
      )}
    </>
  );
};

const Medicines = ({ items }: { readonly items: readonly Item[] }): ReactNode => {
  const t = useRecordText();
  const [only, setOnly] = useState(true);
  const now = current(items);
  const hidden = items.length - now.length;
  return (
    <>
      <Checkbox size="xs" label={t('currentOnly')} checked={only} onChange={() => setOnly(!only)} />
      <ItemList items={only ? now : items} none={t(hidden > 0 ? 'noMedicinesNow' : 'none')} withType />
      {only && hidden > 0 && (
        <Text size="xs" c="dimmed">
          {t('pastMedicines', { count: hidden })}
        </Text>
      )}
    </>
  );
};

const Sections = ({
  chart,
  resources,
}: {
  readonly chart: Chart;
  readonly resources: readonly Resource[];
}): ReactNode => {
  const t = useRecordText();
  const tabs = [
    ['timeline', chart.timeline.length, () => <Timeline items={chart.timeline} />],
    ['labs', chart.labs.length, () => <Trends series={chart.labs} />],
    ['vitals', chart.vitals.length, () => <Trends series={chart.vitals} />],
    ['findings', chart.findings.length, () => <ItemList items={chart.findings} />],
    [
      'documents',
      chart.documents.length,
      () => <Documents items={chart.documents} resources={resources} patientId={chart.patient?.id} />,
    ],
    ['visits', chart.visits.length, () => <ItemList items={chart.visits} />],
    ['care', chart.care.length, () => <ItemList items={chart.care} withType />],
    ['team', chart.carers.length, () => <Team chart={chart} />],
    ['immunizations', chart.immunizations.length, () => <ItemList items={chart.immunizations} />],
  ] as const;
  return (
    <Tabs defaultValue="timeline" keepMounted={false}>
      <Tabs.List>
        {tabs.map(([name, count]) => (
          <Tabs.Tab
            key={name}
            value={name}
            rightSection={
              count > 0 ? (
                <Badge size="xs" variant="light">
                  {count}
                </Badge>
              ) : undefined
            }
          >
            {t(name)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(([name, , view]) => (
        <Tabs.Panel key={name} value={name} pt="sm">
          {view()}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
};

const Timeline = ({ items }: { readonly items: readonly Item[] }): ReactNode => {
  const t = useRecordText();
  const { language } = useLanguage();
  const [type, setType] = useState('');
  const [source, setSource] = useState('');
  const types = useMemo(() => [...new Set(items.map(({ resource }) => resource.resourceType))].sort(), [items]);
  const facilities = useMemo(() => [...new Set(items.map((item) => item.source).filter(Boolean))].sort(), [items]);
  const shown = items.filter(
    (item) => (type === '' || item.resource.resourceType === type) && (source === '' || item.source === source),
  );
  return (
    <Stack gap="sm">
      <Group>
        <NativeSelect
          label={t('kind')}
          value={type}
          onChange={(event) => setType(event.currentTarget.value)}
          data={[
            { value: '', label: t('all') },
            ...types.map((value) => ({ value, label: typeName(language, value) })),
          ]}
        />
        <NativeSelect
          label={t('facility')}
          value={source}
          onChange={(event) => setSource(event.currentTarget.value)}
          data={[{ value: '', label: t('all') }, ...facilities.map((value) => ({ value, label: value }))]}
        />
      </Group>
      <ItemList key={`${type}|${source}`} items={shown} withType />
    </Stack>
  );
};
