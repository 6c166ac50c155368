// What became of the question to each region, in words: who does not answer, who was not asked and why, whose answer is not whole.
import { Alert, Button, List, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Issue } from '../api/client.ts';
import { words } from '../i18n/i18n.ts';
import { IssueList } from '../ui/states.tsx';
import { regionStateOf } from './region-state.ts';

const useText = words({
  ja: {
    missing: '答えなかった地域があります',
    partial: '一部だけを表示している地域があります',
    down: '応答がありません。止まっているか、通信できません。',
    closed: '問い合わせていません（本人の同意、または地域どうしの取り決めによります）。',
    unsure: '本人と確かめられる記録がありません。',
    part: '一部だけの表示です。',
    refused: '答えを受け取れませんでした。',
    retry: 'もう一度問い合わせる',
  },
  en: {
    missing: 'Some regions did not answer',
    partial: 'Of some regions only a part is shown',
    down: 'no answer. It is down, or cannot be reached.',
    closed: 'not asked (the person has not agreed, or the regions have not agreed on it).',
    unsure: 'no records that are certainly this person’s.',
    part: 'only a part is shown.',
    refused: 'its answer could not be taken.',
    retry: 'Ask again',
  },
});

export const RegionStates = ({
  warnings,
  onRetry,
}: {
  readonly warnings: readonly Issue[];
  readonly onRetry: () => void;
}): ReactNode => {
  const t = useText();
  const states = warnings.flatMap((warning) => regionStateOf(warning) ?? []);
  const lines = [...new Map(states.map((one) => [`${one.region} ${one.state}`, one])).values()];
  const others = warnings.filter((warning) => regionStateOf(warning) === undefined);
  const mayAnswer = lines.some(({ state }) => state === 'down' || state === 'refused');
  return (
    <Alert
      color="orange"
      title={t(lines.length > 0 && lines.every(({ state }) => state === 'part') ? 'partial' : 'missing')}
      role="status"
      mb="xs"
    >
      <Stack gap="xs">
        <List size="sm">
          {lines.map(({ region, state }) => (
            <List.Item key={`${region} ${state}`}>
              <strong>{region}</strong>: {t(state)}
            </List.Item>
          ))}
        </List>
        <IssueList issues={others} />
        {mayAnswer && (
          <Button variant="light" color="orange" size="compact-sm" w="fit-content" onClick={onRetry}>
            {t('retry')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
};
