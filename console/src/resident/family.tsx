// Proxies from both sides: who may look for me, and for whom I may.
import { Badge, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { namesOf } from '../record/fhir.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import lineStyles from '../ui/lines.module.css';
import { Empty, Failure, Loading } from '../ui/states.tsx';
import { MemberPage } from './page.tsx';
import { type ProxyRight, useProxies, useSubjects } from './use-resident.ts';

const useText = words({
  ja: {
    title: '家族・代理人',
    lead: '代理人は、あなたの代わりに記録を見たり、同意を変えたりできます。頼むときは、二人で（または書類を持って）市町村の窓口へ行きます。',
    forMe: 'わたしの代理人',
    iFor: 'わたしが代理している方',
    noneForMe: '代理人はいません。',
    noneIFor: '代理している方はいません。',
    parent: '親権者',
    'guardian-of-minor': '未成年後見人',
    'adult-guardian': '成年後見人',
    family: '家族',
    delegate: '頼んだ代理人',
    until: '{day}まで',
    over: '終わりました',
    notYet: 'まだ始まっていません',
    revoke: 'やめてもらう',
    revokeText: 'この方は、すぐにあなたの記録を見られなくなります。もう一度頼むには、窓口での手続きが必要です。',
    atDesk: '親権者・後見人は、窓口で変えます。',
    lay: '代理をやめる',
    layText: 'あなたは、この方の記録を見られなくなります。もう一度代理になるには、窓口での手続きが必要です。',
    somebody: '代理している方',
    notJoined: '参加すると使えます。',
  },
  en: {
    title: 'Family and proxies',
    lead: 'A proxy sees your record and changes your consents for you. To name one, go to the municipal desk together, or with the papers.',
    forMe: 'My proxies',
    iFor: 'People I act for',
    noneForMe: 'You have no proxy.',
    noneIFor: 'You act for nobody.',
    parent: 'parent',
    'guardian-of-minor': 'guardian of a minor',
    'adult-guardian': 'guardian of an adult',
    family: 'family',
    delegate: 'proxy by your own choice',
    until: 'until {day}',
    over: 'ended',
    notYet: 'has not begun',
    revoke: 'End it',
    revokeText: 'This person stops seeing your record at once. To name the person again you go to the desk.',
    atDesk: 'Parents and guardians are changed at the desk.',
    lay: 'Stop acting',
    layText: 'You stop seeing this person’s record. To act again you go to the desk.',
    somebody: 'a person you act for',
    notJoined: 'You can use this when you have joined.',
  },
});

const Family = (): ReactNode => {
  const t = useText();
  return (
    <MemberPage title={t('title')} lead={t('lead')} notJoined={t('notJoined')}>
      <Both />
    </MemberPage>
  );
};

const Both = (): ReactNode => {
  const t = useText();
  const { data, error, isPending, refetch } = useProxies();
  const { subjects } = useSubjects();
  if (isPending) return <Loading />;
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  const nameOf = ({ name }: ProxyRight) =>
    namesOf({ resourceType: 'RelatedPerson', name: Array.isArray(name) ? name : [] }).kanji;
  const nameFor = (proxy: ProxyRight) =>
    subjects.find(({ patient }) => patient === proxy.patient)?.name || t('somebody');
  return (
    <Stack gap="lg">
      <section aria-labelledby="for-me">
        <Title order={2} size="h3" id="for-me">
          {t('forMe')}
        </Title>
        {data.actForMe.length === 0 && <Empty>{t('noneForMe')}</Empty>}
        <ul className={lineStyles.lines}>
          {data.actForMe.map((proxy) => (
            <ProxyLine key={proxy.id} proxy={proxy} name={nameOf(proxy)} mine />
          ))}
        </ul>
      </section>
      <section aria-labelledby="i-for">
        <Title order={2} size="h3" id="i-for">
          {t('iFor')}
        </Title>
        {data.iActFor.length === 0 && <Empty>{t('noneIFor')}</Empty>}
        <ul className={lineStyles.lines}>
          {data.iActFor.map((proxy) => (
            <ProxyLine key={proxy.id} proxy={proxy} name={nameFor(proxy)} mine={false} />
          ))}
        </ul>
      </section>
    </Stack>
  );
};

const ProxyLine = ({
  proxy,
  name,
  mine,
}: {
  readonly proxy: ProxyRight;
  readonly name: string;
  /** Acts for the one who is signed in. */
  readonly mine: boolean;
}): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const api = useApi();
  const { id, kind, until, inForce, from } = proxy;
  const end = useSend(() => api.ask(`/me/proxies/${encodeURIComponent(id)}/revocation`, { method: 'POST' }), {
    stale: ['proxies', 'enrolment'],
  });
  const isOver = mine && kind !== 'family' && kind !== 'delegate';
  return (
    <li className={lineStyles.line}>
      <div className={lineStyles.what}>
        <Text fw={700}>
          {name}{' '}
          <Badge variant="light" size="lg" c="inherit">
            {t(kind)}
          </Badge>
        </Text>
        <Text size="sm">
          {inForce
            ? until && t('until', { day: dayText(language, until) })
            : t(Date.parse(from) > Date.now() ? 'notYet' : 'over')}
        </Text>
        {inForce && isOver && <Text size="sm">{t('atDesk')}</Text>}
      </div>
      {inForce && !isOver && (
        <Confirm
          label={t(mine ? 'revoke' : 'lay')}
          title={name}
          text={t(mine ? 'revokeText' : 'layText')}
          color="red"
          send={end}
          onConfirm={() => end.mutateAsync()}
        />
      )}
    </li>
  );
};

export default Family;
