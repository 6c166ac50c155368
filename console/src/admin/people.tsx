// The enrolment desk: find who has joined, by card or by name and birth date, or take down somebody new.
import { Button, Text } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { DataTable } from '../ui/list.tsx';
import type { Duplicate } from './desk.ts';
import { AdminPage, Fields, Section, To } from './page.tsx';
import { useTerm } from './terms.ts';

export const useDeskText = words({
  ja: {
    title: '参加登録',
    about: '住民の参加・変更・撤回・カード・代理人の手続きです。診療の内容はここには出ません。',
    enrol: '新しく登録する',
    byCard: 'カードで探す',
    card: 'カード番号またはQRコード',
    cardHint: '読み取り機で読むか、12桁の番号を入力してください。',
    find: '探す',
    byName: '氏名と生年月日で探す',
    kanaFamily: '姓（かな）',
    kanaGiven: '名（かな）',
    birthDate: '生年月日',
    nobody: '参加している人は見つかりません。',
    found: '見つかった人',
    status: '状態',
    since: '手続日',
    municipality: '市区町村',
    open: '開く',
  },
  en: {
    title: 'Enrolment',
    about: 'Joining, changes, withdrawal, cards and proxies of residents. Nothing clinical is shown here.',
    enrol: 'Enrol somebody',
    byCard: 'By card',
    card: 'Card number or QR code',
    cardHint: 'Scan it, or type the twelve digits.',
    find: 'Find',
    byName: 'By name and date of birth',
    kanaFamily: 'Family name (kana)',
    kanaGiven: 'Given name (kana)',
    birthDate: 'Date of birth',
    nobody: 'Nobody of this name and date of birth has joined.',
    found: 'Found',
    status: 'State',
    since: 'Since',
    municipality: 'Municipality',
    open: 'Open',
  },
});

const People = (): ReactNode => {
  const t = useDeskText();
  return (
    <AdminPage
      title={t('title')}
      about={t('about')}
      actions={
        <Button component={Link} to="/admin/people/new">
          {t('enrol')}
        </Button>
      }
    >
      <ByCard />
      <ByName />
    </AdminPage>
  );
};

const ByCard = (): ReactNode => {
  const t = useDeskText();
  const api = useApi();
  const navigate = useNavigate();
  const form = useForm({ card: '' });
  const send = useSend(
    () =>
      api.ask<{ person: string }>('/enrolment/cards/lookup', {
        method: 'POST',
        body: { card: form.values.card.trim() },
      }),
    { done: ({ value }) => void navigate({ to: `/admin/people/${value.person}` }) },
  );
  return (
    <Section title={t('byCard')}>
      <SendForm send={send} onSend={() => send.mutate()} label={t('find')} saved="">
        <Field form={form} name="card" label={t('card')} hint={t('cardHint')} error={send.error} />
      </SendForm>
    </Section>
  );
};

const ByName = (): ReactNode => {
  const t = useDeskText();
  const api = useApi();
  const form = useForm({ kanaFamily: '', kanaGiven: '', birthDate: '' });
  const send = useSend(async () => {
    const { kanaFamily, kanaGiven, birthDate } = form.values;
    const body = { name: { kana: { family: kanaFamily, given: kanaGiven } }, birthDate };
    return (await api.ask<{ duplicates: Duplicate[] }>('/enrolment/check', { method: 'POST', body })).value.duplicates;
  });
  const { error, data } = send;
  return (
    <Section title={t('byName')}>
      <SendForm send={send} onSend={() => send.mutate()} label={t('find')} saved="">
        <Fields>
          <Field form={form} name="kanaFamily" at="name.kana.family" label={t('kanaFamily')} error={error} required />
          <Field form={form} name="kanaGiven" at="name.kana.given" label={t('kanaGiven')} error={error} required />
          <Field form={form} name="birthDate" label={t('birthDate')} type="date" error={error} required />
        </Fields>
      </SendForm>
      <div aria-live="polite">
        {data && (data.length === 0 ? <Text>{t('nobody')}</Text> : <Duplicates label={t('found')} found={data} />)}
      </div>
    </Section>
  );
};

export const Duplicates = ({
  label,
  found,
}: {
  readonly label: string;
  readonly found: readonly Duplicate[];
}): ReactNode => {
  const t = useDeskText();
  const term = useTerm();
  const { language } = useLanguage();
  return (
    <DataTable<Duplicate>
      label={label}
      rows={found}
      keyOf={({ person }) => person}
      minWidth={320}
      columns={[
        { name: t('status'), cell: ({ status }) => term('status', status) },
        { name: t('since'), cell: ({ since }) => dayText(language, since) },
        { name: t('municipality'), cell: ({ municipality }) => municipality },
        {
          name: t('open'),
          cell: ({ person }) => <To to={`/admin/people/${person}`}>{t('open')}</To>,
        },
      ]}
    />
  );
};

export default People;
