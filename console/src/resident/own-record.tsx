// The chart that clinics see, for the person it is about.
import { Alert } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { Banner } from '../record/banner.tsx';
import { ChartView } from '../record/chart.tsx';
import { useRecord } from '../record/use-record.ts';
import { Failure, Loading } from '../ui/states.tsx';
import { SubjectPage } from './page.tsx';

const useText = words({
  ja: {
    title: 'わたしの記録',
    lead: '参加している施設が書いた記録です。わからないことは、書いた施設におたずねください。',
    delay: '検査の結果などは、医師が説明する前には出ないことがあります。',
  },
  en: {
    title: 'My record',
    lead: 'What the facilities that take part have written. If something is unclear, ask the facility that wrote it.',
    delay: 'Some results do not appear before your doctor has talked to you about them.',
  },
});

const OwnRecord = (): ReactNode => {
  const t = useText();
  return (
    <SubjectPage title={t('title')} lead={t('lead')}>
      {({ patient }) => <Record patient={patient} />}
    </SubjectPage>
  );
};

const Record = ({ patient }: { readonly patient: string }): ReactNode => {
  const t = useText();
  const record = useRecord(patient);
  if (record.pending) return <Loading />;
  if (record.error && !record.chart.patient) return <Failure error={record.error} retry={record.retry} />;
  return (
    <>
      <Banner chart={record.chart} />
      <Alert color="gray" my="sm">
        {t('delay')}
      </Alert>
      {record.error !== null && record.error !== undefined && <Failure error={record.error} retry={record.retry} />}
      <ChartView record={record} />
    </>
  );
};

export default OwnRecord;
