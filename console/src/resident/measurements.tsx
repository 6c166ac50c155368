// Home measurements: write, see as list and graph, correct, delete. Clinics see them beside their own, marked as measured at home.
import { Button, Group, Modal, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { type Bundle, matchesOf, type Resource } from '../api/client.ts';
import { dateText } from '../i18n/format.ts';
import { type Language, useLanguage, words } from '../i18n/i18n.ts';
import { chartOf, type Series } from '../record/record.ts';
import { Trends } from '../record/trends.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import lineStyles from '../ui/lines.module.css';
import { Listed } from '../ui/list.tsx';
import { MeasurementForm } from './measurement-form.tsx';
import { isHome, MEASURES, type Measure, measureOf, valuesOf } from './measures.ts';
import { SubjectPage } from './page.tsx';
import styles from './resident.module.css';
import type { Subject } from './use-resident.ts';

const useText = words({
  ja: {
    title: '家での測定',
    lead: 'ここに書いた値は、あなたが見せている施設の医師や看護師も見ることができます。',
    what: '何を測りましたか',
    entries: 'これまでの記録',
    none: 'まだ記録がありません。',
    list: '一覧',
    graph: 'グラフと表',
    correct: '直す',
    remove: '消す',
    removeText: 'この記録を消します。まちがえて書いたときだけ消してください。',
    byProxy: '代理の方が記録',
  },
  en: {
    title: 'Measured at home',
    lead: 'Doctors and nurses of the facilities that you show your record to see these values too.',
    what: 'What did you measure?',
    entries: 'What is written down',
    none: 'Nothing yet.',
    list: 'List',
    graph: 'Graph and table',
    correct: 'Correct',
    remove: 'Delete',
    removeText: 'This entry will be deleted. Delete it only if it was a mistake.',
    byProxy: 'written by a proxy',
  },
});

const Measurements = (): ReactNode => {
  const t = useText();
  return (
    <SubjectPage title={t('title')} lead={t('lead')}>
      {(subject) => <Diary subject={subject} />}
    </SubjectPage>
  );
};

/** The person's own partition of the region: what facilities wrote is elsewhere. */
const useHome = (patient: string) => {
  const api = useApi();
  const query = useInfiniteQuery({
    queryKey: ['home', patient],
    queryFn: async ({ pageParam, signal }) =>
      (pageParam ? await api.next(pageParam, signal) : undefined) ??
      api.search('Observation', { patient, _linked: 'false', _count: '500' }, { signal }),
    initialPageParam: undefined as Bundle | undefined,
    getNextPageParam: (last: Bundle) => (last.link?.some(({ relation }) => relation === 'next') ? last : undefined),
  });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, isError } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, isError]);
  const entries = useMemo(
    () =>
      (data?.pages ?? [])
        .flatMap(matchesOf)
        .filter((one) => isHome(one) && measureOf(one))
        .sort((a, b) => timeOf(b) - timeOf(a)),
    [data],
  );
  return { query, entries };
};

const timeOf = (entry: Resource): number => Date.parse(String(entry['effectiveDateTime'] ?? ''));

const Diary = ({ subject }: { readonly subject: Subject }): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const { query, entries } = useHome(subject.patient);
  const [chosen, setChosen] = useState(MEASURES[0]!.id);
  const [view, setView] = useState('list');
  const measure = MEASURES.find(({ id }) => id === chosen)!;
  const last = entries.find((entry) => measureOf(entry) === measure);
  const series = useMemo(() => seriesOf(subject.patient, entries, language), [subject.patient, entries, language]);
  return (
    <Stack gap="lg">
      <section aria-labelledby="what">
        <Title order={2} size="h3" id="what" mb="xs">
          {t('what')}
        </Title>
        <div className={styles.choices}>
          {MEASURES.map((one) => (
            <Button
              key={one.id}
              size="md"
              variant={one === measure ? 'filled' : 'default'}
              aria-pressed={one === measure}
              onClick={() => setChosen(one.id)}
            >
              {one[language]}
            </Button>
          ))}
        </div>
      </section>
      <MeasurementForm
        key={measure.id}
        measure={measure}
        subject={subject}
        before={last ? valuesOf(measure, last) : []}
      />
      <section aria-labelledby="entries">
        <Title order={2} size="h3" id="entries" mb="xs">
          {t('entries')}
        </Title>
        <Listed
          query={{ isPending: query.isPending, error: query.error, refetch: query.refetch }}
          count={entries.length}
          empty={t('none')}
        >
          <SegmentedControl
            size="md"
            mb="sm"
            value={view}
            onChange={setView}
            data={[
              { value: 'list', label: t('list') },
              { value: 'trends', label: t('graph') },
            ]}
          />
          {view === 'list' ? <Entries entries={entries} subject={subject} /> : <Trends series={series} />}
        </Listed>
      </section>
    </Stack>
  );
};

/** Named in the language of the reader; what is kept says it in Japanese. */
const seriesOf = (patient: string, entries: readonly Resource[], language: Language): Series[] => {
  const { vitals, labs } = chartOf(patient, entries);
  const names = new Map(MEASURES.flatMap(({ parts }) => parts.map((part) => [part.code, part[language]] as const)));
  return [...vitals, ...labs].map((one) => ({ ...one, name: names.get(one.key.split('|')[0]!) ?? one.name }));
};

const STEP = 30;

const Entries = ({
  entries,
  subject,
}: {
  readonly entries: readonly Resource[];
  readonly subject: Subject;
}): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const [shown, setShown] = useState(STEP);
  const [open, setOpen] = useState<Resource>();
  const measure = open && measureOf(open);
  return (
    <>
      <ul className={lineStyles.lines}>
        {entries.slice(0, shown).map((entry) => (
          <Entry key={entry.id} entry={entry} onCorrect={() => setOpen(entry)} />
        ))}
      </ul>
      {entries.length > shown && (
        <Button variant="default" mt="sm" onClick={() => setShown(shown + STEP)}>
          + {entries.length - shown}
        </Button>
      )}
      <Modal
        opened={open !== undefined}
        onClose={() => setOpen(undefined)}
        title={measure ? `${measure[language]}: ${t('correct')}` : undefined}
        size="lg"
      >
        {open && measure && (
          <MeasurementForm
            measure={measure}
            subject={subject}
            before={[]}
            entry={open}
            onDone={() => setOpen(undefined)}
          />
        )}
      </Modal>
    </>
  );
};

const resultText = (measure: Measure, entry: Resource): string => {
  const values = valuesOf(measure, entry).map((value) => value ?? '–');
  return `${values.join(' / ')} ${measure.parts[0]!.unit}`;
};

const Entry = ({ entry, onCorrect }: { readonly entry: Resource; readonly onCorrect: () => void }): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const api = useApi();
  const remove = useSend(() => api.fhir(`/Observation/${entry.id}`, { method: 'DELETE' }), {
    stale: ['home', 'record'],
  });
  const measure = measureOf(entry)!;
  const date = dateText(language, String(entry['effectiveDateTime'] ?? ''));
  const [note] = (entry['note'] as { text?: string }[] | undefined) ?? [];
  const [performer] = (entry['performer'] as { reference?: string }[] | undefined) ?? [];
  return (
    <li className={lineStyles.line}>
      <div className={lineStyles.what}>
        <Text size="sm" c="dimmed">
          {date} {performer?.reference?.includes('RelatedPerson/') && `(${t('byProxy')})`}
        </Text>
        <Text>
          {measure[language]} <span className={styles.number}>{resultText(measure, entry)}</span>
        </Text>
        {note?.text && <Text size="sm">{note.text}</Text>}
      </div>
      <Group gap="xs">
        <Button variant="default" onClick={onCorrect} aria-label={`${t('correct')}: ${measure[language]} ${date}`}>
          {t('correct')}
        </Button>
        <Confirm
          label={t('remove')}
          color="red"
          title={`${measure[language]} ${date}`}
          text={t('removeText')}
          send={remove}
          onConfirm={() => remove.mutateAsync()}
        />
      </Group>
    </li>
  );
};

export default Measurements;
