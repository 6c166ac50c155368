// One application: what it says, what the papers say otherwise, and the decision.
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { ApiError } from '../api/client.ts';
import { ageAt, dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { SendForm, useForm, useSend } from '../ui/form.tsx';
import { Failure, Loading } from '../ui/states.tsx';
import { type Application, useApplicationText } from './applications.tsx';
import { CardPrint } from './card-print.tsx';
import { useFacilityName } from './data.ts';
import { changedBody, type Duplicate, type Joined, NOBODY } from './desk.ts';
import { EvidenceFields, NO_EVIDENCE } from './evidence.tsx';
import { AdminPage, Section, To } from './page.tsx';
import { Duplicates } from './people.tsx';
import { useTerm } from './terms.ts';
import { WhoFields } from './who-fields.tsx';

const useText = words({
  ja: {
    kana: 'かな',
    sex: '性別',
    phone: '電話番号',
    address: '住所',
    age: '{age}歳',
    pattern: '同意の方式',
    facilities: '見せる施設',
    except: '見せない施設',
    textVersion: '説明文書の版',
    confirm: '確定する',
    correct: '書類と違うところを直す',
    correctHow: '違うところだけを入力してください。氏名と住所は欄をすべて入力します。',
    confirmed: '確定しました',
    open: '登録した人を開く',
    reject: '却下する',
    rejectText: '申請した人には「却下」と表示されます。',
    duplicates: '同じ氏名・生年月日の人がすでに参加しています',
    differs: '確かめました。別の人として確定する',
  },
  en: {
    kana: 'Kana',
    sex: 'Sex',
    phone: 'Telephone',
    address: 'Address',
    age: '{age} years',
    pattern: 'Pattern of consent',
    facilities: 'Facilities that may see',
    except: 'Facilities that may not',
    textVersion: 'Version of the explanation',
    confirm: 'Confirm',
    correct: 'Correct what the papers say otherwise',
    correctHow: 'Fill in only what differs. A name or an address is filled in as a whole.',
    confirmed: 'Confirmed',
    open: 'Open the person',
    reject: 'Reject',
    rejectText: 'The applicant is shown "rejected".',
    duplicates: 'Somebody of the same name and birth date has joined already',
    differs: 'I have looked: confirm as somebody else',
  },
});

const ApplicationPage = (): ReactNode => {
  const t = useText();
  const a = useApplicationText();
  const { receipt = '' } = useParams({ strict: false }) as { receipt?: string };
  const api = useApi();
  const [joined, setJoined] = useState<Joined>();
  const { data, error, refetch } = useQuery({
    queryKey: ['application', receipt],
    queryFn: async ({ signal }) =>
      (await api.ask<Application>(`/enrolment/applications/${encodeURIComponent(receipt)}`, { signal })).value,
    enabled: joined === undefined,
  });
  const back = { to: '/admin/applications', label: a('title') };
  if (joined)
    return (
      <AdminPage title={t('confirmed')} back={back}>
        <CardPrint card={joined.card} />
        <To to={`/admin/people/${joined.person}`}>{t('open')}</To>
      </AdminPage>
    );
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <AdminPage title={data.name.kanji} back={back}>
      <About of={data} />
      <Decide of={data} onJoined={setJoined} />
    </AdminPage>
  );
};

const About = ({ of }: { readonly of: Application }): ReactNode => {
  const t = useText();
  const a = useApplicationText();
  const term = useTerm();
  const facilityName = useFacilityName();
  const { language } = useLanguage();
  const names = (codes: readonly string[] = []) => codes.map((code) => facilityName(code)).join('、');
  return (
    <Facts
      of={[
        [a('receipt'), of.receipt],
        [t('kana'), of.name.kana],
        [a('birthDate'), `${dateText(language, of.birthDate)} (${t('age', { age: ageAt(of.birthDate) })})`],
        [t('sex'), term('sex', of.sex)],
        [t('address'), `${of.postcode ?? ''} ${of.address ?? ''}`.trim()],
        [t('phone'), of.phone],
        [a('route'), term('route', of.route)],
        [a('since'), dateText(language, of.since)],
        [t('pattern'), term('pattern', of.consent.pattern ?? '')],
        [t('facilities'), names(of.consent.facilities)],
        [t('except'), names(of.consent.except)],
        [t('textVersion'), of.consent.textVersion],
      ]}
    />
  );
};

const Decide = ({
  of,
  onJoined,
}: {
  readonly of: Application;
  readonly onJoined: (joined: Joined) => void;
}): ReactNode => {
  const t = useText();
  const api = useApi();
  const navigate = useNavigate();
  const [evidence, setEvidence] = useState(NO_EVIDENCE);
  const [corrects, setCorrects] = useState(false);
  const form = useForm(NOBODY);
  const path = `/enrolment/applications/${encodeURIComponent(of.receipt)}`;
  const stale = { stale: ['applications', 'progress'] };
  const confirm = useSend(
    async (differsFrom: readonly string[]) => {
      const corrections = changedBody(form.values);
      const body = {
        evidence,
        ...(Object.keys(corrections).length > 0 && { corrections }),
        ...(differsFrom.length > 0 && { differsFrom }),
      };
      return (await api.ask<Joined>(`${path}/confirmation`, { method: 'POST', body })).value;
    },
    { ...stale, done: onJoined },
  );
  const same = useQuery({
    queryKey: ['same', of.receipt],
    queryFn: async () => {
      const [family = '', given = ''] = of.name.kana.split(' ');
      const body = { name: { kana: { family, given } }, birthDate: of.birthDate };
      return (await api.ask<{ duplicates: Duplicate[] }>('/enrolment/check', { method: 'POST', body })).value
        .duplicates;
    },
    // Only when the server has said that there is one.
    enabled: confirm.error instanceof ApiError && confirm.error.status === 409,
  });
  const reject = useSend(() => api.ask(`${path}/rejection`, { method: 'POST' }), {
    ...stale,
    done: () => void navigate({ to: '/admin/applications' }),
  });
  return (
    <Section title={t('confirm')}>
      <SendForm send={confirm} onSend={() => confirm.mutate([])} label={t('confirm')} saved="">
        <Stack>
          <EvidenceFields value={evidence} onChange={setEvidence} error={confirm.error} />
          {corrects ? (
            <>
              <Text size="sm">{t('correctHow')}</Text>
              <WhoFields form={form} error={confirm.error} under="corrections." />
            </>
          ) : (
            <Button variant="default" w="fit-content" onClick={() => setCorrects(true)}>
              {t('correct')}
            </Button>
          )}
        </Stack>
      </SendForm>
      {same.data && same.data.length > 0 && (
        <Alert color="orange" title={t('duplicates')}>
          <Stack>
            <Duplicates label={t('duplicates')} found={same.data} />
            <Button
              color="orange"
              variant="light"
              w="fit-content"
              loading={confirm.isPending}
              onClick={() => confirm.mutate(same.data.map(({ person }) => person))}
            >
              {t('differs')}
            </Button>
          </Stack>
        </Alert>
      )}
      <Group>
        <Confirm
          label={t('reject')}
          text={t('rejectText')}
          color="red"
          send={reject}
          onConfirm={() => reject.mutateAsync()}
        />
      </Group>
    </Section>
  );
};

export default ApplicationPage;
