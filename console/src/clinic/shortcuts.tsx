// Keys for those who type all day, listed in a dialog, and off for those whom single keys disturb (WCAG 2.2, 2.1.4).
import { Button, Kbd, Modal, Switch, Table } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';

const useText = words({
  ja: { help: 'キーボード操作', open: 'キー操作 (?)', use: '1文字のショートカットを使う', close: '閉じる' },
  en: { help: 'Keyboard', open: 'Keys (?)', use: 'Use single-key shortcuts', close: 'Close' },
});

export interface Shortcut {
  readonly key: string;
  readonly label: string;
  readonly run: () => void;
}

const KEPT = 'tsumugi.shortcuts';

export const Shortcuts = ({ list }: { readonly list: readonly Shortcut[] }): ReactNode => {
  const t = useText();
  const [opened, { open, close }] = useDisclosure();
  const [used, setUsed] = useState(() => localStorage.getItem(KEPT) !== 'off');
  useHotkeys(
    used
      ? [
          // '?' is written with shift on some keyboards and without on others.
          ['shift+?', open],
          ['?', open],
          ...list.map(({ key, run }): [string, () => void] => [key, run]),
        ]
      : [],
  );
  const use = (on: boolean) => {
    setUsed(on);
    localStorage.setItem(KEPT, on ? 'on' : 'off');
  };
  return (
    <>
      <Button variant="subtle" color="gray" size="compact-sm" onClick={open}>
        {t('open')}
      </Button>
      <Modal opened={opened} onClose={close} title={t('help')} closeButtonProps={{ 'aria-label': t('close') }}>
        <Switch checked={used} onChange={(event) => use(event.currentTarget.checked)} label={t('use')} mb="md" />
        <Table>
          <Table.Tbody>
            {[...list, { key: '?', label: t('help') }].map(({ key, label }) => (
              <Table.Tr key={key}>
                <Table.Th scope="row">
                  <Kbd>{key}</Kbd>
                </Table.Th>
                <Table.Td>{label}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Modal>
    </>
  );
};
