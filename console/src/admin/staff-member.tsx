// One member of staff: places of work, disabling, and a lost second factor.
import { Alert, Badge, Button, Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi, useWho } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { Check, Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { Failure, Loading } from '../ui/states.tsx';
import { type PlaceOfWork, type Staff, staffName, useFacilityChoices, useFacilityName } from './data.ts';
import { AdminPage, Fields, Section, To } from './page.tsx';
import { useStaffText } from './staff.tsx';
import { useChoices, useTerm } from './terms.ts';

const useText = words({
  ja: {
    account: 'アカウント',
    active: '次のサインインの施設',
    reviewed: '最終棚卸し',
    auditTrail: 'この職員のアクセス記録',
    rights: '利用の停止・再開',
    disable: '利用を停止する',
    disableText: '1分以内に、どこからもサインインできなくなります。開いている画面も終わります。',
    enable: '利用を再開する',
    enableText: '以前と同じ所属と役割で再びサインインできます。',
    again: '招待を再送する',
    againText: '最初のサインインの前に限り、仮パスワードを送り直します。',
    factor: '二要素認証をやり直す',
    factorText:
      '認証アプリを失った人のために、同じ名前でアカウントを作り直します。今のアカウントはパスキーも含めて使えなくなり、新しい仮パスワードがメールで届きます。必ず施設に電話をかけ直して本人を確かめてから行ってください。',
    newEmail: '新しいメールアドレス（変わったときだけ）',
    called: '施設に電話をかけ直して本人を確かめました。',
    places: '所属と役割',
    placesHow: '最初の所属が、次のサインインの施設になります。保存すると開いている画面は終わります。',
    place: '所属{n}',
    addPlace: '所属を加える',
    remove: '外す',
    up: '先頭にする',
    save: '所属を保存する',
    own: '自分のアカウントは変更できません。他の管理者に頼んでください。',
  },
  en: {
    account: 'Account',
    active: 'Facility of the next sign-in',
    reviewed: 'Last review',
    auditTrail: 'What this account did',
    rights: 'Disable and enable',
    disable: 'Disable',
    disableText: 'Within a minute the person is refused everywhere; open sessions end.',
    enable: 'Enable',
    enableText: 'The person can sign in again with the same places and roles.',
    again: 'Send the invitation again',
    againText: 'Only before the first sign-in: mails a new temporary password.',
    factor: 'Reset the second factor',
    factorText:
      'For somebody who lost the authenticator: the account is made anew under the same name. The present one ends with its passkeys, and a new temporary password is mailed. Ring back at the facility first and make sure who is calling.',
    newEmail: 'New e-mail address (only if it changed)',
    called: 'I have rung back at the facility and made sure who it is.',
    places: 'Places and roles',
    placesHow: 'The first one is where the next sign-in leads. Saving ends open sessions.',
    place: 'Place {n}',
    addPlace: 'Add a place',
    remove: 'Remove',
    up: 'Make it the first',
    save: 'Save the places',
    own: 'Nobody changes the own account. Please ask another administrator.',
  },
});

const Member = (): ReactNode => {
  const s = useStaffText();
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: ['staff', id],
    queryFn: async ({ signal }) => (await api.ask<Staff>(`/admin/staff/${encodeURIComponent(id)}`, { signal })).value,
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <AdminPage
      title={staffName(data)}
      back={{ to: '/admin/staff', label: s('title') }}
      actions={<Badge color={data.disabled ? 'gray' : 'teal'}>{s(data.disabled ? 'disabled' : 'inUse')}</Badge>}
    >
      <About member={data} />
    </AdminPage>
  );
};

const About = ({ member }: { readonly member: Staff }): ReactNode => {
  const t = useText();
  const s = useStaffText();
  const term = useTerm();
  const facilityName = useFacilityName();
  const { language } = useLanguage();
  const { role, subject } = useWho();
  return (
    <>
      <Facts
        of={[
          [s('username'), member.username],
          [s('email'), member.email],
          [t('account'), term('account', member.status)],
          [s('licence'), member.licence],
          [s('request'), member.request],
          [
            s('places'),
            member.places.map((place) => (
              <div key={place.facility}>
                {facilityName(place.facility)} · {term('role', place.role)} ({place.profession})
              </div>
            )),
          ],
          [t('active'), member.active && facilityName(member.active)],
          [s('changed'), dateText(language, member.changed)],
          [t('reviewed'), dateText(language, member.reviewed)],
        ]}
      />
      {role === 'privacy' && <To to="/admin/audit">{t('auditTrail')}</To>}
      {role === 'admin' &&
        (member.sub === subject ? (
          <Alert color="gray">{t('own')}</Alert>
        ) : (
          <>
            <Places key={JSON.stringify(member.places)} member={member} />
            <Rights member={member} />
          </>
        ))}
    </>
  );
};

const Places = ({ member }: { readonly member: Staff }): ReactNode => {
  const t = useText();
  const api = useApi();
  const [places, setPlaces] = useState<readonly PlaceOfWork[]>(member.places);
  const send = useSend(() => api.ask(`/admin/staff/${member.id}/places`, { method: 'PUT', body: { places } }), {
    stale: ['staff'],
  });
  const put = (index: number, next: Partial<PlaceOfWork>) =>
    setPlaces(places.map((one, at) => (at === index ? { ...one, ...next } : one)));
  return (
    <Section title={t('places')}>
      <Alert color="blue">{t('placesHow')}</Alert>
      <SendForm send={send} onSend={() => send.mutate()} label={t('save')}>
        <Stack>
          {places.map((place, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: places have no other name while they are chosen
            <fieldset key={index}>
              <legend>{t('place', { n: index + 1 })}</legend>
              <OnePlace place={place} error={send.error} put={(next) => put(index, next)} />
              <Group mt="xs">
                {index > 0 && (
                  <Button
                    variant="default"
                    size="compact-sm"
                    onClick={() => setPlaces([place, ...places.filter((one) => one !== place)])}
                  >
                    {t('up')}
                  </Button>
                )}
                {places.length > 1 && (
                  <Button
                    variant="default"
                    size="compact-sm"
                    onClick={() => setPlaces(places.filter((one) => one !== place))}
                  >
                    {t('remove')}
                  </Button>
                )}
              </Group>
            </fieldset>
          ))}
          <Button
            variant="default"
            w="fit-content"
            onClick={() => setPlaces([...places, { facility: '', role: '', profession: '' }])}
          >
            {t('addPlace')}
          </Button>
        </Stack>
      </SendForm>
    </Section>
  );
};

const OnePlace = ({
  place,
  put,
  error,
}: {
  readonly place: PlaceOfWork;
  readonly put: (next: Partial<PlaceOfWork>) => void;
  readonly error: unknown;
}): ReactNode => {
  const s = useStaffText();
  const facilities = useFacilityChoices(s('choose'));
  const roles = useChoices('role').filter(({ value }) => value !== 'resident' && value !== 'system');
  const form = {
    values: place as unknown as Record<string, string>,
    set: (name: string, value: string | boolean) => put({ [name]: value }),
  };
  return (
    <Fields>
      <Field form={form} name="facility" label={s('facility')} choices={facilities} error={error} required />
      <Field
        form={form}
        name="role"
        label={s('role')}
        choices={[{ value: '', label: s('choose') }, ...roles]}
        error={error}
        required
      />
      <Field form={form} name="profession" label={s('profession')} hint={s('professionHint')} error={error} required />
    </Fields>
  );
};

const Rights = ({ member }: { readonly member: Staff }): ReactNode => {
  const t = useText();
  const api = useApi();
  const path = `/admin/staff/${member.id}`;
  const stale = { stale: ['staff'] };
  const verb = member.disabled ? 'enable' : 'disable';
  const turn = useSend(() => api.ask(`${path}/${verb}`, { method: 'POST' }), stale);
  const again = useSend(() => api.ask(`${path}/invitation`, { method: 'POST' }), stale);
  const reset = useForm({ email: '', called: false as boolean });
  const factor = useSend(
    () =>
      api.ask(`${path}/second-factor/reset`, {
        method: 'POST',
        body: reset.values.email ? { email: reset.values.email } : {},
      }),
    stale,
  );
  return (
    <Section title={t('rights')}>
      <Group>
        <Confirm
          label={t(verb)}
          text={t(`${verb}Text`)}
          color={member.disabled ? 'teal' : 'red'}
          send={turn}
          onConfirm={() => turn.mutateAsync()}
        />
        {member.status === 'FORCE_CHANGE_PASSWORD' && (
          <Confirm label={t('again')} text={t('againText')} send={again} onConfirm={() => again.mutateAsync()} />
        )}
        <Confirm
          label={t('factor')}
          text={t('factorText')}
          color="red"
          send={factor}
          onConfirm={() => factor.mutateAsync()}
          blocked={!reset.values.called}
        >
          <Field form={reset} name="email" label={t('newEmail')} type="email" error={factor.error} />
          <Check form={reset} name="called" label={t('called')} />
        </Confirm>
      </Group>
    </Section>
  );
};

export default Member;
