// Who looked: by day, the newest first; times when the glass was broken above; and what to do about a look that is not understood.
import { Alert, Badge, Button, Checkbox, Group, Modal, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo, useState } from 'react';
import { type Bundle, matchesOf } from '../api/client.ts';
import { dateText, dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import lineStyles from '../ui/lines.module.css';
import { Listed } from '../ui/list.tsx';
import { Failure } from '../ui/states.tsx';
import { classText, type Line, linesOf, lookOf, purposeText, roleOfCode, roleText } from './looks.ts';
import { SubjectPage } from './page.tsx';
import { useFacilities } from './use-facilities.ts';

const useText = words({
  ja: {
    title: '見た人',
    lead: '記録が見られたり、書かれたりすると、必ずここに残ります。消すことはだれにもできません。',
    since: 'いつから',
    days7: '7日間',
    days30: '30日間',
    days365: '1年間',
    own: '自分や代理の方が見たものも出す',
    none: 'この期間に、だれも見ていません。',
    C: '{what}を書きました',
    R: '{what}を見ました',
    U: '{what}を変えました',
    D: '{what}を消しました',
    E: '{what}を使いました',
    refused: '{what}を見ようとしましたが、見えませんでした',
    something: '記録',
    region: '地域の運営事務局（自動の処理）',
    times: '{count}回',
    emergency: '緊急',
    report: 'この閲覧について',
    reportTitle: '心当たりがないとき',
    report1: 'まず、その施設に、なぜ見たのかをたずねられます。医師や薬剤師が準備のために前もって見ることもあります。',
    report2:
      '納得できないときは、地域の相談窓口（個人情報の担当者）に、下の内容を伝えてください。だれが見たかを個人まで調べ、結果をお返事します。',
    report3: 'これから見られたくないときは、「見せる・止める」で、その施設を止められます。',
    number: '番号',
    when: '日時',
    place: '施設',
    who: '職種',
    why: '目的',
    what: '見た内容',
    print: 'この内容を印刷する',
    close: '閉じる',
    alerts: '緊急時の特別な閲覧',
    alertsText: '救急などのため、ふだんは見えない記録が見られました。すべて、あとで担当者が理由を確かめます。',
    waiting: '確認中',
    justified: '正しい理由があったと確認しました',
    'not-justified': '正しい理由がなかったと判断しました。施設に対応を求めています',
    'follow-up': '施設に確認しています',
  },
  en: {
    title: 'Who looked',
    lead: 'Whenever your record is read or written it appears here. Nobody can remove it.',
    since: 'Since',
    days7: '7 days',
    days30: '30 days',
    days365: '1 year',
    own: 'Also show what you or your proxy looked at',
    none: 'Nobody looked in this time.',
    C: 'wrote: {what}',
    R: 'read: {what}',
    U: 'changed: {what}',
    D: 'deleted: {what}',
    E: 'used: {what}',
    refused: 'tried to read {what}, and saw nothing',
    something: 'the record',
    region: 'Region’s office (by itself)',
    times: '{count} times',
    emergency: 'Emergency',
    report: 'About this look',
    reportTitle: 'If you do not know why',
    report1: 'You may ask the facility why it looked. Doctors and pharmacists sometimes look before you come.',
    report2:
      'If the answer does not satisfy you, tell the region’s office (its privacy officer) what stands below. It finds out who it was, by name, and answers you.',
    report3: 'If you do not want it to look any more you can stop the facility under “Who may look”.',
    number: 'Number',
    when: 'When',
    place: 'Facility',
    who: 'Profession',
    why: 'Purpose',
    what: 'What was seen',
    print: 'Print this',
    close: 'Close',
    alerts: 'Emergency access',
    alertsText: 'In an emergency a record was opened that is closed otherwise. An officer checks the reason each time.',
    waiting: 'being checked',
    justified: 'found to be justified',
    'not-justified': 'found not to be justified; the facility has been told',
    'follow-up': 'the facility is being asked',
  },
});

const Looked = (): ReactNode => {
  const t = useText();
  return (
    <SubjectPage title={t('title')} lead={t('lead')}>
      {({ patient, proxy }) => (
        <Stack gap="md">
          {!proxy && <Alerts />}
          <Looks patient={patient} />
        </Stack>
      )}
    </SubjectPage>
  );
};

const DAYS = ['7', '30', '365'] as const;

const Looks = ({ patient }: { readonly patient: string }): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const api = useApi();
  const [days, setDays] = useState('30');
  const [own, setOwn] = useState(false);
  const [asked, setAsked] = useState<Line>();
  const query = useInfiniteQuery({
    queryKey: ['looks', patient, days],
    queryFn: async ({ pageParam, signal }) => {
      const since = new Date(Date.now() - Number(days) * 86_400_000).toISOString();
      return (
        (pageParam ? await api.next(pageParam, signal) : undefined) ??
        api.search('AuditEvent', { patient, date: `ge${since}`, _count: '200' }, { signal })
      );
    },
    initialPageParam: undefined as Bundle | undefined,
    getNextPageParam: (last: Bundle) => (last.link?.some(({ relation }) => relation === 'next') ? last : undefined),
  });
  const days_ = useMemo(() => {
    const looks = (query.data?.pages ?? [])
      .flatMap(matchesOf)
      .filter(({ resourceType }) => resourceType === 'AuditEvent')
      .map(lookOf);
    return Map.groupBy(linesOf(looks.filter(({ isOwn }) => own || !isOwn)), ({ day }) => day);
  }, [query.data, own]);
  return (
    <>
      <Group align="flex-end">
        <NativeSelect
          size="md"
          label={t('since')}
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
          data={DAYS.map((value) => ({ value, label: t(`days${value}`) }))}
        />
        <Checkbox size="md" label={t('own')} checked={own} onChange={() => setOwn(!own)} />
      </Group>
      <Listed query={query} count={days_.size} empty={t('none')}>
        {[...days_].map(([day, lines]) => (
          <section key={day} aria-label={dayText(language, day)}>
            <Title order={2} size="h4">
              {dayText(language, day)}
            </Title>
            <ul className={lineStyles.lines}>
              {lines.map((line) => (
                <LookLine key={line.id} line={line} onAsk={() => setAsked(line)} />
              ))}
            </ul>
          </section>
        ))}
      </Listed>
      <Modal opened={asked !== undefined} onClose={() => setAsked(undefined)} title={t('reportTitle')} size="lg">
        {asked && <Report line={asked} />}
      </Modal>
    </>
  );
};

/** The region itself: what it links and derives without anybody at a desk. */
const REGION = '0000000000';

const clock = (time: number): string => new Date(time + 9 * 3_600_000).toISOString().slice(11, 16);

const LookLine = ({ line, onAsk }: { readonly line: Line; readonly onAsk: () => void }): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const { nameOf } = useFacilities();
  const { place, role, purpose, action, isRefused, classes, times, isOwn } = line;
  const what = classes.map((name) => classText(language, name)).join(language === 'ja' ? '、' : ', ') || t('something');
  const minutes = [...new Set(times.map(clock))];
  return (
    <li className={lineStyles.line}>
      <div className={lineStyles.what}>
        <Text fw={700}>
          {place === REGION ? t('region') : `${nameOf(place)} ${roleText(language, role)}`}{' '}
          {purpose === 'BTG' && (
            <Badge color="orange" variant="filled">
              {t('emergency')}
            </Badge>
          )}
        </Text>
        <Text size="sm">
          {minutes.slice(0, 3).join(', ')}
          {times.length > 1 && ` (${t('times', { count: times.length })})`} · {purposeText(language, purpose)} ·{' '}
          {t(isRefused ? 'refused' : action, { what })}
        </Text>
      </div>
      {!isOwn && (
        <Button variant="default" onClick={onAsk}>
          {t('report')}
        </Button>
      )}
    </li>
  );
};

const Report = ({ line }: { readonly line: Line }): ReactNode => {
  const t = useText();
  const { nameOf } = useFacilities();
  const { language } = useLanguage();
  return (
    <Stack>
      <Text>{t('report1')}</Text>
      <Text>{t('report2')}</Text>
      <Text>{t('report3')}</Text>
      <Facts
        of={[
          [t('when'), line.times.map((time) => dateText(language, new Date(time).toISOString())).join(', ')],
          [t('place'), line.place === REGION ? t('region') : nameOf(line.place)],
          [t('who'), roleText(language, line.role)],
          [t('why'), purposeText(language, line.purpose)],
          [t('what'), line.classes.map((name) => classText(language, name)).join(', ')],
          [t('number'), line.id],
        ]}
      />
      <Button variant="default" onClick={() => print()} w="fit-content">
        {t('print')}
      </Button>
    </Stack>
  );
};

interface AlertOf {
  readonly id: string;
  readonly at: number;
  readonly role: string;
  readonly facility: string;
  readonly outcome?: 'justified' | 'not-justified' | 'follow-up';
}

const Alerts = (): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const api = useApi();
  const { nameOf } = useFacilities();
  const { data, error, refetch } = useQuery({
    queryKey: ['alerts'],
    queryFn: async ({ signal }) => (await api.ask<{ alerts: readonly AlertOf[] }>('/me/alerts', { signal })).value,
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data || data.alerts.length === 0) return null;
  return (
    <Alert color="orange" title={t('alerts')}>
      <Text>{t('alertsText')}</Text>
      <ul className={lineStyles.lines}>
        {data.alerts.map(({ id, at, role, facility, outcome }) => (
          <li key={id} className={lineStyles.line}>
            <div className={lineStyles.what}>
              <Text fw={700}>
                {dateText(language, new Date(at).toISOString())} · {nameOf(facility)} {roleOfCode(language, role)}
              </Text>
              <Text size="sm">{t(outcome ?? 'waiting')}</Text>
            </div>
          </li>
        ))}
      </ul>
    </Alert>
  );
};

export default Looked;
