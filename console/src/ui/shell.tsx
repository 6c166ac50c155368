// The frame around every page: region, navigation of the face, language, who is signed in, and the sign-in that comes back
// when a session is lost while somebody is typing.
import { AppShell, Burger, Button, Group, Menu, Modal, NavLink, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { type ReactNode, Suspense, useEffect, useState } from 'react';
import { LANGUAGES, useLanguage, words } from '../i18n/i18n.ts';
import { SignIn } from '../session/sign-in.tsx';
import { useServices, useSession, useWho } from './context.ts';
import type { Page } from './face.ts';
import styles from './shell.module.css';
import { Loading } from './states.tsx';

const useText = words({
  ja: {
    signOut: 'サインアウト',
    menu: 'メニュー',
    skip: '本文へ移動',
    offline: 'オフラインです。表示は古いことがあります。',
    language: 'Language / 言語',
  },
  en: {
    signOut: 'Sign out',
    menu: 'Menu',
    skip: 'Skip to content',
    offline: 'You are offline. What you see may be old.',
    language: 'Language / 言語',
  },
});

const NAMES = { ja: '日本語', en: 'English' } as const;

export const Shell = ({ face, pages }: { readonly face: string; readonly pages: readonly Page[] }): ReactNode => {
  const t = useText();
  const { language, choose } = useLanguage();
  const { config, session } = useServices();
  const state = useSession();
  const who = useWho();
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const online = useOnline();
  const shown = pages.filter(({ name, roles }) => name && (!roles || roles.includes(who.role)));

  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <a href="#main" className={styles.skip}>
        {t('skip')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('menu')} />
            <Text fw={700} truncate>
              {config.title[language]}
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Menu>
              <Menu.Target>
                <Button variant="subtle" size="compact-sm" aria-label={t('language')}>
                  {NAMES[language]}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {LANGUAGES.map((one) => (
                  <Menu.Item key={one} lang={one} onClick={() => choose(one)}>
                    {NAMES[one]}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
            <UnstyledButton className={styles.leave} onClick={() => void session.leave()}>
              {t('signOut')}
            </UnstyledButton>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label={t('menu')}>
        {shown.map((page) => {
          const to = page.path === '' ? `/${face}` : `/${face}/${page.path}`;
          const active = page.path === '' ? path === to : path.startsWith(to);
          return (
            <NavLink
              key={page.path}
              component={Link}
              to={to}
              label={page.name![language]}
              active={active}
              onClick={close}
              {...(active && { 'aria-current': 'page' as const })}
            />
          );
        })}
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        {!online && (
          <Text role="status" className={styles.offline}>
            {t('offline')}
          </Text>
        )}
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
      <Modal opened={state.status === 'lost'} onClose={() => {}} withCloseButton={false} closeOnEscape={false} centered>
        <SignIn lost={who.kind} />
      </Modal>
    </AppShell>
  );
};

const useOnline = (): boolean => {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const told = () => setOnline(navigator.onLine);
    addEventListener('online', told);
    addEventListener('offline', told);
    return () => {
      removeEventListener('online', told);
      removeEventListener('offline', told);
    };
  }, []);
  return online;
};
