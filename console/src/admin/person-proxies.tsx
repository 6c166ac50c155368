// Who may act for a resident, why, and until when.
import { Badge, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { DataTable, Listed } from '../ui/list.tsx';
import type { Enrolled } from './desk.ts';
import { EvidenceFields, NO_EVIDENCE } from './evidence.tsx';
import { Fields, Section, To } from './page.tsx';
import { useChoices, useTerm } from './terms.ts';

const useText = words({
  ja: {
    title: '代理人',
    none: '代理人はいません。',
    by: '代理人',
    byCard: '代理人のカード番号',
    byHint: '代理人も参加している18歳以上の人に限ります。',
    kind: '続柄・資格',
    basis: '根拠（戸籍、審判の番号、委任状など）',
    until: '最終日',
    untilHint: '成人の代理には必要です。',
    state: '状態',
    inForce: '有効',
    over: '終了',
    grant: '代理人を登録する',
    revoke: '終了させる',
    revokeText: '代理人はすぐに見られなくなります。',
    action: '操作',
    open: '開く',
  },
  en: {
    title: 'Proxies',
    none: 'No proxies.',
    by: 'Proxy',
    byCard: 'Card number of the proxy',
    byHint: 'A proxy has joined himself and is of age.',
    kind: 'Kind',
    basis: 'Basis (register, number of the decision, letter of attorney)',
    until: 'Last day',
    untilHint: 'Needed for adults.',
    state: 'State',
    inForce: 'in force',
    over: 'ended',
    grant: 'Add a proxy',
    revoke: 'End',
    revokeText: 'The proxy sees nothing any more, at once.',
    action: 'Action',
    open: 'Open',
  },
});

interface Proxy {
  readonly id: string;
  readonly person: string;
  readonly kind: string;
  readonly basis: string;
  readonly from: string;
  readonly until?: string;
  readonly active: boolean;
  readonly inForce: boolean;
}

export const ProxiesSection = ({ of }: { readonly of: Enrolled }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const { language } = useLanguage();
  const api = useApi();
  const query = useQuery({
    queryKey: ['proxies', of.person],
    queryFn: async ({ signal }) =>
      (await api.ask<{ proxies: Proxy[] }>(`/enrolment/people/${encodeURIComponent(of.person)}/proxies`, { signal }))
        .value.proxies,
    enabled: of.patient !== undefined,
  });
  if (of.patient === undefined) return null;
  const rows = query.data ?? [];
  return (
    <Section title={t('title')}>
      <Listed query={query} count={rows.length} empty={t('none')}>
        <DataTable<Proxy>
          label={t('title')}
          rows={rows}
          keyOf={({ id }) => id}
          columns={[
            { name: t('by'), cell: ({ person }) => <To to={`/admin/people/${person}`}>{t('open')}</To> },
            { name: t('kind'), cell: ({ kind }) => term('proxy', kind) },
            { name: t('basis'), cell: ({ basis }) => basis },
            { name: t('until'), cell: ({ until }) => dayText(language, until) },
            {
              name: t('state'),
              cell: ({ inForce }) => <Badge color={inForce ? 'teal' : 'gray'}>{t(inForce ? 'inForce' : 'over')}</Badge>,
            },
            { name: t('action'), cell: (proxy) => proxy.active && <Revoke proxy={proxy} /> },
          ]}
        />
      </Listed>
      {of.status === 'enrolled' && <Grant of={of} />}
    </Section>
  );
};

const Revoke = ({ proxy }: { readonly proxy: Proxy }): ReactNode => {
  const t = useText();
  const api = useApi();
  const [evidence, setEvidence] = useState(NO_EVIDENCE);
  const send = useSend(
    () =>
      api.ask(`/enrolment/proxies/${encodeURIComponent(proxy.id)}/revocation`, { method: 'POST', body: { evidence } }),
    { stale: ['proxies'] },
  );
  return (
    <Confirm
      label={t('revoke')}
      text={t('revokeText')}
      color="red"
      size="compact-sm"
      send={send}
      onConfirm={() => send.mutateAsync()}
      blocked={evidence.checked.length === 0}
    >
      <EvidenceFields value={evidence} onChange={setEvidence} error={send.error} />
    </Confirm>
  );
};

const Grant = ({ of }: { readonly of: Enrolled }): ReactNode => {
  const t = useText();
  const api = useApi();
  const kinds = useChoices('proxy');
  const form = useForm({ card: '', kind: 'family', basis: '', until: '' });
  const [evidence, setEvidence] = useState(NO_EVIDENCE);
  const send = useSend(
    async () => {
      const { card, kind, basis, until } = form.values;
      // The proxy holds a card too: nobody types ids of people.
      const { value } = await api.ask<{ person: string }>('/enrolment/cards/lookup', {
        method: 'POST',
        body: { card: card.trim() },
      });
      const body = { by: value.person, kind, basis, ...(until && { until }), evidence };
      return api.ask(`/enrolment/people/${encodeURIComponent(of.person)}/proxies`, { method: 'POST', body });
    },
    { stale: ['proxies'], done: () => form.reset() },
  );
  const { error } = send;
  return (
    <SendForm send={send} onSend={() => send.mutate()} label={t('grant')}>
      <Stack>
        <Fields>
          <Field form={form} name="card" label={t('byCard')} hint={t('byHint')} error={error} required />
          <Field form={form} name="kind" label={t('kind')} choices={kinds} error={error} required />
          <Field form={form} name="basis" label={t('basis')} error={error} required />
          <Field form={form} name="until" label={t('until')} hint={t('untilHint')} type="date" error={error} />
        </Fields>
        <EvidenceFields value={evidence} onChange={setEvidence} error={error} />
      </Stack>
    </SendForm>
  );
};
