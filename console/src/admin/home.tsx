// Where everybody of the region's offices begins: what waits for the role, and its pages.
import { Badge, Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useWho } from '../ui/context.ts';
import { useAccountsDue } from './access-review.tsx';
import styles from './admin.module.css';
import { useApplications } from './applications.tsx';
import { useCases } from './break-glass.tsx';
import { useReviews } from './identity.tsx';
import { AdminPage, To } from './page.tsx';
import { pages } from './pages.ts';
import { useTerm } from './terms.ts';
import { useFindings } from './unusual.tsx';

const useText = words({
  ja: {
    title: 'はじめに',
    about: '{role}としてサインインしています。',
    waiting: '{count}件が待っています',
    more: '{count}件以上が待っています',
    nothing: '待っているものはありません',
    overdue: '期限超過 {count}件',
  },
  en: {
    title: 'Start',
    about: 'You are signed in as {role}.',
    waiting: '{count} waiting',
    more: 'more than {count} waiting',
    nothing: 'nothing is waiting',
    overdue: '{count} overdue',
  },
});

const Home = (): ReactNode => {
  const t = useText();
  const term = useTerm();
  const { language } = useLanguage();
  const { role } = useWho();
  const shown = pages.filter(({ path, name, roles }) => path !== '' && name && (!roles || roles.includes(role)));
  return (
    <AdminPage title={t('title')} about={t('about', { role: term('role', role) })}>
      <ul className={styles.cards}>
        {shown.map(({ path, name }) => {
          const Waiting = WAITING[path];
          return (
            <Paper key={path} component="li" withBorder p="md">
              <Stack gap="xs">
                <Title order={2} size="h5">
                  <To to={`/admin/${path}`}>{name?.[language]}</To>
                </Title>
                {Waiting && <Waiting />}
              </Stack>
            </Paper>
          );
        })}
      </ul>
    </AdminPage>
  );
};

const Count = ({
  query,
  count,
}: {
  readonly query: { readonly isPending: boolean; readonly error: unknown; readonly hasNextPage: boolean };
  readonly count: number;
}): ReactNode => {
  const t = useText();
  if (query.isPending || query.error) return null;
  const key = count === 0 ? 'nothing' : query.hasNextPage ? 'more' : 'waiting';
  return (
    <Text size="sm" c={count === 0 ? 'dimmed' : undefined} fw={count === 0 ? undefined : 600}>
      {t(key, { count })}
    </Text>
  );
};

const Applications = (): ReactNode => {
  const query = useApplications();
  return <Count query={query} count={(query.data?.pages ?? []).flatMap(({ applications }) => applications).length} />;
};

const Identity = (): ReactNode => {
  const query = useReviews();
  return <Count query={query} count={(query.data?.pages ?? []).flatMap(({ reviews }) => reviews).length} />;
};

const Unusual = (): ReactNode => {
  const query = useFindings('open');
  return <Count query={query} count={(query.data?.pages ?? []).flatMap(({ findings }) => findings).length} />;
};

const BreakGlass = (): ReactNode => {
  const t = useText();
  const query = useCases('open');
  const pages = query.data?.pages ?? [];
  const late = pages.reduce((all, { overdue }) => all + overdue, 0);
  return (
    <>
      <Count query={query} count={pages.flatMap(({ cases }) => cases).length} />
      {late > 0 && <Badge color="orange">{t('overdue', { count: late })}</Badge>}
    </>
  );
};

const Accounts = (): ReactNode => {
  const query = useAccountsDue('staff', false);
  const [first] = query.data?.pages ?? [];
  return <Count query={{ ...query, hasNextPage: false }} count={(first?.accounts.length ?? 0) + (first?.left ?? 0)} />;
};

const WAITING: Readonly<Record<string, () => ReactNode>> = {
  applications: Applications,
  identity: Identity,
  unusual: Unusual,
  'break-glass': BreakGlass,
  review: Accounts,
};

export default Home;
