// Pairing (SHACHI-ID): a code for another app or device, which gets a pseudonym and no name. docs/identity.md
import { Stack, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { SendForm, useSend } from '../ui/form.tsx';
import { type Offer, OfferedCode, PairedLine, PairedList } from '../ui/paired.tsx';
import { issuesAt } from '../ui/states.tsx';
import { SubjectPage } from './page.tsx';
import { RegionPairing } from './region-pairing.tsx';
import { useFacilities } from './use-facilities.ts';
import type { Subject } from './use-resident.ts';

const useText = words({
  ja: {
    title: '他のアプリ',
    lead: '血圧計のアプリや、ほかの健康記録とつなぐと、その記録がここに入ります。相手に名前や生年月日は渡りません。',
    label: '何とつなぎますか',
    labelHint: '例: 血圧計のアプリ',
    make: 'コードを作る',
    code: 'つなぐコード',
    how: '相手のアプリに、このコードを入れてください。{time}まで、一度だけ使えます。',
    list: 'つないでいるもの',
    none: 'つないでいるものはありません。',
    endText: '切ると、その記録はあなたの記録から離れ、新しい記録も入らなくなります。',
  },
  en: {
    title: 'Other apps',
    lead: 'Connect the app of a blood pressure meter, or another health record, and what it holds comes here. It learns neither your name nor your date of birth.',
    label: 'What do you connect?',
    labelHint: 'For example: app of the blood pressure meter',
    make: 'Make a code',
    code: 'Code to connect',
    how: 'Enter this code in the other app. It is good once, until {time}.',
    list: 'Connected',
    none: 'Nothing is connected.',
    endText: 'What it has written leaves your record, and nothing new comes in.',
  },
});

interface Paired {
  readonly patient: string;
  readonly facility: string;
  readonly label: string;
  readonly since: string;
  readonly active: boolean;
}

const Pairing = (): ReactNode => {
  const t = useText();
  return (
    <SubjectPage title={t('title')} lead={t('lead')}>
      {(subject) => (
        <Stack gap="lg">
          <NewCode subject={subject} />
          <List />
          <RegionPairing subject={subject} />
        </Stack>
      )}
    </SubjectPage>
  );
};

const NewCode = ({ subject }: { readonly subject: Subject }): ReactNode => {
  const t = useText();
  const api = useApi();
  const [label, setLabel] = useState('');
  const offer = useSend(
    async () =>
      (
        await api.ask<Offer>('/me/pairings', {
          method: 'POST',
          body: { label: label.trim(), patient: subject.patient },
        })
      ).value,
    { stale: ['pairings'], done: () => setLabel('') },
  );
  if (offer.data)
    return (
      <OfferedCode
        offer={offer.data}
        title={t('code')}
        how={(time) => t('how', { time })}
        onDone={() => offer.reset()}
      />
    );
  return (
    <SendForm send={offer} label={t('make')} saved="" onSend={() => offer.mutate()}>
      <TextInput
        size="md"
        label={t('label')}
        description={t('labelHint')}
        value={label}
        maxLength={60}
        required
        autoComplete="off"
        error={issuesAt(offer.error, 'label')}
        onChange={(event) => setLabel(event.currentTarget.value)}
      />
    </SendForm>
  );
};

const List = (): ReactNode => {
  const t = useText();
  const api = useApi();
  const query = useQuery({
    queryKey: ['pairings'],
    queryFn: async ({ signal }) =>
      (await api.ask<{ pairings: readonly Paired[] }>('/me/pairings', { signal })).value.pairings,
  });
  return (
    <section aria-labelledby="paired">
      <Title order={2} size="h3" id="paired">
        {t('list')}
      </Title>
      <PairedList query={query} empty={t('none')} line={(paired) => <Line key={paired.patient} paired={paired} />} />
    </section>
  );
};

const Line = ({ paired }: { readonly paired: Paired }): ReactNode => {
  const t = useText();
  const { nameOf } = useFacilities();
  const api = useApi();
  const { patient, label, facility, since, active } = paired;
  const end = useSend(() => api.ask(`/me/pairings/${encodeURIComponent(patient)}`, { method: 'DELETE' }), {
    stale: ['pairings', 'record'],
  });
  return (
    <PairedLine name={label} about={nameOf(facility)} since={since} active={active} endText={t('endText')} end={end} />
  );
};

export default Pairing;
