// Who has applied by QR code or app, longest waiting first.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { dateText, dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { DataTable, Listed } from '../ui/list.tsx';
import type { Enrolled } from './desk.ts';
import { AdminPage, Section, To } from './page.tsx';
import { useTerm } from './terms.ts';

export const useApplicationText = words({
  ja: {
    title: '参加の申請',
    about: 'QRコードやアプリから届いた申請です。書類を確かめてから確定します。',
    none: '待っている申請はありません。',
    receipt: '受付番号',
    receiptFind: '受付番号で開く',
    find: '開く',
    name: '氏名',
    birthDate: '生年月日',
    route: '受付方法',
    since: '申請日時',
    municipality: '市区町村',
  },
  en: {
    title: 'Applications',
    about: 'From QR codes and the app. Confirmed once the papers were checked.',
    none: 'Nobody is waiting.',
    receipt: 'Receipt',
    receiptFind: 'By receipt number',
    find: 'Open',
    name: 'Name',
    birthDate: 'Date of birth',
    route: 'How it came',
    since: 'Applied',
    municipality: 'Municipality',
  },
});

export interface Application extends Enrolled {
  readonly receipt: string;
  readonly consent: {
    readonly pattern?: string;
    readonly facilities?: readonly string[];
    readonly except?: readonly string[];
    readonly textVersion: string;
  };
}

interface PageOf {
  readonly applications: readonly Application[];
  readonly next?: string;
}

export const useApplications = () => {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ['applications'],
    queryFn: async ({ pageParam, signal }) =>
      (
        await api.ask<PageOf>(`/enrolment/applications${pageParam ? `?after=${encodeURIComponent(pageParam)}` : ''}`, {
          signal,
        })
      ).value,
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  });
};

const Applications = (): ReactNode => {
  const t = useApplicationText();
  const term = useTerm();
  const { language } = useLanguage();
  const query = useApplications();
  const rows = (query.data?.pages ?? []).flatMap(({ applications }) => applications);
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <ByReceipt />
      <Listed query={query} count={rows.length} empty={t('none')}>
        <DataTable<Application>
          label={t('title')}
          rows={rows}
          keyOf={({ receipt }) => receipt}
          minWidth={560}
          columns={[
            {
              name: t('name'),
              cell: ({ receipt, name }) => <To to={`/admin/applications/${receipt}`}>{name.kanji}</To>,
            },
            { name: t('birthDate'), cell: ({ birthDate }) => dateText(language, birthDate) },
            { name: t('route'), cell: ({ route }) => term('route', route) },
            { name: t('since'), cell: ({ since }) => dayText(language, since) },
            { name: t('municipality'), cell: ({ municipality }) => municipality },
          ]}
        />
      </Listed>
    </AdminPage>
  );
};

const ByReceipt = (): ReactNode => {
  const t = useApplicationText();
  const navigate = useNavigate();
  const form = useForm({ receipt: '' });
  const send = useSend(async () => {
    const receipt = form.values.receipt.normalize('NFKC').replace(/\D/g, '');
    if (receipt) await navigate({ to: `/admin/applications/${receipt}` });
  });
  return (
    <Section title={t('receiptFind')}>
      <SendForm send={send} onSend={() => send.mutate()} label={t('find')} saved="">
        <Field form={form} name="receipt" label={t('receipt')} inputMode="numeric" />
      </SendForm>
    </Section>
  );
};

export default Applications;
