// Signing in, step by step: password, second factor, and on the first day a new password and the second factor's set-up.
import {
  Anchor,
  Button,
  Center,
  Code,
  Paper,
  PasswordInput,
  SegmentedControl,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { type FormEvent, lazy, type ReactNode, Suspense, useRef, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useServices } from '../ui/context.ts';
import { QrCode } from '../ui/qr-code.tsx';
import { Loading } from '../ui/states.tsx';
import { CognitoError, type Step } from './cognito.ts';
import { CodeInput, Fault, UsernameInput } from './fields.tsx';
import { passkeysHere, signInByPasskey } from './passkeys.ts';
import type { Kind } from './session.ts';

const Forgotten = lazy(() => import('./forgotten.tsx'));

const useText = words({
  ja: {
    title: 'サインイン',
    again: 'もう一度サインインしてください',
    kept: '入力した内容はそのまま残っています。',
    staff: '職員',
    residents: '住民',
    password: 'パスワード',
    next: '次へ',
    code: '確認コード（認証アプリの6桁）',
    newPassword: '新しいパスワード',
    newPasswordRule: '12文字以上。大文字・小文字・数字・記号を含めてください。',
    setup: '二要素認証の設定',
    setupHow: '認証アプリでQRコードを読み取り、表示された6桁を入力してください。',
    setupKey: '読み取れないときの設定キー',
    restart: '最初からやり直す',
    passkey: 'パスキーでサインイン',
    forgotten: 'パスワードを忘れた方',
    changed: 'パスワードを変えました。新しいパスワードでサインインしてください。',
    firstTime: 'はじめて使うとき・メールを受け取れないとき',
    firstResident:
      'はじめては、窓口の手紙にある仮のパスワードで入ります（3日間有効）。メールを受け取れずに忘れたときは、本人を確かめるものを持って市町村の窓口へ。新しい仮のパスワードを紙で渡します。電話やメールでおたずねすることはありません。',
    firstStaff:
      'はじめては、招待のメールにある仮のパスワードで入ります（3日間有効）。メールや認証アプリを使えなくなったときは、施設の管理者か、地域の運営事務局に連絡してください。',
    NoPasskey: 'このユーザー名で使えるパスキーがありません。パスワードでサインインしてください。',
    PasskeyCancelled: 'パスキーを使えませんでした。もう一度試すか、パスワードでサインインしてください。',
    NotAuthorizedException: 'ユーザー名またはパスワードが違うか、一時的にロックされています。',
    CodeMismatchException: '確認コードが違います。',
    EnableSoftwareTokenMFAException: '確認コードが違います。',
    ExpiredCodeException: '確認コードの期限が切れました。',
    InvalidPasswordException: 'パスワードが規則に合っていません。',
    LimitExceededException: '試行回数が多すぎます。時間をおいてください。',
    other: 'サインインできません。通信と入力内容を確かめてください。',
  },
  en: {
    title: 'Sign in',
    again: 'Please sign in again',
    kept: 'What you typed is still there.',
    staff: 'Staff',
    residents: 'Residents',
    password: 'Password',
    next: 'Next',
    code: 'Code (6 digits of your authenticator app)',
    newPassword: 'New password',
    newPasswordRule: 'At least 12 characters with upper case, lower case, digits and symbols.',
    setup: 'Set up the second factor',
    setupHow: 'Scan the QR code with an authenticator app and enter the 6 digits it shows.',
    setupKey: 'Key, if it cannot be scanned',
    restart: 'Start over',
    passkey: 'Sign in with a passkey',
    forgotten: 'Forgotten your password?',
    changed: 'The password is changed. Please sign in with the new one.',
    firstTime: 'First sign-in, or no e-mail',
    firstResident:
      'The first time, use the temporary password of the letter from the desk (good for 3 days). If you forgot yours and get no e-mail, go to the municipal desk with something that shows who you are: you get a new one on paper. Nobody will ever ask for it by telephone or e-mail.',
    firstStaff:
      'The first time, use the temporary password of the invitation (good for 3 days). If you can no longer use your e-mail or your authenticator app, ask the administrator of your facility, or the operator of the region.',
    NoPasskey: 'There is no passkey to use with this name. Please sign in with the password.',
    PasskeyCancelled: 'The passkey could not be used. Please try again, or sign in with the password.',
    NotAuthorizedException: 'The user name or the password is wrong, or the account is locked for a while.',
    CodeMismatchException: 'The code is wrong.',
    EnableSoftwareTokenMFAException: 'The code is wrong.',
    ExpiredCodeException: 'The code has expired.',
    InvalidPasswordException: 'The password does not meet the rules.',
    LimitExceededException: 'Too many attempts. Please wait a while.',
    other: 'Signing in failed. Please check the network and what you entered.',
  },
});

const KNOWN = [
  'NotAuthorizedException',
  'CodeMismatchException',
  'EnableSoftwareTokenMFAException',
  'ExpiredCodeException',
  'InvalidPasswordException',
  'LimitExceededException',
  'NoPasskey',
  'PasskeyCancelled',
] as const;

type Asking = Exclude<Step, { kind: 'signed-in' }> | { readonly kind: 'password'; readonly changed?: boolean };

export const SignIn = ({ lost }: { readonly lost?: Kind }): ReactNode => {
  const t = useText();
  const { session, config } = useServices();
  const [kind, setKind] = useState<Kind>(lost ?? 'staff');
  const [step, setStep] = useState<Asking>({ kind: 'password' });
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [forgotten, setForgotten] = useState(false);
  const name = useRef<HTMLInputElement>(null);

  const go = async (next: () => Promise<Step>) => {
    setBusy(true);
    setFault(undefined);
    try {
      const reached = await next();
      if (reached.kind === 'signed-in') session.enter(kind, reached.tokens);
      else setStep(reached);
    } catch (error) {
      const code = error instanceof CognitoError ? KNOWN.find((one) => one === error.code) : undefined;
      setFault(t(code ?? 'other'));
      // Cognito takes one answer for each step: a wrong code begins anew.
      if (step.kind === 'second-factor') setStep({ kind: 'password' });
    } finally {
      setBusy(false);
    }
  };

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string) => String(form.get(name) ?? '');
    const cognito = session.cognito(kind);
    switch (step.kind) {
      case 'password':
        return void go(async () => {
          const enter = () => cognito.signIn(field('username').trim(), field('password'));
          const reached = await enter();
          if (!step.changed || reached.kind !== 'signed-in') return reached;
          // Whoever knew the forgotten password is out. Where a code is asked besides, it would have to be asked twice.
          await cognito.endSessions(reached.tokens.access);
          return enter();
        });
      case 'second-factor':
        return void go(() => cognito.secondFactor(step, field('code')));
      case 'new-password':
        return void go(() => cognito.newPassword(step, field('password')));
      case 'factor-setup':
        return void go(() => cognito.factorSetup(step, field('code')));
    }
  };

  const byPasskey = () => {
    // The password may stay empty, the name may not.
    if (!name.current?.reportValidity()) return;
    const username = name.current.value.trim();
    void go(() => signInByPasskey(session.cognito(kind), username));
  };

  const enter = (changed: boolean) => {
    setForgotten(false);
    setFault(undefined);
    setStep({ kind: 'password', changed });
  };

  const page = (title: string, content: ReactNode) => (
    <Center component="main" mih={lost ? undefined : '80vh'} p="md">
      <Paper withBorder p="lg" radius="md" w="100%" maw={420}>
        <Stack>
          <Title order={1} size="h3">
            {title}
          </Title>
          {content}
        </Stack>
      </Paper>
    </Center>
  );

  if (forgotten)
    return page(
      t('forgotten'),
      <Suspense fallback={<Loading />}>
        <Forgotten kind={kind} onDone={() => enter(true)} onBack={() => enter(false)} />
      </Suspense>,
    );
  return page(
    lost ? t('again') : t('title'),
    <form onSubmit={submit}>
      <Stack>
        {lost && <Text size="sm">{t('kept')}</Text>}
        {step.kind === 'password' && (
          <>
            {step.changed && (
              <Text size="sm" role="status">
                {t('changed')}
              </Text>
            )}
            {!lost && (
              <SegmentedControl
                value={kind}
                onChange={(value) => setKind(value as Kind)}
                data={[
                  { value: 'staff', label: t('staff') },
                  { value: 'residents', label: t('residents') },
                ]}
              />
            )}
            <UsernameInput ref={name} kind={kind} />
            <PasswordInput name="password" label={t('password')} autoComplete="current-password" required />
          </>
        )}
        {step.kind === 'new-password' && (
          <PasswordInput
            name="password"
            label={t('newPassword')}
            description={t('newPasswordRule')}
            autoComplete="new-password"
            required
            autoFocus
          />
        )}
        {step.kind === 'factor-setup' && (
          <>
            <Text fw={600}>{t('setup')}</Text>
            <Text size="sm">{t('setupHow')}</Text>
            <QrCode
              label={t('setup')}
              text={`otpauth://totp/Tsumugi%20${config.region}?secret=${step.secret}&issuer=Tsumugi`}
            />
            <Text size="sm">
              {t('setupKey')}: <Code>{step.secret}</Code>
            </Text>
          </>
        )}
        {(step.kind === 'second-factor' || step.kind === 'factor-setup') && <CodeInput label={t('code')} />}
        <Fault text={fault} />
        <Button type="submit" loading={busy}>
          {t('next')}
        </Button>
        {step.kind !== 'password' && (
          <Anchor component="button" type="button" size="sm" onClick={() => setStep({ kind: 'password' })}>
            {t('restart')}
          </Anchor>
        )}
        {step.kind === 'password' && (
          <>
            {passkeysHere(config, kind) && (
              <Button variant="default" disabled={busy} onClick={byPasskey}>
                {t('passkey')}
              </Button>
            )}
            <Anchor component="button" type="button" size="sm" onClick={() => setForgotten(true)}>
              {t('forgotten')}
            </Anchor>
            <details>
              <summary>{t('firstTime')}</summary>
              <Text size="sm">{t(kind === 'staff' ? 'firstStaff' : 'firstResident')}</Text>
            </details>
          </>
        )}
      </Stack>
    </form>,
  );
};
