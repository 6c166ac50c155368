// Who is told by mail when the glass is broken for a facility's patients or by its staff: the address, and whether it has confirmed.
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import type { Facility } from './data.ts';
import { Fields, Section } from './page.tsx';

const useText = words({
  ja: {
    title: '個人情報保護の担当者',
    about:
      '緊急時閲覧や通常と異なる閲覧があると、この宛先にメールが届きます。個人情報は含まれません。最初のメールのリンクを開いて確認するまで、何も届きません。',
    none: '担当者は登録されていません。',
    waits: '{email}（確認待ち。確認のメールを送りました）',
    confirmed: '{email}（確認済み）',
    email: '担当者のメールアドレス',
    set: '担当者を決める',
    remove: '担当者を外す',
    removeText: 'この施設についてのメールは、この宛先に届かなくなります。',
  },
  en: {
    title: 'Privacy officer',
    about:
      'Hears by mail when the glass is broken or reading is unusual. The mail holds no personal data. Nothing is sent before the link in the first mail has been opened.',
    none: 'There is no officer.',
    waits: '{email} (not confirmed yet; a mail was sent)',
    confirmed: '{email} (confirmed)',
    email: "The officer's e-mail address",
    set: 'Make this the officer',
    remove: 'Remove the officer',
    removeText: 'No more mail about this facility goes to this address.',
  },
});

export const PrivacyOfficer = ({ facility: { code, privacyOfficer } }: { readonly facility: Facility }): ReactNode => {
  const t = useText();
  const api = useApi();
  const form = useForm({ officer: '' });
  const path = `/admin/facilities/${encodeURIComponent(code)}`;
  const patch = (officer: { email: string } | null) =>
    api.ask(path, { method: 'PATCH', body: { privacyOfficer: officer } });
  const save = useSend(() => patch({ email: form.values.officer.trim() }), {
    stale: ['facilities'],
    done: () => form.reset(),
  });
  const remove = useSend(() => patch(null), { stale: ['facilities'] });
  const { email, confirmed } = privacyOfficer ?? { email: '', confirmed: false };
  return (
    <Section title={t('title')}>
      <Text>{t('about')}</Text>
      <Text>{privacyOfficer ? t(confirmed ? 'confirmed' : 'waits', { email }) : t('none')}</Text>
      <SendForm send={save} onSend={() => save.mutate()} label={t('set')}>
        <Fields>
          <Field
            form={form}
            name="officer"
            at="privacyOfficer"
            type="email"
            label={t('email')}
            error={save.error}
            required
          />
        </Fields>
      </SendForm>
      {privacyOfficer && (
        <Confirm
          label={t('remove')}
          text={t('removeText')}
          color="red"
          send={remove}
          onConfirm={() => remove.mutateAsync()}
        />
      )}
    </Section>
  );
};
