// Records of a resident in other regions, connected at the counter for who has no telephone: a code of the other region is entered, or one
// is made to be taken there. docs/federation.md, "Pairing"
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { ConnectedRegions, ConnectRegion, usePairable } from '../ui/region-pairing.tsx';
import { Failure } from '../ui/states.tsx';
import type { Enrolled } from './desk.ts';
import { Section } from './page.tsx';

const useText = words({
  ja: {
    title: '他の地域の記録',
    lead: '本人（または代理人）が窓口にいて、書類で本人を確かめたときだけ行います。だれが、いつ行ったかは、監査記録に残ります。窓口に記録の中身は見えません。コードは、紙に書いて本人に渡せます。',
  },
  en: {
    title: 'Records in other regions',
    lead: 'Only while the person (or the proxy) is at the counter and has been identified by papers. Who did it and when stays in the audit trail. The counter sees nothing of the records. The code may be handed over on paper.',
  },
});

export const RegionsSection = ({ of }: { readonly of: Enrolled }): ReactNode => {
  const { data = [], error, refetch } = usePairable();
  const t = useText();
  if (of.patient === undefined || of.status !== 'enrolled') return null;
  if (!error && data.length === 0) return null;
  return (
    <Section title={t('title')}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {data.length > 0 && (
        <>
          <Text size="sm">{t('lead')}</Text>
          <ConnectedRegions patient={of.patient} />
          <ConnectRegion patient={of.patient} communities={data} />
        </>
      )}
    </Section>
  );
};
