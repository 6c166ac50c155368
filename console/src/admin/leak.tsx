// Whose data an account or a facility has seen in a time: the report of a leak 漏えい等報告. Counts first; the list goes into a file.
import { Alert, Progress as Bar, Button, Group, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { saveFile } from '../ui/save-file.ts';
import { Failure } from '../ui/states.tsx';
import { useAccountChoices, useFacilityChoices } from './data.ts';
import { COLUMNS, csvOf, type Line } from './leak-csv.ts';
import { AdminPage, Fields, Section } from './page.tsx';

const useText = words({
  ja: {
    title: '漏えい等の報告',
    about:
      '漏れたおそれのある期間とアカウント（または施設）から、対象となる人を正確に数えます。氏名は含みません。記録を持つ施設が本人に知らせます。',
    account: '職員・システム',
    accountId: 'アカウントのID（一覧にないとき）',
    facility: '施設（アカウントが分からないとき）',
    choose: '選んでください',
    from: '始まり',
    to: '終わり（空欄なら今まで）',
    count: '数える',
    counted: '結果',
    persons: '対象となる人',
    records: '調べたアクセス',
    people: '{count}人',
    times: '{count}件',
    window: '期間',
    save: '一覧をCSVで保存する',
    saving: '{done} / {all}人',
    audited: '一覧に含まれる一人ひとりについて、この閲覧も記録されます。',
    nobody: '対象となる人はいません。',
  },
  en: {
    title: 'Leak report',
    about:
      'Counts exactly whose data an account or a facility saw in a time. Names are not in it: the facility that holds a record tells the person.',
    account: 'Staff or system',
    accountId: 'Id of an account (if not in the list)',
    facility: 'Facility (if the account is not known)',
    choose: 'Please choose',
    from: 'Begins',
    to: 'Ends (empty: now)',
    count: 'Count',
    counted: 'Result',
    persons: 'Persons affected',
    records: 'Accesses looked at',
    people: '{count}',
    times: '{count}',
    window: 'Time',
    save: 'Save the list as CSV',
    saving: '{done} of {all} persons',
    audited: 'Each person in the list is an access of yours in the trail.',
    nobody: 'Nobody is affected.',
  },
});

interface Report {
  readonly from: string;
  readonly to: string;
  readonly persons: number;
  readonly records: number;
  readonly affected: readonly Line[];
  readonly next?: string;
}

/** What was typed is the time of Japan, wherever the browser is. */
const instant = (local: string) => `${local.length === 16 ? `${local}:00` : local}+09:00`;

const Leak = (): ReactNode => {
  const t = useText();
  const api = useApi();
  const accounts = useAccountChoices(t('choose'));
  const facilities = useFacilityChoices(t('choose'));
  const form = useForm({ account: '', accountId: '', facility: '', from: '', to: '' });
  const send = useSend(async () => {
    const { account, accountId, facility, from, to } = form.values;
    const who = accountId.trim() || account;
    const asked = {
      ...(from && { from: instant(from) }),
      // Fixed now: the pages of the file are of the same time as the counts.
      to: to ? instant(to) : new Date().toISOString(),
      ...(who && { account: who }),
      ...(facility && { facility }),
    };
    const query = new URLSearchParams({ ...asked, count: '1' });
    const { value } = await api.ask<Report>(`/audit/affected?${query}`);
    return { asked, report: value };
  });
  const { error, data } = send;
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <SendForm send={send} onSend={() => send.mutate()} label={t('count')} saved="">
        <Fields>
          <Field form={form} name="account" label={t('account')} choices={accounts} error={error} />
          <Field form={form} name="accountId" at="account" label={t('accountId')} error={error} />
          <Field form={form} name="facility" label={t('facility')} choices={facilities} error={error} />
          <Field form={form} name="from" label={t('from')} type="datetime-local" error={error} required />
          <Field form={form} name="to" label={t('to')} type="datetime-local" error={error} />
        </Fields>
      </SendForm>
      {data && <Result key={JSON.stringify(data.asked)} asked={data.asked} report={data.report} />}
    </AdminPage>
  );
};

const Result = ({
  asked,
  report,
}: {
  readonly asked: Readonly<Record<string, string>>;
  readonly report: Report;
}): ReactNode => {
  const t = useText();
  const api = useApi();
  const [done, setDone] = useState(0);
  const save = useSend(async () => {
    const lines: Line[] = [];
    let cursor: string | undefined;
    do {
      const query = new URLSearchParams({ ...asked, count: '1000', ...(cursor !== undefined && { cursor }) });
      const { value } = await api.ask<Report>(`/audit/affected?${query}`);
      lines.push(...value.affected);
      setDone(lines.length);
      cursor = value.next;
    } while (cursor !== undefined);
    saveFile(`affected-${report.from.slice(0, 10)}-${report.to.slice(0, 10)}.csv`, csvOf(COLUMNS, lines), 'text/csv');
  });
  return (
    <Section title={t('counted')}>
      <div aria-live="polite">
        <Facts
          of={[
            [t('persons'), t('people', { count: report.persons })],
            [t('records'), t('times', { count: report.records })],
            [t('window'), `${report.from} – ${report.to}`],
          ]}
        />
      </div>
      {report.persons === 0 ? (
        <Text>{t('nobody')}</Text>
      ) : (
        <Stack gap="xs">
          <Alert color="blue">{t('audited')}</Alert>
          <Group>
            <Button loading={save.isPending} onClick={() => save.mutate()}>
              {t('save')}
            </Button>
            {save.isPending && <Text>{t('saving', { done, all: report.persons })}</Text>}
          </Group>
          {save.isPending && (
            <Bar value={(done / report.persons) * 100} aria-label={t('saving', { done, all: report.persons })} />
          )}
          {save.error !== null && <Failure error={save.error} />}
        </Stack>
      )}
    </Section>
  );
};

export default Leak;
