// What people ask first: signing in for the first time, a lost password, a second pair of eyes.
import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { useServices } from '../ui/context.ts';
import { ResidentPage } from './page.tsx';

const useText = words({
  ja: {
    title: '使い方',
    first: '初めて使うとき',
    firstText:
      '窓口でもらった手紙（またはメール）のメールアドレスと仮のパスワードでサインインします。すぐに、自分だけのパスワードに変えます。12文字以上で、大文字・小文字・数字・記号を入れてください。仮のパスワードが使えるのは3日間です。過ぎたら、窓口でもう一度もらえます。',
    lost: 'パスワードを忘れたとき',
    lostText:
      'サインインの画面の「パスワードを忘れた方」から、登録したメールアドレスにコードを送って、自分で変えられます。メールを受け取れないときは、本人を確かめるもの（マイナンバーカードなど）を持って、市町村の窓口へ行ってください。新しい仮のパスワードを紙で渡します。それまで開いていた画面は、すべて数秒で閉じます。電話やメールでパスワードをたずねることはありません。',
    change: 'パスワードを知られたかもしれないとき',
    changeText: 'すぐに窓口に知らせてください。仮のパスワードに変えると、ほかの人が開いた画面も閉じます。',
    passkey: 'パスワードなしでサインインするには',
    passkeyText:
      '自分だけが使うスマートフォンやパソコンで「サインインの設定」を開き、パスキーを作ります。次からは指紋・顔・暗証番号だけで入れます。端末をなくしたら、「サインインの設定」でそのパスキーを消してください。',
    shared: '家族と同じ電話やパソコンを使うとき',
    sharedText:
      '使い終わったら、右上の「サインアウト」を押してください。しばらく使わないと、もう一度サインインが必要になります。',
    without: 'メールやスマートフォンがないとき',
    withoutText: 'カードと代理人だけでも参加できます。家族が代理で見ることもできます。窓口でおたずねください。',
    children: '18歳になったとき',
    childrenText: '18歳の誕生日に、親は見られなくなります。自分のアカウントは窓口で作れます。',
    leave: '参加をやめたいとき',
    leaveText: '「登録の内容」の下にある「参加をやめる」から、いつでもやめられます。紙でもできます。',
  },
  en: {
    title: 'Help',
    first: 'The first time',
    firstText:
      'Sign in with the e-mail address and the temporary password of the letter (or e-mail) that the desk gave you. You choose your own password at once: at least 12 characters with upper case, lower case, digits and symbols. The temporary one is good for 3 days; after that the desk gives you another.',
    lost: 'If you forgot the password',
    lostText:
      'Where you sign in, “Forgotten your password?” sends a code to your e-mail address, and you choose a new one yourself. If you get no e-mail, go to the municipal desk with something that shows who you are. You get a new temporary password on paper, and whatever was open closes within seconds. Nobody will ever ask for your password by telephone or e-mail.',
    change: 'If somebody may know your password',
    changeText: 'Tell the desk at once. With a new temporary password, whatever others have open closes too.',
    passkey: 'To sign in without a password',
    passkeyText:
      'Open “Sign-in settings” on a telephone or computer that only you use, and make a passkey. From then on your finger, face or PIN is enough. If you lose the device, delete its passkey there.',
    shared: 'If you share a telephone or computer',
    sharedText: 'Press “Sign out” at the top when you are done. After a while without use you have to sign in again.',
    without: 'Without e-mail or a smartphone',
    withoutText: 'You can join with the card and a proxy alone. Ask at the desk.',
    children: 'When you turn 18',
    childrenText: 'On your 18th birthday your parents stop seeing your record. The desk makes your own account.',
    leave: 'If you want to leave',
    leaveText: 'At the bottom of “My details” you can leave at any time. On paper too.',
  },
});

const TOPICS = ['first', 'lost', 'change', 'passkey', 'shared', 'without', 'children', 'leave'] as const;

const Help = (): ReactNode => {
  const t = useText();
  const { config } = useServices();
  const topics = TOPICS.filter((topic) => topic !== 'passkey' || config.passkeys?.for.includes('residents'));
  return (
    <ResidentPage title={t('title')}>
      <Stack gap="lg">
        {topics.map((topic) => (
          <section key={topic} aria-labelledby={topic}>
            <Title order={2} size="h4" id={topic}>
              {t(topic)}
            </Title>
            <Text>{t(`${topic}Text`)}</Text>
          </section>
        ))}
      </Stack>
    </ResidentPage>
  );
};

export default Help;
