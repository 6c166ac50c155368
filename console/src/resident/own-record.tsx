// The chart that clinics see, for the person it is about.
import { Alert } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { Banner } from '../record/banner.tsx';
import { ChartView } from '../record/chart.tsx';
import { useJoined } from '../record/joined-record.ts';
import { fromAllRegions, useRecord } from '../record/use-record.ts';
import { useRegionPairings } from '../ui/region-pairing.tsx';
import { Failure, Loading } from '../ui/states.tsx';
import { SubjectPage } from './page.tsx';

const useText = words({
  ja: {
    title: 'わたしの記録',
    lead: '参加している施設が書いた記録です。わからないことは、書いた施設におたずねください。',
    missing: 'つないでいる地域のうち、いま記録を出せないところがあります。しばらくして、もう一度開いてください。',
    delay: '検査の結果などは、医師が説明する前には出ないことがあります。',
  },
  en: {
    title: 'My record',
    lead: 'What the facilities that take part have written. If something is unclear, ask the facility that wrote it.',
    missing: 'A region that is connected cannot show its records now. Open this page again in a while.',
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
  const { data: paired = [] } = useRegionPairings(patient);
  const hasOthers = paired.some(({ active }) => active);
  const others = useRecord(patient, fromAllRegions, 'regions-own', hasOthers);
  const { record } = useJoined(useRecord(patient), others, hasOthers);
  // A region that is not paired is no gap.
  const isIncomplete = hasOthers && others.warnings.some(({ severity }) => severity !== 'information');
  if (record.pending) return <Loading />;
  if (record.error && !record.chart.patient) return <Failure error={record.error} retry={record.retry} />;
  return (
    <>
      <Banner chart={record.chart} />
      <Alert color="gray" my="sm">
        {t('delay')}
      </Alert>
      {record.error !== null && record.error !== undefined && <Failure error={record.error} retry={record.retry} />}
      {isIncomplete && <Alert color="orange">{t('missing')}</Alert>}
      <ChartView record={record} />
    </>
  );
};

export default OwnRecord;
