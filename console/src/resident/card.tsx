// The card: shown at a reception from the telephone, and stopped when it is lost. A new one comes from the desk.
import { Alert, Badge, Button, Group, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import lineStyles from '../ui/lines.module.css';
import { Listed } from '../ui/list.tsx';
import { QrCode } from '../ui/qr-code.tsx';
import { MemberPage } from './page.tsx';
import styles from './resident.module.css';

const useText = words({
  ja: {
    title: 'カード',
    lead: '受付や救急でこのQRコードを見せると、あなたの記録を探せます。コードに名前や病気は入っていません。',
    none: '使えるカードがありません。',
    qr: 'カードのQRコード',
    number: 'カード番号',
    valid: '使えます',
    since: '{day}から',
    print: '印刷する',
    stop: 'なくした・盗まれた',
    stopTitle: 'カードを止める',
    stopText:
      'カードはすぐに使えなくなります。この画面のQRコードも使えなくなります。新しいカードは、市町村の窓口で作り直します（本人を確かめるものをお持ちください）。',
    why: 'どうしましたか',
    lost: 'なくした',
    stolen: '盗まれた',
    damaged: 'こわれた',
    renamed: '名前が変わった',
    returned: '返した',
    withdrawn: '参加をやめた',
    deceased: '死亡',
    old: '前のカード',
    reissue: '新しいカードは窓口で',
    reissueText: 'カードは止まっています。市町村の窓口で「カード再発行申請書」を出してください。',
    notJoined: 'カードは、参加した人に作られます。',
  },
  en: {
    title: 'Card',
    lead: 'Show this QR code at a reception or to an ambulance crew, and they find your record. No name and no illness is in it.',
    none: 'There is no card that is good.',
    qr: 'QR code of the card',
    number: 'Card number',
    valid: 'good',
    since: 'since {day}',
    print: 'Print',
    stop: 'Lost or stolen',
    stopTitle: 'Stop the card',
    stopText:
      'The card stops working at once, and so does the QR code on this screen. A new card is made at the municipal desk (bring something that shows who you are).',
    why: 'What happened?',
    lost: 'Lost',
    stolen: 'Stolen',
    damaged: 'Broken',
    renamed: 'Name changed',
    returned: 'Returned',
    withdrawn: 'Left the network',
    deceased: 'Died',
    old: 'Earlier cards',
    reissue: 'A new card comes from the desk',
    reissueText: 'The card is stopped. Hand in the form for a new one at the municipal desk.',
    notJoined: 'A card is made for everybody who has joined.',
  },
});

const STOPS = ['lost', 'stolen', 'damaged'] as const;

interface CardOf {
  readonly number: string;
  readonly valid: boolean;
  readonly from?: string;
  readonly until?: string;
  readonly stopped?: 'lost' | 'stolen' | 'damaged' | 'renamed' | 'returned' | 'withdrawn' | 'deceased';
  readonly qr?: string;
}

const Card = (): ReactNode => {
  const t = useText();
  return (
    <MemberPage title={t('title')} lead={t('lead')} notJoined={t('notJoined')}>
      <Cards />
    </MemberPage>
  );
};

const Cards = (): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const api = useApi();
  const query = useQuery({
    queryKey: ['cards'],
    queryFn: async ({ signal }) => (await api.ask<{ cards: readonly CardOf[] }>('/me/cards', { signal })).value.cards,
    gcTime: 0,
  });
  const [why, setWhy] = useState<string>('lost');
  const stop = useSend(() => api.ask('/me/cards/stop', { method: 'POST', body: { why } }), { stale: ['cards'] });
  const cards = query.data ?? [];
  const good = cards.find(({ valid }) => valid);
  const old = cards.filter(({ valid }) => !valid);
  return (
    <Listed query={query} count={cards.length} empty={t('none')}>
      {good && (
        <section className={styles.paper} aria-label={t('title')}>
          <Stack align="flex-start">
            {good.qr !== undefined && <QrCode text={good.qr} label={t('qr')} size={260} />}
            <div>
              <Text size="sm">{t('number')}</Text>
              <Text className={lineStyles.code}>{good.number}</Text>
            </div>
            <Group>
              <Badge color="teal" variant="light" size="lg" c="inherit">
                {t('valid')}
              </Badge>
              <Text size="sm">{t('since', { day: dayText(language, good.from) })}</Text>
            </Group>
            <Group>
              <Button size="md" variant="default" onClick={() => print()}>
                {t('print')}
              </Button>
              <Confirm
                label={t('stop')}
                title={t('stopTitle')}
                text={t('stopText')}
                color="red"
                size="md"
                send={stop}
                onConfirm={() => stop.mutateAsync()}
              >
                <NativeSelect
                  size="md"
                  label={t('why')}
                  value={why}
                  onChange={(event) => setWhy(event.currentTarget.value)}
                  data={STOPS.map((value) => ({ value, label: t(value) }))}
                />
              </Confirm>
            </Group>
          </Stack>
        </section>
      )}
      {!good && (
        <Alert color="orange" title={t('reissue')} role="status">
          {t('reissueText')}
        </Alert>
      )}
      {old.length > 0 && (
        <section aria-labelledby="old" className={styles.screenOnly}>
          <Title order={2} size="h4" id="old">
            {t('old')}
          </Title>
          <ul className={lineStyles.lines}>
            {old.map(({ number, until, stopped }) => (
              <li key={number} className={lineStyles.line}>
                <Text className={lineStyles.what}>{number}</Text>
                <Text size="sm">
                  {dayText(language, until)} {stopped && t(stopped)}
                </Text>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Listed>
  );
};

export default Card;
