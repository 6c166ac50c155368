// What was found when something was looked into: outcome and note, for unusual reading and break-glass alike.
import { Radio, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { issuesAt } from '../ui/states.tsx';
import { useChoices } from './terms.ts';

const useText = words({
  ja: {
    outcome: '判断',
    note: '確認した内容',
    noteHint: '誰に何を確かめたかを書いてください。',
    save: '結果を記録する',
  },
  en: {
    outcome: 'Outcome',
    note: 'What was found',
    noteHint: 'Whom you asked, and what they said.',
    save: 'Record the outcome',
  },
});

export const ReviewForm = ({
  send: post,
  stale,
  done,
}: {
  readonly send: (body: { outcome: string; note: string }) => Promise<unknown>;
  readonly stale: readonly string[];
  readonly done?: () => void;
}): ReactNode => {
  const t = useText();
  const outcomes = useChoices('outcome');
  const form = useForm({ outcome: '', note: '' });
  const send = useSend(() => post(form.values), { stale, ...(done && { done }) });
  return (
    <SendForm send={send} onSend={() => send.mutate()} label={t('save')}>
      <Stack gap="sm">
        <Radio.Group
          label={t('outcome')}
          value={form.values.outcome}
          onChange={(next) => form.set('outcome', next)}
          error={issuesAt(send.error, 'outcome')}
          withAsterisk
        >
          <Stack gap="xs" mt="xs">
            {outcomes.map(({ value, label }) => (
              <Radio key={value} value={value} label={label} />
            ))}
          </Stack>
        </Radio.Group>
        <Field form={form} name="note" label={t('note')} hint={t('noteHint')} lines={3} error={send.error} required />
      </Stack>
    </SendForm>
  );
};
