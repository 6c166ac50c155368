// One patient: who it is, what may be done, the chart. Which of it the role never has is left out; what the server refuses is said.
import { Alert, Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type ReactNode, useCallback, useMemo, useState } from 'react';
import { ApiError, type Resource } from '../api/client.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Banner } from '../record/banner.tsx';
import { ChartView } from '../record/chart.tsx';
import { ItemActions } from '../record/items.tsx';
import { PrintChart } from '../record/print.tsx';
import { useSameName } from '../record/same-name.ts';
import { useRecord, withWritten } from '../record/use-record.ts';
import { ServicesContext, useServices, useWho } from '../ui/context.ts';
import { Failure, Loading } from '../ui/states.tsx';
import { BreakGlass, type Glass, GlassOpen, glassHeaders } from './break-glass.tsx';
import styles from './clinic.module.css';
import { ConsentCode } from './consent-code.tsx';
import { useCorrections } from './correct.tsx';
import { Emergency } from './emergency.tsx';
import { EntryButtons, EntryPanel, useEntry } from './entry/entry-panel.tsx';
import { asksConsent, breaksGlass, offeredTo, registers } from './entry/kinds.ts';
import { prefill } from './prefill.ts';
import { Regions, useRegions } from './regions.tsx';
import { type Shortcut, Shortcuts } from './shortcuts.tsx';
import { usePlace } from './use-writer.ts';

const useText = words({
  ja: {
    print: '印刷',
    tools: '記入と操作',
    find: '患者を探す',
    tab: '表示の切り替え {number}',
    unregistered: '当施設の記録はまだありません。',
    register: '当施設の患者として登録',
    refused: '同意がないか、存在しない記録です。',
  },
  en: {
    print: 'Print',
    tools: 'Write and do',
    find: 'Find a patient',
    tab: 'View {number}',
    unregistered: 'Your facility has no record of this person yet.',
    register: 'Register at your facility',
    refused: 'There is no consent, or no such record.',
  },
});

const Patient = (): ReactNode => {
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  return <OnePatient key={id} id={id} />;
};

/** While the glass is broken, everything of the page is asked for with that purpose and reason. */
const OnePatient = ({ id }: { readonly id: string }): ReactNode => {
  const services = useServices();
  const client = useQueryClient();
  const [glass, setGlass] = useState<Glass>();
  const inside = useMemo(
    () => (glass ? { ...services, api: services.api.with(glassHeaders(glass)) } : services),
    [services, glass],
  );
  const end = useCallback(() => {
    setGlass(undefined);
    // What was seen in an emergency is not left behind it.
    client.removeQueries({ queryKey: ['record', id, 'glass'] });
  }, [client, id]);
  return (
    <ServicesContext value={inside}>
      <Record id={id} glass={glass} onGlass={setGlass} onGlassEnd={end} />
    </ServicesContext>
  );
};

/** Keys of the forms, as far as a letter is free. */
const KEYS: Readonly<Record<string, string>> = {
  note: 'n',
  vitals: 'v',
  diagnosis: 'd',
  prescription: 'r',
  dispense: 's',
  labs: 'l',
  allergy: 'a',
  upload: 'u',
  message: 'c',
  carePlan: 'k',
  adl: 'b',
};

const showTab = (number: number) => document.querySelectorAll<HTMLElement>('#main [role=tab]')[number - 1]?.click();

const Record = ({
  id,
  glass,
  onGlass,
  onGlassEnd,
}: {
  readonly id: string;
  readonly glass: Glass | undefined;
  readonly onGlass: (glass: Glass) => void;
  readonly onGlassEnd: () => void;
}): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const { role } = useWho();
  const navigate = useNavigate();
  const client = useQueryClient();
  const mode = glass ? 'glass' : 'region';
  const local = useRecord(id, undefined, mode);
  const regions = useRegions(id, local, mode);
  const { record } = regions;
  const { chart, resources } = record;
  const sameName = useSameName(local.chart);
  const place = usePlace(local.chart, resources);
  const entry = useEntry();
  const [printing, setPrinting] = useState(false);
  const endPrint = useCallback(() => setPrinting(false), []);
  const onWritten = useCallback(
    (written: readonly Resource[]) => {
      client.setQueryData(['record', id, mode], (before) => withWritten(before, written));
    },
    [client, id, mode],
  );
  const corrections = useCorrections(entry.open);
  const kinds = offeredTo(role);
  const isEmergency = role === 'ambulance' || glass !== undefined;

  const shortcuts: Shortcut[] = [
    { key: '/', label: t('find'), run: () => void navigate({ to: '/clinic' }) },
    ...(chart.patient
      ? [
          ...kinds.flatMap((kind) =>
            KEYS[kind.name]
              ? [{ key: KEYS[kind.name]!, label: kind.title[language], run: () => entry.open({ kind }) }]
              : [],
          ),
          { key: 'p', label: t('print'), run: () => setPrinting(true) },
          ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => ({
            key: String(number),
            label: t('tab', { number }),
            run: () => showTab(number),
          })),
        ]
      : []),
  ];

  if (record.pending) return <Loading />;
  const glassStatus = glass && <GlassOpen glass={glass} onEnd={onGlassEnd} />;
  if (record.error && !chart.patient) {
    const closed = record.error instanceof ApiError && [403, 404].includes(record.error.status);
    return (
      <>
        {glassStatus}
        <Failure error={record.error} retry={record.retry} />
        <div className={styles.tools}>
          {closed && <span>{t('refused')}</span>}
          {closed && !glass && breaksGlass(role) && <BreakGlass onOpen={onGlass} />}
          <Shortcuts list={shortcuts} />
        </div>
      </>
    );
  }
  if (printing) return <PrintChart chart={chart} onDone={endPrint} />;
  return (
    <>
      <Banner chart={chart} sameName={sameName}>
        {glassStatus}
      </Banner>
      {/* biome-ignore lint/a11y/useSemanticElements: a toolbar of buttons, and no form */}
      <div className={styles.tools} role="group" aria-label={t('tools')}>
        <EntryButtons kinds={kinds} entry={entry} />
        {asksConsent(role) && <ConsentCode />}
        {breaksGlass(role) && !glass && <BreakGlass onOpen={onGlass} />}
        <Button variant="default" size="compact-sm" onClick={() => setPrinting(true)}>
          {t('print')}
        </Button>
        <Shortcuts list={shortcuts} />
      </div>
      {!place.registered && registers(role) && (
        <Alert color="blue" mb="xs">
          {t('unregistered')}{' '}
          <Button
            size="compact-sm"
            variant="light"
            onClick={() => {
              prefill.keep(chart.patient);
              void navigate({ to: '/clinic/register' });
            }}
          >
            {t('register')}
          </Button>
        </Alert>
      )}
      {record.error !== null && record.error !== undefined && <Failure error={record.error} retry={record.retry} />}
      <EntryPanel entry={entry} place={place} medicines={chart.medicines} onWritten={onWritten} />
      <Regions regions={regions} />
      {isEmergency && <Emergency chart={chart} />}
      <ItemActions value={corrections}>
        <ChartView record={record} withOverview={!isEmergency} />
      </ItemActions>
    </>
  );
};

export default Patient;
