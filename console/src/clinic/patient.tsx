// One patient: the banner, then the chart.
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Banner } from '../record/banner.tsx';
import { ChartView } from '../record/chart.tsx';
import { useRecord } from '../record/use-record.ts';
import { Failure, Loading } from '../ui/states.tsx';

const Patient = (): ReactNode => {
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  const record = useRecord(id);
  if (record.pending) return <Loading />;
  if (record.error && !record.chart.patient) return <Failure error={record.error} retry={record.retry} />;
  return (
    <>
      <Banner chart={record.chart} />
      {record.error !== null && record.error !== undefined && <Failure error={record.error} retry={record.retry} />}
      <ChartView record={record} />
    </>
  );
};

export default Patient;
