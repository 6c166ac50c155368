// Link contracts with other regions and how they stand: nothing moves between two regions unless both say the same.
import { Alert, Badge } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi, useServices } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { DataTable, Listed } from '../ui/list.tsx';
import { type Chosen, ClassesField, PurposesField } from './contract-terms.tsx';
import { AdminPage, Fields, Section, To } from './page.tsx';
import { useTerm } from './terms.ts';

export const useContractText = words({
  ja: {
    title: '他地域との連携',
    about: '他の地域との連携契約です。双方が同じ条件で「有効」とするまで、情報は行き来しません。',
    self: '自地域のコミュニティID: {oid}',
    none: '連携契約はありません。',
    name: '地域',
    community: 'コミュニティID（OID）',
    own: '自地域の状態',
    peer: '相手の状態',
    health: '連携',
    inForce: '有効',
    stopped: '止まっている',
    untold: '相手に伝わっていません',
    propose: '連携を提案する',
    baseUrl: '相手のAPIのアドレス',
    jwksUrl: '相手の公開鍵（JWKS）のアドレス',
    urlHint: '紙の契約書にあるものを入力してください。',
    until: '最終日（ないときは空欄）',
    unknown: 'まだ聞いていません',
  },
  en: {
    title: 'Other regions',
    about: 'Link contracts with other regions. Nothing moves until both sides say "active" about the same terms.',
    self: 'Community id of this region: {oid}',
    none: 'No link contracts.',
    name: 'Region',
    community: 'Community id (OID)',
    own: 'This side',
    peer: 'Other side',
    health: 'Link',
    inForce: 'in force',
    stopped: 'not in force',
    untold: 'the other side has not heard of it',
    propose: 'Propose a link',
    baseUrl: 'Address of their API',
    jwksUrl: 'Address of their public keys (JWKS)',
    urlHint: 'As the signed contract has it.',
    until: 'Last day (empty: none)',
    unknown: 'nothing heard yet',
  },
});

export interface LinkContract {
  readonly community: string;
  readonly name: string;
  readonly baseUrl: string;
  readonly jwksUrl: string;
  readonly terms: {
    readonly purposes: readonly string[];
    readonly classes: readonly string[];
    readonly until?: string;
  };
  readonly own: string;
  readonly peer?: { readonly state: string; readonly at: number };
  readonly told: boolean;
  readonly inForce: boolean;
  readonly notInForce?: string;
  readonly steps: readonly {
    readonly at: number;
    readonly side: 'own' | 'peer';
    readonly state: string;
    readonly by?: string;
    readonly reason?: string;
  }[];
}

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
            { name: t('peer'), cell: ({ peer }) => (peer ? term('contract', peer.state) : t('unknown')) },
            { name: t('health'), cell: (one) => <Health of={one} /> },
          ]}
        />
      </Listed>
      <Propose />
    </AdminPage>
  );
};

export const Health = ({ of }: { readonly of: LinkContract }): ReactNode => {
  const t = useContractText();
  return (
    <>
      <Badge color={of.inForce ? 'teal' : 'gray'}>{t(of.inForce ? 'inForce' : 'stopped')}</Badge>
      {!of.told && <Badge color="orange">{t('untold')}</Badge>}
    </>
  );
};

const Propose = (): ReactNode => {
  const t = useContractText();
  const api = useApi();
  const navigate = useNavigate();
  const form = useForm({ community: '', name: '', baseUrl: '', jwksUrl: '', until: '' });
  const [chosen, setChosen] = useState<Chosen>({ purposes: ['TREAT', 'ETREAT'], classes: ['basic', 'clinical'] });
  const send = useSend(
    () => {
      const { until, ...rest } = form.values;
      const body = { ...rest, terms: { ...chosen, ...(until && { until }) } };
      return api.ask('/federation/contracts', { method: 'POST', body });
    },
    { stale: ['contracts'], done: () => void navigate({ to: `/admin/contracts/${form.values.community}` }) },
  );
  const { error } = send;
  return (
    <Section title={t('propose')}>
      <SendForm send={send} onSend={() => send.mutate()} label={t('propose')} saved="">
        <Fields>
          <Field form={form} name="name" label={t('name')} error={error} required />
          <Field form={form} name="community" label={t('community')} error={error} required />
          <Field
            form={form}
            name="baseUrl"
            label={t('baseUrl')}
            hint={t('urlHint')}
            type="url"
            error={error}
            required
          />
          <Field
            form={form}
            name="jwksUrl"
            label={t('jwksUrl')}
            hint={t('urlHint')}
            type="url"
            error={error}
            required
          />
          <Field form={form} name="until" at="terms.until" label={t('until')} type="date" error={error} />
        </Fields>
        <PurposesField value={chosen} onChange={setChosen} error={error} />
        <ClassesField value={chosen} onChange={setChosen} error={error} />
      </SendForm>
    </Section>
  );
};

export default Contracts;
