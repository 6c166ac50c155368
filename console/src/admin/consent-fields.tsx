// What somebody agrees to when joining: the pattern of the region's form, facilities that are named or left out, and the text that
// was explained.
import { MultiSelect, NativeSelect, Stack, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { issuesAt } from '../ui/states.tsx';
import { useFacilityChoices } from './data.ts';
import { Fields } from './page.tsx';
import { useChoices } from './terms.ts';

const useText = words({
  ja: {
    pattern: '同意の方式',
    facilities: '見せる施設',
    except: '見せない施設（除外）',
    textVersion: '説明文書の版',
    textHint: '渡した説明文書に印刷されている版です。',
    signedOn: '署名日',
  },
  en: {
    pattern: 'Pattern of consent',
    facilities: 'Facilities that may see',
    except: 'Facilities that may not (except)',
    textVersion: 'Version of the explanation',
    textHint: 'As printed on the explanation that was handed over.',
    signedOn: 'Signed on',
  },
});

export interface ConsentValue {
  readonly pattern: string;
  readonly facilities: readonly string[];
  readonly except: readonly string[];
  readonly textVersion: string;
  readonly signedOn: string;
}

export const NO_CONSENT: ConsentValue = { pattern: '', facilities: [], except: [], textVersion: '', signedOn: '' };

export const consentBody = ({ pattern, facilities, except, textVersion, signedOn }: ConsentValue) => ({
  textVersion,
  ...(pattern && { pattern }),
  ...(facilities.length > 0 && { facilities }),
  ...(except.length > 0 && { except }),
  ...(signedOn && { signedOn }),
});

export const ConsentFields = ({
  value,
  onChange,
  error,
}: {
  readonly value: ConsentValue;
  readonly onChange: (next: ConsentValue) => void;
  readonly error?: unknown;
}): ReactNode => {
  const t = useText();
  const patterns = useChoices('pattern');
  const facilities = useFacilityChoices();
  const fault = (name: string) => issuesAt(error, `consent.${name}`);
  const named = value.pattern === 'list' || value.pattern === 'per-facility';
  return (
    <Stack gap="sm">
      <Fields>
        <NativeSelect
          label={t('pattern')}
          data={[...patterns]}
          value={value.pattern}
          onChange={(event) => {
            const pattern = event.currentTarget.value;
            const names = pattern === 'list' || pattern === 'per-facility';
            onChange({ ...value, pattern, facilities: names ? value.facilities : [] });
          }}
          error={fault('pattern')}
        />
        <TextInput
          label={t('textVersion')}
          description={t('textHint')}
          value={value.textVersion}
          onChange={(event) => onChange({ ...value, textVersion: event.currentTarget.value })}
          error={fault('textVersion')}
          required
          autoComplete="off"
        />
        <TextInput
          label={t('signedOn')}
          type="date"
          value={value.signedOn}
          onChange={(event) => onChange({ ...value, signedOn: event.currentTarget.value })}
          error={fault('signedOn')}
        />
      </Fields>
      {named && (
        <MultiSelect
          label={t('facilities')}
          data={facilities}
          value={[...value.facilities]}
          onChange={(next) => onChange({ ...value, facilities: next })}
          error={fault('facilities')}
          searchable
          required
        />
      )}
      <MultiSelect
        label={t('except')}
        data={facilities}
        value={[...value.except]}
        onChange={(except) => onChange({ ...value, except })}
        error={fault('except')}
        searchable
      />
    </Stack>
  );
};
