// Cases of broken glass: who looked in an emergency where consent said no, longest due first.
import { Alert, Badge } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { DataTable, Listed } from '../ui/list.tsx';
import { useAccountName, useFacilityName } from './data.ts';
import { AdminPage, To } from './page.tsx';
import { type QueueState, QueueStateChoice } from './queue-state.tsx';
import { useTerm } from './terms.ts';

export const useBreakGlassText = words({
  ja: {
    title: '緊急時閲覧の確認',
    about: '同意のない人の情報を緊急時に見た事例です。3日以内に、理由が正当だったかを確認します。',
    none: '該当する事例はありません。',
    late: '期限を過ぎた事例が{count}件あります。',
    when: '日時',
    who: '誰が',
    where: '施設',
    reason: '理由',
    due: '期限',
    state: '状態',
    overdue: '期限超過',
    waiting: '確認待ち',
    openNow: '閲覧中',
  },
  en: {
    title: 'Break-glass review',
    about:
      'Somebody looked in an emergency where consent said no. Within three days it is reviewed whether that was right.',
    none: 'No cases.',
    late: '{count} cases are overdue.',
    when: 'When',
    who: 'Who',
    where: 'Facility',
    reason: 'Reason',
    due: 'Due',
    state: 'State',
    overdue: 'overdue',
    waiting: 'waiting',
    openNow: 'still open',
  },
});

export interface Case {
  readonly id: string;
  readonly subject: string;
  readonly role: string;
  readonly facility: string;
  readonly patientKey: string;
  readonly reason: string;
  readonly from: number;
  readonly until: number;
  readonly due: number;
  readonly open: boolean;
  readonly overdue: boolean;
  readonly reviews: readonly {
    readonly by: string;
    readonly at: number;
    readonly outcome: string;
    readonly note: string;
  }[];
}

interface PageOf {
  readonly cases: readonly Case[];
  readonly overdue: number;
  readonly next?: string;
}

export const useCases = (state: QueueState, enabled = true) => {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ['break-glass', state],
    queryFn: async ({ pageParam, signal }) => {
      const query = new URLSearchParams({ state, ...(pageParam && { after: pageParam }) });
      return (await api.ask<PageOf>(`/admin/break-glass?${query}`, { signal })).value;
    },
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    enabled,
  });
};

export const instantText = (language: 'ja' | 'en', ms: number): string =>
  dateText(language, new Date(ms).toISOString());

const BreakGlass = (): ReactNode => {
  const t = useBreakGlassText();
  const term = useTerm();
  const { language } = useLanguage();
  const accountName = useAccountName();
  const facilityName = useFacilityName();
  const [state, setState] = useState<QueueState>('open');
  const query = useCases(state);
  const pages = query.data?.pages ?? [];
  const rows = pages.flatMap(({ cases }) => cases);
  const late = pages.reduce((all, { overdue }) => all + overdue, 0);
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <QueueStateChoice value={state} onChange={setState} />
      {late > 0 && <Alert color="orange">{t('late', { count: late })}</Alert>}
      <Listed query={query} count={rows.length} empty={t('none')}>
        <DataTable<Case>
          label={t('title')}
          rows={rows}
          keyOf={({ id }) => id}
          minWidth={720}
          marked={({ overdue }) => overdue}
          columns={[
            {
              name: t('when'),
              cell: ({ id, from }) => <To to={`/admin/break-glass/${id}`}>{instantText(language, from)}</To>,
            },
            { name: t('who'), cell: ({ subject, role }) => `${accountName(subject)} · ${term('role', role)}` },
            { name: t('where'), cell: ({ facility }) => facilityName(facility) },
            { name: t('reason'), cell: ({ reason }) => reason },
            { name: t('due'), cell: ({ due }) => instantText(language, due) },
            { name: t('state'), cell: (one) => <CaseState of={one} /> },
          ]}
        />
      </Listed>
    </AdminPage>
  );
};

export const CaseState = ({ of }: { readonly of: Case }): ReactNode => {
  const t = useBreakGlassText();
  const term = useTerm();
  const last = of.reviews.at(-1);
  if (of.overdue) return <Badge color="orange">{t('overdue')}</Badge>;
  if (last) return <Badge color="cyan">{term('outcome', last.outcome)}</Badge>;
  return <Badge color="gray">{t(of.open ? 'openNow' : 'waiting')}</Badge>;
};

export default BreakGlass;
