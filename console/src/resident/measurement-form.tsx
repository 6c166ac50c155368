// One measurement, new or corrected. What cannot be is refused at its field; what is unusual is asked once more.
import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { Resource } from '../api/client.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import { Failure } from '../ui/states.tsx';
import { check, type Doubt, type Fault, type Measure, observationOf, type Part, valuesOf } from './measures.ts';
import styles from './resident.module.css';
import type { Subject } from './use-resident.ts';

const useText = words({
  ja: {
    when: '測った日時',
    note: 'メモ（なくてもよい）',
    noteHint: '例: 朝食の前、薬を飲んだあと',
    save: '記録する',
    correct: '直して記録する',
    cancel: 'やめる',
    missing: '数字を入れてください。',
    'no-number': '数字だけを入れてください。',
    impossible: '{low}から{high}の間の数字を入れてください。',
    turned: '上の血圧は、下の血圧より大きい数字です。入れ違いではありませんか。',
    whenMissing: '日時を入れてください。',
    future: 'これからの日時は入れられません。',
    sure: 'この数字でよいですか',
    unusual: '{name}が {value} {unit} は、ふだんあまりない値です。',
    changed: '{name}が前回の {before} {unit} から大きく変わっています。',
    close: '上と下の血圧の差が、とても小さい値です。',
    old: '1年以上前の日付です。',
    unwell: '具合が悪いときは、記録より先に、かかりつけ医や119番に連絡してください。',
    yes: 'はい、このまま記録する',
    no: '入れ直す',
    saved: '記録しました。',
  },
  en: {
    when: 'Measured at',
    note: 'Note (optional)',
    noteHint: 'For example: before breakfast, after the medicine',
    save: 'Save',
    correct: 'Save the correction',
    cancel: 'Cancel',
    missing: 'Please enter a number.',
    'no-number': 'Please enter digits only.',
    impossible: 'Please enter a number from {low} to {high}.',
    turned: 'The upper pressure is larger than the lower one. Are they swapped?',
    whenMissing: 'Please enter date and time.',
    future: 'This is in the future.',
    sure: 'Is this number right?',
    unusual: '{name} of {value} {unit} is unusual.',
    changed: '{name} differs much from {before} {unit} before.',
    close: 'Upper and lower pressure are very close.',
    old: 'The date is more than a year ago.',
    unwell: 'If you feel unwell, call your doctor or 119 first.',
    yes: 'Yes, save it',
    no: 'Change it',
    saved: 'Saved.',
  },
});

/** For `datetime-local`, in Japan whatever zone the browser is in. */
const localTime = (time: number): string => new Date(time + 9 * 3_600_000).toISOString().slice(0, 16);
const instantOf = (local: string): number | undefined => {
  const time = Date.parse(`${local}:00+09:00`);
  return Number.isNaN(time) ? undefined : time;
};

export const MeasurementForm = ({
  measure,
  subject,
  before,
  entry,
  onDone,
}: {
  readonly measure: Measure;
  readonly subject: Subject;
  /** Values of the last time. */
  readonly before: readonly (number | undefined)[];
  /** To be corrected. */
  readonly entry?: Resource | undefined;
  readonly onDone?: () => void;
}): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const api = useApi();
  const empty = measure.parts.map(() => '');
  const [typed, setTyped] = useState<readonly string[]>(
    entry ? valuesOf(measure, entry).map((value) => String(value ?? '')) : empty,
  );
  const [local, setLocal] = useState(() =>
    localTime(entry ? Date.parse(String(entry['effectiveDateTime'])) : Date.now()),
  );
  const [note, setNote] = useState(() => (entry?.['note'] as { text?: string }[] | undefined)?.[0]?.text ?? '');
  const [tried, setTried] = useState(false);
  const [asking, setAsking] = useState(false);
  /** Names what is written, so that sending again after an answer was lost writes it once: https://hl7.org/fhir/R4/http.html#upsert */
  const [id, setId] = useState(() => crypto.randomUUID());
  const checked = check(measure, typed, instantOf(local), Date.now(), before);

  const send = useSend(
    (_sent: readonly string[]) => {
      const body = observationOf(measure, {
        patient: subject.patient,
        proxy: subject.proxy?.id,
        at: `${local}:00+09:00`,
        values: checked.values,
        note: note.trim(),
      });
      return entry?.id === undefined
        ? api.fhir(`/Observation/${id}`, { method: 'PUT', body: { ...body, id } })
        : api.fhir(`/Observation/${entry.id}`, {
            method: 'PUT',
            body: { ...body, id: entry.id },
            headers: { 'if-match': `W/"${entry.meta?.versionId ?? ''}"` },
          });
    },
    {
      stale: ['home', 'record'],
      done: (_answer, sent) => {
        setAsking(false);
        setTried(false);
        // Who types the next ones meanwhile keeps them.
        setTyped((now) => (now === sent ? empty : now));
        setNote('');
        setId(crypto.randomUUID());
        onDone?.();
      },
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!checked.isGood || send.isPending) return;
    if (checked.doubts.length > 0) setAsking(true);
    else send.mutate(typed);
  };
  const faultText = (fault: Fault | undefined) =>
    fault && (fault.kind === 'impossible' ? t('impossible', { low: fault.low, high: fault.high }) : t(fault.kind));
  const name = (part: Part) => part[language];
  const doubtText = (doubt: Doubt): string => {
    switch (doubt.kind) {
      case 'unusual':
        return t('unusual', { name: name(doubt.part), value: doubt.value, unit: doubt.part.unit });
      case 'changed':
        return t('changed', { name: name(doubt.part), before: doubt.before, unit: doubt.part.unit });
      default:
        return t(doubt.kind);
    }
  };
  return (
    <form onSubmit={submit} noValidate className={styles.paper} aria-label={measure[language]}>
      <Stack gap="sm">
        <Group align="flex-start" gap="md">
          {measure.parts.map((part, index) => (
            <TextInput
              key={part.code}
              size="lg"
              label={`${name(part)} (${part.unit})`}
              inputMode={part.digits > 0 ? 'decimal' : 'numeric'}
              autoComplete="off"
              value={typed[index] ?? ''}
              disabled={asking}
              error={
                tried
                  ? (faultText(checked.faults[index]) ?? (index === 1 && checked.turned ? t('turned') : undefined))
                  : undefined
              }
              onChange={(event) => {
                const { value } = event.currentTarget;
                setTyped(typed.map((one, at) => (at === index ? value : one)));
                // What is under way is finished first: the next one has a name of its own only then.
                if (!send.isPending) send.reset();
              }}
              style={{ flex: '1 1 10rem' }}
            />
          ))}
        </Group>
        <TextInput
          type="datetime-local"
          size="md"
          label={t('when')}
          value={local}
          max={localTime(Date.now())}
          disabled={asking}
          error={tried && checked.when ? t(checked.when === 'future' ? 'future' : 'whenMissing') : undefined}
          onChange={(event) => setLocal(event.currentTarget.value)}
        />
        <TextInput
          size="md"
          label={t('note')}
          description={t('noteHint')}
          maxLength={200}
          value={note}
          disabled={asking}
          autoComplete="off"
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        {asking && (
          <Alert color="orange" role="alertdialog" aria-label={t('sure')} title={t('sure')}>
            <Stack gap="xs">
              {checked.doubts.map((doubt) => (
                <Text key={doubt.kind + ('part' in doubt ? doubt.part.code : '')}>{doubtText(doubt)}</Text>
              ))}
              <Text>{t('unwell')}</Text>
              <Group>
                <Button size="md" loading={send.isPending} onClick={() => send.mutate(typed)} autoFocus>
                  {t('yes')}
                </Button>
                <Button size="md" variant="default" onClick={() => setAsking(false)}>
                  {t('no')}
                </Button>
              </Group>
            </Stack>
          </Alert>
        )}
        {!asking && (
          <Group>
            <Button type="submit" size="lg" loading={send.isPending}>
              {t(entry ? 'correct' : 'save')}
            </Button>
            {entry && (
              <Button size="lg" variant="default" onClick={onDone}>
                {t('cancel')}
              </Button>
            )}
          </Group>
        )}
        <div aria-live="polite">
          {send.error !== null && <Failure error={send.error} />}
          {send.isSuccess && <Alert color="green">{t('saved')}</Alert>}
        </div>
      </Stack>
    </form>
  );
};
