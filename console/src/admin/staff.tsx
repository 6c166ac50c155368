// Staff of all facilities: the list, and an invitation.
import { Alert, Badge, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi, useWho } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { DataTable, Listed } from '../ui/list.tsx';
import { type Staff, staffName, useFacilityChoices, useFacilityName, useStaff } from './data.ts';
import { AdminPage, Fields, Section, To } from './page.tsx';
import { useChoices, useTerm } from './terms.ts';

export const useStaffText = words({
  ja: {
    title: '職員',
    about: '施設からの申請にもとづいて招待します。二要素認証は最初のサインインで本人が設定します。',
    find: '氏名・ユーザー名で絞り込む',
    facility: '施設',
    all: 'すべての施設',
    none: '該当する職員はいません。',
    name: '氏名',
    username: 'ユーザー名',
    places: '所属と役割',
    changed: '最終変更',
    state: '状態',
    disabled: '停止中',
    inUse: '有効',
    invite: '職員を招待する',
    inviteHow: '仮パスワードがメールで届きます（3日間有効）。',
    email: 'メールアドレス',
    family: '姓',
    given: '名',
    familyKana: 'セイ',
    givenKana: 'メイ',
    role: '役割',
    profession: '職種',
    professionHint: '英小文字とハイフン（例: doctor, care-manager）',
    licence: '免許番号',
    licenceHint: '医師・歯科医師・薬剤師・看護師は必須です。',
    request: '申請書番号',
    choose: '選んでください',
  },
  en: {
    title: 'Staff',
    about: 'Invited on the request of their facility. They set up the second factor when they first sign in.',
    find: 'Filter by name or user name',
    facility: 'Facility',
    all: 'All facilities',
    none: 'Nobody.',
    name: 'Name',
    username: 'User name',
    places: 'Places and roles',
    changed: 'Changed',
    state: 'State',
    disabled: 'Disabled',
    inUse: 'Active',
    invite: 'Invite somebody',
    inviteHow: 'A temporary password is mailed; it is good for three days.',
    email: 'E-mail address',
    family: 'Family name',
    given: 'Given name',
    familyKana: 'Family name (kana)',
    givenKana: 'Given name (kana)',
    role: 'Role',
    profession: 'Profession',
    professionHint: 'Small letters and hyphens: doctor, care-manager',
    licence: 'Licence number',
    licenceHint: 'Needed for doctors, dentists, pharmacists and nurses.',
    request: 'Number of the request',
    choose: 'Please choose',
  },
});

export const StaffTable = ({
  facility,
  typed = '',
}: {
  readonly facility?: string;
  readonly typed?: string;
}): ReactNode => {
  const t = useStaffText();
  const term = useTerm();
  const facilityName = useFacilityName();
  const { language } = useLanguage();
  const query = useStaff();
  const wanted = typed.normalize('NFKC').trim().toLowerCase();
  const rows = (query.data ?? []).filter(
    (one) =>
      (!facility || one.places.some((place) => place.facility === facility)) &&
      [staffName(one), one.username].some((text) => text.toLowerCase().includes(wanted)),
  );
  return (
    <Listed query={query} count={rows.length} empty={t('none')}>
      <DataTable<Staff>
        label={t('title')}
        rows={rows}
        keyOf={({ id }) => id}
        minWidth={600}
        columns={[
          { name: t('name'), cell: (one) => <To to={`/admin/staff/${one.id}`}>{staffName(one)}</To> },
          { name: t('username'), cell: ({ username }) => username },
          {
            name: t('places'),
            cell: ({ places }) =>
              places.map((place) => (
                <div key={place.facility}>
                  {facilityName(place.facility)} · {term('role', place.role)}
                </div>
              )),
          },
          { name: t('changed'), cell: ({ changed }) => dayText(language, changed) },
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

const StaffPage = (): ReactNode => {
  const t = useStaffText();
  const { role } = useWho();
  const [typed, setTyped] = useState('');
  const filter = useForm({ facility: '' });
  const facilities = useFacilityChoices(t('all'));
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <Fields>
        <TextInput
          label={t('find')}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          type="search"
        />
        <Field form={filter} name="facility" label={t('facility')} choices={facilities} />
      </Fields>
      <StaffTable facility={filter.values.facility} typed={typed} />
      {role === 'admin' && <Invite />}
    </AdminPage>
  );
};

const NOBODY = {
  username: '',
  email: '',
  family: '',
  given: '',
  familyKana: '',
  givenKana: '',
  facility: '',
  role: '',
  profession: '',
  licence: '',
  request: '',
};

const Invite = (): ReactNode => {
  const t = useStaffText();
  const api = useApi();
  const navigate = useNavigate();
  const facilities = useFacilityChoices(t('choose'));
  const roles = useChoices('role').filter(({ value }) => value !== 'resident' && value !== 'system');
  const form = useForm(NOBODY);
  const send = useSend(
    () => {
      const { family, given, familyKana, givenKana, licence, request, ...rest } = form.values;
      const body = {
        ...rest,
        name: { family, given, ...(familyKana && { familyKana }), ...(givenKana && { givenKana }) },
        ...(licence && { licence }),
        ...(request && { request }),
      };
      return api.ask<Staff>('/admin/staff', { method: 'POST', body });
    },
    { stale: ['staff'], done: ({ value }) => void navigate({ to: `/admin/staff/${value.id}` }) },
  );
  const { error } = send;
  return (
    <Section title={t('invite')}>
      <Alert color="blue">{t('inviteHow')}</Alert>
      <SendForm send={send} onSend={() => send.mutate()} label={t('invite')} saved="">
        <Fields>
          <Field form={form} name="family" at="name.family" label={t('family')} error={error} required />
          <Field form={form} name="given" at="name.given" label={t('given')} error={error} required />
          <Field form={form} name="familyKana" at="name.familyKana" label={t('familyKana')} error={error} />
          <Field form={form} name="givenKana" at="name.givenKana" label={t('givenKana')} error={error} />
          <Field form={form} name="username" label={t('username')} error={error} required />
          <Field form={form} name="email" label={t('email')} type="email" error={error} required />
          <Field form={form} name="facility" label={t('facility')} choices={facilities} error={error} required />
          <Field
            form={form}
            name="role"
            label={t('role')}
            choices={[{ value: '', label: t('choose') }, ...roles]}
            error={error}
            required
          />
          <Field
            form={form}
            name="profession"
            label={t('profession')}
            hint={t('professionHint')}
            error={error}
            required
          />
          <Field form={form} name="licence" label={t('licence')} hint={t('licenceHint')} error={error} />
          <Field form={form} name="request" label={t('request')} error={error} />
        </Fields>
      </SendForm>
    </Section>
  );
};

export default StaffPage;
