// 電子オプトイン: a code for the resident to scan with the own account. It is good once and for five minutes, and says so.
import { Button, Group, Modal, SegmentedControl, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { QrCode } from '../ui/qr-code.tsx';
import { Failure, Loading } from '../ui/states.tsx';

const useText = words({
  ja: {
    button: '同意のQRコード',
    title: '同意をお願いする',
    how: '住民のアプリ（この地域のサイトの「同意」）で読み取ってもらいます。一度だけ使えます。',
    facility: '当施設への同意',
    personal: '自分への同意',
    qr: '同意のQRコード',
    left: '残り {minutes}:{seconds}',
    ended: 'コードの期限が切れました。',
    again: '新しいコードを出す',
    close: '閉じる',
  },
  en: {
    button: 'Consent QR code',
    title: 'Ask for consent',
    how: 'The resident scans it with the own account (“Consents” of this region’s site). It works once.',
    facility: 'For the facility',
    personal: 'For me only',
    qr: 'QR code of the consent',
    left: '{minutes}:{seconds} left',
    ended: 'The code has ended.',
    again: 'New code',
    close: 'Close',
  },
});

export const ConsentCode = (): ReactNode => {
  const t = useText();
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={open}>
        {t('button')}
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title={t('title')}
        closeButtonProps={{ 'aria-label': t('close') }}
        centered
      >
        {opened && <Code />}
      </Modal>
    </>
  );
};

const Code = (): ReactNode => {
  const t = useText();
  const api = useApi();
  const [personal, setPersonal] = useState(false);
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: async (forMe: boolean) =>
      (
        await api.ask<{ code: string; until: string }>('/enrolment/consent-codes', {
          method: 'POST',
          body: { personal: forMe },
        })
      ).value,
  });
  useEffect(() => mutate(personal), [mutate, personal]);
  const left = useSecondsLeft(data ? Date.parse(data.until) : undefined);
  return (
    <Stack align="center">
      <Text size="sm">{t('how')}</Text>
      <SegmentedControl
        value={personal ? 'personal' : 'facility'}
        onChange={(value) => setPersonal(value === 'personal')}
        data={[
          { value: 'facility', label: t('facility') },
          { value: 'personal', label: t('personal') },
        ]}
      />
      {isPending && <Loading />}
      {error && <Failure error={error} retry={() => mutate(personal)} />}
      {data && left > 0 && (
        <>
          <QrCode text={data.code} label={t('qr')} size={260} />
          <Text role="timer">
            {t('left', { minutes: Math.floor(left / 60), seconds: String(left % 60).padStart(2, '0') })}
          </Text>
        </>
      )}
      {data && left <= 0 && (
        <Group>
          <Text role="status">{t('ended')}</Text>
          <Button onClick={() => mutate(personal)}>{t('again')}</Button>
        </Group>
      )}
    </Stack>
  );
};

/** Whole seconds until then, counted down. */
export const useSecondsLeft = (until: number | undefined): number => {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (until === undefined) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [until]);
  return until === undefined ? 0 : Math.max(0, Math.ceil((until - now) / 1000));
};
