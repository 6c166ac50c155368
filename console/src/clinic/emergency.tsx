// What a crew needs in the first minute, on one screen and without a tab: docs/consent.md, "the emergency set".
import { Anchor, List, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Problems } from '../record/chart.tsx';
import { type CodeableConcept, hasCode } from '../record/fhir.ts';
import { ItemList } from '../record/items.tsx';
import styles from '../record/record.module.css';
import { type Chart, current, type Item, type Series } from '../record/record.ts';
import { Result } from '../record/trends.tsx';
import { useRecordText } from '../record/words.ts';

const useText = words({
  ja: {
    title: '緊急時の情報',
    contacts: '連絡先',
    results: '主な検査値（最近3回）',
    devices: '体内機器',
    directives: '事前指示・退院時サマリー',
    none: '記録なし',
  },
  en: {
    title: 'In an emergency',
    contacts: 'Whom to call',
    results: 'Key results (last 3)',
    devices: 'Devices',
    directives: 'Advance directives, discharge summaries',
    none: 'None on record',
  },
});

/** Hb, creatinine, eGFR, K, glucose, blood group, by LOINC or the first five characters of JLAC10. */
const KEY =
  /^(718-7|2160-0|38483-4|33914-3|48642-3|48643-1|62238-1|98979-8|2823-3|6298-4|2339-0|2345-7|882-1|883-9|2A990|2A030|3C015|8A065|3H015|3D010|5H010|5H020)/;
const DIRECTIVES = ['42348-3', '64298-3', '18842-5'];

interface Contact {
  readonly name?: { readonly text?: string };
  readonly relationship?: readonly CodeableConcept[];
  readonly telecom?: readonly { readonly value?: string }[];
}

export const Emergency = ({ chart }: { readonly chart: Chart }): ReactNode => {
  const t = useText();
  const r = useRecordText();
  const contacts = chart.records.flatMap((record) => (record['contact'] as Contact[] | undefined) ?? []);
  const results = chart.labs.filter(({ key }) => KEY.test(key));
  const directives = chart.documents.filter(({ resource }) =>
    hasCode(resource['type'] as CodeableConcept | undefined, ...DIRECTIVES),
  );
  const devices = chart.timeline.filter(({ resource }) => resource.resourceType === 'Device');
  const part = (title: string, content: ReactNode) => (
    <section className={styles.card} aria-label={title}>
      <h3 className={styles.cardTitle}>{title}</h3>
      {content}
    </section>
  );
  const list = (items: readonly Item[]) => <ItemList items={items} none={t('none')} />;
  return (
    <section aria-label={t('title')} style={{ marginBottom: '1.5rem' }}>
      <h2>{t('title')}</h2>
      <div className={styles.overview}>
        {/* That nothing is on record is not that there is nothing. */}
        {part(r('allergies'), <ItemList items={chart.allergies} none={r('noAllergies')} />)}
        {part(r('problems'), <Problems items={chart.problems} />)}
        {part(r('medicines'), <ItemList items={current(chart.medicines)} none={r('noMedicinesNow')} />)}
        {part(
          t('results'),
          results.length === 0 ? (
            <Text c="dimmed">{t('none')}</Text>
          ) : (
            <table className={styles.lastResults}>
              {results.map((series) => (
                <tbody key={series.key}>
                  <LastThree series={series} />
                </tbody>
              ))}
            </table>
          ),
        )}
        {part(
          t('contacts'),
          contacts.length === 0 ? (
            <Text c="dimmed">{t('none')}</Text>
          ) : (
            <List listStyleType="none">
              {contacts.map(({ name, relationship, telecom }) => (
                <List.Item key={`${name?.text}${telecom?.[0]?.value}`}>
                  {[name?.text, relationship?.[0]?.text].filter(Boolean).join(' ')}{' '}
                  {(telecom ?? []).map(({ value = '' }) => (
                    <Anchor key={value} href={`tel:${value.replace(/[^0-9+]/g, '')}`}>
                      {value}
                    </Anchor>
                  ))}
                </List.Item>
              ))}
            </List>
          ),
        )}
        {devices.length > 0 && part(t('devices'), list(devices))}
        {directives.length > 0 && part(t('directives'), list(directives))}
      </div>
    </section>
  );
};

/** The newest first and largest; the day stands below, since three days side by side do not fit a telephone. */
const LastThree = ({ series: { name, unit, points } }: { readonly series: Series }): ReactNode => {
  const { language } = useLanguage();
  return (
    <>
      <tr>
        <th scope="rowgroup" colSpan={3}>
          {name}{' '}
          <Text span size="xs" c="dimmed">
            {unit}
          </Text>
        </th>
      </tr>
      <tr>
        {points
          .slice(-3)
          .reverse()
          .map((point) => (
            <td key={point.date}>
              <Result point={point} />
              <br />
              <Text span size="xs" c="dimmed">
                {dayText(language, point.date)}
              </Text>
            </td>
          ))}
      </tr>
    </>
  );
};
