// How I sign in: my passkeys, and the end of all my sessions. The same page in every face.
import { Alert, Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useServices, useWho } from '../ui/context.ts';
import { Empty, Failure, Loading } from '../ui/states.tsx';
import { CognitoError } from './cognito.ts';
import { addPasskey, listPasskeys, passkeysHere, removePasskey } from './passkeys.ts';

const useText = words({
  ja: {
    title: 'サインインの設定',
    passkeys: 'パスキー',
    what: 'パスキーは、この端末の指紋・顔・暗証番号でサインインする方法です。パスワードも確認コードもいりません。自分だけが使う端末に作ってください。',
    none: 'まだありません。',
    nowhere: 'この地域、またはこのブラウザでは、パスキーは使えません。',
    fresh: '安全のため、パスキーはサインインしてから15分のあいだだけ変えられます。',
    again: 'もう一度サインイン',
    name: '名前',
    made: '作った日時',
    add: 'この端末にパスキーを作る',
    added: 'パスキーを作りました。次からは「パスキーでサインイン」を選べます。',
    remove: '削除',
    removeText: 'このパスキーではサインインできなくなります。端末に残ったものは、端末の設定から消してください。',
    everywhere: 'すべての端末からサインアウト',
    everywhereText: '端末をなくしたときや、覚えのないサインインがあったときに使います。この画面もサインアウトします。',
    PasskeyCancelled: 'パスキーは作られませんでした。端末の画面ロック（指紋・顔・暗証番号）が必要です。',
    PasskeyKnown: 'この端末のパスキーはもうあります。',
    LimitExceededException: 'パスキーはこれ以上作れません。使っていないものを削除してください。',
    other: 'うまくいきませんでした。もう一度試してください。',
  },
  en: {
    title: 'Sign-in settings',
    passkeys: 'Passkeys',
    what: 'With a passkey you sign in by the finger, face or PIN of this device, without a password or a code. Make one on a device that only you use.',
    none: 'There is none yet.',
    nowhere: 'This region, or this browser, has no passkeys.',
    fresh: 'To be safe, passkeys can be changed within 15 minutes of signing in.',
    again: 'Sign in again',
    name: 'Name',
    made: 'Made',
    add: 'Make a passkey on this device',
    added: 'The passkey is there. From now on you can choose “Sign in with a passkey”.',
    remove: 'Delete',
    removeText:
      'You can no longer sign in with this passkey. What is left on the device can be removed in its settings.',
    everywhere: 'Sign out everywhere',
    everywhereText: 'For a lost device, or a sign-in that was not you. You are signed out here too.',
    PasskeyCancelled: 'No passkey was made. The device needs a screen lock (finger, face or PIN).',
    PasskeyKnown: 'This device has a passkey already.',
    LimitExceededException: 'You have as many passkeys as there can be. Please delete one that you do not use.',
    other: 'That did not work. Please try again.',
  },
});

const KNOWN = ['PasskeyCancelled', 'PasskeyKnown', 'LimitExceededException'] as const;

const SignInSettings = (): ReactNode => {
  const t = useText();
  const { config } = useServices();
  const { kind } = useWho();
  return (
    <Stack gap="xl">
      <Title order={1} size="h3">
        {t('title')}
      </Title>
      <Stack component="section" aria-labelledby="passkeys">
        <Title order={2} size="h4" id="passkeys">
          {t('passkeys')}
        </Title>
        {passkeysHere(config, kind) ? <Passkeys /> : <Text>{t('nowhere')}</Text>}
      </Stack>
      <Everywhere />
    </Stack>
  );
};

const useCognito = () => {
  const { session } = useServices();
  const { kind } = useWho();
  return async <Done,>(act: (cognito: ReturnType<typeof session.cognito>, access: string) => Promise<Done>) => {
    const access = await session.accessToken();
    if (access === undefined) throw new CognitoError('NotAuthorizedException');
    return act(session.cognito(kind), access);
  };
};

const Passkeys = (): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const withCognito = useCognito();
  const client = useQueryClient();
  const key = ['passkeys'];
  const known = useQuery({ queryKey: key, queryFn: () => withCognito(listPasskeys) });
  const done = { onSuccess: () => client.invalidateQueries({ queryKey: key }) };
  const add = useMutation({ mutationFn: () => withCognito(addPasskey), ...done });
  const remove = useMutation({
    mutationFn: (id: string) => withCognito((cognito, access) => removePasskey(cognito, access, id)),
    ...done,
  });
  const fault = KNOWN.find((code) => add.error instanceof CognitoError && add.error.code === code);
  if ([known, add, remove].some(({ error }) => isStale(error)))
    return (
      <>
        <Text>{t('what')}</Text>
        <Alert role="status">
          <Stack align="start">
            <Text>{t('fresh')}</Text>
            <SignInAgain onDone={() => [known.refetch, add.reset, remove.reset].forEach((act) => void act())} />
          </Stack>
        </Alert>
      </>
    );

  return (
    <>
      <Text>{t('what')}</Text>
      {known.isPending && <Loading />}
      {known.isError && <Failure error={known.error} retry={() => void known.refetch()} />}
      {known.data?.length === 0 && <Empty>{t('none')}</Empty>}
      {known.data && known.data.length > 0 && (
        <Table aria-label={t('passkeys')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t('name')}</Table.Th>
              <Table.Th scope="col">{t('made')}</Table.Th>
              <Table.Th scope="col">{t('remove')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {known.data.map(({ CredentialId: id, FriendlyCredentialName: name, CreatedAt: made }) => (
              <Table.Tr key={id}>
                <Table.Td>{name}</Table.Td>
                <Table.Td>{dateText(language, new Date(made * 1000).toISOString())}</Table.Td>
                <Table.Td>
                  <Confirm
                    label={t('remove')}
                    text={t('removeText')}
                    color="red"
                    size="compact-sm"
                    send={remove}
                    onConfirm={() => remove.mutateAsync(id)}
                  />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {add.isError && (
        <Alert color="red" role="alert">
          {t(fault ?? 'other')}
        </Alert>
      )}
      {add.isSuccess && <Text role="status">{t('added')}</Text>}
      <Group>
        <Button loading={add.isPending} onClick={() => add.mutate()}>
          {t('add')}
        </Button>
      </Group>
    </>
  );
};

/** Cognito lets a token change the account for the minutes after its owner has signed in (functions/auth/pre-token.ts). */
const isStale = (error: unknown) => error instanceof CognitoError && error.code === 'NotAuthorizedException';

const SignInAgain = ({ onDone }: { readonly onDone: () => void }): ReactNode => {
  const t = useText();
  const { session } = useServices();
  const ask = () => {
    session.lose();
    const end = session.subscribe(() => {
      end();
      if (session.state.status === 'in') onDone();
    });
  };
  return <Button onClick={ask}>{t('again')}</Button>;
};

/** At Cognito and here, where access tokens would else be good for the rest of their fifteen minutes. */
const Everywhere = (): ReactNode => {
  const t = useText();
  const { api, session } = useServices();
  const end = useMutation({
    mutationFn: () => api.ask('/me/sign-out', { method: 'POST' }),
    onSuccess: () => session.leave(),
  });
  return (
    <Stack component="section" aria-labelledby="everywhere">
      <Title order={2} size="h4" id="everywhere">
        {t('everywhere')}
      </Title>
      <Text>{t('everywhereText')}</Text>
      <Group>
        <Confirm label={t('everywhere')} color="red" send={end} onConfirm={() => end.mutateAsync()} />
      </Group>
    </Stack>
  );
};

export default SignInSettings;
