// The first page: what needs attention, then everything there is, in large tiles.
import { Alert, Anchor, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Failure, Loading } from '../ui/states.tsx';
import { ComingOfAge } from './coming-of-age.tsx';
import { ResidentPage } from './page.tsx';
import styles from './resident.module.css';
import { useEnrolment } from './use-resident.ts';

const useText = words({
  ja: {
    title: 'ホーム',
    alerts: '救急などで、特別に記録が見られたことがあります（{count}回）',
    alertsText: 'いつ、どの施設が見たかを確かめられます。',
    toAlerts: '確かめる',
    none: 'まだ参加していません',
    noneText: '申し込むと、窓口で確認のあと、使えるようになります。',
    apply: '参加を申し込む',
    applied: '申し込みを受け付けました',
    appliedText: '窓口で確認しています。終わると、ここに記録が出ます。受付番号を控えておいてください。',
    rejected: '申し込みは受け付けられませんでした',
    rejectedText: '市町村の窓口でお確かめください。もう一度申し込むこともできます。',
    withdrawn: '参加をやめています',
    withdrawnText: 'ほかの施設には何も見えません。いつでも、また参加できます。',
    comeBack: 'また参加する',
    record: 'わたしの記録',
    recordText: '病名、薬、検査の結果とグラフ、文書',
    measurements: '家での測定',
    measurementsText: '血圧や体重を書いて、グラフで見る',
    looked: '見た人',
    lookedText: 'いつ、どこの、だれが見たか',
    consents: '見せる・止める',
    consentsText: 'どの施設に何を見せるか。いつでも変えられます',
    optIn: 'QRコードで見せる',
    optInText: '受付や薬局で見せられたコードを読む',
    card: 'カード',
    cardText: '受付で見せる。なくしたときに止める',
    family: '家族・代理人',
    familyText: '代わりに見られる人',
    pairing: '他のアプリ',
    pairingText: '別のアプリや機器とつなぐ',
    download: '保存・印刷',
    downloadText: '記録をファイルや紙にする',
    contact: '登録の内容',
    contactText: '住所、電話、緊急の連絡先',
  },
  en: {
    title: 'Home',
    alerts: 'Your record was opened in an emergency ({count} times)',
    alertsText: 'You can see when, and by which facility.',
    toAlerts: 'Look',
    none: 'You have not joined yet',
    noneText: 'Apply, and once a desk has checked it you can use everything here.',
    apply: 'Apply to join',
    applied: 'Your application has arrived',
    appliedText: 'A desk is checking it. When that is done your record appears here. Keep the receipt number.',
    rejected: 'Your application was not accepted',
    rejectedText: 'Please ask at the municipal desk. You may apply again.',
    withdrawn: 'You have left',
    withdrawnText: 'Other facilities see nothing. You can come back at any time.',
    comeBack: 'Join again',
    record: 'My record',
    recordText: 'Illnesses, medicines, results with graphs, documents',
    measurements: 'Measured at home',
    measurementsText: 'Write down blood pressure or weight and see the graph',
    looked: 'Who looked',
    lookedText: 'When, where, and who',
    consents: 'Who may look',
    consentsText: 'What you show to which facility. Change it at any time',
    optIn: 'Show by QR code',
    optInText: 'Read the code that a reception or pharmacy shows',
    card: 'Card',
    cardText: 'Show it at a reception; stop it when it is lost',
    family: 'Family and proxies',
    familyText: 'Who may look for you',
    pairing: 'Other apps',
    pairingText: 'Connect another app or device',
    download: 'Save and print',
    downloadText: 'Your record as a file or on paper',
    contact: 'My details',
    contactText: 'Address, telephone, whom to call',
  },
});

const TILES = [
  ['record', 'record'],
  ['measurements', 'measurements'],
  ['looked', 'looked'],
  ['consents', 'consents'],
  ['optIn', 'opt-in'],
  ['card', 'card'],
  ['family', 'family'],
  ['pairing', 'pairing'],
  ['download', 'download'],
  ['contact', 'contact'],
] as const;

const Home = (): ReactNode => {
  const t = useText();
  const { data, error, isPending, refetch } = useEnrolment();
  return (
    <ResidentPage title={t('title')}>
      {isPending && <Loading />}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {data && data.patients.length > 0 && <Alerts />}
      {data && <ComingOfAge enrolment={data} />}
      {data && data.patients.length === 0 && data.status === 'none' && (
        <Notice title={t('none')} text={t('noneText')} to="/resident/application" link={t('apply')} />
      )}
      {data?.status === 'applied' && <Notice title={t('applied')} text={t('appliedText')} />}
      {data?.status === 'rejected' && (
        <Notice title={t('rejected')} text={t('rejectedText')} to="/resident/application" link={t('apply')} />
      )}
      {data?.status === 'withdrawn' && (
        <Notice title={t('withdrawn')} text={t('withdrawnText')} to="/resident/leave" link={t('comeBack')} />
      )}
      {data && data.patients.length > 0 && (
        <ul className={styles.tiles}>
          {TILES.map(([name, path]) => (
            <li key={name}>
              <Link to={`/resident/${path}`} className={styles.tile}>
                <span className={styles.tileName}>{t(name)}</span>
                <Text span size="sm" c="dimmed">
                  {t(`${name}Text`)}
                </Text>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </ResidentPage>
  );
};

const Notice = ({
  title,
  text,
  to,
  link,
}: {
  readonly title: string;
  readonly text: string;
  readonly to?: string;
  readonly link?: string;
}): ReactNode => (
  <Alert color="blue" title={title}>
    <Stack gap="xs">
      <Text>{text}</Text>
      {to !== undefined && (
        <Anchor component={Link} to={to} size="lg">
          {link}
        </Anchor>
      )}
    </Stack>
  </Alert>
);

const Alerts = (): ReactNode => {
  const t = useText();
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: ['alerts'],
    queryFn: async ({ signal }) => (await api.ask<{ alerts: readonly unknown[] }>('/me/alerts', { signal })).value,
  });
  const count = data?.alerts.length ?? 0;
  // That nobody broke the glass is not known then, and must not look as if it were.
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  return count === 0 ? null : (
    <Alert color="orange" title={t('alerts', { count })}>
      <Stack gap="xs">
        <Text>{t('alertsText')}</Text>
        <Anchor component={Link} to="/resident/looked" size="lg">
          {t('toAlerts')}
        </Anchor>
      </Stack>
    </Alert>
  );
};

export default Home;
