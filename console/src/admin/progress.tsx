// Progress to the 5 % and 10 % lines, by municipality and age: bars with the lines drawn in, the same as a table, and the
// population that the shares are of.
import { Alert, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi, useWho } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { DataTable } from '../ui/list.tsx';
import { Empty, Failure, Loading } from '../ui/states.tsx';
import { AdminPage, Fields, Section } from './page.tsx';
import { ProgressBars } from './progress-bars.tsx';

const useText = words({
  ja: {
    title: '参加率',
    about: '住民に占める参加者の割合です。国の事業の目安は5％と10％です。',
    none: '人口がまだ登録されていません。',
    unknown: '人口未登録',
    asOf: '{day}現在',
    region: '地域全体',
    municipality: '市区町村',
    code: '市区町村コード',
    enrolled: '参加者',
    population: '人口',
    percent: '参加率',
    reached: '到達',
    line: '{line}％到達',
    notYet: '—',
    hidden: '少数のため非表示',
    chart: '市区町村ごとの参加率',
    byAge: '年齢別',
    ages: '{band}歳',
    ages75: '75歳以上',
    enter: '人口を登録する',
    enterHow: '住民基本台帳などの年齢別人口を入力してください。同じ市区町村は上書きされます。',
    name: '市区町村名',
    asOfDay: '基準日',
    save: '登録する',
    recount: '数え直す',
    recounted: '{seen}人を確かめ、{corrected}件を直しました。',
  },
  en: {
    title: 'Progress',
    about: 'Share of the residents who have joined. The lines of the national programme are 5 % and 10 %.',
    none: 'No population figures yet.',
    unknown: 'no population entered',
    asOf: 'As of {day}',
    region: 'Whole region',
    municipality: 'Municipality',
    code: 'Municipality code',
    enrolled: 'Joined',
    population: 'Population',
    percent: 'Share',
    reached: 'Reached',
    line: '{line} % reached',
    notYet: '—',
    hidden: 'hidden (few)',
    chart: 'Share by municipality',
    byAge: 'By age',
    ages: '{band} years',
    ages75: '75 and over',
    enter: 'Enter the population',
    enterHow: 'Population by age from the residents register. The same municipality is overwritten.',
    name: 'Name of the municipality',
    asOfDay: 'Date of the figures',
    save: 'Save',
    recount: 'Count again',
    recounted: '{seen} people were looked at, {corrected} corrected.',
  },
});

interface Figure {
  readonly enrolled: number | null;
  readonly population: number | null;
  readonly percent: number | null;
}
interface Reaching extends Figure {
  readonly reached: readonly number[];
}
interface Municipality extends Reaching {
  readonly municipality: string;
  readonly name: string;
  readonly bands: readonly (Figure & { readonly band: string })[];
}
interface ProgressOf {
  readonly asOf: string;
  readonly lines: readonly number[];
  readonly region: Reaching;
  readonly municipalities: readonly Municipality[];
}

export const useProgress = () => {
  const api = useApi();
  return useQuery({
    queryKey: ['progress'],
    queryFn: async ({ signal }) => (await api.ask<ProgressOf>('/enrolment/progress', { signal })).value,
  });
};

const BANDS = ['0-17', '18-39', '40-64', '65-74', '75+'] as const;

const Progress = (): ReactNode => {
  const t = useText();
  const { role } = useWho();
  const { data, error, refetch } = useProgress();
  return (
    <AdminPage title={t('title')} about={t('about')}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && (data.municipalities.length === 0 ? <Empty>{t('none')}</Empty> : <Figures of={data} />)}
      {(role === 'admin' || role === 'operator') && (
        <>
          <Population />
          <Recount />
        </>
      )}
    </AdminPage>
  );
};

const useNumbers = () => {
  const t = useText();
  const { language } = useLanguage();
  const count = (value: number | null) =>
    value === null ? t('hidden') : value.toLocaleString(language === 'ja' ? 'ja-JP' : 'en-GB');
  const percent = (value: number | null, population: number | null = 0) =>
    value === null ? t(population === null ? 'unknown' : 'hidden') : `${value.toFixed(1)} %`;
  const people = (population: number | null) => (population === null ? t('unknown') : count(population));
  const band = (of: string) => (of === '75+' ? t('ages75') : t('ages', { band: of }));
  return { count, percent, people, band };
};

const hasPopulation = ({ population }: Figure) => population !== null;

const Figures = ({ of }: { readonly of: ProgressOf }): ReactNode => {
  const t = useText();
  const { count, percent, people, band } = useNumbers();
  const rows = [{ ...of.region, municipality: '', name: t('region'), bands: [] }, ...of.municipalities];
  return (
    <Stack>
      <Text>{t('asOf', { day: of.asOf.replaceAll('-', '/') })}</Text>
      <ProgressBars
        label={t('chart')}
        lines={of.lines}
        bars={rows.map(({ municipality, name, population, percent: share }) => ({
          key: municipality,
          name,
          share,
          text: percent(share, population),
        }))}
      />
      <DataTable<Municipality>
        label={t('chart')}
        rows={rows}
        keyOf={({ municipality }) => municipality}
        columns={[
          { name: t('municipality'), cell: ({ name }) => name },
          { name: t('enrolled'), numeric: true, cell: ({ enrolled }) => count(enrolled) },
          { name: t('population'), numeric: true, cell: ({ population }) => people(population) },
          { name: t('percent'), numeric: true, cell: ({ population, percent: share }) => percent(share, population) },
          {
            name: t('reached'),
            cell: ({ reached }) =>
              reached.length === 0 ? (
                t('notYet')
              ) : (
                <Badge color="teal">{t('line', { line: Math.max(...reached) })}</Badge>
              ),
          },
        ]}
      />
      {of.municipalities.filter(hasPopulation).map(({ municipality, name, bands }) => (
        <Section key={municipality} title={`${name} · ${t('byAge')}`}>
          <ProgressBars
            label={`${name} ${t('byAge')}`}
            lines={of.lines}
            bars={bands.map((one) => ({
              key: one.band,
              name: band(one.band),
              share: one.percent,
              // What is too little to be told is said once; the picture has no room to say it twice.
              text:
                one.percent === null || one.enrolled === null
                  ? percent(null)
                  : `${percent(one.percent)} (${count(one.enrolled)} / ${count(one.population)})`,
            }))}
          />
        </Section>
      ))}
    </Stack>
  );
};

const NO_FIGURES = { code: '', name: '', asOf: '', '0-17': '', '18-39': '', '40-64': '', '65-74': '', '75+': '' };

const Population = (): ReactNode => {
  const t = useText();
  const { band } = useNumbers();
  const api = useApi();
  const form = useForm(NO_FIGURES);
  const send = useSend(
    () => {
      const { code, name, asOf, ...bands } = form.values;
      const numbers = Object.fromEntries(
        Object.entries(bands).map(([of, text]) => [of, text === '' ? undefined : Number(text.normalize('NFKC'))]),
      );
      const path = `/enrolment/population/${encodeURIComponent(code.normalize('NFKC').slice(0, 5))}`;
      return api.ask(path, { method: 'PUT', body: { name, asOf, bands: numbers } });
    },
    { stale: ['progress'] },
  );
  return (
    <Section title={t('enter')}>
      <Alert color="blue">{t('enterHow')}</Alert>
      <SendForm send={send} onSend={() => send.mutate()} label={t('save')}>
        <Fields>
          <Field form={form} name="code" label={t('code')} error={send.error} inputMode="numeric" required />
          <Field form={form} name="name" label={t('name')} error={send.error} required />
          <Field form={form} name="asOf" label={t('asOfDay')} type="date" error={send.error} required />
          {BANDS.map((of) => (
            <Field
              key={of}
              form={form}
              name={of}
              at={`bands.${of}`}
              label={band(of)}
              error={send.error}
              inputMode="numeric"
              required
            />
          ))}
        </Fields>
      </SendForm>
    </Section>
  );
};

/** A walk over all persons, page by page: what a lost connection left out. */
const Recount = (): ReactNode => {
  const t = useText();
  const api = useApi();
  const [done, setDone] = useState({ seen: 0, corrected: 0 });
  const send = useSend(
    async () => {
      let after: string | undefined;
      const total = { seen: 0, corrected: 0 };
      do {
        const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`;
        const { value } = await api.ask<{ seen: number; corrected: number; next?: string }>(
          `/enrolment/progress/recount${query}`,
          { method: 'POST' },
        );
        total.seen += value.seen;
        total.corrected += value.corrected;
        after = value.next;
        setDone({ ...total });
      } while (after !== undefined);
    },
    { stale: ['progress'] },
  );
  return (
    <Group>
      <Button variant="default" loading={send.isPending} onClick={() => send.mutate()}>
        {t('recount')}
      </Button>
      <Text role="status">{(send.isPending || send.isSuccess) && t('recounted', done)}</Text>
      {send.error !== null && <Failure error={send.error} />}
    </Group>
  );
};

export default Progress;
