// Eighteen: who comes of age within a month is told so, and so is who acts for them; from the day on the person is asked whether what
// others have agreed to is to go on.
import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import { Failure } from '../ui/states.tsx';
import type { Enrolment } from './use-resident.ts';

const useText = words({
  ja: {
    own: '{day}に18歳になります',
    ownText:
      'その日から、保護者などは、あなたの代わりに記録を見ることができなくなります。同意は、あなたが自分で決めます。',
    proxy: '代わりに見ている人が、{day}に18歳になります',
    proxyText: 'その日から、代わりに見たり変えたりすることはできなくなります。本人と話しておいてください。',
    asked: '18歳になりました。同意を続けますか',
    askedText: '子どものときに保護者などが決めた同意が、今も続いています。そのまま続けるか、変えるかを決めてください。',
    goOn: 'そのまま続ける',
    change: '同意を見て、変える',
    leave: '参加をやめる',
    alone: '同意は、あなたが自分で決められます',
    keep: '保護者に見せない内容を決める',
    aloneText:
      'この地域では、あなたの年齢から、保護者に見せない内容を自分で決められます。相談は、市町村の窓口へどうぞ。',
  },
  en: {
    own: 'You turn 18 on {day}',
    ownText:
      'From that day on your parents or guardians no longer see your record for you, and consents are yours to give.',
    proxy: 'Somebody whom you act for turns 18 on {day}',
    proxyText: 'From that day on you can no longer see or change anything for them. Please talk it over.',
    asked: 'You are 18 now. Are your consents to go on?',
    askedText: 'What your parents or guardians agreed to still holds. Decide whether it stays as it is.',
    goOn: 'Go on as it is',
    change: 'Look at the consents and change them',
    leave: 'Leave the network',
    alone: 'Consents are yours to give',
    keep: 'Choose what your parents do not see',
    aloneText: 'In this region you may decide at your age what your parents do not see. Ask at the municipal desk.',
  },
});

export const ComingOfAge = ({ enrolment }: { readonly enrolment: Enrolment }): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const { notices = [], asked, decidesAlone } = enrolment;
  return (
    <>
      {notices.map(({ kind, on, patient }) => {
        const name = kind === 'coming-of-age' ? 'own' : 'proxy';
        return (
          <Alert key={patient} color="blue" title={t(name, { day: dateText(language, on) })}>
            <Text>{t(`${name}Text`)}</Text>
          </Alert>
        );
      })}
      {decidesAlone === true && (
        <Alert color="blue" title={t('alone')}>
          <Stack gap="xs">
            <Text>{t('aloneText')}</Text>
            <Anchor component={Link} to="/resident/parents" size="lg">
              {t('keep')}
            </Anchor>
          </Stack>
        </Alert>
      )}
      {asked === 'majority' && <Asked />}
    </>
  );
};

const Asked = (): ReactNode => {
  const t = useText();
  const api = useApi();
  const send = useSend(() => api.ask('/me/majority', { method: 'POST' }), { stale: ['enrolment'] });
  return (
    <Alert color="orange" title={t('asked')}>
      <Stack gap="xs">
        <Text>{t('askedText')}</Text>
        {send.error !== null && <Failure error={send.error} />}
        <Group>
          <Button size="md" loading={send.isPending} onClick={() => send.mutate()}>
            {t('goOn')}
          </Button>
          <Anchor component={Link} to="/resident/consents" size="lg">
            {t('change')}
          </Anchor>
          <Anchor component={Link} to="/resident/leave" size="lg">
            {t('leave')}
          </Anchor>
        </Group>
      </Stack>
    </Alert>
  );
};
