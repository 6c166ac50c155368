// Emergency access: asked for with a reason, open for a while, told to the person and to the privacy officer. docs/enrolment.md
import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useServices } from '../ui/context.ts';
import { useSecondsLeft } from './consent-code.tsx';

const useText = words({
  ja: {
    button: '緊急時閲覧',
    title: '緊急時閲覧（ブレークグラス）',
    what: '同意がなくても、救命に必要な情報（アレルギー・病名・薬・主な検査値・事前指示など）を{minutes}分間見られます。理由と見た内容は記録され、本人と個人情報保護の担当者に通知されます。',
    reason: '理由（10文字以上200文字以内）',
    example: '例: 意識障害で救急搬送中。既往と内服薬の確認が必要',
    open: '理由を記録して開く',
    cancel: 'やめる',
    active: '緊急時閲覧中',
    left: '残り {minutes}:{seconds}',
    close: '終える',
    said: '理由: {reason}',
  },
  en: {
    button: 'Emergency access',
    title: 'Emergency access (break the glass)',
    what: 'Shows what is needed to save a life (allergies, problems, medicines, key results, directives) for {minutes} minutes, also without consent. Reason and reading are recorded, and the person and the privacy officer are told.',
    reason: 'Reason (10 to 200 characters)',
    example: 'For example: unconscious, on the way to hospital; history and medicines needed',
    open: 'Record the reason and open',
    cancel: 'Cancel',
    active: 'Emergency access',
    left: '{minutes}:{seconds} left',
    close: 'End',
    said: 'Reason: {reason}',
  },
});

export interface Glass {
  readonly reason: string;
  /** Milliseconds. */
  readonly until: number;
}

const SHORTEST = 10;
const LONGEST = 200;

export const glassHeaders = ({ reason }: Glass): Readonly<Record<string, string>> => ({
  'x-purpose': 'BTG',
  'x-purpose-reason': encodeURIComponent(reason),
});

export const BreakGlass = ({ onOpen }: { readonly onOpen: (glass: Glass) => void }): ReactNode => {
  const t = useText();
  const { breakGlassMinutes: minutes } = useServices().config;
  const [opened, { open, close }] = useDisclosure();
  const [reason, setReason] = useState('');
  const length = [...reason.normalize('NFKC').trim()].length;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (length < SHORTEST || length > LONGEST) return;
    close();
    onOpen({ reason: reason.trim(), until: Date.now() + minutes * 60_000 });
  };
  return (
    <>
      <Button color="red" variant="light" size="compact-sm" onClick={open}>
        {t('button')}
      </Button>
      <Modal opened={opened} onClose={close} title={t('title')} closeButtonProps={{ 'aria-label': t('cancel') }}>
        <form onSubmit={submit}>
          <Stack>
            <Text size="sm">{t('what', { minutes })}</Text>
            <Textarea
              label={t('reason')}
              description={t('example')}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              rows={3}
              required
              data-autofocus
            />
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                {t('cancel')}
              </Button>
              <Button type="submit" color="red" disabled={length < SHORTEST || length > LONGEST}>
                {t('open')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
};

/** The time box, always in sight while it is open. */
export const GlassOpen = ({ glass, onEnd }: { readonly glass: Glass; readonly onEnd: () => void }): ReactNode => {
  const t = useText();
  const left = useSecondsLeft(glass.until);
  useEffect(() => {
    const timer = setTimeout(onEnd, glass.until - Date.now());
    return () => clearTimeout(timer);
  }, [glass, onEnd]);
  return (
    <Alert color="red" title={t('active')} mt="xs">
      <Group justify="space-between">
        <Text size="sm">
          <span role="timer">
            {t('left', { minutes: Math.floor(left / 60), seconds: String(left % 60).padStart(2, '0') })}
          </span>{' '}
          {t('said', { reason: glass.reason })}
        </Text>
        <Button size="compact-sm" color="red" onClick={onEnd}>
          {t('close')}
        </Button>
      </Group>
    </Alert>
  );
};
