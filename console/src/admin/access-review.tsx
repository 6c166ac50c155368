// The access review 棚卸し: every quarter somebody looks at each account and keeps it, or disables it.
import { Alert, Badge, Group, Radio, SegmentedControl, Stack, Switch } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { dateText, dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi, useWho } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import { DataTable, Listed } from '../ui/list.tsx';
import styles from './admin.module.css';
import { useAccountName, useFacilityName } from './data.ts';
import { AdminPage, Section } from './page.tsx';
import { useTerm } from './terms.ts';

const useText = words({
  ja: {
    title: 'アカウントの棚卸し',
    about: '四半期ごとに、すべてのアカウントがまだ必要かを確かめます。',
    kind: '対象',
    staff: '職員',
    system: 'システム',
    all: '期限前のものも表示する',
    none: '確かめるアカウントはありません。',
    name: '名前',
    places: '所属',
    lastUsed: '最後の利用',
    never: '記録なし',
    unused: '90日以上未使用',
    reviewed: '前回の確認',
    decision: '判断',
    keep: '残す',
    disable: '停止',
    disabled: '停止中',
    save: '判断を記録する',
    saveText: '{keep}件を残し、{disable}件を停止します。停止は1分以内に効きます。',
    history: 'これまでの棚卸し',
    when: '日時',
    by: '確認した人',
    kept: '残した',
    stopped: '停止した',
    noHistory: 'まだありません。',
  },
  en: {
    title: 'Access review',
    about: 'Every quarter somebody makes sure that each account is still needed.',
    kind: 'Accounts',
    staff: 'Staff',
    system: 'Systems',
    all: 'Also those that are not due',
    none: 'No accounts to look at.',
    name: 'Name',
    places: 'Places',
    lastUsed: 'Last used',
    never: 'no record',
    unused: 'not used for 90 days',
    reviewed: 'Last review',
    decision: 'Decision',
    keep: 'Keep',
    disable: 'Disable',
    disabled: 'disabled',
    save: 'Record the decisions',
    saveText: '{keep} are kept, {disable} are disabled. Disabling holds within a minute.',
    history: 'Reviews so far',
    when: 'When',
    by: 'By',
    kept: 'Kept',
    stopped: 'Disabled',
    noHistory: 'None yet.',
  },
});

type Kind = 'staff' | 'system';

interface Account {
  readonly id: string;
  readonly username?: string;
  readonly name?: string | { readonly family: string; readonly given: string };
  readonly places: readonly { readonly facility: string; readonly role: string }[];
  readonly facility?: string;
  readonly disabled: boolean;
  readonly lastUsed?: string;
  readonly unused: boolean;
  readonly reviewed?: string;
  readonly due: boolean;
}

interface PageOf {
  readonly accounts: readonly Account[];
  readonly left: number;
  readonly next?: string;
}

const nameOf = ({ name, username, id }: Account): string =>
  typeof name === 'object' ? `${name.family} ${name.given} (${username ?? id})` : (name ?? id);

export const useAccountsDue = (kind: Kind, all: boolean, enabled = true) => {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ['review', kind, all],
    queryFn: async ({ pageParam, signal }) => {
      const query = new URLSearchParams({ ...(all && { all: 'true' }), ...(pageParam && { after: pageParam }) });
      return (await api.ask<PageOf>(`/admin/review/${kind}?${query}`, { signal })).value;
    },
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    enabled,
  });
};

const AccessReview = (): ReactNode => {
  const t = useText();
  const [kind, setKind] = useState<Kind>('staff');
  const [all, setAll] = useState(false);
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <Group>
        <SegmentedControl
          aria-label={t('kind')}
          value={kind}
          onChange={(next) => setKind(next as Kind)}
          data={[
            { value: 'staff', label: t('staff') },
            { value: 'system', label: t('system') },
          ]}
        />
        <Switch label={t('all')} checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
      </Group>
      <Accounts key={`${kind}${all}`} kind={kind} all={all} />
      <History />
    </AdminPage>
  );
};

const Accounts = ({ kind, all }: { readonly kind: Kind; readonly all: boolean }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const { language } = useLanguage();
  const facilityName = useFacilityName();
  const api = useApi();
  const { role } = useWho();
  const query = useAccountsDue(kind, all);
  const [decisions, setDecisions] = useState<Readonly<Record<string, 'keep' | 'disable'>>>({});
  const rows = (query.data?.pages ?? []).flatMap(({ accounts }) => accounts);
  const chosen = (of: 'keep' | 'disable') => Object.keys(decisions).filter((id) => decisions[id] === of);
  const [keep, disable] = [chosen('keep'), chosen('disable')];
  const send = useSend(() => api.ask(`/admin/review/${kind}`, { method: 'POST', body: { keep, disable } }), {
    stale: ['review', 'reviews', 'staff', 'systems'],
    done: () => setDecisions({}),
  });
  return (
    <Stack>
      <Listed query={query} count={rows.length} empty={t('none')}>
        <DataTable<Account>
          label={t('title')}
          rows={rows}
          keyOf={({ id }) => id}
          minWidth={780}
          columns={[
            {
              name: t('name'),
              cell: (one) => (
                <>
                  {nameOf(one)} {one.disabled && <Badge color="gray">{t('disabled')}</Badge>}
                </>
              ),
            },
            {
              name: t('places'),
              cell: ({ places, facility }) =>
                facility
                  ? facilityName(facility)
                  : places.map((place) => (
                      <div key={place.facility}>
                        {facilityName(place.facility)} · {term('role', place.role)}
                      </div>
                    )),
            },
            {
              name: t('lastUsed'),
              cell: ({ lastUsed, unused }) => (
                <>
                  {lastUsed ? dayText(language, lastUsed) : t('never')}{' '}
                  {unused && <Badge color="orange">{t('unused')}</Badge>}
                </>
              ),
            },
            { name: t('reviewed'), cell: ({ reviewed }) => dayText(language, reviewed) },
            ...(role === 'admin'
              ? [
                  {
                    name: t('decision'),
                    cell: (one: Account) => (
                      <fieldset aria-label={`${t('decision')}: ${nameOf(one)}`} className={styles.plain}>
                        <Radio.Group
                          value={decisions[one.id] ?? ''}
                          onChange={(next) => setDecisions({ ...decisions, [one.id]: next as 'keep' | 'disable' })}
                        >
                          <Group gap="sm" wrap="nowrap">
                            <Radio value="keep" label={t('keep')} />
                            <Radio value="disable" label={t('disable')} disabled={one.disabled} />
                          </Group>
                        </Radio.Group>
                      </fieldset>
                    ),
                  },
                ]
              : []),
          ]}
        />
      </Listed>
      {role === 'admin' && rows.length > 0 && (
        <Group>
          <Confirm
            label={t('save')}
            text={t('saveText', { keep: keep.length, disable: disable.length })}
            variant="filled"
            send={send}
            onConfirm={() => send.mutateAsync()}
            disabled={keep.length + disable.length === 0}
          />
        </Group>
      )}
      <div aria-live="polite">{send.isSuccess && <Alert color="green">✓</Alert>}</div>
    </Stack>
  );
};

interface Review {
  readonly at: number;
  readonly by: string;
  readonly kind: Kind;
  readonly keep: readonly string[];
  readonly disable: readonly string[];
}

const History = (): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const accountName = useAccountName();
  const api = useApi();
  const query = useQuery({
    queryKey: ['reviews'],
    queryFn: async ({ signal }) => (await api.ask<{ reviews: Review[] }>('/admin/reviews', { signal })).value.reviews,
  });
  const rows = query.data ?? [];
  return (
    <Section title={t('history')}>
      <Listed query={query} count={rows.length} empty={t('noHistory')}>
        <DataTable<Review>
          label={t('history')}
          rows={rows}
          keyOf={({ at }) => String(at)}
          columns={[
            { name: t('when'), cell: ({ at }) => dateText(language, new Date(at).toISOString()) },
            { name: t('by'), cell: ({ by }) => accountName(by) },
            { name: t('kind'), cell: ({ kind }) => t(kind) },
            { name: t('kept'), numeric: true, cell: ({ keep }) => keep.length },
            { name: t('stopped'), numeric: true, cell: ({ disable }) => disable.length },
          ]}
        />
      </Listed>
    </Section>
  );
};

export default AccessReview;
