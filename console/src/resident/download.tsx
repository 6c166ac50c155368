// The record to take along: the International Patient Summary as a file, and a sheet that the browser prints or saves as PDF.
import { Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { dateText, dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Banner } from '../record/banner.tsx';
import { type Chart, current, type Item, type Series } from '../record/record.ts';
import { useRecord } from '../record/use-record.ts';
import { useRecordText } from '../record/words.ts';
import { useApi } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import { saveFile } from '../ui/save-file.ts';
import { Failure, Loading } from '../ui/states.tsx';
import { SubjectPage } from './page.tsx';
import styles from './resident.module.css';

const useText = words({
  ja: {
    title: '保存・印刷',
    lead: '自分の記録を、ファイルや紙にして持っていけます。',
    file: 'ファイルに保存（IPS）',
    fileText:
      '国際的な形（国際患者要約、FHIRのJSON）のファイルです。ほかのアプリや病院に渡せます。人が読むには「印刷」を使ってください。',
    paper: '印刷・PDF',
    paperText:
      '下のまとめを印刷します。PDFにするには、印刷の画面で、プリンターの代わりに「PDFに保存」（iPhoneでは共有）を選んでください。',
    print: '印刷する',
    careful: '健康の記録は大切な情報です。ほかの人の端末に残さないでください。',
    sheet: '健康の記録のまとめ',
    made: '{time} に作成',
    last: '新しい値',
    none: '記録はありません。',
  },
  en: {
    title: 'Save and print',
    lead: 'Take your record with you, as a file or on paper.',
    file: 'Save as a file (IPS)',
    fileText:
      'An International Patient Summary (FHIR JSON). You can give it to other apps or hospitals. To read it yourself, print.',
    paper: 'Print or PDF',
    paperText: 'Prints what stands below. For a PDF, choose “Save as PDF” in place of a printer (on an iPhone: share).',
    print: 'Print',
    careful: 'Health records are private. Do not leave them on somebody else’s device.',
    sheet: 'Summary of health records',
    made: 'made {time}',
    last: 'Latest',
    none: 'No records.',
  },
});

const Download = (): ReactNode => {
  const t = useText();
  return (
    <SubjectPage title={t('title')} lead={t('lead')}>
      {({ patient }) => <Both patient={patient} />}
    </SubjectPage>
  );
};

const Both = ({ patient }: { readonly patient: string }): ReactNode => {
  const t = useText();
  const api = useApi();
  const record = useRecord(patient);
  const save = useSend(async () => {
    const summary = await api.fhir(`/Patient/${encodeURIComponent(patient)}/$summary`);
    // Nothing of the person in the name of the file.
    const day = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10);
    saveFile(`ips-${day}.json`, JSON.stringify(summary, null, 2), 'application/fhir+json');
  });
  return (
    <Stack gap="lg">
      <Stack gap="xs" className={styles.screenOnly} align="flex-start">
        <Text>{t('careful')}</Text>
        <Title order={2} size="h3">
          {t('file')}
        </Title>
        <Text>{t('fileText')}</Text>
        <Button size="lg" loading={save.isPending} onClick={() => save.mutate()}>
          {t('file')}
        </Button>
        {save.error !== null && <Failure error={save.error} />}
        <Title order={2} size="h3">
          {t('paper')}
        </Title>
        <Text>{t('paperText')}</Text>
        <Button size="lg" variant="light" disabled={record.pending || record.loading} onClick={() => print()}>
          {t('print')}
        </Button>
      </Stack>
      {record.pending && <Loading />}
      {record.error !== null && record.error !== undefined && <Failure error={record.error} retry={record.retry} />}
      {/* An empty sheet would say that nothing is known of the person. */}
      {record.chart.patient && <Sheet chart={record.chart} />}
    </Stack>
  );
};

const Sheet = ({ chart }: { readonly chart: Chart }): ReactNode => {
  const t = useText();
  const r = useRecordText();
  const { language } = useLanguage();
  return (
    <section className={styles.paper} aria-label={t('sheet')}>
      <Group justify="space-between">
        <Title order={2} size="h3">
          {t('sheet')}
        </Title>
        <Text size="sm">{t('made', { time: dateText(language, new Date().toISOString()) })}</Text>
      </Group>
      <Banner chart={chart} />
      <Part title={r('problems')} items={chart.problems} />
      <Part title={r('allergies')} items={chart.allergies} />
      <Part title={r('medicines')} items={current(chart.medicines)} />
      <Latest title={r('labs')} series={chart.labs} />
      <Latest title={r('vitals')} series={chart.vitals} />
      <Part title={r('immunizations')} items={chart.immunizations} />
      <Part title={r('visits')} items={chart.visits.slice(0, 10)} />
      <Part title={r('documents')} items={chart.documents.slice(0, 10)} />
    </section>
  );
};

const Part = ({ title, items }: { readonly title: string; readonly items: readonly Item[] }): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  return (
    <>
      <Title order={3} size="h5" mt="md">
        {title}
      </Title>
      {items.length === 0 && <Text size="sm">{t('none')}</Text>}
      <ul>
        {items.map(({ resource, title: name, detail, date, source }) => (
          <li key={`${resource.resourceType}/${resource.id}`}>
            {dayText(language, date)} <strong>{name}</strong> {detail} {source && `(${source})`}
          </li>
        ))}
      </ul>
    </>
  );
};

const Latest = ({ title, series }: { readonly title: string; readonly series: readonly Series[] }): ReactNode => {
  const t = useText();
  const r = useRecordText();
  const { language } = useLanguage();
  if (series.length === 0) return null;
  return (
    <>
      <Title order={3} size="h5" mt="md">
        {title}
      </Title>
      <Table aria-label={title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{r('name')}</Table.Th>
            <Table.Th scope="col">{t('last')}</Table.Th>
            <Table.Th scope="col">{r('date')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {series.map(({ key, name, unit, points }) => {
            const last = points.at(-1);
            return (
              <Table.Tr key={key}>
                <Table.Th scope="row">{name}</Table.Th>
                <Table.Td>
                  {last?.value} {unit} {last?.flag && `(${r(last.flag)})`}
                </Table.Td>
                <Table.Td>{dayText(language, last?.date)}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </>
  );
};

export default Download;
