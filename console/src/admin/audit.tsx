// The audit trail: who did what, by account, facility, time and person. Shown as the server tells it; nothing here says what a
// record holds.
import { Alert, Badge, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Bundle, matchesOf, type Resource, warningsOf } from '../api/client.ts';
import { dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { DataTable, Listed } from '../ui/list.tsx';
import { IssueList } from '../ui/states.tsx';
import { eventOf, type TrailEvent } from './audit-event.ts';
import { useAccountChoices, useAccountName, useFacilityChoices, useFacilityName } from './data.ts';
import { AdminPage, Fields } from './page.tsx';
import { useTerm } from './terms.ts';

const useText = words({
  ja: {
    title: 'アクセス記録の検索',
    about: '誰が・いつ・何をしたかの記録です。条件がないときは直近24時間を探します。',
    account: '職員・システム',
    accountId: 'アカウントのID（一覧にないとき）',
    all: 'すべて',
    facility: '施設',
    patient: '患者ID',
    patientHint: '連結した記録もあわせて探します。',
    from: 'この日から',
    to: 'この日まで',
    search: '検索する',
    none: '記録はありません。',
    when: '日時',
    who: '誰が',
    where: 'どこから',
    what: '何を',
    how: '操作',
    purpose: '目的',
    outcome: '結果',
    ok: '成功',
    refused: '拒否',
  },
  en: {
    title: 'Audit search',
    about: 'Who did what and when. Without any condition the last 24 hours are searched.',
    account: 'Staff or system',
    accountId: 'Id of an account (if not in the list)',
    all: 'All',
    facility: 'Facility',
    patient: 'Patient id',
    patientHint: 'Linked records are searched as well.',
    from: 'From this day',
    to: 'To this day',
    search: 'Search',
    none: 'No records.',
    when: 'When',
    who: 'Who',
    where: 'Where',
    what: 'What',
    how: 'Action',
    purpose: 'Purpose',
    outcome: 'Outcome',
    ok: 'ok',
    refused: 'refused',
  },
});

const EVERYTHING = { account: '', accountId: '', facility: '', patient: '', from: '', to: '' };
type Asked = typeof EVERYTHING;

const criteriaOf = ({ account, accountId, facility, patient, from, to }: Asked): Record<string, string | string[]> => {
  // Days of Japan.
  const dates = [from && `ge${from}T00:00:00+09:00`, to && `le${to}T23:59:59.999+09:00`].filter(Boolean);
  const who = accountId.trim() || account;
  return {
    _count: '50',
    ...(who && { 'agent:identifier': who }),
    ...(facility && { site: facility }),
    ...(patient.trim() && { patient: patient.trim() }),
    ...(dates.length > 0 && { date: dates }),
  };
};

const Audit = (): ReactNode => {
  const t = useText();
  const form = useForm(EVERYTHING);
  const [asked, setAsked] = useState<Asked>();
  const accounts = useAccountChoices(t('all'));
  const facilities = useFacilityChoices(t('all'));
  const send = useSend(async () => setAsked({ ...form.values }));
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <SendForm send={send} onSend={() => send.mutate()} label={t('search')} saved="">
        <Fields>
          <Field form={form} name="account" label={t('account')} choices={accounts} />
          <Field form={form} name="accountId" label={t('accountId')} />
          <Field form={form} name="facility" label={t('facility')} choices={facilities} />
          <Field form={form} name="patient" label={t('patient')} hint={t('patientHint')} />
          <Field form={form} name="from" label={t('from')} type="date" />
          <Field form={form} name="to" label={t('to')} type="date" />
        </Fields>
      </SendForm>
      {asked && <Found asked={asked} />}
    </AdminPage>
  );
};

const Found = ({ asked }: { readonly asked: Asked }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const { language } = useLanguage();
  const accountName = useAccountName();
  const facilityName = useFacilityName();
  const api = useApi();
  const query = useInfiniteQuery({
    queryKey: ['audit', asked],
    queryFn: async ({ pageParam, signal }) =>
      (pageParam ? await api.next(pageParam, signal) : undefined) ??
      api.search('AuditEvent', criteriaOf(asked), { signal }),
    initialPageParam: undefined as Bundle | undefined,
    getNextPageParam: (last: Bundle<Resource>) =>
      last.link?.some(({ relation }) => relation === 'next') ? last : undefined,
    // What was searched again is searched again: the trail grows.
    staleTime: 0,
    gcTime: 0,
  });
  const pages = query.data?.pages ?? [];
  const events = pages.flatMap(matchesOf).map(eventOf);
  const warnings = pages.flatMap(warningsOf);
  return (
    <Stack>
      {warnings.length > 0 && (
        <Alert color="orange">
          <IssueList issues={warnings.slice(0, 1)} />
        </Alert>
      )}
      <Listed query={query} count={events.length} empty={t('none')}>
        <DataTable<TrailEvent>
          label={t('title')}
          rows={events}
          keyOf={({ id }) => id}
          minWidth={860}
          marked={({ isRefused }) => isRefused}
          columns={[
            { name: t('when'), cell: ({ at }) => dateText(language, at) },
            {
              name: t('who'),
              cell: ({ account, role }) => (
                <>
                  <div>{accountName(account)}</div>
                  <Text size="xs" c="dimmed">
                    {term('role', role)}
                  </Text>
                </>
              ),
            },
            { name: t('where'), cell: ({ facility }) => facility && facilityName(facility) },
            { name: t('how'), cell: ({ action, interaction }) => `${term('action', action)} · ${interaction}` },
            {
              name: t('what'),
              cell: ({ patient, classes, entities }) => (
                <>
                  {patient && <div>{patient}</div>}
                  <div>{classes.map((one) => term('area', one)).join('、')}</div>
                  <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                    {entities.slice(0, 3).join(' ')}
                    {entities.length > 3 && ` +${entities.length - 3}`}
                  </Text>
                </>
              ),
            },
            { name: t('purpose'), cell: ({ purpose }) => term('purpose', purpose) },
            {
              name: t('outcome'),
              cell: ({ isRefused, outcome }) => (
                <Badge color={isRefused ? 'orange' : 'teal'} miw="max-content">
                  {t(isRefused ? 'refused' : 'ok')} {outcome.replace('HTTP ', '')}
                </Badge>
              ),
            },
          ]}
        />
      </Listed>
    </Stack>
  );
};

export default Audit;
