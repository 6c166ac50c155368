// What may be written, as a row of buttons, and the form that is open. A closed form keeps what was typed until it is sent.
import { Alert, Button } from '@mantine/core';
import { type ReactNode, useCallback, useRef, useState } from 'react';
import type { Resource } from '../../api/client.ts';
import { words as texts, useLanguage } from '../../i18n/i18n.ts';
import type { Item } from '../../record/record.ts';
import { Revoke } from '../correct.tsx';
import type { Place } from '../use-writer.ts';
import type { EntryKind, Values } from './draft.ts';
import { words } from './draft.ts';
import { EntryForm } from './entry-form.tsx';
import { fromPrescription } from './medicines.ts';

const useText = texts({
  ja: { saved: '{title}を保存しました。' },
  en: { saved: '{title}: saved.' },
});

export interface Opened {
  /** Left out: there is no form that corrects it, but it may be taken back. */
  readonly kind: EntryKind | undefined;
  /** What is corrected. */
  readonly before?: Resource;
  readonly title?: string;
}

export interface EntryState {
  readonly opened: Opened | undefined;
  readonly open: (opened: Opened | undefined) => void;
}

export const useEntry = (): EntryState => {
  const [opened, open] = useState<Opened>();
  return { opened, open };
};

export const EntryButtons = ({
  kinds,
  entry,
}: {
  readonly kinds: readonly EntryKind[];
  readonly entry: EntryState;
}): ReactNode => {
  const { language } = useLanguage();
  return kinds.map((kind) => (
    <Button
      key={kind.name}
      size="compact-sm"
      variant={entry.opened?.kind?.name === kind.name ? 'filled' : 'light'}
      aria-pressed={entry.opened?.kind?.name === kind.name}
      onClick={() => entry.open({ kind })}
    >
      {kind.title[language]}
    </Button>
  ));
};

export const EntryPanel = ({
  entry: { opened, open },
  place,
  medicines,
  onWritten,
}: {
  readonly entry: EntryState;
  readonly place: Place;
  readonly medicines: readonly Item[];
  readonly onWritten: (written: readonly Resource[]) => void;
}): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const drafts = useRef(new Map<string, Values>());
  const entries = useRef(new Map<string, string>());
  const [saved, setSaved] = useState<string>();
  const kind = opened?.kind;
  const name = opened ? `${kind?.name}|${opened.before?.id ?? ''}` : '';
  const entry = entries.current.get(name) ?? crypto.randomUUID();
  entries.current.set(name, entry);
  const keep = useCallback((values: Values) => void drafts.current.set(name, values), [name]);
  return (
    <>
      <div aria-live="polite">
        {saved && !opened && (
          <Alert color="green" my="xs">
            {t('saved', { title: saved })}
          </Alert>
        )}
      </div>
      {opened && kind && (
        <EntryForm
          key={name}
          kind={kind.name === 'dispense' ? withPrescriptions(kind, medicines) : kind}
          writer={place.writer}
          place={place.name}
          before={opened.before}
          initial={drafts.current.get(name) ?? first(opened, medicines)}
          entry={entry}
          keep={keep}
          onDone={(written) => {
            drafts.current.delete(name);
            entries.current.delete(name);
            setSaved(kind.title[language]);
            open(undefined);
            onWritten(written);
          }}
          onClose={() => open(undefined)}
        />
      )}
      {opened?.before && (
        <Revoke
          key={`revoke ${name}`}
          before={opened.before}
          title={opened.title ?? ''}
          onRevoked={(revoked) => {
            drafts.current.delete(name);
            open(undefined);
            onWritten([revoked]);
          }}
        />
      )}
    </>
  );
};

/** What a form begins with: what is corrected, or what is usual; a dispensing with the newest prescription. */
const first = ({ kind, before }: Opened, medicines: readonly Item[]): Values =>
  (before && kind?.read?.(before)) ?? { ...kind?.initial(), ...(kind?.name === 'dispense' && latest(medicines)) };

const isOpen = ({ resource }: Item) => resource.resourceType === 'MedicationRequest' && resource['status'] === 'active';

/** The newest prescription is what the person at the counter has come with. */
const latest = (medicines: readonly Item[]): Values => {
  const found = medicines.find(isOpen);
  return found ? fromPrescription(found.resource) : {};
};

const withPrescriptions = (kind: EntryKind, medicines: readonly Item[]): EntryKind => ({
  ...kind,
  fields: kind.fields.map((field) =>
    field.name === 'prescription'
      ? {
          ...field,
          choices: [
            { value: '', label: words('処方箋によらない', 'Without a prescription') },
            ...medicines.filter(isOpen).map(({ resource, title, date, source }) => {
              const text = [title, date?.slice(0, 10), source].filter(Boolean).join(' ');
              return { value: `MedicationRequest/${resource.id}`, label: words(text, text) };
            }),
          ],
        }
      : field,
  ),
});
