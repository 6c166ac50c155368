// The consent of joining, as the region takes it: for all, for the facilities that are ticked, or by the region's own rule.
import { Checkbox, Radio, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { type ConsentDefault, EXPLANATION } from './policy.ts';
import { useFacilities } from './use-facilities.ts';

const useText = words({
  ja: {
    implicit:
      '参加すると、あなたを診る施設が、ほかの施設の記録も見られるようになります。あとから施設や内容ごとに止められます。',
    blanket: '参加すると、参加しているすべての施設が、ほかの施設の記録も見られるようになります。あとから止められます。',
    named: '記録を見せる施設を選んでください。あとから変えられます。',
    one: '記録を見せる施設をひとつ選んでください。ほかの施設は、あとから加えられます。',
  },
  en: {
    implicit:
      'When you have joined, facilities that look after you see what others have written. You can stop any of them later.',
    blanket:
      'When you have joined, all facilities that take part see what others have written. You can stop any of them later.',
    named: 'Choose the facilities that may see your record. You can change it later.',
    one: 'Choose one facility that may see your record. You can add others later.',
  },
});

/** `consent` of an application or a return: functions/enrolment/form.ts. */
export const consentForm = (region: ConsentDefault, facilities: readonly string[]) => ({
  textVersion: EXPLANATION,
  ...(region === 'own-facility' && { pattern: 'list' }),
  ...(takesFacilities(region) && { facilities }),
});

export const takesFacilities = (region: ConsentDefault): boolean => region !== 'implicit' && region !== 'blanket';

export const ConsentChoice = ({
  region,
  chosen,
  onChange,
  error,
}: {
  readonly region: ConsentDefault;
  readonly chosen: readonly string[];
  readonly onChange: (facilities: readonly string[]) => void;
  readonly error?: string | undefined;
}): ReactNode => {
  const t = useText();
  const { facilities } = useFacilities();
  if (region === 'implicit' || region === 'blanket') return <Text>{t(region)}</Text>;
  const shown = facilities.filter(({ isOffice }) => !isOffice);
  if (region === 'per-facility')
    return (
      <Radio.Group label={t('one')} value={chosen[0] ?? ''} onChange={(code) => onChange([code])} error={error}>
        <Stack gap="xs" mt="xs">
          {shown.map(({ code, name }) => (
            <Radio key={code} size="md" value={code} label={name} />
          ))}
        </Stack>
      </Radio.Group>
    );
  return (
    <Checkbox.Group label={t('named')} value={[...chosen]} onChange={onChange} error={error}>
      <Stack gap="xs" mt="xs">
        {shown.map(({ code, name }) => (
          <Checkbox key={code} size="md" value={code} label={name} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
};
