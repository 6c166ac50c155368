// A button that asks once more before it does what cannot simply be taken back, and says what went wrong where it was asked.
import { Button, type ButtonProps, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { UseMutationResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { Failure } from './states.tsx';

const useText = words({ ja: { cancel: 'やめる' }, en: { cancel: 'Cancel' } });

export const Confirm = ({
  label,
  title,
  text,
  send,
  onConfirm,
  children,
  blocked = false,
  ...button
}: Pick<ButtonProps, 'color' | 'variant' | 'size' | 'disabled'> & {
  readonly label: string;
  /** @default the label of the button */
  readonly title?: string;
  readonly text?: string;
  readonly send: Pick<UseMutationResult<unknown, unknown, never>, 'isPending' | 'error' | 'reset'>;
  /** Resolves when it is done; the dialog stays open when it rejects. */
  readonly onConfirm: () => Promise<unknown>;
  /** What is needed besides: a reason, evidence. */
  readonly children?: ReactNode;
  /** Something of it is missing. */
  readonly blocked?: boolean;
}): ReactNode => {
  const t = useText();
  const [opened, { open, close }] = useDisclosure();
  const confirm = () =>
    onConfirm().then(close, () => {
      // said below, from the mutation
    });
  return (
    <>
      <Button
        variant="light"
        {...button}
        onClick={() => {
          send.reset();
          open();
        }}
      >
        {label}
      </Button>
      <Modal opened={opened} onClose={close} title={title ?? label} centered>
        <Stack>
          {text && <Text>{text}</Text>}
          {children}
          {send.error !== null && send.error !== undefined && <Failure error={send.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('cancel')}
            </Button>
            <Button
              {...(button.color !== undefined && { color: button.color })}
              loading={send.isPending}
              disabled={blocked}
              onClick={() => void confirm()}
            >
              {label}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
};
