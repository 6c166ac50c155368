// One resident at the desk: what is on the form, the card, the account, proxies, and the steps of the enrolment.
import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { ageAt, dateText, dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { SendForm, useForm, useSend } from '../ui/form.tsx';
import { Failure, Loading } from '../ui/states.tsx';
import { changedBody, type Enrolled, NOBODY, useEnrolled } from './desk.ts';
import { EvidenceFields, NO_EVIDENCE } from './evidence.tsx';
import { AdminPage, Section } from './page.tsx';
import { useDeskText } from './people.tsx';
import { AccountSection } from './person-account.tsx';
import { CardsSection } from './person-cards.tsx';
import { ProxiesSection } from './person-proxies.tsx';
import { RegionsSection } from './person-regions.tsx';
import { StepsSection } from './person-steps.tsx';
import { useTerm } from './terms.ts';
import { WhoFields } from './who-fields.tsx';

const useText = words({
  ja: {
    person: '住民ID',
    patient: '地域の患者ID',
    kana: 'かな',
    birthDate: '生年月日',
    age: '{age}歳',
    sex: '性別',
    phone: '電話番号',
    postcode: '郵便番号',
    address: '住所',
    municipality: '市区町村コード',
    route: '受付方法',
    since: '手続日時',
    scan: '署名済み用紙を見る',
    scanHow: '1分間だけ開けます。',
    change: '登録内容を変更する',
    changeHow: '変わるところだけを入力してください。氏名と住所は欄をすべて入力します。',
    save: '変更を保存する',
  },
  en: {
    person: 'Person id',
    patient: "Region's patient id",
    kana: 'Kana',
    birthDate: 'Date of birth',
    age: '{age} years',
    sex: 'Sex',
    phone: 'Telephone',
    postcode: 'Postcode',
    address: 'Address',
    municipality: 'Municipality code',
    route: 'How it came',
    since: 'Since',
    scan: 'See the signed form',
    scanHow: 'Can be opened for one minute.',
    change: 'Change',
    changeHow: 'Fill in only what changes. A name or an address is filled in as a whole.',
    save: 'Save the change',
  },
});

const PersonPage = (): ReactNode => {
  const d = useDeskText();
  const term = useTerm();
  const { person = '' } = useParams({ strict: false }) as { person?: string };
  const { data, error, refetch } = useEnrolled(person);
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  const isMember = data.status === 'enrolled';
  return (
    <AdminPage
      title={data.name.kanji}
      back={{ to: '/admin/people', label: d('title') }}
      actions={<Badge color={isMember ? 'teal' : 'gray'}>{term('status', data.status)}</Badge>}
    >
      <About of={data} />
      <CardsSection of={data} />
      {isMember && <Change of={data} />}
      <AccountSection of={data} />
      <ProxiesSection of={data} />
      <RegionsSection of={data} />
      <StepsSection of={data} />
    </AdminPage>
  );
};

const About = ({ of }: { readonly of: Enrolled }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const { language } = useLanguage();
  const api = useApi();
  const scan = useSend(async () => {
    const path = `/enrolment/people/${encodeURIComponent(of.person)}/scan`;
    return (await api.ask<{ url: string }>(path)).value.url;
  });
  return (
    <Stack>
      <Facts
        of={[
          [t('kana'), of.name.kana],
          [t('birthDate'), `${dateText(language, of.birthDate)} (${t('age', { age: ageAt(of.birthDate) })})`],
          [t('sex'), term('sex', of.sex)],
          [t('postcode'), of.postcode],
          [t('address'), of.address],
          [t('municipality'), of.municipality],
          [t('phone'), of.phone],
          [t('route'), term('route', of.route)],
          [t('since'), dayText(language, of.since)],
          [t('person'), of.person],
          [t('patient'), of.patient],
        ]}
      />
      <Group>
        {scan.data ? (
          <a href={scan.data} target="_blank" rel="noreferrer">
            {t('scan')} ({t('scanHow')})
          </a>
        ) : (
          <Button variant="default" size="compact-sm" loading={scan.isPending} onClick={() => scan.mutate()}>
            {t('scan')}
          </Button>
        )}
      </Group>
      {scan.error !== null && <Failure error={scan.error} />}
    </Stack>
  );
};

const Change = ({ of }: { readonly of: Enrolled }): ReactNode => {
  const t = useText();
  const api = useApi();
  const [isOpen, setOpen] = useState(false);
  const [evidence, setEvidence] = useState(NO_EVIDENCE);
  const form = useForm(NOBODY);
  const send = useSend(
    () =>
      api.ask(`/enrolment/people/${encodeURIComponent(of.person)}/changes`, {
        method: 'POST',
        body: { ...changedBody(form.values), evidence },
      }),
    { stale: ['enrolled', 'progress'], done: () => form.reset() },
  );
  return (
    <Section title={t('change')}>
      {isOpen ? (
        <SendForm send={send} onSend={() => send.mutate()} label={t('save')}>
          <Stack>
            <Text size="sm">{t('changeHow')}</Text>
            <WhoFields form={form} error={send.error} />
            <EvidenceFields value={evidence} onChange={setEvidence} error={send.error} />
          </Stack>
        </SendForm>
      ) : (
        <Button variant="default" w="fit-content" onClick={() => setOpen(true)}>
          {t('change')}
        </Button>
      )}
    </Section>
  );
};

export default PersonPage;
