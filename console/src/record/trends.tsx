// Numbers over time: a table of tests by day, and several tests in one graph with their reference ranges. Zoom by dragging.
import { Checkbox, Group, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { Empty, Loading } from '../ui/states.tsx';
import { SYSTOLIC } from './fhir.ts';
import styles from './record.module.css';
import type { Point, Series } from './record.ts';
import { useRecordText } from './words.ts';

const COLUMNS = 12;
const COLORS = ['#1971c2', '#e8590c', '#2f9e44', '#9c36b5', '#c92a2a', '#0b7285', '#5f3dc4', '#846358'];

export const Trends = ({ series }: { readonly series: readonly Series[] }): ReactNode => {
  const t = useRecordText();
  const [view, setView] = useState<'table' | 'graph'>('table');
  const [chosen, setChosen] = useState<readonly string[]>(() => firstOf(series));
  const [period, setPeriod] = useState<Period>('all');
  const drawn = useMemo(
    () =>
      within(
        series.filter(({ key }) => chosen.includes(key)),
        PERIODS[period],
      ),
    [series, chosen, period],
  );
  if (series.length === 0) return <Empty>{t('none')}</Empty>;
  const toggle = (key: string) =>
    setChosen((keys) => (keys.includes(key) ? keys.filter((one) => one !== key) : [...keys, key]));
  return (
    <Stack gap="sm">
      <SegmentedControl
        w="fit-content"
        value={view}
        onChange={(value) => setView(value as 'table' | 'graph')}
        data={[
          { value: 'table', label: t('table') },
          { value: 'graph', label: t('graph') },
        ]}
      />
      {view === 'table' ? (
        <ResultTable series={series} />
      ) : (
        <>
          <Group gap="sm" role="group" aria-label={t('choose')}>
            {series.map(({ key, name, unit }) => (
              <Checkbox
                key={key}
                size="sm"
                label={unit ? `${name} (${unit})` : name}
                checked={chosen.includes(key)}
                onChange={() => toggle(key)}
              />
            ))}
          </Group>
          {/* What dragging does for who has a mouse. */}
          <SegmentedControl
            w="fit-content"
            size="xs"
            aria-label={t('period')}
            value={period}
            onChange={(value) => setPeriod(value as Period)}
            data={PERIOD_NAMES.map((value) => ({ value, label: t(`period-${value}`) }))}
          />
          <Graph series={drawn} />
        </>
      )}
    </Stack>
  );
};

const DAY_MS = 86_400_000;
const PERIODS = { all: Number.POSITIVE_INFINITY, years: 1_096 * DAY_MS, year: 366 * DAY_MS, months: 92 * DAY_MS };
type Period = keyof typeof PERIODS;
const PERIOD_NAMES = Object.keys(PERIODS) as Period[];

/** The last so many milliseconds before the newest result of them. */
const within = (series: readonly Series[], length: number): Series[] => {
  const newest = Math.max(...series.map(({ points }) => points.at(-1)?.time ?? 0));
  return series.map((one) => ({ ...one, points: one.points.filter(({ time }) => time >= newest - length) }));
};

/** The two numbers of a blood pressure belong together. */
const firstOf = (series: readonly Series[]): string[] =>
  series.slice(0, series[0]?.key.startsWith(SYSTOLIC) ? 2 : 1).map(({ key }) => key);

const dayOf = (date: string): string => date.slice(0, 10);

const ResultTable = ({ series }: { readonly series: readonly Series[] }): ReactNode => {
  const t = useRecordText();
  const { language } = useLanguage();
  const days = useMemo(
    () =>
      [...new Set(series.flatMap(({ points }) => points.map(({ date }) => dayOf(date))))]
        .sort()
        .reverse()
        .slice(0, COLUMNS),
    [series],
  );
  return (
    <Table.ScrollContainer minWidth={480} tabIndex={0}>
      <Table withTableBorder stickyHeader={false} aria-label={t('labs')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('name')}</Table.Th>
            <Table.Th scope="col" className={styles.range}>
              {t('range')}
            </Table.Th>
            {days.map((day) => (
              <Table.Th key={day} scope="col">
                {dayText(language, day)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {series.map(({ key, name, unit, points }) => (
            <Table.Tr key={key}>
              <Table.Th scope="row" className={styles.test}>
                {name}{' '}
                <Text span size="xs" c="dimmed">
                  {unit}
                </Text>
              </Table.Th>
              <Table.Td className={styles.range}>{rangeText(points.at(-1))}</Table.Td>
              {days.map((day) => (
                <Table.Td key={day} className={styles.result}>
                  <Result point={points.findLast(({ date }) => dayOf(date) === day)} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
};

const rangeText = (point: Point | undefined): string =>
  point && (point.low !== undefined || point.high !== undefined) ? `${point.low ?? ''}–${point.high ?? ''}` : '';

/** Not by colour alone: an arrow, and a word for those who hear it. */
export const Result = ({ point }: { readonly point: Point | undefined }): ReactNode => {
  const t = useRecordText();
  if (!point) return null;
  const { value, flag } = point;
  if (!flag) return value;
  return (
    <Text span c={flag === 'high' ? 'red.8' : 'blue.8'} fw={700} size="sm">
      {value} <span aria-hidden="true">{flag === 'high' ? '↑' : '↓'}</span>
      <span className={styles.heard}>{t(flag)}</span>
    </Text>
  );
};

const Graph = ({ series }: { readonly series: readonly Series[] }): ReactNode => {
  const t = useRecordText();
  const { language } = useLanguage();
  const dateWord = t('date');
  const box = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    const target = box.current;
    if (!target || series.length === 0) return;
    let gone = false;
    let remove = () => {};
    void Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]).then(([{ default: Plot }]) => {
      if (gone) return;
      setReady(true);
      const times = [...new Set(series.flatMap(({ points }) => points.map(({ time }) => time / 1000)))].sort(
        (a, b) => a - b,
      );
      const rows = series.map(({ points }) => {
        const values = new Map(points.map(({ time, value }) => [time / 1000, value]));
        return times.map((time) => values.get(time) ?? null);
      });
      const units = [...new Set(series.map(({ unit }) => unit))];
      const size = () => ({ width: target.clientWidth, height: 320 });
      const plot = new Plot(
        {
          ...size(),
          cursor: { drag: { x: true, y: false } },
          series: [
            {
              label: dateWord,
              value: (_, time) => (time === null ? '' : dayText(language, new Date(time * 1000).toISOString())),
            },
            ...series.map(({ name, unit }, index) => ({
              label: name,
              scale: unit || 'none',
              stroke: COLORS[index % COLORS.length]!,
              width: 2,
              spanGaps: true,
              points: { show: true, size: 6 },
              value: (_: unknown, value: number | null) => (value === null ? '' : `${value} ${unit}`),
            })),
          ],
          // A band that lies beyond the results must be seen to do so.
          scales: Object.fromEntries(units.map((unit) => [unit || 'none', { range: rangeOf(unit, series) }])),
          axes: [
            {
              values: (_, splits) => splits.map((time) => dayText(language, new Date(time * 1000).toISOString())),
              space: 90,
            },
            ...units.map((unit, index) => ({
              scale: unit || 'none',
              side: index % 2 === 0 ? (3 as const) : (1 as const),
              label: unit,
              grid: { show: index === 0 },
            })),
          ],
          hooks: { drawClear: [(drawn) => shadeRanges(drawn, series)] },
        },
        [times, ...rows],
        target,
      );
      const observer = new ResizeObserver(() => plot.setSize(size()));
      observer.observe(target);
      remove = () => {
        observer.disconnect();
        plot.destroy();
      };
    });
    return () => {
      gone = true;
      remove();
    };
  }, [series, language, dateWord]);
  if (series.length === 0) return <Empty>{t('choose')}</Empty>;
  const label = series.map(({ name }) => name).join(', ');
  return (
    <figure className={styles.graph}>
      {!ready && <Loading />}
      <div ref={box} role="img" aria-label={label} />
      <figcaption>
        <Text size="xs" c="dimmed">
          {t('zoom')}
        </Text>
      </figcaption>
    </figure>
  );
};

/** From the lowest to the highest of results and reference ranges of this unit, with a little air. */
const rangeOf =
  (unit: string, series: readonly Series[]) =>
  (_: unknown, low: number | null, high: number | null): [number, number] => {
    const bounds = series
      .filter((one) => one.unit === unit)
      .flatMap(({ points }) => [points.at(-1)?.low, points.at(-1)?.high])
      .filter((one) => one !== undefined);
    const least = Math.min(low ?? 0, ...bounds);
    const most = Math.max(high ?? 1, ...bounds);
    const air = (most - least) * 0.08 || Math.abs(most) * 0.1 || 1;
    return [least < 0 ? least - air : Math.max(0, least - air), most + air];
  };

interface Drawn {
  readonly ctx: CanvasRenderingContext2D;
  readonly bbox: { left: number; top: number; width: number; height: number };
  valToPos(value: number, scale: string, canvas: boolean): number;
}

/** The reference range of the newest result, behind its line. */
const shadeRanges = ({ ctx, bbox, valToPos }: Drawn, series: readonly Series[]): void => {
  for (const [index, { unit, points }] of series.entries()) {
    const last = points.at(-1);
    if (!last || (last.low === undefined && last.high === undefined)) continue;
    const scale = unit || 'none';
    const top = last.high === undefined ? bbox.top : Math.max(bbox.top, valToPos(last.high, scale, true));
    const low = last.low === undefined ? bbox.top + bbox.height : valToPos(last.low, scale, true);
    const bottom = Math.min(bbox.top + bbox.height, low);
    if (bottom <= top) continue;
    ctx.save();
    ctx.globalAlpha = 0.08;
    ctx.fillStyle = COLORS[index % COLORS.length]!;
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    ctx.restore();
  }
};
