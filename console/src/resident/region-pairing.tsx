// The records of somebody in other regions, connected to those here.
import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { ConnectedRegions, ConnectRegion, usePairable } from '../ui/region-pairing.tsx';
import { Failure } from '../ui/states.tsx';
import type { Subject } from './use-resident.ts';

const useText = words({
  ja: {
    title: '他の地域の記録',
    lead: '引っ越しや旅先の受診などで、ほかの地域にも記録があるときに、2つをつなぎます。つなぐと、あなたはここで両方を見られます。施設に何を見せるかは、それぞれの地域での「見せる・止める」で決まります。',
    list: 'つないでいる地域',
  },
  en: {
    title: 'Records in other regions',
    lead: 'If you have records in another region too, say after moving, connect the two. You then see both here. What facilities may see is for "Who may look" in each region to say.',
    list: 'Connected regions',
  },
});

/** Nothing where this region is linked with no other that can be paired with. */
export const RegionPairing = ({ subject: { patient } }: { readonly subject: Subject }): ReactNode => {
  const t = useText();
  const { data = [], error, refetch } = usePairable();
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (data.length === 0) return null;
  return (
    <Stack component="section" gap="md" aria-labelledby="regions">
      <Title order={2} size="h3" id="regions">
        {t('title')}
      </Title>
      <Text>{t('lead')}</Text>
      <ConnectRegion patient={patient} communities={data} />
      <section aria-labelledby="paired-regions">
        <Title order={3} size="h4" id="paired-regions">
          {t('list')}
        </Title>
        <ConnectedRegions patient={patient} />
      </section>
    </Stack>
  );
};
