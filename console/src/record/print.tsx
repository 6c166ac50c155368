// The chart on paper: what somebody takes to another place. Everything that is short, whole; of what is long the newest, and how much
// more there is. https://developer.mozilla.org/docs/Web/CSS/CSS_media_queries/Printing
import { Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { ageAt, dateText, dayText } from '../i18n/format.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { keyOf } from './items.tsx';
import styles from './print.module.css';
import { type Chart, current, type Item, isPast, type Series } from './record.ts';
import { typeName, useRecordText } from './words.ts';

const LINES = 60;
const DAYS = 6;

export const PrintChart = ({ chart, onDone }: { readonly chart: Chart; readonly onDone: () => void }): ReactNode => {
  const t = useRecordText();
  const { language } = useLanguage();
  useEffect(() => {
    addEventListener('afterprint', onDone, { once: true });
    // After the page is drawn.
    const timer = setTimeout(() => print(), 50);
    return () => {
      clearTimeout(timer);
      removeEventListener('afterprint', onDone);
    };
  }, [onDone]);
  const { patient, names } = chart;
  const birthDate = patient?.['birthDate'] as string | undefined;
  return (
    <article className={styles.paper}>
      <Title order={1} size="h3">
        {names.kanji} ({names.kana})
      </Title>
      <p>
        {dateText(language, birthDate)} {birthDate && `(${t('age', { age: ageAt(birthDate) })})`}{' '}
        {isSex(patient?.['gender']) && t(patient['gender'])} — {t('printed')}:{' '}
        {dateText(language, new Date().toISOString())}
      </p>
      <Part title={t('allergies')} items={chart.allergies} none={t('noAllergies')} />
      <Part
        title={t('problems')}
        items={[...chart.problems.filter((item) => !isPast(item)), ...chart.problems.filter(isPast)]}
      />
      <Part title={t('medicines')} items={current(chart.medicines)} none={t('noMedicinesNow')} />
      <Results title={t('labs')} series={chart.labs} />
      <Results title={t('vitals')} series={chart.vitals} />
      <Part title={t('care')} items={chart.care} />
      <Part title={t('documents')} items={chart.documents} />
      <Part title={t('timeline')} items={chart.timeline} withType />
    </article>
  );
};

type Sex = 'male' | 'female' | 'other' | 'unknown';
const isSex = (gender: unknown): gender is Sex => ['male', 'female', 'other', 'unknown'].includes(String(gender));

const Part = ({
  title,
  items,
  none,
  withType = false,
}: {
  readonly title: string;
  readonly items: readonly Item[];
  readonly none?: string;
  readonly withType?: boolean;
}): ReactNode => {
  const t = useRecordText();
  const { language } = useLanguage();
  if (items.length === 0 && none === undefined) return null;
  return (
    <section>
      <h2>{title}</h2>
      {items.length === 0 && <p>{none}</p>}
      <ul>
        {items.slice(0, LINES).map((item) => (
          <li key={keyOf(item)}>
            {item.date ? dayText(language, item.date) : t('undated')}{' '}
            {withType && `[${typeName(language, item.resource.resourceType)}] `}
            <strong>{item.title}</strong> {item.detail}{' '}
            <small>
              {item.source}
              {item.region && ` (${[item.regionName, item.region].filter(Boolean).join(' ')})`}
            </small>
          </li>
        ))}
      </ul>
      {items.length > LINES && <p>{t('printLeft', { count: items.length - LINES })}</p>}
    </section>
  );
};

const dayOf = (date: string) => date.slice(0, 10);

const Results = ({ title, series }: { readonly title: string; readonly series: readonly Series[] }): ReactNode => {
  const t = useRecordText();
  const { language } = useLanguage();
  if (series.length === 0) return null;
  const days = [...new Set(series.flatMap(({ points }) => points.map(({ date }) => dayOf(date))))]
    .sort()
    .reverse()
    .slice(0, DAYS);
  return (
    <section>
      <h2>
        {title} {t('printLabs', { count: days.length })}
      </h2>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('name')}</th>
            {days.map((day) => (
              <th key={day} scope="col">
                {dayText(language, day)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {series.map(({ key, name, unit, points }) => (
            <tr key={key}>
              <th scope="row">
                {name} {unit}
              </th>
              {days.map((day) => {
                const point = points.findLast(({ date }) => dayOf(date) === day);
                return (
                  <td key={day}>
                    {point?.value} {point?.flag === 'high' ? 'H' : point?.flag === 'low' ? 'L' : ''}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};
