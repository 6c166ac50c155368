// What the region is used for, and what that is likely to cost: by day, by facility and by fee class, so that those who pay can
// share it. Counts only; nobody's data.
import { Alert, Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { dateText } from '../i18n/format.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { useSend } from '../ui/form.tsx';
import { DataTable } from '../ui/list.tsx';
import { useRegionNames } from '../ui/regions.ts';
import { saveFile } from '../ui/save-file.ts';
import { Empty, Failure, Loading } from '../ui/states.tsx';
import { AdminPage, Section } from './page.tsx';
import { UsageBars } from './usage-bars.tsx';
import {
  type Counts,
  daysOfMonth,
  type FacilityUse,
  type FeeClassUse,
  KINDS,
  lastMonths,
  requestsOf,
  type Usage,
  useUsage,
} from './usage-data.ts';
import { useUsageText } from './usage-words.ts';

const useFigures = () => {
  const { language } = useLanguage();
  const locale = language === 'ja' ? 'ja-JP' : 'en-GB';
  const money = (currency: 'USD' | 'JPY', digits: number) => {
    const format = new Intl.NumberFormat(locale, {
      style: 'currency',
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    const least = 10 ** -digits;
    return (amount: number) =>
      amount > 0 && amount < least ? `<\u00a0${format.format(least)}` : format.format(amount);
  };
  const size = (bytes: number): string => {
    const [divisor, unit] =
      bytes >= 1e9 ? ([1e9, 'GB'] as const) : bytes >= 1e6 ? ([1e6, 'MB'] as const) : ([1e3, 'KB'] as const);
    return `${(bytes / divisor).toLocaleString(locale, { maximumFractionDigits: 1 })} ${unit}`;
  };
  return {
    count: (value: number) => value.toLocaleString(locale),
    usd: money('USD', 2),
    yen: money('JPY', 0),
    size,
  };
};

const UsagePage = (): ReactNode => {
  const t = useUsageText();
  const months = lastMonths(13);
  const [month, setMonth] = useState(months[0]!);
  const { data, error, refetch } = useUsage(month);
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <Group align="flex-end">
        <NativeSelect
          label={t('month')}
          name="month"
          value={month}
          onChange={(event) => setMonth(event.currentTarget.value)}
          data={months.map((value) => {
            const [year = '', number = ''] = value.split('-');
            return { value, label: t('monthOf', { year, month: Number(number) }) };
          })}
        />
        <SaveCsv month={month} />
      </Group>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && <Shown key={data.from} of={data} />}
    </AdminPage>
  );
};

const SaveCsv = ({ month }: { readonly month: string }): ReactNode => {
  const t = useUsageText();
  const api = useApi();
  const save = useSend(async () => {
    const { from, to } = daysOfMonth(month);
    const { text } = await api.ask(`/admin/usage?${new URLSearchParams({ from, to, format: 'csv' })}`);
    // Reading took the byte order mark away, by which Excel knows UTF-8.
    saveFile(`usage-${from}-${to}.csv`, `\uFEFF${text}`, 'text/csv');
  });
  return (
    <>
      <Button variant="default" loading={save.isPending} onClick={() => save.mutate()}>
        {t('save')}
      </Button>
      {save.error !== null && <Failure error={save.error} />}
    </>
  );
};

const Shown = ({ of }: { readonly of: Usage }): ReactNode => {
  const t = useUsageText();
  const { language } = useLanguage();
  const { count } = useFigures();
  const columns = useCountColumns();
  const requests = requestsOf(of.totals);
  const most = of.days.reduce((best, one) => (requestsOf(one.counts) > requestsOf(best.counts) ? one : best), {
    day: of.from,
    counts: of.totals,
  });
  const isRunning = of.today >= of.from && of.today < of.to;
  return (
    <Stack>
      {isRunning && <Text c="dimmed">{t('soFar', { day: dateText(language, of.today) })}</Text>}
      <Cost of={of} />
      <Section title={t('byDay')}>
        {requests === 0 ? (
          <Empty>{t('none')}</Empty>
        ) : (
          <>
            <UsageBars
              label={t('chart', {
                count: count(requests),
                day: dateText(language, most.day),
                most: count(requestsOf(most.counts)),
              })}
              columns={of.days.map(({ day, counts }) => ({ day, count: requestsOf(counts) }))}
              text={count}
            />
            <DataTable
              label={t('byDay')}
              rows={of.days.toReversed().filter(({ counts }) => requestsOf(counts) > 0)}
              keyOf={({ day }) => day}
              minWidth={860}
              columns={[{ name: t('day'), cell: ({ day }) => dateText(language, day) }, ...columns]}
            />
          </>
        )}
      </Section>
      <ByFacility of={of} />
      <ByFeeClass of={of} />
      <Others of={of} />
    </Stack>
  );
};

const useCountColumns = () => {
  const t = useUsageText();
  const { count } = useFigures();
  const numeric = true;
  return [
    { name: t('all'), numeric, cell: ({ counts }: { readonly counts: Counts }) => count(requestsOf(counts)) },
    ...[...KINDS, 'refused' as const, 'resources' as const].map((kind) => ({
      name: t(kind),
      numeric,
      cell: ({ counts }: { readonly counts: Counts }) => count(counts[kind]),
    })),
  ];
};

const Cost = ({ of: { cost } }: { readonly of: Usage }): ReactNode => {
  const t = useUsageText();
  const { language } = useLanguage();
  const { usd, yen } = useFigures();
  const { rate, asOf, isOfRegion } = cost.yen;
  const both = (amount: number) => t('both', { usd: usd(amount), yen: yen(amount * rate) });
  return (
    <Section title={t('cost')}>
      <Text size="xl" fw={700}>
        {t('total')}: {both(cost.usd.total)}
      </Text>
      <Facts
        of={[
          [t('idle'), both(cost.usd.idle)],
          [t('use'), both(cost.usd.use)],
          [t('storage'), both(cost.usd.storage)],
          [t('seals'), both(cost.usd.seals)],
          [t('people'), both(cost.usd.people)],
          [t('idleMonth'), both(cost.idleMonthUsd)],
          [t('rate'), t(isOfRegion ? 'rateRegion' : 'rateDefault', { rate, asOf: dateText(language, asOf) })],
        ]}
      />
      <Alert color="blue">{t('costHow', { prices: dateText(language, cost.prices.asOf) })}</Alert>
    </Section>
  );
};

/** What a facility has whose class nobody has decided (functions/tenants/facilities.ts). */
const useFeeClass = () => {
  const t = useUsageText();
  return (feeClass: string) => (feeClass === '' || feeClass === 'none' ? t('noFeeClass') : feeClass);
};

const ByFacility = ({ of }: { readonly of: Usage }): ReactNode => {
  const t = useUsageText();
  const { count, usd, yen } = useFigures();
  const classOf = useFeeClass();
  const numeric = true;
  return (
    <Section title={t('byFacility')}>
      <Text c="dimmed">{t('shareHow')}</Text>
      <DataTable<FacilityUse>
        label={t('byFacility')}
        rows={of.facilities}
        keyOf={({ code }) => code}
        minWidth={960}
        columns={[
          { name: t('facility'), cell: ({ name, code }) => name ?? code },
          { name: t('feeClass'), cell: ({ feeClass }) => classOf(feeClass) },
          { name: t('requests'), numeric, cell: ({ counts }) => count(requestsOf(counts)) },
          ...(['read', 'search', 'write', 'federated', 'resources'] as const).map((kind) => ({
            name: t(kind),
            numeric,
            cell: ({ counts }: FacilityUse) => count(counts[kind]),
          })),
          { name: t('staff'), numeric, cell: ({ activeStaff }) => count(activeStaff) },
          { name: t('usd'), numeric, cell: (one) => usd(one.usd.use) },
          { name: t('share'), numeric, cell: (one) => usd(one.usd.share) },
          { name: t('sum'), numeric, cell: (one) => yen(one.usd.total * of.cost.yen.rate) },
        ]}
      />
    </Section>
  );
};

const ByFeeClass = ({ of }: { readonly of: Usage }): ReactNode => {
  const t = useUsageText();
  const { count, usd, yen } = useFigures();
  const classOf = useFeeClass();
  const numeric = true;
  return (
    <Section title={t('byFeeClass')}>
      <DataTable<FeeClassUse>
        label={t('byFeeClass')}
        rows={of.feeClasses}
        keyOf={({ feeClass }) => feeClass}
        minWidth={640}
        columns={[
          { name: t('feeClass'), cell: ({ feeClass }) => classOf(feeClass) },
          { name: t('facilities'), numeric, cell: ({ facilities }) => count(facilities) },
          { name: t('requests'), numeric, cell: ({ requests }) => count(requests) },
          { name: t('usd'), numeric, cell: (one) => usd(one.usd.use) },
          { name: t('share'), numeric, cell: (one) => usd(one.usd.share) },
          { name: t('each'), numeric, cell: (one) => yen(one.usd.each * of.cost.yen.rate) },
        ]}
      />
    </Section>
  );
};

const Others = ({ of }: { readonly of: Usage }): ReactNode => {
  const t = useUsageText();
  const { language } = useLanguage();
  const { count, size } = useFigures();
  const names = useRegionNames(of.regions.length > 0);
  const { accounts, months } = of.people;
  const active = (kind: 'staff' | 'residents' | 'systems') => count(Math.max(0, ...months.map((one) => one[kind])));
  return (
    <>
      <Section title={t('who')}>
        <Facts
          of={[
            [t('activeStaff'), active('staff')],
            [t('activeResidents'), active('residents')],
            [t('activeSystems'), active('systems')],
            [t('accounts'), t('accountsOf', { staff: count(accounts.staff), residents: count(accounts.residents) })],
          ]}
        />
      </Section>
      <Section title={t('otherUse')}>
        <Facts
          of={[
            [t('residents'), count(requestsOf(of.residents))],
            ...of.regions.map(
              ({ community, counts }) =>
                [
                  t('region', { name: names.get(community) ?? community }),
                  <span key={community} title={community}>
                    {count(requestsOf(counts))}
                  </span>,
                ] as const,
            ),
          ]}
        />
      </Section>
      {of.storage && (
        <Section title={t('stored')}>
          <Facts
            of={of.storage.tables.map(({ table, rows, bytes }) => [
              TABLES.has(table) ? t(table as 'clinical') : table,
              t('rowsBytes', { rows: count(rows), bytes: size(bytes) }),
            ])}
          />
          <Text c="dimmed" size="sm">
            {t('sizesAt', { day: dateText(language, of.storage.day) })}
          </Text>
        </Section>
      )}
    </>
  );
};

const TABLES = new Set(['clinical', 'registry', 'audit']);

export default UsagePage;
