// Records that the person has in another region: a code made there is entered here, or the other way round. Nothing that says who it is
// goes over. docs/federation.md, "Pairing"
import { Alert, Button, NativeSelect, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { dateText, dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { SendForm, useSend } from '../ui/form.tsx';
import { Listed } from '../ui/list.tsx';
import { QrCode } from '../ui/qr-code.tsx';
import { issuesAt } from '../ui/states.tsx';
import styles from './resident.module.css';
import type { Subject } from './use-resident.ts';

const useText = words({
  ja: {
    title: '他の地域の記録',
    lead: '引っ越しや旅先の受診などで、ほかの地域にも記録があるときに、2つをつなぎます。つなぐと、あなたはここで両方を見られます。施設に何を見せるかは、それぞれの地域での「見せる・止める」で決まります。',
    region: '地域',
    enter: 'コードを入れる',
    code: '相手の地域でもらったコード',
    codeHint: '相手の地域のアプリや窓口で、もらえます。',
    made: 'つなぎました。',
    offer: '相手の地域で使うコードを作る',
    how: '相手の地域のアプリか窓口で、このコードを入れてください。{time}まで、一度だけ使えます。',
    done: '入れ終わった',
    list: 'つないでいる地域',
    none: 'つないでいる地域はありません。',
    since: '{day}から',
    ended: '終わりました',
    end: 'つながりを切る',
    endText: '切ると、互いの地域で、あなたの記録だとわからなくなります。記録そのものは消えません。',
  },
  en: {
    title: 'Records in other regions',
    lead: 'If you have records in another region too, say after moving, connect the two. You then see both here. What facilities may see is for "Who may look" in each region to say.',
    region: 'Region',
    enter: 'Enter the code',
    code: 'Code that you got in the other region',
    codeHint: 'You get it in the app or at a counter of the other region.',
    made: 'Connected.',
    offer: 'Make a code to use in the other region',
    how: 'Enter this code in the app or at a counter of the other region. It is good once, until {time}.',
    done: 'Done',
    list: 'Connected regions',
    none: 'No region is connected.',
    since: 'since {day}',
    ended: 'ended',
    end: 'Disconnect',
    endText: 'The two regions no longer know that the records are yours. The records themselves stay.',
  },
});

interface Community {
  readonly community: string;
  readonly name: string;
  readonly protocol: string;
  readonly inForce: boolean;
}

interface Paired {
  readonly community: string;
  readonly name?: string;
  readonly since: string;
  readonly active: boolean;
}

const KEY = 'region-pairings';

/** With which regions the person is paired, over and present. */
export const useRegionPairings = (patient: string) => {
  const api = useApi();
  return useQuery({
    queryKey: [KEY, patient],
    queryFn: async ({ signal }) =>
      (
        await api.ask<{ pairings: readonly Paired[] }>(`/federation/pairings?patient=${encodeURIComponent(patient)}`, {
          signal,
        })
      ).value.pairings,
  });
};

/** Nothing where this region is linked with no other that can be paired with. */
export const RegionPairing = ({ subject }: { readonly subject: Subject }): ReactNode => {
  const t = useText();
  const api = useApi();
  const { data = [] } = useQuery({
    queryKey: ['communities'],
    queryFn: async ({ signal }) =>
      (await api.ask<{ communities: readonly Community[] }>('/federation/communities', { signal })).value.communities,
  });
  const open = data.filter(({ protocol, inForce }) => protocol === 'tsumugi' && inForce);
  if (open.length === 0) return null;
  return (
    <Stack component="section" gap="md" aria-labelledby="regions">
      <Title order={2} size="h3" id="regions">
        {t('title')}
      </Title>
      <Text>{t('lead')}</Text>
      <Connect subject={subject} communities={open} />
      <List patient={subject.patient} />
    </Stack>
  );
};

const Connect = ({
  subject: { patient },
  communities,
}: {
  readonly subject: Subject;
  readonly communities: readonly Community[];
}): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const api = useApi();
  const [community, setCommunity] = useState(communities[0]!.community);
  const [code, setCode] = useState('');
  const enter = useSend(
    () => api.ask('/federation/pairings', { method: 'POST', body: { community, code: code.trim(), patient } }),
    { stale: [KEY, 'record'], done: () => setCode('') },
  );
  const offer = useSend(
    async () =>
      (
        await api.ask<{ code: string; expires: string }>('/federation/pairings/codes', {
          method: 'POST',
          body: { community, patient },
        })
      ).value,
  );
  return (
    <>
      <NativeSelect
        size="md"
        label={t('region')}
        value={community}
        data={communities.map(({ community: value, name }) => ({ value, label: name }))}
        onChange={(event) => {
          setCommunity(event.currentTarget.value);
          offer.reset();
        }}
      />
      <SendForm send={enter} label={t('enter')} saved={t('made')} onSend={() => enter.mutate()}>
        <TextInput
          size="md"
          label={t('code')}
          description={t('codeHint')}
          value={code}
          maxLength={40}
          required
          autoComplete="off"
          error={issuesAt(enter.error, 'code')}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
      </SendForm>
      {offer.data ? (
        <Alert color="cyan" title={t('offer')} role="status">
          <Stack align="flex-start">
            <Text className={styles.code}>{offer.data.code}</Text>
            <QrCode text={offer.data.code} label={t('offer')} />
            <Text>{t('how', { time: dateText(language, offer.data.expires) })}</Text>
            <Button variant="default" onClick={() => offer.reset()}>
              {t('done')}
            </Button>
          </Stack>
        </Alert>
      ) : (
        <SendForm send={offer} label={t('offer')} saved="" onSend={() => offer.mutate()}>
          {null}
        </SendForm>
      )}
    </>
  );
};

const List = ({ patient }: { readonly patient: string }): ReactNode => {
  const t = useText();
  const query = useRegionPairings(patient);
  const rows = query.data ?? [];
  return (
    <section aria-labelledby="paired-regions">
      <Title order={3} size="h4" id="paired-regions">
        {t('list')}
      </Title>
      <Listed query={query} count={rows.length} empty={t('none')}>
        <ul className={styles.lines}>
          {rows.map((one) => (
            <Line key={one.community} paired={one} patient={patient} />
          ))}
        </ul>
      </Listed>
    </section>
  );
};

const Line = ({ paired, patient }: { readonly paired: Paired; readonly patient: string }): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const api = useApi();
  const { community, name = community, since, active } = paired;
  const path = `/federation/pairings/${encodeURIComponent(community)}?patient=${encodeURIComponent(patient)}`;
  const end = useSend(() => api.ask(path, { method: 'DELETE' }), { stale: [KEY, 'record'] });
  return (
    <li className={styles.line}>
      <div className={styles.what}>
        <Text fw={700}>{name}</Text>
        <Text size="sm">{active ? t('since', { day: dayText(language, since) }) : t('ended')}</Text>
      </div>
      {active && (
        <Confirm
          label={t('end')}
          title={name}
          text={t('endText')}
          color="red"
          send={end}
          onConfirm={() => end.mutateAsync()}
        />
      )}
    </li>
  );
};
