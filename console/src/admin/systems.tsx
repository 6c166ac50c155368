// Software of the facilities: SMART Backend Services clients, known by their public keys.
import { Badge, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi, useWho } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { DataTable, Listed } from '../ui/list.tsx';
import { issuesAt } from '../ui/states.tsx';
import { type System, useFacilityChoices, useFacilityName, useSystems } from './data.ts';
import { type GivenKeys, KeySourceField } from './key-source.tsx';
import { AdminPage, Fields, Section, To } from './page.tsx';

export const useSystemText = words({
  ja: {
    title: 'システム',
    about: '電子カルテ連携・レセコンなど、人のサインインなしでAPIを使うソフトウェアです。',
    none: 'システムはありません。',
    name: '名称',
    clientId: 'クライアントID',
    clientIdHint: '英小文字・数字・ハイフン、3〜64文字',
    facility: '施設',
    scopes: 'スコープ',
    scopesHint: 'system/*.cruds は、その種別の施設に許されるすべてです。',
    keys: '鍵',
    state: '状態',
    disabled: '停止中',
    inUse: '利用中',
    register: 'システムを登録する',
    choose: '選んでください',
    needsKey: '先に鍵を作って秘密鍵を保存するか、公開鍵を入力してください。',
  },
  en: {
    title: 'Systems',
    about: 'Software that uses the API without anybody signing in: gateways of EMRs, billing systems, upload agents.',
    none: 'No systems.',
    name: 'Name',
    clientId: 'Client id',
    clientIdHint: '3 to 64 small letters, digits and hyphens',
    facility: 'Facility',
    scopes: 'Scopes',
    scopesHint: 'system/*.cruds means all that this kind of facility may do.',
    keys: 'Keys',
    state: 'State',
    disabled: 'Disabled',
    inUse: 'In use',
    register: 'Register a system',
    choose: 'Please choose',
    needsKey: 'First make a key and save its private part, or enter a public key.',
  },
});

export const SystemTable = ({
  query,
  facility,
}: {
  readonly query: ReturnType<typeof useSystems>;
  readonly facility?: string;
}): ReactNode => {
  const t = useSystemText();
  const facilityName = useFacilityName();
  const rows = (query.data ?? []).filter((one) => !facility || one.facility === facility);
  return (
    <Listed query={query} count={rows.length} empty={t('none')}>
      <DataTable<System>
        label={t('title')}
        rows={rows}
        keyOf={({ clientId }) => clientId}
        minWidth={600}
        columns={[
          { name: t('name'), cell: ({ clientId, name }) => <To to={`/admin/systems/${clientId}`}>{name}</To> },
          { name: t('clientId'), cell: ({ clientId }) => clientId },
          { name: t('facility'), cell: (one) => facilityName(one.facility) },
          { name: t('keys'), cell: ({ keys, jwksUrl }) => (jwksUrl ? 'JWKS URL' : keys.length) },
          {
            name: t('state'),
            cell: ({ disabled }) => (
              <Badge color={disabled ? 'gray' : 'teal'}>{t(disabled ? 'disabled' : 'inUse')}</Badge>
            ),
          },
        ]}
      />
    </Listed>
  );
};

const Systems = (): ReactNode => {
  const t = useSystemText();
  const { role } = useWho();
  const query = useSystems();
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <SystemTable query={query} />
      {role === 'admin' && <Register />}
    </AdminPage>
  );
};

const Register = (): ReactNode => {
  const t = useSystemText();
  const api = useApi();
  const navigate = useNavigate();
  const facilities = useFacilityChoices(t('choose'));
  const form = useForm({ clientId: '', name: '', facility: '', scopes: 'system/*.cruds' });
  const [given, setGiven] = useState<GivenKeys>();
  const [isMissing, setMissing] = useState(false);
  const send = useSend(
    () => api.ask<System>('/admin/systems', { method: 'POST', body: { ...form.values, ...given } }),
    { stale: ['systems'], done: ({ value }) => void navigate({ to: `/admin/systems/${value.clientId}` }) },
  );
  const { error } = send;
  const submit = () => {
    setMissing(given === undefined);
    if (given) send.mutate();
  };
  return (
    <Section title={t('register')}>
      <SendForm send={send} onSend={submit} label={t('register')} saved="">
        <Fields>
          <Field form={form} name="name" label={t('name')} error={error} required />
          <Field form={form} name="clientId" label={t('clientId')} hint={t('clientIdHint')} error={error} required />
          <Field form={form} name="facility" label={t('facility')} choices={facilities} error={error} required />
          <Field form={form} name="scopes" label={t('scopes')} hint={t('scopesHint')} error={error} required />
        </Fields>
        <KeySourceField
          onGiven={(next) => {
            setGiven(next);
            setMissing(false);
          }}
          fileName={`${form.values.clientId || 'system'}.private.jwk.json`}
          fault={issuesAt(error, 'keys') ?? issuesAt(error, 'jwksUrl')}
        />
        {isMissing && (
          <Text c="red" role="alert" size="sm">
            {t('needsKey')}
          </Text>
        )}
      </SendForm>
    </Section>
  );
};

export default Systems;
