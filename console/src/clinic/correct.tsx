// Own entries are corrected, or marked as written by mistake; others' are not offered, and the server would refuse. One small button
// a line: a chart has thousands of lines.
import { Text } from '@mantine/core';
import { type ReactNode, useCallback } from 'react';
import type { Resource } from '../api/client.ts';
import { words } from '../i18n/i18n.ts';
import styles from '../record/record.module.css';
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

/** Of what is open for correction. */
export const Revoke = ({
  before,
  title,
  onRevoked,
}: {
  readonly before: Resource;
  readonly title: string;
  readonly onRevoked: (revoked: Resource) => void;
}): ReactNode => {
  const t = useText();
  const api = useApi();
  const sending = useSend(() => revoke(api, before), { done: onRevoked });
  return (
    <Confirm label={t('mistake')} color="red" send={sending} onConfirm={() => sending.mutateAsync()}>
      <Text>{t('sure', { title })}</Text>
    </Confirm>
  );
};

/** For `ItemActions`: lines of the own facility that the role may write. */
export const useCorrections = (onCorrect: (opened: Opened) => void): ((item: Item) => ReactNode) => {
  const t = useText();
  const { facility, role } = useWho();
  const correct = t('correct');
  return useCallback(
    (item) => {
      const { resource, title } = item;
      if (facility === undefined || item.facility !== facility || item.region || !mayRevoke(role, resource))
        return null;
      return (
        <button
          type="button"
          className={styles.action}
          onClick={() => onCorrect({ kind: correctionOf(role, resource), before: resource, title })}
          aria-label={`${correct}: ${title}`}
        >
          {correct}
        </button>
      );
    },
    [facility, role, onCorrect, correct],
  );
};
