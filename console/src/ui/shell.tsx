// The frame around every page: region, navigation of the face, language, who is signed in, and the sign-in that comes back
// when a session is lost while somebody is typing.
import { Burger, Button, Group, Menu, Modal, NavLink, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { LANGUAGES, useLanguage, words } from '../i18n/i18n.ts';
import { SignIn } from '../session/sign-in.tsx';
import { titleOf, useFocus, useTitle } from './arrival.ts';
import { useServices, useSession, useWho } from './context.ts';
import type { Page } from './face.ts';
import { useOwnFacility } from './own-facility.ts';
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
  const main = useRef<HTMLElement>(null);
  useFocus(main, path);
  useTitle(titleOf(pages, path.slice(face.length + 2)));
  const shown = pages.filter(({ name, roles }) => name && (!roles || roles.includes(who.role)));

  return (
    <div className={styles.frame} data-menu={opened ? 'open' : 'closed'}>
      {/* The address is the page's: as a link of its own `#main` would leave it, and what was typed there.
          biome-ignore lint/a11y/useValidAnchor: it does lead to a place of the page */}
      <a
        href="#main"
        className={styles.skip}
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t('skip')}
      </a>
      <header className={styles.header}>
        <Group h="100%" px="md" gap="xs" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              className={styles.burger}
              size="sm"
              aria-label={t('menu')}
              aria-expanded={opened}
            />
            <Text fw={700} truncate>
              {config.title[language]}
            </Text>
          </Group>
          <Group gap={0} wrap="nowrap">
            <Menu>
              <Menu.Target>
                <Button variant="subtle" size="compact-sm" aria-label={`${t('language')}: ${NAMES[language]}`}>
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
            <Button variant="subtle" color="gray" size="compact-sm" onClick={() => void session.leave()}>
              {t('signOut')}
            </Button>
          </Group>
        </Group>
      </header>
      <nav className={styles.nav} aria-label={t('menu')}>
        {who.username !== undefined && <SignedIn username={who.username} />}
        {shown.map((page) => {
          const to = page.path === '' ? `/${face}` : `/${face}/${page.path}`;
          const active = page.path === '' ? path === to : path.startsWith(to);
          return (
            <NavLink
              key={page.path}
              component={Link}
              to={to}
              // The first page is the beginning of every other's address.
              activeOptions={{ exact: page.path === '' }}
              label={page.name![language]}
              active={active}
              onClick={close}
              {...(active && { 'aria-current': 'page' as const })}
            />
          );
        })}
      </nav>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        {!online && (
          <Text role="status" className={styles.offline}>
            {t('offline')}
          </Text>
        )}
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      <Modal opened={state.status === 'lost'} onClose={() => {}} withCloseButton={false} closeOnEscape={false} centered>
        <SignIn lost={who.kind} />
      </Modal>
    </div>
  );
};

/** Several people share the computer of a reception: whose name will stand under what is written here? */
const SignedIn = ({ username }: { readonly username: string }): ReactNode => {
  const { name } = useOwnFacility();
  return (
    <Text component="div" size="sm" className={styles.who}>
      {name && <div>{name}</div>}
      <Text span size="xs" c="dimmed">
        {username}
      </Text>
    </Text>
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
