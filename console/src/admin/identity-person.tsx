// A person by one of the records: all records, deciding now, and splitting some of them off.
import { Alert, Checkbox, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { Failure, Loading } from '../ui/states.tsx';
import { useFacilityName } from './data.ts';
import { AdminPage, Section } from './page.tsx';
import { useTerm } from './terms.ts';

const useText = words({
  ja: {
    title: '人と患者記録',
    back: '名寄せの確認',
    person: '住民ID',
    records: 'この人の患者記録',
    choose: '分ける記録を選ぶ',
    split: '選んだ記録を別の人に分ける',
    splitText: '選んだ記録は新しい人のものになり、自動では元に戻りません。',
    splitDone: '分けました。新しい住民ID: {person}',
    reason: '理由',
    resolve: '今すぐ名寄せする',
    resolveText: '登録の知らせを待たずに、この記録が誰のものかを判定します。',
    outcome: '結果: {outcome}',
    linkOther: '別の患者IDと同じ人にする',
    other: '相手の患者ID',
    link: '同じ人にする',
  },
  en: {
    title: 'A person and the records',
    back: 'Identity review',
    person: 'Person id',
    records: 'Records of this person',
    choose: 'Choose the records to split off',
    split: 'Split the chosen records off',
    splitText: 'The chosen records become a person of their own; no rule links them again.',
    splitDone: 'Split. New person id: {person}',
    reason: 'Reason',
    resolve: 'Match now',
    resolveText: 'Decides now whose record this is, without waiting for the stream.',
    outcome: 'Outcome: {outcome}',
    linkOther: 'Link with another patient id',
    other: 'The other patient id',
    link: 'One person',
  },
});

interface PersonOf {
  readonly person: string;
  readonly records: readonly { readonly patient: string; readonly facility: string }[];
}

const PersonOfPatient = (): ReactNode => {
  const t = useText();
  const { patient = '' } = useParams({ strict: false }) as { patient?: string };
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: ['person-of', patient],
    queryFn: async ({ signal }) =>
      (await api.ask<PersonOf>(`/identity/patients/${encodeURIComponent(patient)}/person`, { signal })).value,
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <AdminPage title={t('title')} back={{ to: '/admin/identity', label: t('back') }}>
      <Facts of={[[t('person'), data.person]]} />
      <Split of={data} />
      <Link patient={patient} />
      <Resolve patient={patient} />
    </AdminPage>
  );
};

const Split = ({ of }: { readonly of: PersonOf }): ReactNode => {
  const t = useText();
  const api = useApi();
  const facilityName = useFacilityName();
  const form = useForm({ reason: '' });
  const [chosen, setChosen] = useState<string[]>([]);
  const send = useSend(
    async () =>
      (
        await api.ask<{ person: string }>(`/identity/persons/${encodeURIComponent(of.person)}/split`, {
          method: 'POST',
          body: { patients: chosen, reason: form.values.reason },
        })
      ).value,
    { stale: ['person-of', 'identity', 'pair'], done: () => setChosen([]) },
  );
  return (
    <Section title={t('records')}>
      <Checkbox.Group value={chosen} onChange={setChosen} label={t('choose')}>
        <Stack gap="xs" mt="xs">
          {of.records.map(({ patient, facility }) => (
            <Checkbox key={patient} value={patient} label={`${facilityName(facility)} · ${patient}`} />
          ))}
        </Stack>
      </Checkbox.Group>
      <div aria-live="polite">
        {send.data && <Alert color="green">{t('splitDone', { person: send.data.person })}</Alert>}
      </div>
      <Group>
        <Confirm
          label={t('split')}
          text={t('splitText')}
          color="red"
          send={send}
          onConfirm={() => send.mutateAsync()}
          disabled={chosen.length === 0 || chosen.length === of.records.length}
          blocked={form.values.reason.trim() === ''}
        >
          <Field form={form} name="reason" label={t('reason')} lines={3} error={send.error} required />
        </Confirm>
      </Group>
    </Section>
  );
};

const Link = ({ patient }: { readonly patient: string }): ReactNode => {
  const t = useText();
  const api = useApi();
  const form = useForm({ other: '', reason: '' });
  const send = useSend(
    () =>
      api.ask('/identity/links', {
        method: 'POST',
        body: { patients: [patient, form.values.other.trim()], reason: form.values.reason },
      }),
    { stale: ['person-of', 'identity', 'pair'], done: () => form.reset() },
  );
  return (
    <Section title={t('linkOther')}>
      <SendForm send={send} onSend={() => send.mutate()} label={t('link')}>
        <Stack gap="sm">
          <Field form={form} name="other" at="patients" label={t('other')} error={send.error} required />
          <Field form={form} name="reason" label={t('reason')} lines={2} error={send.error} required />
        </Stack>
      </SendForm>
    </Section>
  );
};

const Resolve = ({ patient }: { readonly patient: string }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const api = useApi();
  const send = useSend(
    async () =>
      (
        await api.ask<{ outcome: string }>(`/identity/patients/${encodeURIComponent(patient)}/resolve`, {
          method: 'POST',
        })
      ).value,
    { stale: ['person-of', 'identity', 'pair'] },
  );
  const outcome = send.data?.outcome;
  return (
    <Section title={t('resolve')}>
      <Text size="sm">{t('resolveText')}</Text>
      <Group>
        <Confirm label={t('resolve')} text={t('resolveText')} send={send} onConfirm={() => send.mutateAsync()} />
      </Group>
      <div aria-live="polite">
        {outcome !== undefined && <Text>{t('outcome', { outcome: term('resolved', outcome) })}</Text>}
      </div>
    </Section>
  );
};

export default PersonOfPatient;
