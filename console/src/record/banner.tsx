// Who this is, always in sight. Kanji, kana, birth date, age, sex: two people of one name must not be taken for each other.
import { Badge, Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { ageAt, dateText } from '../i18n/format.ts';
import { useLanguage } from '../i18n/i18n.ts';
import styles from './record.module.css';
import type { Chart } from './record.ts';
import { useRecordText } from './words.ts';

export const Banner = ({
  chart,
  sameName = false,
  children,
}: {
  readonly chart: Chart;
  /** Somebody else is called the same. */
  readonly sameName?: boolean;
  readonly children?: ReactNode;
}): ReactNode => {
  const t = useRecordText();
  const { language } = useLanguage();
  const { patient, names } = chart;
  if (!patient) return null;
  const birthDate = patient['birthDate'] as string | undefined;
  const gender = patient['gender'];
  const severe = chart.allergies.filter(({ resource }) => resource['criticality'] === 'high');
  const dead = patient['deceasedDateTime'] !== undefined || patient['deceasedBoolean'] === true;
  return (
    <section className={styles.banner} aria-label={names.kanji}>
      <Group gap="md" align="baseline">
        <Title order={1} size="h3">
          {names.kanji}
        </Title>
        <Text size="sm" c="dimmed" lang="ja">
          {names.kana}
        </Text>
        {birthDate && (
          <Text>
            {dateText(language, birthDate)} ({t('age', { age: ageAt(birthDate) })})
          </Text>
        )}
        <Text>{t(gender === 'male' || gender === 'female' || gender === 'other' ? gender : 'unknown')}</Text>
        {sameName && (
          <Badge color="orange" variant="filled" c="black" tt="none">
            ⚠ {t('sameName')}
          </Badge>
        )}
        {dead && <Badge color="gray">{t('deceased')}</Badge>}
        {severe.map(({ resource, title }) => (
          <Badge key={resource.id} color="red" variant="filled">
            {title} ({t('severe')})
          </Badge>
        ))}
      </Group>
      {children}
    </section>
  );
};
