// Loading, empty, refused, offline: the states that every list and form has, in one form.
import { Alert, Button, Center, List, Loader, Stack, Text } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { ApiError, type Issue, OfflineError, SessionLostError } from '../api/client.ts';
import { words } from '../i18n/i18n.ts';
import { inWords } from './rules.ts';

const useText = words({
  ja: {
    loading: '読み込んでいます',
    retry: 'もう一度試す',
    offline: '通信できません。接続を確かめてください。',
    lost: 'もう一度サインインすると続けられます。',
    forbidden: 'この操作は許可されていません。',
    notFound: '見つかりません。',
    conflict: '他の人が先に変更しました。読み直してから、もう一度入力してください。',
    busy: '混み合っています。少し待ってから試してください。',
    failed: 'うまくいきませんでした。',
    broken: 'この画面を表示できません。通信を確かめてから、もう一度開いてください。',
    reload: 'もう一度開く',
  },
  en: {
    loading: 'Loading',
    retry: 'Try again',
    offline: 'No connection. Please check the network.',
    lost: 'Sign in again to go on.',
    forbidden: 'This is not permitted.',
    notFound: 'Not found.',
    conflict: 'Someone else has changed it. Load it again, then repeat your change.',
    busy: 'Busy at the moment. Please wait a little and try again.',
    failed: 'That did not work.',
    broken: 'This page cannot be shown. Check the network, then open it again.',
    reload: 'Open again',
  },
});

export const Loading = (): ReactNode => {
  const t = useText();
  return (
    <Center p="xl" role="status" aria-label={t('loading')}>
      <Loader aria-hidden />
    </Center>
  );
};

export const Empty = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <Center p="xl">
    <Text c="dimmed">{children}</Text>
  </Center>
);

/** What went wrong, in words for people, with what the server said below. */
export const Failure = ({ error, retry }: { readonly error: unknown; readonly retry?: () => void }): ReactNode => {
  const t = useText();
  return (
    <Alert color="red" role="alert" title={t(kindOf(error))}>
      <Stack gap="xs">
        {error instanceof ApiError && <IssueList issues={error.issues} />}
        {retry && (
          <Button variant="light" color="red" onClick={retry} w="fit-content">
            {t('retry')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
};

/** A page whose script did not come, or that broke: without it the window would be empty. What was asked for is asked for anew. */
export const Broken = (): ReactNode => {
  const t = useText();
  return (
    <Alert color="red" role="alert" title={t('broken')} m="md">
      <Button variant="light" color="red" onClick={() => location.reload()}>
        {t('reload')}
      </Button>
    </Alert>
  );
};

/** https://react.dev/reference/react/Component#catching-rendering-errors-with-an-error-boundary: there is no hook for it. */
export class Boundary extends Component<{ readonly children: ReactNode }, { readonly isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError(): { readonly isBroken: boolean } {
    return { isBroken: true };
  }

  override render(): ReactNode {
    return this.state.isBroken ? <Broken /> : this.props.children;
  }
}

export const IssueList = ({ issues }: { readonly issues: readonly Issue[] }): ReactNode =>
  issues.length === 0 ? null : (
    <List size="sm">
      {issues.map(({ diagnostics, expression }) => (
        <List.Item key={`${expression.join()} ${diagnostics}`}>{told(diagnostics, expression)}</List.Item>
      ))}
    </List>
  );

/** In a list below a form the element is named: in words of its own a rule does not say which it is of. */
const told = (diagnostics: string, [element]: readonly string[]): string => {
  const said = inWords(diagnostics);
  return said === diagnostics || !element ? said : `${element}: ${said}`;
};

const kindOf = (error: unknown) => {
  if (error instanceof OfflineError) return 'offline';
  if (error instanceof SessionLostError) return 'lost';
  if (!(error instanceof ApiError)) return 'failed';
  if (error.status === 403) return 'forbidden';
  if (error.status === 404 || error.status === 410) return 'notFound';
  if (error.status === 409 || error.status === 412) return 'conflict';
  if (error.status === 429 || error.status === 503) return 'busy';
  return 'failed';
};

/** Issues by the element that they belong to, for the field of a form: `Observation.value` → its texts. */
export const issuesAt = (error: unknown, expression: string): string | undefined => {
  if (!(error instanceof ApiError)) return undefined;
  const found = error.issues.filter((issue) => issue.expression.some((one) => one.startsWith(expression)));
  return found.length > 0 ? found.map(({ diagnostics }) => inWords(diagnostics)).join(' ') : undefined;
};
