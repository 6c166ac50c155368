// Certificates of a community that speaks IHE: what is in force, and its change, which one enters and another confirms.
import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { certificatesIn } from './contract-propose.tsx';
import { type Certificate, type LinkContract, useContractText } from './contract-words.ts';
import { Fields, Section } from './page.tsx';

const useText = words({
  ja: {
    until: '有効期限 {day}',
    rotate: '証明書を替える',
    enter: '新しい証明書を登録する',
    waiting: '確認を待っている証明書',
    confirm: '確かめて使い始める',
    confirmText:
      '登録した人とは別の担当者が、指紋（SHA-256）を相手に電話などで確かめてください。古い証明書は使えなくなります。',
  },
  en: {
    until: 'valid until {day}',
    rotate: 'Change the certificates',
    enter: 'Enter new certificates',
    waiting: 'Certificates that wait for confirmation',
    confirm: 'Confirm and use them',
    confirmText:
      'Somebody else than who entered them compares the fingerprints (SHA-256) with the other side, by telephone for example. The old ones are no longer taken.',
  },
});

export const CertificateFacts = ({ of }: { readonly of: readonly Certificate[] }): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  return (
    <Stack gap="xs">
      {of.map(({ fingerprint, until }) => (
        <div key={fingerprint}>
          {/* Colons are places where a line may end. */}
          <code>{fingerprint.replaceAll(':', ':\u200b')}</code>
          <Text size="sm">{t('until', { day: dateText(language, until) })}</Text>
        </div>
      ))}
    </Stack>
  );
};

export const Rotate = ({ of }: { readonly of: LinkContract }): ReactNode => {
  const t = useText();
  const c = useContractText();
  const api = useApi();
  const form = useForm({ certificates: '', agreedOn: '' });
  const path = `/federation/contracts/${encodeURIComponent(of.community)}/certificates`;
  const send = useSend(
    () => {
      const { certificates, agreedOn } = form.values;
      return api.ask(path, { method: 'POST', body: { certificates: certificatesIn(certificates), agreedOn } });
    },
    { stale: ['contracts'], done: () => form.reset() },
  );
  const confirm = useSend(() => api.ask(`${path}/confirm`, { method: 'POST' }), { stale: ['contracts'] });
  const { error } = send;
  return (
    <Section title={t('rotate')}>
      {of.nextCertificates && (
        <Stack mb="md">
          <Text fw={600}>{t('waiting')}</Text>
          <CertificateFacts of={of.nextCertificates} />
          <Confirm
            label={t('confirm')}
            text={t('confirmText')}
            send={confirm}
            onConfirm={() => confirm.mutateAsync()}
          />
        </Stack>
      )}
      <SendForm send={send} onSend={() => send.mutate()} label={t('enter')}>
        <Fields>
          <Field form={form} name="certificates" label={c('certificates')} lines={6} error={error} required />
          <Field
            form={form}
            name="agreedOn"
            label={c('agreedOn')}
            hint={c('agreedOnHint')}
            lines={3}
            error={error}
            required
          />
        </Fields>
      </SendForm>
    </Section>
  );
};
