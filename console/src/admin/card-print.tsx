// The card to print: number and QR code, and nothing of the person. A letter with the first password goes the same way. Printing
// leaves everything else of the page away (admin.module.css).
import { Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useServices } from '../ui/context.ts';
import { QrCode } from '../ui/qr-code.tsx';
import styles from './admin.module.css';
import type { PrintableCard } from './desk.ts';

const useText = words({
  ja: {
    print: '印刷する',
    once: 'このカードは今だけ印刷できます。閉じると、もう一度印刷するには再発行が必要です。',
    front: '参加カード',
    qr: 'カードのQRコード',
    found: '拾われた方は上記の運営事務局または市町村窓口へお届けください。',
    letter: 'マイページのご案内',
    user: 'ユーザー名（メールアドレス）',
    password: '最初のパスワード',
    how: '下のアドレスを開いて「住民」を選び、このユーザー名とパスワードでサインインしてください。最初のサインインで新しいパスワードを決めます。この用紙は人に見せず、サインインできたら処分してください。',
  },
  en: {
    print: 'Print',
    once: 'This card can be printed now only; afterwards it has to be reissued.',
    front: 'Member card',
    qr: 'QR code of the card',
    found: 'If found, please bring it to the office of the network or to a municipal office.',
    letter: 'Your own page',
    user: 'User name (e-mail address)',
    password: 'First password',
    how: 'Open the address below, choose "Residents" and sign in with this user name and password. You choose a new password then. Show this paper to nobody, and destroy it once you have signed in.',
  },
});

export const CardPrint = ({ card }: { readonly card: PrintableCard }): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const { config } = useServices();
  return (
    <Stack data-printed>
      <Text className={styles.screenOnly}>{t('once')}</Text>
      <div className={styles.card}>
        <div>
          <Text fw={700} c="#000">
            {config.title[language]}
          </Text>
          <Text c="#000" size="sm">
            {t('front')}
          </Text>
          <p className={styles.cardNumber}>{card.printed}</p>
          <Text c="#000" size="xs">
            {t('found')}
          </Text>
        </div>
        <QrCode text={card.qr} label={t('qr')} size={125} />
      </div>
      <Group>
        <Button onClick={() => print()}>{t('print')}</Button>
      </Group>
    </Stack>
  );
};

export const PasswordLetter = ({
  email,
  password,
}: {
  readonly email: string;
  readonly password: string;
}): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const { config } = useServices();
  return (
    <Stack data-printed>
      <Text fw={700}>
        {config.title[language]} {t('letter')}
      </Text>
      <Text>{t('how')}</Text>
      <Text>
        {location.origin}
        {location.pathname}
      </Text>
      <Text>{t('user')}</Text>
      <p className={styles.secret}>{email}</p>
      <Text>{t('password')}</Text>
      <p className={styles.secret}>{password}</p>
      <Group>
        <Button onClick={() => print()}>{t('print')}</Button>
      </Group>
    </Stack>
  );
};
