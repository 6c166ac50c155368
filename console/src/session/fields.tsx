// Fields that the forms around signing in share.
import { Text, TextInput } from '@mantine/core';
import type { ReactNode, Ref } from 'react';
import { words } from '../i18n/i18n.ts';
import type { Kind } from './session.ts';

const useText = words({
  ja: { username: 'ユーザー名', email: 'メールアドレス' },
  en: { username: 'User name', email: 'E-mail address' },
});

/** Staff have names, residents their e-mail address. */
export const UsernameInput = ({
  kind,
  ref,
}: {
  readonly kind: Kind;
  readonly ref?: Ref<HTMLInputElement>;
}): ReactNode => {
  const t = useText();
  return (
    <TextInput
      ref={ref}
      name="username"
      label={kind === 'staff' ? t('username') : t('email')}
      autoComplete="username"
      required
      autoFocus
    />
  );
};

/** Six digits, of an authenticator or a mail. */
export const CodeInput = ({ label }: { readonly label: string }): ReactNode => (
  <TextInput
    name="code"
    label={label}
    inputMode="numeric"
    autoComplete="one-time-code"
    pattern="[0-9]{6}"
    maxLength={6}
    required
    autoFocus
  />
);

export const Fault = ({ text }: { readonly text: string | undefined }): ReactNode =>
  text && (
    <Text c="red" role="alert">
      {text}
    </Text>
  );
