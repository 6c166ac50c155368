import '@mantine/core/styles.css';
import './ui/base.css';
import { createTheme, MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, StrictMode, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Api, ApiError, SessionLostError } from './api/client.ts';
import { App } from './app.tsx';
import { loadConfig } from './config.ts';
import { firstLanguage, keepLanguage, type Language, LanguageContext } from './i18n/i18n.ts';
import { Session } from './session/session.ts';
import { type Services, ServicesContext } from './ui/context.ts';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // Asked also when the browser thinks that it is offline: a page that waits for the network says nothing, one that was refused says so.
      networkMode: 'always',
      refetchOnReconnect: true,
      // What the server refused it refuses again; a network that failed may come back.
      retry: (count, error) => count < 2 && navigator.onLine && !(error instanceof SessionLostError) && !isFinal(error),
    },
    // What is written is sent when somebody says so, and never later by itself.
    mutations: { retry: false, networkMode: 'always' },
  },
});

/** Locking the page behind a dialog is done with a style element: stopped as well, and the page may scroll. */
const theme = createTheme({
  // Who asked the system for less motion gets none (WCAG 2.3.3).
  respectReducedMotion: true,
  components: { Modal: { defaultProps: { lockScroll: false } }, Drawer: { defaultProps: { lockScroll: false } } },
});

const isFinal = (error: unknown) => error instanceof ApiError && error.status < 500 && error.status !== 429;

const Root = ({ services }: { readonly services: Services }): ReactNode => {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  document.documentElement.lang = language;
  const choice = useMemo(
    () => ({
      language,
      choose: (next: Language) => {
        keepLanguage(next);
        setLanguage(next);
      },
    }),
    [language],
  );
  return (
    <StrictMode>
      {/* Variables come with styles.css; style elements, which these would be, are stopped by the content security policy. */}
      <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
        <QueryClientProvider client={client}>
          <ServicesContext value={services}>
            <LanguageContext value={choice}>
              <App />
            </LanguageContext>
          </ServicesContext>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>
  );
};

const config = await loadConfig();
const session = new Session(config);
await session.resume();
// What one person has read is not left for the next.
session.subscribe(() => {
  if (session.state.status === 'out') client.clear();
});
createRoot(document.getElementById('root')!).render(
  <Root services={{ config, session, api: new Api(config, session) }} />,
);
