// Records that a person has in another region: a code made there is entered here, or the other way round, by the person or at a counter
// that has the person before it. Nothing that says who it is goes over. docs/federation.md, "Pairing"
import { NativeSelect, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi } from './context.ts';
import { SendForm, useSend } from './form.tsx';
import { type Offer, OfferedCode, PairedLine, PairedList } from './paired.tsx';
import { issuesAt } from './states.tsx';

const useText = words({
  ja: {
    region: '地域',
    enter: 'コードを入れる',
    code: '相手の地域でもらったコード',
    codeHint: '相手の地域のアプリや窓口で、もらえます。',
    made: 'つなぎました。',
    offer: '相手の地域で使うコードを作る',
    how: '相手の地域のアプリか窓口で、このコードを入れてください。{time}まで、一度だけ使えます。',
    none: 'つないでいる地域はありません。',
    endText: '切ると、互いの地域で、同じ方の記録だとわからなくなります。記録そのものは消えません。',
  },
  en: {
    region: 'Region',
    enter: 'Enter the code',
    code: 'Code that was got in the other region',
    codeHint: 'The app or a counter of the other region gives it.',
    made: 'Connected.',
    offer: 'Make a code to use in the other region',
    how: 'Enter this code in the app or at a counter of the other region. It is good once, until {time}.',
    none: 'No region is connected.',
    endText: 'The two regions no longer know that the records are of one person. The records themselves stay.',
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

/** The regions that can be paired with: none where this one is linked with no other of its kind. */
export const usePairable = () => {
  const api = useApi();
  return useQuery({
    queryKey: ['communities'],
    queryFn: async ({ signal }) =>
      (
        await api.ask<{ communities: readonly Community[] }>('/federation/communities', { signal })
      ).value.communities.filter(({ protocol, inForce }) => protocol === 'tsumugi' && inForce),
  });
};

export const ConnectRegion = ({
  patient,
  communities,
}: {
  readonly patient: string;
  readonly communities: readonly Community[];
}): ReactNode => {
  const t = useText();
  const api = useApi();
  const [community, setCommunity] = useState(communities[0]!.community);
  const [code, setCode] = useState('');
  const post = async (path: string, body: object) =>
    (await api.ask<Offer>(path, { method: 'POST', body: { community, patient, ...body } })).value;
  const enter = useSend(() => post('/federation/pairings', { code: code.trim() }), {
    stale: [KEY, 'record'],
    done: () => setCode(''),
  });
  const offer = useSend(() => post('/federation/pairings/codes', {}));
  return (
    <Stack>
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
          spellCheck={false}
          error={issuesAt(enter.error, 'code')}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
      </SendForm>
      {offer.data ? (
        <OfferedCode
          offer={offer.data}
          title={t('offer')}
          how={(time) => t('how', { time })}
          onDone={() => offer.reset()}
        />
      ) : (
        <SendForm send={offer} label={t('offer')} saved="" onSend={() => offer.mutate()}>
          {null}
        </SendForm>
      )}
    </Stack>
  );
};

export const ConnectedRegions = ({ patient }: { readonly patient: string }): ReactNode => {
  const t = useText();
  return (
    <PairedList
      query={useRegionPairings(patient)}
      empty={t('none')}
      line={(paired) => <Line key={paired.community} paired={paired} patient={patient} />}
    />
  );
};

const Line = ({ paired, patient }: { readonly paired: Paired; readonly patient: string }): ReactNode => {
  const t = useText();
  const api = useApi();
  const { community, name = community, since, active } = paired;
  const path = `/federation/pairings/${encodeURIComponent(community)}?patient=${encodeURIComponent(patient)}`;
  const end = useSend(() => api.ask(path, { method: 'DELETE' }), { stale: [KEY, 'record'] });
  return <PairedLine name={name} since={since} active={active} endText={t('endText')} end={end} />;
};
