// Forms: values by name, and what the server says of an element beside the field that holds it. Nothing is checked twice: the
// API is the one that knows the rules, and names element and rule for each fault.
import { Alert, Button, Checkbox, Group, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiError } from '../api/client.ts';
import { words } from '../i18n/i18n.ts';
import { inWords } from './rules.ts';
import { Failure } from './states.tsx';

const useText = words({
  ja: { saved: '保存しました。' },
  en: { saved: 'Saved.' },
});

export type FieldValues = Readonly<Record<string, string | boolean>>;

export interface FormState<V extends FieldValues> {
  readonly values: V;
  readonly set: (name: keyof V & string, value: string | boolean) => void;
  readonly reset: (next?: V) => void;
}

export const useForm = <V extends FieldValues>(initial: V): FormState<V> => {
  const [values, setValues] = useState(initial);
  return {
    values,
    set: (name, value) => setValues((before) => ({ ...before, [name]: value })),
    reset: (next = initial) => setValues(next),
  };
};

/** Sends, and then has everything read anew that begins with one of the keys. */
export const useSend = <T, A = void>(
  send: (given: A) => Promise<T>,
  { stale = [], done }: { readonly stale?: readonly string[]; readonly done?: (answer: T, given: A) => void } = {},
): UseMutationResult<T, unknown, A> => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    // Whatever was refused midway may have changed something all the same.
    onSettled: () => Promise.all(stale.map((key) => client.invalidateQueries({ queryKey: [key] }))),
    ...(done && { onSuccess: done }),
  });
};

interface FieldProps<V extends FieldValues> {
  readonly form: Pick<FormState<V>, 'values' | 'set'>;
  readonly name: keyof V & string;
  readonly label: string;
  /** The API's name of the element: `name.kana.family`. @default `name` */
  readonly at?: string;
  readonly error?: unknown;
  readonly hint?: string;
  readonly required?: boolean;
}

/** What the server says of an element or of one within it; `name.family` is not `name.familyKana`. */
const faultAt = (error: unknown, at: string): string | undefined => {
  if (!(error instanceof ApiError)) return undefined;
  const isOf = (one: string) => one === at || one.startsWith(`${at}.`) || one.startsWith(`${at}[`);
  const found = error.issues.filter(({ expression }) => expression.some(isOf));
  return found.length > 0 ? found.map(({ diagnostics }) => inWords(diagnostics)).join(' ') : undefined;
};

/** One field of any kind, by what it is given: choices make a list, `lines` a larger box. */
export const Field = <V extends FieldValues>({
  form,
  name,
  label,
  at = name,
  error,
  hint,
  required = false,
  choices,
  lines,
  type = 'text',
  ...more
}: FieldProps<V> & {
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  readonly lines?: number;
  readonly type?: 'text' | 'date' | 'email' | 'number' | 'url' | 'datetime-local' | 'search';
  readonly inputMode?: 'numeric' | 'tel' | 'text';
  readonly placeholder?: string;
}): ReactNode => {
  const fault = faultAt(error, at);
  const given = {
    label,
    required,
    name,
    value: String(form.values[name] ?? ''),
    ...(hint !== undefined && { description: hint }),
    ...(fault !== undefined && { error: fault }),
  };
  const change = (event: { currentTarget: { value: string } }) => form.set(name, event.currentTarget.value);
  if (choices) return <NativeSelect {...given} data={[...choices]} onChange={change} />;
  if (lines) return <Textarea {...given} rows={lines} onChange={change} />;
  return <TextInput {...given} {...more} type={type} onChange={change} autoComplete="off" spellCheck={false} />;
};

export const Check = <V extends FieldValues>({
  form,
  name,
  label,
  at = name,
  error,
  hint,
}: FieldProps<V>): ReactNode => (
  <Checkbox
    label={label}
    name={name}
    checked={form.values[name] === true}
    onChange={(event) => form.set(name, event.currentTarget.checked)}
    description={hint}
    error={faultAt(error, at)}
  />
);

/** A form with its button, and below it what went wrong or that it went well. */
export const SendForm = ({
  send,
  onSend,
  label,
  saved,
  children,
  color,
}: {
  readonly send: Pick<UseMutationResult<unknown, unknown, never>, 'isPending' | 'error' | 'isSuccess'>;
  readonly onSend: () => void;
  readonly label: string;
  /** Said when it went well; '' says nothing, because the page does. */
  readonly saved?: string;
  readonly children: ReactNode;
  readonly color?: string;
}): ReactNode => {
  const t = useText();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // Keys submit also while the button waits.
    if (!send.isPending) onSend();
  };
  return (
    <form onSubmit={submit} noValidate>
      {children}
      <Group mt="md">
        <Button type="submit" loading={send.isPending} {...(color && { color })}>
          {label}
        </Button>
      </Group>
      <div aria-live="polite">
        {send.error !== null && send.error !== undefined && (
          <Group mt="sm">
            <Failure error={send.error} />
          </Group>
        )}
        {send.isSuccess && saved !== '' && (
          <Alert color="green" mt="sm">
            {saved ?? t('saved')}
          </Alert>
        )}
      </div>
    </form>
  );
};
