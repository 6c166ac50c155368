// Own entries are corrected, or marked as written by mistake; others' are not offered, and the server would refuse.
import { Button, Group, Text } from '@mantine/core';
import { type ReactNode, useCallback } from 'react';
import type { Resource } from '../api/client.ts';
import { words } from '../i18n/i18n.ts';
import type { Item } from '../record/record.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi, useWho } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import type { Opened } from './entry/entry-panel.tsx';
import { correctionOf, mayRevoke } from './entry/kinds.ts';
import { revoke } from './entry/send.ts';

const useText = words({
  ja: {
    correct: '訂正',
    mistake: '誤記として取り消す',
    sure: '「{title}」を誤記とします。記録は履歴に残り、一覧には表示されなくなります。',
  },
  en: {
    correct: 'Correct',
    mistake: 'Entered in error',
    sure: '“{title}” is marked as entered in error. It stays in the history and leaves the lists.',
  },
});

const Correct = ({
  item,
  onCorrect,
  onRevoked,
}: {
  readonly item: Item;
  readonly onCorrect: (opened: Opened) => void;
  readonly onRevoked: (revoked: Resource) => void;
}): ReactNode => {
  const t = useText();
  const api = useApi();
  const { role } = useWho();
  const kind = correctionOf(role, item.resource);
  const sending = useSend(() => revoke(api, item.resource), { done: onRevoked });
  return (
    <Group gap={4}>
      {kind && (
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => onCorrect({ kind, before: item.resource })}
          aria-label={`${t('correct')}: ${item.title}`}
        >
          {t('correct')}
        </Button>
      )}
      <Confirm
        label={t('mistake')}
        size="compact-xs"
        variant="subtle"
        color="red"
        send={sending}
        onConfirm={() => sending.mutateAsync()}
      >
        <Text>{t('sure', { title: item.title })}</Text>
      </Confirm>
    </Group>
  );
};

/** For `ItemActions`: lines of the own facility that the role may write. */
export const useCorrections = (
  onCorrect: (opened: Opened) => void,
  onRevoked: (revoked: Resource) => void,
): ((item: Item) => ReactNode) => {
  const { facility, role } = useWho();
  return useCallback(
    (item) =>
      facility !== undefined && item.facility === facility && !item.region && mayRevoke(role, item.resource) ? (
        <Correct item={item} onCorrect={onCorrect} onRevoked={onRevoked} />
      ) : null,
    [facility, role, onCorrect, onRevoked],
  );
};
