// Leaving, and coming back: what happens then, before it is done.
import { Checkbox, List, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { SendForm, useSend } from '../ui/form.tsx';
import { Failure, issuesAt, Loading } from '../ui/states.tsx';
import { ConsentChoice, consentForm } from './consent-choice.tsx';
import { ResidentPage } from './page.tsx';
import type { ConsentDefault } from './policy.ts';
import { useEnrolment } from './use-resident.ts';

const useText = words({
  ja: {
    title: '参加をやめる',
    lead: 'いつでもやめられます。理由はいりません。治療に不利になることはありません。',
    what: 'やめると、こうなります',
    w1: 'ほかの施設は、数秒で、あなたの記録を見られなくなります。救急のときの特別な閲覧もできません。',
    w2: 'カードは使えなくなります。',
    w3: '施設が自分で書いた記録は、その施設に残り、その施設は見られます（法律で残すことが決まっています）。',
    w4: 'だれが見たかの記録は残り、あなたはここで見られます。',
    w5: 'あなたは、自分の記録をこれからも見られます。家での測定も消えません。',
    w6: 'いつでも、また参加できます。',
    instead: '一部の施設や内容だけを止めたいときは、「見せる・止める」で止められます。',
    sure: 'わかりました。参加をやめます。',
    leave: '参加をやめる',
    left: '{day}から、参加をやめています。',
    back: 'また参加する',
    backText: '新しい同意とカードで、また参加します。同じ人の記録として続きます。',
    agree: '説明を読み、参加します。',
    mustAgree: '参加するには、チェックを入れてください。',
    notJoined: 'まだ参加していません。',
  },
  en: {
    title: 'Leave the network',
    lead: 'You can leave at any time, without a reason. Your treatment does not suffer.',
    what: 'What happens then',
    w1: 'Within seconds other facilities do not see your record any more, in an emergency neither.',
    w2: 'Your card stops working.',
    w3: 'What a facility has written itself stays there, and it can see it (the law wants it kept).',
    w4: 'The list of who looked stays, and you can see it here.',
    w5: 'You still see your own record. What you measured at home is not deleted.',
    w6: 'You can join again at any time.',
    instead: 'To stop only some facilities or kinds of data, use “Who may look”.',
    sure: 'I understand, and leave.',
    leave: 'Leave the network',
    left: 'You left on {day}.',
    back: 'Join again',
    backText: 'You join again with a new consent and a new card. Your record goes on as it was.',
    agree: 'I have read the explanation and join.',
    mustAgree: 'Please tick this to join.',
    notJoined: 'You have not joined yet.',
  },
});

const STALE = ['enrolment', 'person', 'cards', 'consents', 'proxies'];

const Leave = (): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const { data, error, isPending, refetch } = useEnrolment();
  return (
    <ResidentPage title={t('title')} lead={t('lead')}>
      {isPending && <Loading />}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {data?.status === 'enrolled' && <Withdraw />}
      {data?.status === 'withdrawn' && (
        <>
          <Text role="status">{t('left', { day: dayText(language, data.since) })}</Text>
          <Return region={data.consentDefault} />
        </>
      )}
      {data && data.status !== 'enrolled' && data.status !== 'withdrawn' && <Text>{t('notJoined')}</Text>}
    </ResidentPage>
  );
};

const EFFECTS = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6'] as const;

const Withdraw = (): ReactNode => {
  const t = useText();
  const api = useApi();
  const [sure, setSure] = useState(false);
  const send = useSend(() => api.ask('/me/withdrawal', { method: 'POST' }), { stale: STALE });
  return (
    <Stack>
      <Title order={2} size="h3">
        {t('what')}
      </Title>
      <List spacing="xs">
        {EFFECTS.map((one) => (
          <List.Item key={one}>{t(one)}</List.Item>
        ))}
      </List>
      <Text>{t('instead')}</Text>
      <div>
        <Confirm
          label={t('leave')}
          color="red"
          size="md"
          send={send}
          blocked={!sure}
          onConfirm={() => send.mutateAsync()}
        >
          <Checkbox size="md" label={t('sure')} checked={sure} onChange={() => setSure(!sure)} />
        </Confirm>
      </div>
    </Stack>
  );
};

const Return = ({ region }: { readonly region: ConsentDefault }): ReactNode => {
  const t = useText();
  const api = useApi();
  const [facilities, setFacilities] = useState<readonly string[]>([]);
  const [agreed, setAgreed] = useState(false);
  const [tried, setTried] = useState(false);
  const send = useSend(
    () => api.ask('/me/return', { method: 'POST', body: { consent: consentForm(region, facilities) } }),
    { stale: STALE },
  );
  return (
    <section aria-labelledby="back">
      <Title order={2} size="h3" id="back">
        {t('back')}
      </Title>
      <Text>{t('backText')}</Text>
      <SendForm
        send={send}
        label={t('back')}
        onSend={() => {
          setTried(true);
          if (agreed) send.mutate();
        }}
      >
        <Stack gap="sm">
          <ConsentChoice
            region={region}
            hasJoined
            chosen={facilities}
            onChange={setFacilities}
            error={issuesAt(send.error, 'consent.facilities')}
          />
          <Checkbox
            size="md"
            label={t('agree')}
            checked={agreed}
            onChange={() => setAgreed(!agreed)}
            error={tried && !agreed ? t('mustAgree') : undefined}
          />
        </Stack>
      </SendForm>
    </section>
  );
};

export default Leave;
