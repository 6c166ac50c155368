// Who else cares for the person: every facility that has written something, and the care teams that somebody has put down.
import { Stack, Table, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { Empty } from '../ui/states.tsx';
import { ItemList, Origin } from './items.tsx';
import type { Chart } from './record.ts';
import { typeName, useRecordText } from './words.ts';

export const Team = ({ chart }: { readonly chart: Chart }): ReactNode => {
  const t = useRecordText();
  const { language } = useLanguage();
  if (chart.carers.length === 0 && chart.team.length === 0) return <Empty>{t('none')}</Empty>;
  return (
    <Stack>
      <Table.ScrollContainer minWidth={420} tabIndex={0}>
        <Table aria-label={t('carers')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t('facility')}</Table.Th>
              <Table.Th scope="col">{t('lastRecord')}</Table.Th>
              <Table.Th scope="col">{t('count')}</Table.Th>
              <Table.Th scope="col">{t('kind')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {chart.carers.map(({ name, region, regionName, last, count, types }) => (
              <Table.Tr key={`${name}|${region}`}>
                <Table.Th scope="row">
                  {name}
                  <Origin of={{ region, regionName }} />
                </Table.Th>
                <Table.Td>{dayText(language, last)}</Table.Td>
                <Table.Td>{count}</Table.Td>
                <Table.Td>{types.map((type) => typeName(language, type)).join('、')}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {chart.team.length > 0 && (
        <section>
          <Title order={3} size="h5">
            {t('chapters')}
          </Title>
          <ItemList items={chart.team} />
        </section>
      )}
    </Stack>
  );
};
