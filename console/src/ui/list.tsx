// Tables of rows, with their states, and pages behind a button: nothing loads without end.
import { Button, Center, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import styles from './list.module.css';
import { Empty, Failure, Loading } from './states.tsx';

const useText = words({ ja: { more: 'さらに表示' }, en: { more: 'Show more' } });

export interface Column<R> {
  readonly name: string;
  readonly cell: (row: R) => ReactNode;
  /** Numbers stand right. */
  readonly numeric?: boolean;
}

export const DataTable = <R,>({
  label,
  columns,
  rows,
  keyOf,
  marked,
  minWidth = 480,
}: {
  /** Of the table, for who cannot see it. */
  readonly label: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly keyOf: (row: R) => string;
  /** Rows that stand out; what makes them do so must be said in a cell too. */
  readonly marked?: (row: R) => boolean;
  readonly minWidth?: number;
}): ReactNode => (
  // Whoever cannot point scrolls it with the keyboard.
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must take the focus (WCAG 2.1.1)
  <section className={styles.scroll} tabIndex={0} aria-label={label}>
    <Table style={{ minWidth }} verticalSpacing="xs" highlightOnHover>
      <caption className={styles.caption}>{label}</caption>
      <Table.Thead>
        <Table.Tr>
          {columns.map(({ name, numeric }) => (
            <Table.Th key={name} scope="col" className={numeric ? styles.numeric : undefined}>
              {name}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={keyOf(row)} className={marked?.(row) ? styles.marked : undefined}>
            {columns.map(({ name, cell, numeric }) => (
              <Table.Td key={name} className={numeric ? styles.numeric : undefined}>
                {cell(row)}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </section>
);

interface Loaded {
  readonly isPending: boolean;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

interface Paged extends Loaded {
  readonly hasNextPage?: boolean;
  readonly isFetchingNextPage?: boolean;
  readonly fetchNextPage?: () => unknown;
}

/** The states of a list around it: loading, refused, empty, more. */
export const Listed = ({
  query,
  count,
  empty,
  children,
}: {
  readonly query: Paged;
  /** Rows there are. */
  readonly count: number;
  readonly empty: string;
  readonly children: ReactNode;
}): ReactNode => {
  const t = useText();
  if (query.isPending) return <Loading />;
  return (
    <>
      {query.error !== null && query.error !== undefined && (
        <Failure error={query.error} retry={() => void query.refetch()} />
      )}
      {count > 0 ? children : !query.error && <Empty>{empty}</Empty>}
      {query.hasNextPage && (
        <Center mt="md">
          <Button
            variant="default"
            loading={query.isFetchingNextPage ?? false}
            onClick={() => void query.fetchNextPage?.()}
          >
            {t('more')}
          </Button>
        </Center>
      )}
    </>
  );
};
