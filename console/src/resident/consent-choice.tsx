// The consent of joining, as the region takes it: for all, for the facilities that are ticked, or by the region's own rule.
import { Checkbox, Radio, Stack, Text, TextInput } from '@mantine/core';
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
    codes: '記録を見せる施設の番号（10けた）',
    codesHint: '施設の案内に書いてあります。いくつもあるときは、間をあけて書いてください。',
  },
  en: {
    implicit:
      'When you have joined, facilities that look after you see what others have written. You can stop any of them later.',
    blanket:
      'When you have joined, all facilities that take part see what others have written. You can stop any of them later.',
    named: 'Choose the facilities that may see your record. You can change it later.',
    one: 'Choose one facility that may see your record. You can add others later.',
    codes: 'Numbers of the facilities that may see your record (10 digits)',
    codesHint: 'They stand on the leaflet of the facility. Put a space between two.',
  },
});

/** `consent` of an application or a return: functions/enrolment/form.ts. */
export const consentForm = (region: ConsentDefault, facilities: readonly string[]) => ({
  textVersion: EXPLANATION,
  ...(region === 'own-facility' && { pattern: 'list' }),
  ...(takesFacilities(region) && { facilities }),
});

export const takesFacilities = (region: ConsentDefault): boolean => region !== 'implicit' && region !== 'blanket';

interface Choosing {
  readonly chosen: readonly string[];
  readonly onChange: (facilities: readonly string[]) => void;
  readonly error?: string | undefined;
}

export const ConsentChoice = ({
  region,
  hasJoined,
  ...choosing
}: Choosing & {
  readonly region: ConsentDefault;
  /** The region's directory is shown to nobody else. */
  readonly hasJoined: boolean;
}): ReactNode => {
  const t = useText();
  if (region === 'implicit' || region === 'blanket') return <Text>{t(region)}</Text>;
  return hasJoined ? <FromDirectory one={region === 'per-facility'} {...choosing} /> : <ByCode {...choosing} />;
};

const ByCode = ({ chosen, onChange, error }: Choosing): ReactNode => {
  const t = useText();
  return (
    <TextInput
      size="md"
      label={t('codes')}
      description={t('codesHint')}
      inputMode="numeric"
      defaultValue={chosen.join(' ')}
      error={error}
      onChange={(event) =>
        onChange(
          event.currentTarget.value
            .normalize('NFKC')
            .split(/[^0-9]+/)
            .filter(Boolean),
        )
      }
    />
  );
};

const FromDirectory = ({ one, chosen, onChange, error }: Choosing & { readonly one: boolean }): ReactNode => {
  const t = useText();
  const { facilities } = useFacilities();
  const shown = facilities.filter(({ isOffice }) => !isOffice);
  if (one)
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
