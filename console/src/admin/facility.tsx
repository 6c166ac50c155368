// One facility: its contract, its staff and systems; changed, and shut out when it leaves.
import { Badge, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi, useWho } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { SendForm, useForm, useSend } from '../ui/form.tsx';
import { Failure, Loading } from '../ui/states.tsx';
import { type Facility, useSystems } from './data.ts';
import { FacilityFields, type FacilityValues, facilityBody, useFacilityText } from './facilities.tsx';
import { AdminPage, Fields, Section, To } from './page.tsx';
import { PrivacyOfficer } from './privacy-officer.tsx';
import { StaffTable } from './staff.tsx';
import { SystemTable } from './systems.tsx';
import { useTerm } from './terms.ts';

const useText = words({
  ja: {
    change: '変更する',
    save: '保存する',
    disable: '利用を停止する',
    disableText: 'この施設の職員とシステムは、1分以内に全員サインインできなくなります。',
    enable: '利用を再開する',
    enableText: '停止されていない職員とシステムは、再びサインインできます。',
    staff: '職員',
    systems: 'システム',
  },
  en: {
    change: 'Change',
    save: 'Save',
    disable: 'Disable the facility',
    disableText: 'Within a minute nobody and no system of this facility can sign in any more.',
    enable: 'Enable the facility',
    enableText: 'Staff and systems that are not disabled themselves can sign in again.',
    staff: 'Staff',
    systems: 'Systems',
  },
});

const FacilityPage = (): ReactNode => {
  const f = useFacilityText();
  const { code = '' } = useParams({ strict: false }) as { code?: string };
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: ['facilities', code],
    queryFn: async ({ signal }) =>
      (await api.ask<Facility>(`/admin/facilities/${encodeURIComponent(code)}`, { signal })).value,
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <AdminPage
      title={data.name}
      back={{ to: '/admin/facilities', label: f('title') }}
      actions={<Badge color={data.disabled ? 'gray' : 'teal'}>{f(data.disabled ? 'disabled' : 'inUse')}</Badge>}
    >
      <About facility={data} />
    </AdminPage>
  );
};

const About = ({ facility }: { readonly facility: Facility }): ReactNode => {
  const t = useText();
  const f = useFacilityText();
  const term = useTerm();
  const { role } = useWho();
  const systems = useSystems();
  const { code, type, municipality, feeClass, kana, otherCodes = [], contract } = facility;
  return (
    <>
      <Facts
        of={[
          [f('code'), code],
          [f('type'), term('facility', type)],
          [f('kana'), kana],
          [f('municipality'), municipality],
          [f('feeClass'), feeClass],
          [f('otherCodes'), otherCodes.join(' ')],
          [f('view'), contract?.view ? f('yes') : f('no')],
          [f('disclose'), contract?.disclose ? f('yes') : f('no')],
        ]}
      />
      {role === 'admin' && <Change facility={facility} />}
      {role === 'admin' && <PrivacyOfficer facility={facility} />}
      <Section title={t('staff')}>
        <StaffTable facility={code} />
        <To to="/admin/staff">{t('staff')}</To>
      </Section>
      <Section title={t('systems')}>
        <SystemTable query={systems} facility={code} />
      </Section>
    </>
  );
};

const Change = ({ facility }: { readonly facility: Facility }): ReactNode => {
  const t = useText();
  const api = useApi();
  const path = `/admin/facilities/${encodeURIComponent(facility.code)}`;
  const form = useForm<FacilityValues>({
    name: facility.name,
    kana: facility.kana ?? '',
    municipality: facility.municipality ?? '',
    feeClass: facility.feeClass ?? '',
    otherCodes: (facility.otherCodes ?? []).join(' '),
    view: facility.contract?.view ?? false,
    disclose: facility.contract?.disclose ?? false,
  });
  const save = useSend(() => api.ask(path, { method: 'PATCH', body: facilityBody(form.values) }), {
    stale: ['facilities'],
  });
  const shut = useSend((disabled: boolean) => api.ask(path, { method: 'PATCH', body: { disabled } }), {
    stale: ['facilities'],
  });
  const verb = facility.disabled ? 'enable' : 'disable';
  return (
    <Section title={t('change')}>
      <SendForm send={save} onSend={() => save.mutate()} label={t('save')}>
        <Fields>
          <FacilityFields form={form} error={save.error} />
        </Fields>
      </SendForm>
      <Group>
        <Confirm
          label={t(verb)}
          text={t(`${verb}Text`)}
          color={facility.disabled ? 'teal' : 'red'}
          send={shut}
          onConfirm={() => shut.mutateAsync(!facility.disabled)}
        />
      </Group>
    </Section>
  );
};

export default FacilityPage;
