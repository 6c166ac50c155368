// A forgotten password: a code by e-mail, then a new password. Whether the account is there is not said; what is asked after the
// password stays as it was.
import { Anchor, Button, PasswordInput, Stack, Text } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useServices } from '../ui/context.ts';
import { CognitoError } from './cognito.ts';
import { CodeInput, Fault, UsernameInput } from './fields.tsx';
import type { Kind } from './session.ts';

const useText = words({
  ja: {
    how: '登録してあるメールアドレスに、6桁のコードを送ります。',
    send: 'コードを送る',
    sent: '登録があれば、メールが届きます。1時間以内に使ってください。届かないときは、迷惑メールを確かめるか、施設の管理者や窓口に連絡してください。',
    code: 'メールの6桁のコード',
    password: '新しいパスワード',
    rule: '12文字以上。大文字・小文字・数字・記号を含めてください。',
    change: 'パスワードを変える',
    back: 'サインインにもどる',
    CodeMismatchException: 'コードが違います。',
    ExpiredCodeException: 'コードの期限が切れています。もう一度送ってください。',
    InvalidPasswordException: 'パスワードが規則に合っていません。',
    LimitExceededException: '試行回数が多すぎます。時間をおいてください。',
    TooManyRequestsException: '試行回数が多すぎます。時間をおいてください。',
    other: 'うまくいきませんでした。通信と入力内容を確かめてください。',
  },
  en: {
    how: 'We send a code of 6 digits to the e-mail address that is registered.',
    send: 'Send the code',
    sent: 'If you are registered, an e-mail is on its way. Use it within an hour. If none comes, look into your spam, or ask the administrator of your facility or the desk.',
    code: 'Code of the e-mail (6 digits)',
    password: 'New password',
    rule: 'At least 12 characters with upper case, lower case, digits and symbols.',
    change: 'Change the password',
    back: 'Back to sign-in',
    CodeMismatchException: 'The code is wrong.',
    ExpiredCodeException: 'The code has expired. Please have it sent again.',
    InvalidPasswordException: 'The password does not meet the rules.',
    LimitExceededException: 'Too many attempts. Please wait a while.',
    TooManyRequestsException: 'Too many attempts. Please wait a while.',
    other: 'That did not work. Please check the network and what you entered.',
  },
});

const KNOWN = [
  'CodeMismatchException',
  'ExpiredCodeException',
  'InvalidPasswordException',
  'LimitExceededException',
  'TooManyRequestsException',
] as const;

const Forgotten = ({
  kind,
  onDone,
  onBack,
}: {
  readonly kind: Kind;
  readonly onDone: () => void;
  readonly onBack: () => void;
}): ReactNode => {
  const t = useText();
  const { session } = useServices();
  /** Whom the code was sent to. */
  const [username, setUsername] = useState<string>();
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string) => String(form.get(name) ?? '').trim();
    const cognito = session.cognito(kind);
    setBusy(true);
    setFault(undefined);
    try {
      if (username === undefined) {
        await cognito.forgot(field('username'));
        setUsername(field('username'));
      } else {
        await cognito.newForgotten(username, field('code'), String(form.get('password') ?? ''));
        onDone();
      }
    } catch (error) {
      const code = error instanceof CognitoError ? KNOWN.find((one) => one === error.code) : undefined;
      setFault(t(code ?? 'other'));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        {username === undefined ? (
          <>
            <Text size="sm">{t('how')}</Text>
            <UsernameInput kind={kind} />
          </>
        ) : (
          <>
            <Text size="sm" role="status">
              {t('sent')}
            </Text>
            <CodeInput label={t('code')} />
            <PasswordInput
              name="password"
              label={t('password')}
              description={t('rule')}
              autoComplete="new-password"
              required
            />
          </>
        )}
        <Fault text={fault} />
        <Button type="submit" loading={busy}>
          {username === undefined ? t('send') : t('change')}
        </Button>
        <Anchor component="button" type="button" size="sm" onClick={onBack}>
          {t('back')}
        </Anchor>
      </Stack>
    </form>
  );
};

export default Forgotten;
