// Reading that looked unusual, until the privacy officer has looked at it. Nothing was refused because of it.
import { Button, Modal, Stack } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { DataTable, Listed } from '../ui/list.tsx';
import { useAccountName, useFacilityName } from './data.ts';
import { AdminPage } from './page.tsx';
import { type QueueState, QueueStateChoice } from './queue-state.tsx';
import { ReviewForm } from './review-form.tsx';
import { useTerm } from './terms.ts';

const useText = words({
  ja: {
    title: '通常と異なる閲覧',
    about: '短時間の大量閲覧や同姓の人の閲覧などです。不正とは限りません。本人や施設に確かめてください。',
    none: '確認を待つものはありません。',
    kind: '内容',
    who: '誰が',
    where: '施設',
    when: '期間の始まり',
    count: '人数・件数',
    outcome: '判断',
    note: '確認した内容',
    look: '確認する',
    action: '操作',
  },
  en: {
    title: 'Unusual reading',
    about:
      'Many persons in an hour, somebody of the own family name, and the like. It need not be wrong: ask the person or the facility.',
    none: 'Nothing is waiting.',
    kind: 'What',
    who: 'Who',
    where: 'Facility',
    when: 'Begins',
    count: 'Persons or reads',
    outcome: 'Outcome',
    note: 'What was found',
    look: 'Review',
    action: 'Action',
  },
});

interface Finding {
  readonly id: string;
  readonly kind: string;
  readonly start: string;
  readonly account: string;
  readonly role: string;
  readonly facility?: string;
  readonly count?: number;
  readonly review?: { readonly outcome: string; readonly note: string; readonly at: number };
}

interface PageOf {
  readonly findings: readonly Finding[];
  readonly next?: string;
}

export const useFindings = (state: QueueState, enabled = true) => {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ['unusual', state],
    queryFn: async ({ pageParam, signal }) => {
      const query = new URLSearchParams({ state, ...(pageParam && { after: pageParam }) });
      return (await api.ask<PageOf>(`/audit/unusual?${query}`, { signal })).value;
    },
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    enabled,
  });
};

const Unusual = (): ReactNode => {
  const t = useText();
  const term = useTerm();
  const { language } = useLanguage();
  const accountName = useAccountName();
  const facilityName = useFacilityName();
  const [state, setState] = useState<QueueState>('open');
  const [chosen, setChosen] = useState<Finding>();
  const query = useFindings(state);
  const rows = (query.data?.pages ?? []).flatMap(({ findings }) => findings);
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <QueueStateChoice value={state} onChange={setState} />
      <Listed query={query} count={rows.length} empty={t('none')}>
        <DataTable<Finding>
          label={t('title')}
          rows={rows}
          keyOf={({ id }) => id}
          minWidth={720}
          columns={[
            { name: t('kind'), cell: ({ kind }) => term('finding', kind) },
            { name: t('who'), cell: ({ account, role }) => `${accountName(account)} · ${term('role', role)}` },
            { name: t('where'), cell: ({ facility }) => facility && facilityName(facility) },
            { name: t('when'), cell: ({ start }) => dateText(language, start) },
            { name: t('count'), numeric: true, cell: ({ count }) => count },
            {
              name: t('outcome'),
              cell: ({ review }) => review && `${term('outcome', review.outcome)}: ${review.note}`,
            },
            {
              name: t('action'),
              cell: (one) =>
                state === 'open' && (
                  <Button variant="light" size="compact-sm" onClick={() => setChosen(one)}>
                    {t('look')}
                  </Button>
                ),
            },
          ]}
        />
      </Listed>
      <Modal opened={chosen !== undefined} onClose={() => setChosen(undefined)} title={t('look')} size="lg">
        {chosen && <Look finding={chosen} close={() => setChosen(undefined)} />}
      </Modal>
    </AdminPage>
  );
};

const Look = ({ finding, close }: { readonly finding: Finding; readonly close: () => void }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const api = useApi();
  const accountName = useAccountName();
  const { language } = useLanguage();
  return (
    <Stack>
      <Facts
        of={[
          [t('kind'), term('finding', finding.kind)],
          [t('who'), accountName(finding.account)],
          [t('when'), dateText(language, finding.start)],
          [t('count'), finding.count],
          [t('note'), finding.review?.note],
        ]}
      />
      <ReviewForm
        send={(body) => api.ask(`/audit/unusual/${encodeURIComponent(finding.id)}`, { method: 'POST', body })}
        stale={['unusual']}
        done={close}
      />
    </Stack>
  );
};

export default Unusual;
