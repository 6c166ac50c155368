// The frame of a resident's page: its title, whose record it is about, and what is said where nobody has joined yet.
import { Alert, Anchor, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { Failure, Loading } from '../ui/states.tsx';
import styles from './resident.module.css';
import { type Enrolment, type Subject, useEnrolment, useSubjects } from './use-resident.ts';

const useText = words({
  ja: {
    whose: 'だれの記録ですか',
    self: '自分',
    acting: '{name}さんの代理として見ています。',
    actingFor: '{name}さん（代理）',
    somebody: '代理している方',
    notJoined: 'まだ参加していません',
    notJoinedText: '参加すると、自分の記録を見たり、家での測定を書いたりできます。',
    join: '参加の申し込みへ',
  },
  en: {
    whose: 'Whose record?',
    self: 'My own',
    acting: 'You are acting for {name}.',
    actingFor: '{name} (as proxy)',
    somebody: 'the person you act for',
    notJoined: 'You have not joined yet',
    notJoinedText: 'When you have joined you can see your record and write down what you measure at home.',
    join: 'Apply to join',
  },
});

export const ResidentPage = ({
  title,
  lead,
  children,
}: {
  readonly title: string;
  readonly lead?: string;
  readonly children: ReactNode;
}): ReactNode => (
  <Stack gap="md" className={styles.page}>
    <Title order={1} size="h2">
      {title}
    </Title>
    {lead !== undefined && <Text>{lead}</Text>}
    {children}
  </Stack>
);

/** A page of who is signed in, for those who have joined. */
export const MemberPage = ({
  title,
  lead,
  notJoined,
  children,
}: {
  readonly title: string;
  readonly lead?: string;
  readonly notJoined: string;
  readonly children: ReactNode;
}): ReactNode => {
  const { data, error, isPending, refetch } = useEnrolment();
  return (
    <ResidentPage title={title} {...(lead !== undefined && { lead })}>
      {isPending && <Loading />}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {data && (data.person === undefined ? <Text>{notJoined}</Text> : children)}
    </ResidentPage>
  );
};

/** A page about one person's record. */
export const SubjectPage = ({
  title,
  lead,
  children,
}: {
  readonly title: string;
  readonly lead?: string;
  readonly children: (subject: Subject, enrolment: Enrolment) => ReactNode;
}): ReactNode => {
  const t = useText();
  const { enrolment, subjects, subject, choose, pending, error, retry } = useSubjects();
  const label = ({ proxy, name }: Subject) => (proxy ? t('actingFor', { name: name || t('somebody') }) : t('self'));
  return (
    <ResidentPage title={title} {...(lead !== undefined && { lead })}>
      {pending && <Loading />}
      {!pending && error !== null && <Failure error={error} retry={retry} />}
      {subjects.length > 1 && subject && (
        <NativeSelect
          label={t('whose')}
          size="md"
          value={subject.patient}
          onChange={(event) => choose(event.currentTarget.value)}
          data={subjects.map((one) => ({ value: one.patient, label: label(one) }))}
        />
      )}
      {subject?.proxy && (
        <Alert color="grape" role="status">
          {t('acting', { name: subject.name || t('somebody') })}
        </Alert>
      )}
      {!pending && enrolment.data && !subject && (
        <Alert title={t('notJoined')} color="blue">
          <Stack gap="xs">
            <Text>{t('notJoinedText')}</Text>
            <Anchor component={Link} to="/resident/application" size="lg">
              {t('join')}
            </Anchor>
          </Stack>
        </Alert>
      )}
      {/* Another person's page begins anew: nothing that was typed for one is saved for the other. */}
      {subject && enrolment.data && <div key={subject.patient}>{children(subject, enrolment.data)}</div>}
    </ResidentPage>
  );
};
