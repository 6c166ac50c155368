// Cards of a resident: the valid one and those that were, stopping and reissuing.
import { Badge, Group, NativeSelect } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import { DataTable } from '../ui/list.tsx';
import { Empty } from '../ui/states.tsx';
import { CardPrint } from './card-print.tsx';
import type { Card, Enrolled, Joined } from './desk.ts';
import { Section } from './page.tsx';
import { useChoices, useTerm } from './terms.ts';

const useText = words({
  ja: {
    title: 'カード',
    none: 'カードはありません。',
    number: '番号',
    from: '発行日',
    until: '終了日',
    state: '状態',
    valid: '有効',
    why: '理由',
    stop: 'カードを止める',
    stopText: 'カードはすぐに使えなくなります。',
    reissue: '再発行する',
    reissueText: '今のカードは使えなくなり、新しいカードができます。',
  },
  en: {
    title: 'Cards',
    none: 'No cards.',
    number: 'Number',
    from: 'Issued',
    until: 'Ended',
    state: 'State',
    valid: 'valid',
    why: 'Reason',
    stop: 'Stop the card',
    stopText: 'The card is dead at once.',
    reissue: 'Reissue',
    reissueText: 'The present card ends, and there is a new one.',
  },
});

const WHYS = ['lost', 'stolen', 'damaged', 'renamed', 'returned'];

export const CardsSection = ({ of }: { readonly of: Enrolled }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const { language } = useLanguage();
  const api = useApi();
  const whys = useChoices('stop').filter(({ value }) => WHYS.includes(value));
  const [why, setWhy] = useState('lost');
  const path = `/enrolment/people/${encodeURIComponent(of.person)}/cards`;
  const stale = { stale: ['enrolled'] };
  const stop = useSend(() => api.ask(`${path}/stop`, { method: 'POST', body: { why } }), stale);
  const reissue = useSend(async () => (await api.ask<Joined>(path, { method: 'POST', body: { why } })).value, stale);
  const reason = (
    <NativeSelect label={t('why')} data={whys} value={why} onChange={(event) => setWhy(event.currentTarget.value)} />
  );
  return (
    <Section title={t('title')}>
      {of.cards.length === 0 ? (
        <Empty>{t('none')}</Empty>
      ) : (
        <DataTable<Card>
          label={t('title')}
          rows={of.cards}
          keyOf={({ number }) => number}
          minWidth={360}
          columns={[
            { name: t('number'), cell: ({ number }) => number },
            { name: t('from'), cell: ({ from }) => dayText(language, from) },
            { name: t('until'), cell: ({ until }) => dayText(language, until) },
            {
              name: t('state'),
              cell: ({ valid, stopped }) => (
                <Badge color={valid ? 'teal' : 'gray'}>{valid ? t('valid') : term('stop', stopped)}</Badge>
              ),
            },
          ]}
        />
      )}
      {reissue.data && <CardPrint card={reissue.data.card} />}
      <Group>
        {of.cards.some(({ valid }) => valid) && (
          <Confirm label={t('stop')} text={t('stopText')} color="red" send={stop} onConfirm={() => stop.mutateAsync()}>
            {reason}
          </Confirm>
        )}
        {of.status === 'enrolled' && (
          <Confirm label={t('reissue')} text={t('reissueText')} send={reissue} onConfirm={() => reissue.mutateAsync()}>
            {reason}
          </Confirm>
        )}
      </Group>
    </Section>
  );
};
