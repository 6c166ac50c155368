// One form for every kind of entry: fields from its description, what is missing or improbable said before sending, what the
// server says at the field that it is about.
import { Button, Fieldset, Group, Input, Stack, Text, Title } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { ApiError, type Issue, type Resource } from '../../api/client.ts';
import { words as texts, useLanguage } from '../../i18n/i18n.ts';
import { useApi } from '../../ui/context.ts';
import { SendForm, Field as TextField, useForm, useSend } from '../../ui/form.tsx';
import { issuesAt } from '../../ui/states.tsx';
import styles from '../clinic.module.css';
import { LARGEST_FILE } from './documents.ts';
import type { EntryKind, Field, Values, Writer } from './draft.ts';
import { placesOf, send } from './send.ts';

const useText = texts({
  ja: {
    save: '保存',
    cancel: '閉じる（入力は残ります）',
    required: '{field}を入力してください。',
    some: 'どれか一つを入力してください。',
    range: '{field}は{min}から{max}の間です。入力を確かめてください。',
    number: '{field}は数で入力してください。',
    large: 'ファイルが大きすぎます（{size} MB）。4 MBまでです。',
    where: '記録先: {place}',
  },
  en: {
    save: 'Save',
    cancel: 'Close (what you typed stays)',
    required: 'Please fill in {field}.',
    some: 'Please fill in at least one.',
    range: '{field} is between {min} and {max}. Please check.',
    number: '{field} must be a number.',
    large: 'The file is too large ({size} MB); 4 MB at most.',
    where: 'Written to: {place}',
  },
});

export const EntryForm = ({
  kind,
  writer,
  before,
  initial,
  place,
  entry,
  keep,
  onDone,
  onClose,
}: {
  readonly kind: EntryKind;
  readonly writer: Writer;
  /** What is corrected. */
  readonly before?: Resource | undefined;
  readonly initial: Values;
  /** Facility in whose record it is written, for the reader. */
  readonly place: string;
  /** Names what this form makes, as often as it is sent. */
  readonly entry: string;
  /** What is typed, for when the form is closed and opened again. */
  readonly keep: (values: Values) => void;
  readonly onDone: (written: readonly Resource[]) => void;
  readonly onClose: () => void;
}): ReactNode => {
  const t = useText();
  const api = useApi();
  const { language } = useLanguage();
  const form = useForm<Record<string, string>>({ ...initial });
  const [file, setFile] = useState<File>();
  const [places, setPlaces] = useState<Record<string, string>>({});
  const box = useRef<HTMLElement>(null);
  const heading = useId();
  const sending = useSend(
    async () => {
      const values = trimmed(form.values);
      const faults = faultsOf(kind, values, file, (key, given) => t(key, given), language);
      setPlaces(faults.length > 0 ? {} : placesOf(kind.build(values, writer)));
      if (faults.length > 0) throw new ApiError(422, faults);
      return send(api, { kind, values, writer, file, before, entry });
    },
    { done: onDone },
  );
  useEffect(() => keep(form.values), [form.values, keep]);
  useEffect(() => {
    box.current?.scrollIntoView({ block: 'nearest' });
    box.current?.querySelector<HTMLElement>('input:not([type=datetime-local]), textarea, select')?.focus();
  }, []);

  const field = (one: Field): ReactNode => {
    const at = places[one.name] ?? `Form.${one.name}`;
    const label = one.unit ? `${one.label[language]} (${one.unit})` : one.label[language];
    const common = {
      label,
      required: one.required ?? false,
      at,
      error: sending.error,
      ...(one.hint && { hint: one.hint[language] }),
    };
    if (one.type === 'file')
      return (
        <FileField
          key={one.name}
          {...common}
          fault={issuesAt(sending.error, `Form.${one.name}`) ?? issuesAt(sending.error, at)}
          onFile={setFile}
        />
      );
    return (
      <TextField
        key={one.name}
        form={form}
        name={one.name}
        {...common}
        {...(one.type === 'lines' ? { lines: 5 } : {})}
        {...(one.choices && {
          choices: one.choices.map((choice) => ({ value: choice.value, label: choice.label[language] })),
        })}
        // Numbers as text: the wheel of a mouse must not change a dose.
        type={one.type === 'date' || one.type === 'datetime-local' ? one.type : 'text'}
      />
    );
  };

  /** Hands stay on the keys: Escape closes and keeps, Ctrl+Enter saves from any field. */
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') onClose();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
      box.current?.querySelector('form')?.requestSubmit();
    else return;
    event.preventDefault();
  };

  return (
    <section className={styles.entry} aria-labelledby={heading} ref={box} onKeyDown={onKeyDown}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4" id={heading}>
          {kind.title[language]}
        </Title>
        <Button variant="subtle" size="compact-sm" onClick={onClose}>
          {t('cancel')}
        </Button>
      </Group>
      <Text size="sm" c="dimmed" mb="xs">
        {t('where', { place })}
      </Text>
      <SendForm send={sending} onSend={() => sending.mutate()} label={t('save')}>
        <Stack gap="sm">
          {groupsOf(kind.fields).map(({ group, fields }) =>
            group ? (
              <Fieldset key={group.ja} legend={group[language]}>
                <div className={styles.fields}>{fields.map(field)}</div>
              </Fieldset>
            ) : (
              <div key="fields" className={styles.fields}>
                {fields.map(field)}
              </div>
            ),
          )}
        </Stack>
      </SendForm>
    </section>
  );
};

const groupsOf = (fields: readonly Field[]) => {
  const found: { group: Field['group']; fields: Field[] }[] = [];
  for (const field of fields) {
    const group = found.find((one) => one.group?.ja === field.group?.ja);
    if (group) group.fields.push(field);
    else found.push({ group: field.group, fields: [field] });
  }
  return found;
};

const FileField = ({
  label,
  hint,
  required,
  fault,
  onFile,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly required: boolean;
  readonly fault: string | undefined;
  readonly onFile: (file: File | undefined) => void;
}): ReactNode => {
  const id = useId();
  return (
    <Input.Wrapper id={id} label={label} required={required} description={hint} error={fault}>
      <input
        id={id}
        type="file"
        className={styles.file}
        accept=".pdf,.png,.jpg,.jpeg,.gif,.webp,.txt,.xml,.json,.csv,application/pdf,image/*,text/*"
        onChange={(event) => onFile(event.currentTarget.files?.[0])}
      />
    </Input.Wrapper>
  );
};

const trimmed = (values: Readonly<Record<string, string>>): Values =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.normalize('NFC').trim()]));

type Say = (key: 'required' | 'some' | 'range' | 'number' | 'large', given?: Record<string, string | number>) => string;

/** What needs no server: something is missing, or no body has such a value. */
const faultsOf = (
  { fields, some }: EntryKind,
  values: Values,
  file: File | undefined,
  say: Say,
  language: 'ja' | 'en',
): Issue[] => {
  const faults: Issue[] = [];
  const fault = (name: string, diagnostics: string) =>
    faults.push({ severity: 'error', code: 'invalid', diagnostics, expression: [`Form.${name}`] });
  for (const { name, label, type, required, min, max } of fields) {
    const value = type === 'file' ? (file?.name ?? '') : (values[name] ?? '');
    const field = label[language];
    if (required && value === '') fault(name, say('required', { field }));
    if (type === 'file' && file && file.size > LARGEST_FILE)
      fault(name, say('large', { size: (file.size / 1024 / 1024).toFixed(1) }));
    if (type !== 'number' || value === '') continue;
    const number = Number(value);
    if (!/^-?\d+(\.\d+)?$/.test(value)) fault(name, say('number', { field }));
    else if ((min !== undefined && number < min) || (max !== undefined && number > max))
      fault(name, say('range', { field, min: min ?? '', max: max ?? '' }));
  }
  if (some && !some.some((name) => values[name])) fault(some[0]!, say('some'));
  return faults;
};
