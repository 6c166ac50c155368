// One system: its scopes, its keys (a second one beside the first while it changes over), disabling.
import { Alert, Badge, Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi, useWho } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { DataTable } from '../ui/list.tsx';
import { Failure, issuesAt, Loading } from '../ui/states.tsx';
import { type System, useFacilityName } from './data.ts';
import { type GivenKeys, KeySourceField } from './key-source.tsx';
import { AdminPage, Fields, Section } from './page.tsx';
import { useSystemText } from './systems.tsx';

const useText = words({
  ja: {
    change: '変更する',
    save: '保存する',
    keys: '公開鍵',
    keysHow: '鍵を替えるときは、新しい鍵を加え、システムが切り替わってから古い鍵を取り消します。',
    noKeys: '登録された鍵はありません。',
    kid: 'kid',
    kind: '種類',
    action: '操作',
    revoke: '取り消す',
    revokeText: 'この鍵で得たトークンも1分以内に使えなくなります。元には戻せません。',
    add: '鍵を加える',
    addKey: 'この鍵を登録する',
    disable: '利用を停止する',
    disableText: '1分以内にトークンが使えなくなります。',
    enable: '利用を再開する',
    enableText: '登録された鍵で再びトークンを取得できます。',
    jwksUrl: 'JWKSのURL',
  },
  en: {
    change: 'Change',
    save: 'Save',
    keys: 'Public keys',
    keysHow: 'To change keys: add the new one, let the system change over, then revoke the old one.',
    noKeys: 'No keys are registered.',
    kid: 'kid',
    kind: 'Kind',
    action: 'Action',
    revoke: 'Revoke',
    revokeText: 'Tokens that were had with it end within a minute as well. This cannot be undone.',
    add: 'Add a key',
    addKey: 'Register this key',
    disable: 'Disable',
    disableText: 'Its tokens are refused within a minute.',
    enable: 'Enable',
    enableText: 'It can get tokens again with its keys.',
    jwksUrl: 'Address of the JWKS',
  },
});

const SystemPage = (): ReactNode => {
  const s = useSystemText();
  const facilityName = useFacilityName();
  const { clientId = '' } = useParams({ strict: false }) as { clientId?: string };
  const api = useApi();
  const { role } = useWho();
  const { data, error, refetch } = useQuery({
    queryKey: ['systems', clientId],
    queryFn: async ({ signal }) =>
      (await api.ask<System>(`/admin/systems/${encodeURIComponent(clientId)}`, { signal })).value,
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <AdminPage
      title={data.name}
      back={{ to: '/admin/systems', label: s('title') }}
      actions={<Badge color={data.disabled ? 'gray' : 'teal'}>{s(data.disabled ? 'disabled' : 'inUse')}</Badge>}
    >
      <Facts
        of={[
          [s('clientId'), data.clientId],
          [s('facility'), facilityName(data.facility)],
          [s('scopes'), data.scopes],
          ['JWKS', data.jwksUrl],
        ]}
      />
      <Keys system={data} isAdmin={role === 'admin'} />
      {role === 'admin' && <Change system={data} />}
    </AdminPage>
  );
};

const Keys = ({ system, isAdmin }: { readonly system: System; readonly isAdmin: boolean }): ReactNode => {
  const t = useText();
  const api = useApi();
  const path = `/admin/systems/${encodeURIComponent(system.clientId)}/keys`;
  const stale = { stale: ['systems'] };
  const revoke = useSend((kid: string) => api.ask(`${path}/${encodeURIComponent(kid)}`, { method: 'DELETE' }), stale);
  return (
    <Section title={t('keys')}>
      <Alert color="blue">{t('keysHow')}</Alert>
      {system.keys.length === 0 && !system.jwksUrl && <Text c="dimmed">{t('noKeys')}</Text>}
      {system.keys.length > 0 && (
        <DataTable
          label={t('keys')}
          rows={system.keys}
          keyOf={({ kid }) => kid}
          columns={[
            { name: t('kid'), cell: ({ kid }) => <span style={{ overflowWrap: 'anywhere' }}>{kid}</span> },
            { name: t('kind'), cell: ({ kty }) => kty },
            ...(isAdmin
              ? [
                  {
                    name: t('action'),
                    cell: ({ kid }: { kid: string }) => (
                      <Confirm
                        label={t('revoke')}
                        text={t('revokeText')}
                        color="red"
                        size="compact-sm"
                        send={revoke}
                        onConfirm={() => revoke.mutateAsync(kid)}
                      />
                    ),
                  },
                ]
              : []),
          ]}
        />
      )}
      {isAdmin && <AddKey path={path} system={system} />}
    </Section>
  );
};

const AddKey = ({ path, system }: { readonly path: string; readonly system: System }): ReactNode => {
  const t = useText();
  const api = useApi();
  const [isOpen, setOpen] = useState(false);
  const [given, setGiven] = useState<GivenKeys>();
  const send = useSend(
    async () => {
      if (given && 'keys' in given) for (const body of given.keys) await api.ask(path, { method: 'POST', body });
    },
    {
      stale: ['systems'],
      done: () => {
        setOpen(false);
        setGiven(undefined);
      },
    },
  );
  if (!isOpen)
    return (
      <Button variant="default" w="fit-content" onClick={() => setOpen(true)}>
        {t('add')}
      </Button>
    );
  return (
    <SendForm send={send} onSend={() => given && send.mutate()} label={t('addKey')}>
      <KeySourceField
        sources={['make', 'paste']}
        onGiven={setGiven}
        fileName={`${system.clientId}.private.jwk.json`}
        fault={issuesAt(send.error, 'keys')}
      />
    </SendForm>
  );
};

const Change = ({ system }: { readonly system: System }): ReactNode => {
  const t = useText();
  const s = useSystemText();
  const api = useApi();
  const path = `/admin/systems/${encodeURIComponent(system.clientId)}`;
  const form = useForm({ name: system.name, scopes: system.scopes, jwksUrl: system.jwksUrl ?? '' });
  const save = useSend(
    () => {
      const { jwksUrl, ...rest } = form.values;
      return api.ask(path, { method: 'PATCH', body: { ...rest, ...(jwksUrl && { jwksUrl }) } });
    },
    { stale: ['systems'] },
  );
  const turn = useSend((verb: string) => api.ask(`${path}/${verb}`, { method: 'POST' }), { stale: ['systems'] });
  const verb = system.disabled ? 'enable' : 'disable';
  return (
    <Section title={t('change')}>
      <SendForm send={save} onSend={() => save.mutate()} label={t('save')}>
        <Fields>
          <Field form={form} name="name" label={s('name')} error={save.error} required />
          <Field form={form} name="scopes" label={s('scopes')} hint={s('scopesHint')} error={save.error} required />
          {system.keys.length === 0 && (
            <Field form={form} name="jwksUrl" label={t('jwksUrl')} type="url" error={save.error} />
          )}
        </Fields>
      </SendForm>
      <Group>
        <Confirm
          label={t(verb)}
          text={t(`${verb}Text`)}
          color={system.disabled ? 'teal' : 'red'}
          send={turn}
          onConfirm={() => turn.mutateAsync(verb)}
        />
      </Group>
    </Section>
  );
};

export default SystemPage;
