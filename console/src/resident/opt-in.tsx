// 電子オプトイン: a facility shows a code, the resident reads it and agrees. docs/consent.md
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { Resource } from '../api/client.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import { ScanCode } from '../ui/scan-code.tsx';
import { Failure } from '../ui/states.tsx';
import { summaryOf, useConsentText } from './consent-words.ts';
import { SubjectPage } from './page.tsx';
import { EXPLANATION } from './policy.ts';
import { useFacilities } from './use-facilities.ts';
import type { Subject } from './use-resident.ts';

const useText = words({
  ja: {
    title: 'QRコードで見せる',
    lead: '受付や薬局、訪問の職員が見せるQRコードを読むと、その施設（または、その人だけ）に記録を見せることに同意できます。',
    code: 'QRコード',
    hint: 'カメラで読むか、写真を選ぶか、書いてある文字を入れてください。コードは5分間、一度だけ使えます。',
    read: 'コードを読み取りました',
    ask: '記録を見せますか',
    what: '同意すると、コードを見せた施設（または職員）が、あなたの治療や介護のために、ほかの施設の記録も見られるようになります。特に気をつける内容は含みません。いつでも「見せる・止める」で取り消せます。',
    agree: '同意して見せる',
    no: 'やめる',
    done: '同意しました',
    undo: 'いま取り消す',
    undone: '取り消しました。',
  },
  en: {
    title: 'Show by QR code',
    lead: 'A reception, a pharmacy or a visiting nurse shows you a QR code. Read it, and you can agree to show your record to that facility, or to that person only.',
    code: 'QR code',
    hint: 'Use the camera, choose a photo, or type the text. A code is good for five minutes, and once.',
    read: 'The code was read',
    ask: 'Show your record?',
    what: 'If you agree, the facility (or member of staff) that showed the code sees what others have written too, to treat or care for you. Especially sensitive records are not included. You can take it back under “Who may look” at any time.',
    agree: 'Agree and show',
    no: 'Cancel',
    done: 'You have agreed',
    undo: 'Take it back now',
    undone: 'Taken back.',
  },
});

const OptIn = (): ReactNode => {
  const t = useText();
  return (
    <SubjectPage title={t('title')} lead={t('lead')}>
      {(subject) => <Redeem subject={subject} />}
    </SubjectPage>
  );
};

const Redeem = ({ subject }: { readonly subject: Subject }): ReactNode => {
  const t = useText();
  const c = useConsentText();
  const api = useApi();
  const { language } = useLanguage();
  const { nameOf } = useFacilities();
  const [code, setCode] = useState<string>();
  const redeem = useSend(
    async () =>
      (
        await api.ask<Resource>('/me/consents/qr', {
          method: 'POST',
          body: { code, explanation: EXPLANATION, patient: subject.patient },
        })
      ).value,
    { stale: ['consents'], done: () => setCode(undefined) },
  );
  const undo = useSend(() => api.ask(`/me/consents/${redeem.data?.id}/withdrawal`, { method: 'POST' }), {
    stale: ['consents'],
  });
  if (code !== undefined)
    return (
      <Alert color="cyan" title={t('ask')}>
        <Stack>
          <Text role="status">{t('read')}</Text>
          <Text>{t('what')}</Text>
          {redeem.error !== null && <Failure error={redeem.error} />}
          <Group>
            <Button size="lg" loading={redeem.isPending} onClick={() => redeem.mutate()}>
              {t('agree')}
            </Button>
            <Button
              size="lg"
              variant="default"
              onClick={() => {
                redeem.reset();
                setCode(undefined);
              }}
            >
              {t('no')}
            </Button>
          </Group>
        </Stack>
      </Alert>
    );
  return (
    <Stack>
      {redeem.data && (
        <Alert color="green" role="status" title={t('done')}>
          <Stack gap="xs">
            <Text>{summaryOf(redeem.data, c, language, nameOf)}</Text>
            {undo.error !== null && <Failure error={undo.error} />}
            {undo.isSuccess ? (
              <Text fw={700}>{t('undone')}</Text>
            ) : (
              <Button variant="default" w="fit-content" loading={undo.isPending} onClick={() => undo.mutate()}>
                {t('undo')}
              </Button>
            )}
          </Stack>
        </Alert>
      )}
      <ScanCode
        label={t('code')}
        hint={t('hint')}
        onCode={(read) => {
          redeem.reset();
          undo.reset();
          setCode(read.trim());
        }}
      />
    </Stack>
  );
};

export default OptIn;
