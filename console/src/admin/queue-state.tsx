// A queue that waits, and what was done with it.
import { SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';

const useText = words({
  ja: { label: '状態', open: '確認待ち', done: '確認済み' },
  en: { label: 'State', open: 'Waiting', done: 'Reviewed' },
});

export type QueueState = 'open' | 'done';

export const QueueStateChoice = ({
  value,
  onChange,
}: {
  readonly value: QueueState;
  readonly onChange: (next: QueueState) => void;
}): ReactNode => {
  const t = useText();
  return (
    <SegmentedControl
      aria-label={t('label')}
      value={value}
      onChange={(next) => onChange(next as QueueState)}
      data={[
        { value: 'open', label: t('open') },
        { value: 'done', label: t('done') },
      ]}
      w="fit-content"
    />
  );
};
