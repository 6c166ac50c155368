// One case of broken glass: the reason that was given, what was looked at under it, and the outcome.
import { Alert, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi, useWho } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { DataTable } from '../ui/list.tsx';
import { Empty, Failure, Loading } from '../ui/states.tsx';
import { type Case, CaseState, instantText, useBreakGlassText } from './break-glass.tsx';
import { useAccountName, useFacilityName } from './data.ts';
import { AdminPage, Section } from './page.tsx';
import { ReviewForm } from './review-form.tsx';
import { useTerm } from './terms.ts';

const useText = words({
  ja: {
    title: '緊急時閲覧の事例',
    person: '住民（符号）',
    until: '閲覧できた期限',
    seen: 'この理由で見られたもの',
    none: '何も見られていません。',
    more: '他にもあります。アクセス記録の検索で確かめてください。',
    what: '記録',
    count: '件数',
    how: '操作',
    status: '結果',
    reviews: 'これまでの判断',
    review: '判断する',
    own: '自分の事例は判断できません。',
  },
  en: {
    title: 'A case of broken glass',
    person: 'Person (opaque)',
    until: 'Open until',
    seen: 'What was looked at',
    none: 'Nothing was looked at.',
    more: 'There is more: see the audit search.',
    what: 'Records',
    count: 'Count',
    how: 'Action',
    status: 'Result',
    reviews: 'Outcomes so far',
    review: 'Review',
    own: 'Nobody reviews an own case.',
  },
});

interface Seen {
  readonly at: number;
  readonly interaction: string;
  readonly entities: readonly string[];
  readonly count: number;
  readonly status: number;
}

interface WholeCase extends Case {
  readonly seen: readonly Seen[];
  readonly more?: boolean;
}

const CasePage = (): ReactNode => {
  const t = useText();
  const b = useBreakGlassText();
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: ['break-glass', 'case', id],
    queryFn: async ({ signal }) =>
      (await api.ask<WholeCase>(`/admin/break-glass/${encodeURIComponent(id)}`, { signal })).value,
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <AdminPage
      title={t('title')}
      back={{ to: '/admin/break-glass', label: b('title') }}
      actions={<CaseState of={data} />}
    >
      <About of={data} />
      <SeenUnder of={data} />
      <Reviews of={data} />
    </AdminPage>
  );
};

const About = ({ of }: { readonly of: WholeCase }): ReactNode => {
  const t = useText();
  const b = useBreakGlassText();
  const term = useTerm();
  const { language } = useLanguage();
  const accountName = useAccountName();
  const facilityName = useFacilityName();
  return (
    <Facts
      of={[
        [b('who'), `${accountName(of.subject)} · ${term('role', of.role)}`],
        [b('where'), facilityName(of.facility)],
        [b('reason'), of.reason],
        [b('when'), instantText(language, of.from)],
        [t('until'), instantText(language, of.until)],
        [b('due'), instantText(language, of.due)],
        [t('person'), of.patientKey],
      ]}
    />
  );
};

const SeenUnder = ({ of }: { readonly of: WholeCase }): ReactNode => {
  const t = useText();
  const b = useBreakGlassText();
  const { language } = useLanguage();
  return (
    <Section title={t('seen')}>
      {of.seen.length === 0 ? (
        <Empty>{t('none')}</Empty>
      ) : (
        <DataTable<Seen>
          label={t('seen')}
          rows={of.seen}
          keyOf={({ at, interaction, entities }) => `${at} ${interaction} ${entities.join()}`}
          columns={[
            { name: b('when'), cell: ({ at }) => instantText(language, at) },
            { name: t('how'), cell: ({ interaction }) => interaction },
            { name: t('what'), cell: ({ entities }) => entities.join(' ') },
            { name: t('count'), numeric: true, cell: ({ count }) => count },
            { name: t('status'), cell: ({ status }) => status },
          ]}
        />
      )}
      {of.more && <Alert color="orange">{t('more')}</Alert>}
    </Section>
  );
};

const Reviews = ({ of }: { readonly of: WholeCase }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const { language } = useLanguage();
  const accountName = useAccountName();
  const api = useApi();
  const { subject } = useWho();
  const last = of.reviews.at(-1);
  const isWaiting = last === undefined || last.outcome === 'follow-up';
  return (
    <Section title={isWaiting ? t('review') : t('reviews')}>
      <Stack gap="xs">
        {of.reviews.map(({ by, at, outcome, note }) => (
          <Text key={at}>
            {instantText(language, at)} · {accountName(by)} · {term('outcome', outcome)}: {note}
          </Text>
        ))}
      </Stack>
      {isWaiting &&
        (of.subject === subject ? (
          <Alert color="gray">{t('own')}</Alert>
        ) : (
          <ReviewForm
            send={(body) => api.ask(`/admin/break-glass/${encodeURIComponent(of.id)}/review`, { method: 'POST', body })}
            stale={['break-glass']}
          />
        ))}
    </Section>
  );
};

export default CasePage;
