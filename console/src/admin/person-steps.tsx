// The steps that end an enrolment or begin it again: withdrawal 同意撤回, return 再参加, death.
import { Group, Stack } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { CardPrint } from './card-print.tsx';
import { ConsentFields, type ConsentValue, consentBody, NO_CONSENT } from './consent-fields.tsx';
import type { Enrolled, Joined } from './desk.ts';
import { EvidenceFields, NO_EVIDENCE } from './evidence.tsx';
import { Section } from './page.tsx';

const useText = words({
  ja: {
    title: '撤回・再参加・死亡',
    withdraw: '同意を撤回する',
    withdrawText:
      '他の施設からは数秒以内に見えなくなります。記録した施設は自分の記録を見られます。カードは使えなくなります。',
    rejoin: '再参加する',
    death: '死亡を登録する',
    deathText: 'カード・アカウント・代理人は終わり、記録した施設以外からは見えなくなります。',
    on: '死亡日',
  },
  en: {
    title: 'Withdrawal, return, death',
    withdraw: 'Withdraw the consent',
    withdrawText: 'Within seconds other facilities see nothing any more; each keeps its own records. The card ends.',
    rejoin: 'Join again',
    death: 'Register a death',
    deathText: 'Card, account and proxies end; nobody but the source facilities sees anything.',
    on: 'Date of death',
  },
});

export const StepsSection = ({ of }: { readonly of: Enrolled }): ReactNode => {
  const t = useText();
  const api = useApi();
  const [evidence, setEvidence] = useState(NO_EVIDENCE);
  const form = useForm({ on: '' });
  const post = (step: string, body: object) =>
    api.ask(`/enrolment/people/${encodeURIComponent(of.person)}/${step}`, { method: 'POST', body });
  const stale = { stale: ['enrolled', 'progress', 'proxies'] };
  const withdraw = useSend(() => post('withdrawal', { evidence }), stale);
  const death = useSend(() => post('death', { on: form.values.on, evidence }), stale);
  if (of.status !== 'enrolled' && of.status !== 'withdrawn') return null;
  const blocked = evidence.checked.length === 0;
  return (
    <Section title={t('title')}>
      <Group>
        {of.status === 'enrolled' && (
          <Confirm
            label={t('withdraw')}
            text={t('withdrawText')}
            color="red"
            send={withdraw}
            onConfirm={() => withdraw.mutateAsync()}
            blocked={blocked}
          >
            <EvidenceFields value={evidence} onChange={setEvidence} error={withdraw.error} />
          </Confirm>
        )}
        <Confirm
          label={t('death')}
          text={t('deathText')}
          color="red"
          send={death}
          onConfirm={() => death.mutateAsync()}
          blocked={blocked || form.values.on === ''}
        >
          <Field form={form} name="on" label={t('on')} type="date" error={death.error} required />
          <EvidenceFields value={evidence} onChange={setEvidence} error={death.error} />
        </Confirm>
      </Group>
      <Rejoin of={of} />
    </Section>
  );
};

const Rejoin = ({ of }: { readonly of: Enrolled }): ReactNode => {
  const t = useText();
  const api = useApi();
  const [consent, setConsent] = useState<ConsentValue>(NO_CONSENT);
  const [evidence, setEvidence] = useState(NO_EVIDENCE);
  const send = useSend(
    async () =>
      (
        await api.ask<Joined>(`/enrolment/people/${encodeURIComponent(of.person)}/return`, {
          method: 'POST',
          body: { consent: consentBody(consent), evidence },
        })
      ).value,
    { stale: ['enrolled', 'progress'] },
  );
  if (send.data) return <CardPrint card={send.data.card} />;
  if (of.status !== 'withdrawn') return null;
  return (
    <SendForm send={send} onSend={() => send.mutate()} label={t('rejoin')} saved="">
      <Stack>
        <ConsentFields value={consent} onChange={setConsent} error={send.error} />
        <EvidenceFields value={evidence} onChange={setEvidence} error={send.error} />
      </Stack>
    </SendForm>
  );
};
