// One link contract: its terms, how both sides stand, and the next step of this side.
import { Alert, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { Field, useForm, useSend } from '../ui/form.tsx';
import { DataTable } from '../ui/list.tsx';
import { Failure, Loading } from '../ui/states.tsx';
import { CertificateFacts, Rotate } from './contract-certificates.tsx';
import { type LinkContract, useContractText } from './contract-words.ts';
import { Health, PeerState } from './contracts.tsx';
import { AdminPage, Section } from './page.tsx';
import { useTerm } from './terms.ts';

const useText = words({
  ja: {
    purposes: '目的',
    classes: '見せる情報',
    until: '最終日',
    why: '止まっている理由',
    steps: '経過',
    when: '日時',
    side: 'どちら',
    mine: '自地域',
    theirs: '相手',
    state: '状態',
    reason: '理由',
    next: '次の手続き',
    approve: '承認する',
    activate: '有効にする',
    suspend: '一時停止する',
    resume: '再開する',
    end: '終了する',
    tell: '相手にもう一度伝える',
    certificates: '相手の証明書',
    actText: '相手の地域にも伝えます。',
    approveText: '協定書を確かめた別の担当者が承認します。入力した本人は承認できません。',
    ownText: 'この地域だけの手続きです。相手には別に連絡してください。',
    stopText: '数秒以内に、この地域との情報の行き来が止まります。',
  },
  en: {
    purposes: 'Purposes',
    classes: 'What may be shown',
    until: 'Last day',
    why: 'Why it is not in force',
    steps: 'Steps',
    when: 'When',
    side: 'Side',
    mine: 'this side',
    theirs: 'other side',
    state: 'State',
    reason: 'Reason',
    next: 'Next step',
    approve: 'Approve',
    activate: 'Activate',
    suspend: 'Suspend',
    resume: 'Resume',
    end: 'End',
    tell: 'Tell the other side again',
    certificates: 'Their certificates',
    actText: 'The other region is told.',
    approveText: 'Somebody else than who entered it confirms what the paper says.',
    ownText: 'This side only: tell the other side by other means.',
    stopText: 'Within seconds nothing moves between the two regions.',
  },
});

/** What this side can do next, by its state. */
const ACTIONS: Readonly<Record<string, readonly ('approve' | 'activate' | 'suspend' | 'resume' | 'end')[]>> = {
  proposed: ['approve', 'end'],
  approved: ['activate', 'end'],
  active: ['suspend', 'end'],
  suspended: ['resume', 'end'],
};

/** What the API says in English (functions/federation/contract.ts), in the words of this page; what is not known here as it came. */
const useWhy = () => {
  const c = useContractText();
  const term = useTerm();
  return (reason: string): string => {
    const [, state = '', side] = /is ([\w ]+) on (this|the other) side$/.exec(reason) ?? [];
    if (side === 'this') return c('whyOwn', { state: term('contract', state) });
    if (side) return c('whyPeer', { state: state === 'not known' ? c('unknown') : term('contract', state) });
    if (reason.endsWith('different terms')) return c('whyTerms');
    return reason.endsWith('has run out') ? c('whyOver') : reason;
  };
};

const ContractPage = (): ReactNode => {
  const t = useText();
  const c = useContractText();
  const term = useTerm();
  const { community = '' } = useParams({ strict: false }) as { community?: string };
  const whyOf = useWhy();
  const { language } = useLanguage();
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: ['contracts', community],
    queryFn: async ({ signal }) =>
      (await api.ask<LinkContract>(`/federation/contracts/${encodeURIComponent(community)}`, { signal })).value,
    staleTime: 0, // somebody else confirms what was entered here
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  const { terms, own } = data;
  const timeOf = (at: number) => dateText(language, new Date(at).toISOString());
  return (
    <AdminPage
      title={data.name}
      back={{ to: '/admin/contracts', label: c('title') }}
      actions={
        <Group gap="xs">
          <Health of={data} />
        </Group>
      }
    >
      {data.notInForce && (
        <Alert color="orange" title={t('why')}>
          {whyOf(data.notInForce)}
        </Alert>
      )}
      {data.inForce && data.down && (
        <Alert color="orange" title={c('silent')}>
          {c('silentSince', {
            since: timeOf(data.down.since),
            last: timeOf(data.down.last),
            failures: data.down.failures,
          })}
        </Alert>
      )}
      <Facts
        of={[
          [c('community'), data.community],
          [c('own'), term('contract', own)],
          [c('peer'), <PeerState key="peer" of={data} />],
          [t('purposes'), terms.purposes.map((one) => term('purpose', one)).join('、')],
          [t('classes'), terms.classes.map((one) => term('area', one)).join('、')],
          [t('until'), terms.until],
          [c('baseUrl'), data.baseUrl],
          [c('jwksUrl'), data.jwksUrl],
          [c('discovery'), data.ihe?.discovery],
          [c('query'), data.ihe?.query],
          [c('retrieve'), data.ihe?.retrieve],
          [c('assigningAuthority'), data.ihe?.assigningAuthority],
          [c('agreedOn'), data.agreedOn],
          [t('certificates'), data.certificates && <CertificateFacts of={data.certificates} />],
        ]}
      />
      <Act of={data} />
      {data.protocol === 'ihe' && data.own !== 'ended' && <Rotate of={data} />}
      <Steps of={data} />
    </AdminPage>
  );
};

const textOf = ({ protocol }: LinkContract, action: string) =>
  protocol === 'tsumugi' ? 'actText' : action === 'approve' ? 'approveText' : 'ownText';

const Act = ({ of }: { readonly of: LinkContract }): ReactNode => {
  const t = useText();
  const api = useApi();
  const form = useForm({ reason: '' });
  const path = `/federation/contracts/${encodeURIComponent(of.community)}`;
  const send = useSend(
    (action: string) => {
      const { reason } = form.values;
      return api.ask(`${path}/${action}`, { method: 'POST', body: reason.trim() ? { reason } : {} });
    },
    { stale: ['contracts'], done: () => form.reset() },
  );
  const tell = useSend(() => api.ask(`${path}/tell`, { method: 'POST' }), { stale: ['contracts'] });
  const actions = ACTIONS[of.own] ?? [];
  if (actions.length === 0 && of.told) return null;
  return (
    <Section title={t('next')}>
      <Group>
        {actions.map((action) => {
          const stops = action === 'suspend' || action === 'end';
          return (
            <Confirm
              key={action}
              label={t(action)}
              text={t(stops ? 'stopText' : textOf(of, action))}
              {...(stops && { color: 'red' })}
              send={send}
              onConfirm={() => send.mutateAsync(action)}
              blocked={stops && form.values.reason.trim() === ''}
            >
              <Field form={form} name="reason" label={t('reason')} error={send.error} required={stops} lines={2} />
            </Confirm>
          );
        })}
        {!of.told && <Confirm label={t('tell')} text={t('actText')} send={tell} onConfirm={() => tell.mutateAsync()} />}
      </Group>
    </Section>
  );
};

const Steps = ({ of }: { readonly of: LinkContract }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const { language } = useLanguage();
  return (
    <Section title={t('steps')}>
      <DataTable<LinkContract['steps'][number]>
        label={t('steps')}
        rows={[...of.steps].reverse()}
        keyOf={({ at, side, state }) => `${at} ${side} ${state}`}
        minWidth={400}
        columns={[
          { name: t('when'), cell: ({ at }) => dateText(language, new Date(at).toISOString()) },
          { name: t('side'), cell: ({ side }) => t(side === 'own' ? 'mine' : 'theirs') },
          { name: t('state'), cell: ({ state }) => term('contract', state) },
          { name: t('reason'), cell: ({ reason }) => reason },
        ]}
      />
    </Section>
  );
};

export default ContractPage;
