// The identity desk: pairs of records that could be one person, the likeliest first.
import { Badge } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { DataTable, Listed } from '../ui/list.tsx';
import { AdminPage, Section, To } from './page.tsx';
import { useTerm } from './terms.ts';

export const useIdentityText = words({
  ja: {
    title: '名寄せの確認',
    about: '同じ人かもしれない施設の患者記録の組です。可能性の高い順に並びます。',
    none: '確認を待つ組はありません。',
    score: '点数（ビット）',
    family: '姓',
    given: '名',
    birth: '生年月日',
    sex: '性別',
    phone: '電話',
    address: '住所',
    insurance: '保険',
    since: '登録',
    kind: '種類',
    doubt: '疑いのある連結',
    question: '同じ人か',
    open: '比べる',
    person: '患者IDから人を開く',
    patient: '患者ID',
    show: '開く',
  },
  en: {
    title: 'Identity review',
    about: 'Pairs of records that could be one person, the likeliest first.',
    none: 'No pair is waiting.',
    score: 'Score (bits)',
    family: 'Family name',
    given: 'Given name',
    birth: 'Birth date',
    sex: 'Sex',
    phone: 'Telephone',
    address: 'Address',
    insurance: 'Insurance',
    since: 'Since',
    kind: 'Kind',
    doubt: 'Link in doubt',
    question: 'One person?',
    open: 'Compare',
    person: 'A person by a patient id',
    patient: 'Patient id',
    show: 'Open',
  },
});

export interface Agreement {
  readonly family: string;
  readonly given: string;
  readonly birth: string;
  readonly sex: string;
  readonly phone: string;
  readonly address: string;
  readonly insurance: string;
  readonly number: string;
  readonly score: number;
}

export interface Pair {
  readonly id: string;
  readonly patients: readonly [string, string];
  readonly state: string;
  readonly agreement?: Agreement;
  readonly by: string;
  readonly at: string;
  readonly reason?: string;
  readonly doubt?: boolean;
}

interface PageOf {
  readonly reviews: readonly Pair[];
  readonly next?: string;
}

export const useReviews = () => {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ['identity'],
    queryFn: async ({ pageParam, signal }) =>
      (
        await api.ask<PageOf>(`/identity/reviews${pageParam ? `?after=${encodeURIComponent(pageParam)}` : ''}`, {
          signal,
        })
      ).value,
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  });
};

const Identity = (): ReactNode => {
  const t = useIdentityText();
  const term = useTerm();
  const { language } = useLanguage();
  const query = useReviews();
  const rows = (query.data?.pages ?? []).flatMap(({ reviews }) => reviews);
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <Listed query={query} count={rows.length} empty={t('none')}>
        <DataTable<Pair>
          label={t('title')}
          rows={rows}
          keyOf={({ id }) => id}
          minWidth={720}
          marked={({ doubt }) => doubt === true}
          columns={[
            { name: t('open'), cell: ({ id }) => <To to={`/admin/identity/${id}`}>{t('open')}</To> },
            {
              name: t('kind'),
              cell: ({ doubt }) => <Badge color={doubt ? 'orange' : 'cyan'}>{t(doubt ? 'doubt' : 'question')}</Badge>,
            },
            { name: t('score'), numeric: true, cell: ({ agreement }) => agreement?.score.toFixed(1) },
            ...(['family', 'given', 'birth', 'phone', 'address', 'insurance'] as const).map((of) => ({
              name: t(of),
              cell: ({ agreement }: Pair) => term('agreement', agreement?.[of]),
            })),
            { name: t('since'), cell: ({ at }) => dayText(language, at) },
          ]}
        />
      </Listed>
      <ByPatient />
    </AdminPage>
  );
};

const ByPatient = (): ReactNode => {
  const t = useIdentityText();
  const navigate = useNavigate();
  const form = useForm({ patient: '' });
  const send = useSend(async () => {
    const id = form.values.patient.trim();
    if (id) await navigate({ to: `/admin/identity/patients/${encodeURIComponent(id)}` });
  });
  return (
    <Section title={t('person')}>
      <SendForm send={send} onSend={() => send.mutate()} label={t('show')} saved="">
        <Field form={form} name="patient" label={t('patient')} />
      </SendForm>
    </Section>
  );
};

export default Identity;
