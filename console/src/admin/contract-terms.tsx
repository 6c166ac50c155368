// What may be asked for in a link contract: purposes of use, and classes of data.
import { Checkbox, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { issuesAt } from '../ui/states.tsx';
import { useTerm } from './terms.ts';

const useText = words({
  ja: { purposes: '目的', classes: '見せる情報' },
  en: { purposes: 'Purposes', classes: 'What may be shown' },
});

export interface Chosen {
  readonly purposes: readonly string[];
  readonly classes: readonly string[];
}

const PURPOSES = ['TREAT', 'ETREAT', 'CAREMGT', 'COC', 'BTG', 'PATRQT'];
const CLASSES = ['basic', 'clinical', 'document', 'care', 'home', 'admin'];

interface Props {
  readonly value: Chosen;
  readonly onChange: (next: Chosen) => void;
  readonly error: unknown;
}

export const PurposesField = ({ value, onChange, error }: Props): ReactNode => {
  const t = useText();
  const term = useTerm();
  return (
    <Checkbox.Group
      mt="sm"
      label={t('purposes')}
      value={[...value.purposes]}
      onChange={(purposes) => onChange({ ...value, purposes })}
      error={issuesAt(error, 'terms.purposes')}
    >
      <Group mt="xs">
        {PURPOSES.map((one) => (
          <Checkbox key={one} value={one} label={term('purpose', one)} />
        ))}
      </Group>
    </Checkbox.Group>
  );
};

export const ClassesField = ({ value, onChange, error }: Props): ReactNode => {
  const t = useText();
  const term = useTerm();
  return (
    <Checkbox.Group
      mt="sm"
      label={t('classes')}
      value={[...value.classes]}
      onChange={(classes) => onChange({ ...value, classes })}
      error={issuesAt(error, 'terms.classes')}
    >
      <Group mt="xs">
        {CLASSES.map((one) => (
          <Checkbox key={one} value={one} label={term('area', one)} />
        ))}
      </Group>
    </Checkbox.Group>
  );
};
