// The account of somebody who joined at a counter, and a first password on paper for who lost the own one.
import { Group, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { PasswordLetter } from './card-print.tsx';
import type { Enrolled } from './desk.ts';
import { EvidenceFields, NO_EVIDENCE } from './evidence.tsx';
import { Fields, Section } from './page.tsx';

const useText = words({
  ja: {
    title: 'マイページのアカウント',
    has: 'アカウントがあります。',
    hasNot: 'アカウントはありません。',
    email: 'メールアドレス',
    by: '最初のパスワードの渡し方',
    letter: '用紙に印刷して渡す',
    mail: 'メールで送る',
    give: 'アカウントを作る',
    mailed: 'アカウントを作り、最初のパスワードをメールで送りました。',
    renew: 'パスワードを作り直す',
    renewText: '開いているマイページは終わります。新しいパスワードを用紙で渡します。',
    renewed: '新しい最初のパスワード',
    sameName: '（登録済みのメールアドレス）',
  },
  en: {
    title: 'Account',
    has: 'There is an account.',
    hasNot: 'There is no account.',
    email: 'E-mail address',
    by: 'How the first password is handed over',
    letter: 'On paper',
    mail: 'By mail',
    give: 'Make an account',
    mailed: 'The account is made; the first password was mailed.',
    renew: 'New first password',
    renewText: 'Open sessions of the resident end. The new password is handed over on paper.',
    renewed: 'New first password',
    sameName: '(the address of the account)',
  },
});

interface Given {
  readonly password?: string;
}

export const AccountSection = ({ of }: { readonly of: Enrolled }): ReactNode => {
  const t = useText();
  // The letter stays in sight although there is an account now.
  const [isGiven, setGiven] = useState(false);
  return (
    <Section title={t('title')}>
      <Text>{t(of.account ? 'has' : 'hasNot')}</Text>
      {of.status === 'enrolled' &&
        (of.account && !isGiven ? <Renew of={of} /> : <Give of={of} onGiven={() => setGiven(true)} />)}
    </Section>
  );
};

const Give = ({ of, onGiven }: { readonly of: Enrolled; readonly onGiven: () => void }): ReactNode => {
  const t = useText();
  const api = useApi();
  const form = useForm({ email: '', by: 'letter' });
  const [letter, setLetter] = useState<{ email: string; password: string }>();
  const [isMailed, setMailed] = useState(false);
  const send = useSend(
    async () =>
      (
        await api.ask<Given>(`/enrolment/people/${encodeURIComponent(of.person)}/account`, {
          method: 'POST',
          body: { ...form.values, email: form.values.email.trim() },
        })
      ).value,
    {
      stale: ['enrolled'],
      done: ({ password }) => {
        onGiven();
        if (password === undefined) setMailed(true);
        else setLetter({ email: form.values.email, password });
      },
    },
  );
  if (letter) return <PasswordLetter {...letter} />;
  if (isMailed) return <Text role="status">{t('mailed')}</Text>;
  return (
    <SendForm send={send} onSend={() => send.mutate()} label={t('give')} saved="">
      <Fields>
        <Field form={form} name="email" label={t('email')} type="email" error={send.error} required />
        <Field
          form={form}
          name="by"
          label={t('by')}
          choices={[
            { value: 'letter', label: t('letter') },
            { value: 'mail', label: t('mail') },
          ]}
          error={send.error}
        />
      </Fields>
    </SendForm>
  );
};

const Renew = ({ of }: { readonly of: Enrolled }): ReactNode => {
  const t = useText();
  const api = useApi();
  const [evidence, setEvidence] = useState(NO_EVIDENCE);
  const send = useSend(
    async () =>
      (
        await api.ask<Given>(`/enrolment/people/${encodeURIComponent(of.person)}/account/password`, {
          method: 'POST',
          body: { evidence },
        })
      ).value,
  );
  return (
    <>
      {send.data?.password && <PasswordLetter email={t('sameName')} password={send.data.password} />}
      <Group>
        <Confirm
          label={t('renew')}
          text={t('renewText')}
          send={send}
          onConfirm={() => send.mutateAsync()}
          blocked={evidence.checked.length === 0}
        >
          <EvidenceFields value={evidence} onChange={setEvidence} error={send.error} />
        </Confirm>
      </Group>
    </>
  );
};
