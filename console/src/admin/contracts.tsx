// Link contracts with other regions and how they stand: nothing moves between two regions unless both say the same.
import { Alert, Badge } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useApi, useServices } from '../ui/context.ts';
import { DataTable, Listed } from '../ui/list.tsx';
import { Propose } from './contract-propose.tsx';
import { type LinkContract, useContractText } from './contract-words.ts';
import { AdminPage, To } from './page.tsx';
import { useTerm } from './terms.ts';

const Contracts = (): ReactNode => {
  const t = useContractText();
  const term = useTerm();
  const api = useApi();
  const { config } = useServices();
  const query = useQuery({
    queryKey: ['contracts'],
    queryFn: async ({ signal }) =>
      (await api.ask<{ contracts: LinkContract[] }>('/federation/contracts', { signal })).value.contracts,
    staleTime: 0,
  });
  const rows = query.data ?? [];
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <Alert color="gray">{t('self', { oid: config.homeCommunityId })}</Alert>
      <Listed query={query} count={rows.length} empty={t('none')}>
        <DataTable<LinkContract>
          label={t('title')}
          rows={rows}
          keyOf={({ community }) => community}
          minWidth={560}
          columns={[
            { name: t('name'), cell: ({ community, name }) => <To to={`/admin/contracts/${community}`}>{name}</To> },
            { name: t('community'), cell: ({ community }) => community },
            { name: t('own'), cell: ({ own }) => term('contract', own) },
            { name: t('peer'), cell: (one) => <PeerState of={one} /> },
            { name: t('health'), cell: (one) => <Health of={one} /> },
          ]}
        />
      </Listed>
      <Propose />
    </AdminPage>
  );
};

/** An IHE community has no word for these steps. */
export const PeerState = ({ of: { protocol, peer } }: { readonly of: LinkContract }): ReactNode => {
  const t = useContractText();
  const term = useTerm();
  return protocol === 'ihe' ? t('ihe') : peer ? term('contract', peer.state) : t('unknown');
};

export const Health = ({ of }: { readonly of: LinkContract }): ReactNode => {
  const t = useContractText();
  return (
    <>
      <Badge color={of.inForce ? 'teal' : 'gray'}>{t(of.inForce ? 'inForce' : 'stopped')}</Badge>
      {!of.told && <Badge color="orange">{t('untold')}</Badge>}
      {of.inForce && of.down && <Badge color="orange">{t('silent')}</Badge>}
    </>
  );
};

export default Contracts;
