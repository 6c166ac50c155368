// Who may look: one switch for each facility and kind of data, what it comes to, and everything that was ever agreed to.
import { Alert, Badge, Button, Group, Radio, Stack, Switch, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Resource } from '../api/client.ts';
import { dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { DataTable } from '../ui/list.tsx';
import { Empty, Failure, Loading } from '../ui/states.tsx';
import { summaryOf, useConsentText } from './consent-words.ts';
import { SubjectPage } from './page.tsx';
import {
  CLASSES,
  type ConsentDefault,
  type DataClass,
  type Effect,
  effectOf,
  type Facility,
  isAboutPrivacy,
  isTarget,
  type OthersChoice,
  othersChoice,
  overall,
} from './policy.ts';
import styles from './resident.module.css';
import { type Change, useConsentChange, useConsents } from './use-consents.ts';
import { useFacilities } from './use-facilities.ts';
import type { Enrolment, Subject } from './use-resident.ts';

const useText = words({
  ja: {
    title: '見せる・止める',
    lead: 'どの施設に、あなたの何を見せるかを決められます。変えると、すぐに（数秒で）そのとおりになります。',
    implicit:
      'この地域では、あなたを診る施設どうしが、ほかの施設の記録も見られるのが初めの決まりです。見せたくない施設や内容は、ここで止められます。',
    blanket: 'この地域では、参加するときに一括で同意した場合に、ほかの施設の記録が見られます。',
    list: 'この地域では、あなたが選んだ施設だけが、ほかの施設の記録を見られます。',
    'per-facility': 'この地域では、施設ごとに同意した場合だけ、その施設がほかの施設の記録を見られます。',
    'own-facility': 'この地域では、あなたが許すまで、どの施設もほかの施設の記録を見られません。',
    always1: '施設が自分で書いた記録は、その施設が治療を続けるために、いつでも見られます。',
    always2: '特に気をつける内容（HIV、こころの病気など）は、名指しで同意しないかぎり、ほかの施設には見えません。',
    always3: '命にかかわる救急のときは、止めていない内容が特別に見られることがあります。そのときはお知らせします。',
    withdrawn: '参加をやめているため、ほかの施設には何も見えません。',
    comeBack: 'また参加する',
    facilities: '施設ごと',
    facilityHint: 'スイッチを切ると、その施設には見えなくなります。',
    kinds: '内容ごと（すべての施設に対して）',
    details: '内容ごとに決める',
    broader: '上のスイッチか「すべての施設に対して」で止めています。',
    show: '{name}に見せる',
    showOf: '{name}に{kind}を見せる',
    showAll: '{kind}を見せる',
    others: 'ほかの地域',
    othersText: '旅行や引っ越し先など、ほかの地域の施設にかかるとき',
    'others-permit': '見せる',
    'others-permit-text': 'ほかの地域の施設で診てもらうとき、名前や生年月日で、こちらの記録を探せます。',
    'others-region': '決めない',
    'others-region-text': 'あなたが見せると決めるまで、ほかの地域には何も伝わりません。',
    'others-implicit': 'カードや保険証の番号があるときだけ、探せます。名前では探せません。',
    'others-deny': '見せない',
    'others-deny-text': 'ほかの地域には、何も伝わりません。',
    effect: 'いま、だれに何が見えるか',
    effectHint: 'ほかの施設が書いた記録について',
    facility: '施設',
    history: '同意の記録',
    active: '有効',
    inactive: '止めた',
    stop: '取り消す',
    resume: '元に戻す',
    none: '同意の記録はまだありません。',
    noFacilities: '施設がまだありません。',
    qr: '施設のQRコードを読んで見せる',
  },
  en: {
    title: 'Who may look',
    lead: 'You decide which facility sees what of you. A change holds at once (within seconds).',
    implicit:
      'In this region, facilities that look after you see what others have written, unless you say no. You can stop any facility or kind of data here.',
    blanket: 'In this region, facilities see what others have written if you agreed to it for all when you joined.',
    list: 'In this region, only the facilities that you chose see what others have written.',
    'per-facility': 'In this region, a facility sees what others have written only if you agreed for that facility.',
    'own-facility': 'In this region, no facility sees what others have written until you permit it.',
    always1: 'What a facility has written itself it can always see, to go on treating you.',
    always2:
      'Especially sensitive records (HIV, mental illness and others) stay hidden from other facilities unless you name them.',
    always3:
      'When life is in danger, what you have not stopped may be opened specially. You are told when that happens.',
    withdrawn: 'You have left, so other facilities see nothing.',
    comeBack: 'Join again',
    facilities: 'By facility',
    facilityHint: 'Switched off, the facility does not see it any more.',
    kinds: 'By kind (for all facilities)',
    details: 'Decide by kind',
    broader: 'Stopped by the switch above, or for all facilities.',
    show: 'Show to {name}',
    showOf: 'Show {kind} to {name}',
    showAll: 'Show {kind}',
    others: 'Other regions',
    othersText: 'When you see a facility of another region, on a journey or after moving',
    'others-permit': 'Show',
    'others-permit-text':
      'When you are treated in another region, your record here can be found by name and date of birth.',
    'others-region': 'Not decided',
    'others-region-text': 'Until you decide to show it, other regions learn nothing.',
    'others-implicit': 'It can be found by the number of your card or insurance only, not by name.',
    'others-deny': 'Do not show',
    'others-deny-text': 'Other regions learn nothing.',
    effect: 'Who sees what now',
    effectHint: 'Of what other facilities have written',
    facility: 'Facility',
    history: 'What was agreed to',
    active: 'in force',
    inactive: 'stopped',
    stop: 'Take back',
    resume: 'Bring back',
    none: 'Nothing yet.',
    noFacilities: 'No facilities yet.',
    qr: 'Show by a facility’s QR code',
  },
});

const Consents = (): ReactNode => {
  const t = useText();
  return (
    <SubjectPage title={t('title')} lead={t('lead')}>
      {(subject, enrolment) => <Choices subject={subject} enrolment={enrolment} />}
    </SubjectPage>
  );
};

const Choices = ({
  subject,
  enrolment: { status, consentDefault },
}: {
  readonly subject: Subject;
  readonly enrolment: Enrolment;
}): ReactNode => {
  const t = useText();
  const consents = useConsents(subject.patient);
  const { query, facilities: all, nameOf } = useFacilities();
  const facilities = all.filter(({ isOffice }) => !isOffice);
  const list = consents.data ?? [];
  const { change, others, single } = useConsentChange(subject, list, consentDefault);
  if (consents.isPending || query.isPending) return <Loading />;
  const error = consents.error ?? query.error;
  if (error) return <Failure error={error} retry={() => void Promise.all([consents.refetch(), query.refetch()])} />;
  const fault = change.error ?? others.error ?? single.error;
  const isWithdrawn = status === 'withdrawn' && !subject.proxy;
  return (
    <Stack gap="lg">
      <Stack gap="xs">
        <Text>{t(consentDefault)}</Text>
        <Text size="sm">{t('always1')}</Text>
        <Text size="sm">{t('always2')}</Text>
        <Text size="sm">{t('always3')}</Text>
        <Button component={Link} to="/resident/opt-in" variant="light" size="md" w="fit-content">
          {t('qr')}
        </Button>
      </Stack>
      {isWithdrawn && (
        <Alert color="orange">
          <Stack gap="xs">
            <Text>{t('withdrawn')}</Text>
            <Button component={Link} to="/resident/leave" variant="light" w="fit-content">
              {t('comeBack')}
            </Button>
          </Stack>
        </Alert>
      )}
      {fault !== null && <Failure error={fault} />}
      <section aria-labelledby="by-facility">
        <Title order={2} size="h3" id="by-facility">
          {t('facilities')}
        </Title>
        <Text size="sm">{t('facilityHint')}</Text>
        {facilities.length === 0 && <Empty>{t('noFacilities')}</Empty>}
        <ul className={styles.lines}>
          {facilities.map((facility) => (
            <FacilityLine
              key={facility.code}
              facility={facility}
              consents={list}
              region={consentDefault}
              busy={change.isPending}
              onChange={(next) => change.mutate(next)}
            />
          ))}
        </ul>
      </section>
      <section aria-labelledby="by-kind">
        <Title order={2} size="h3" id="by-kind">
          {t('kinds')}
        </Title>
        <Kinds consents={list} busy={change.isPending} onChange={(next) => change.mutate(next)} />
      </section>
      <section aria-labelledby="others">
        <Title order={2} size="h3" id="others">
          {t('others')}
        </Title>
        <Radio.Group
          label={t('othersText')}
          value={(others.isPending && others.variables) || othersChoice(list)}
          onChange={(wanted) => others.mutate(wanted as OthersChoice)}
        >
          <Stack gap="sm" mt="xs">
            {OTHERS.map((one) => (
              <Radio
                key={one}
                size="md"
                value={one}
                disabled={others.isPending}
                label={t(`others-${one}`)}
                description={t(
                  one === 'region' && consentDefault === 'implicit' ? 'others-implicit' : `others-${one}-text`,
                )}
              />
            ))}
          </Stack>
        </Radio.Group>
      </section>
      <section aria-labelledby="effect">
        <Title order={2} size="h3" id="effect">
          {t('effect')}
        </Title>
        <EffectTable facilities={facilities} consents={list} region={consentDefault} />
      </section>
      <section aria-labelledby="history">
        <Title order={2} size="h3" id="history">
          {t('history')}
        </Title>
        <History
          consents={list.filter(isAboutPrivacy)}
          nameOf={nameOf}
          busy={single.isPending}
          onStep={(id, to) => single.mutate({ id, to })}
        />
      </section>
    </Stack>
  );
};

const OTHERS: readonly OthersChoice[] = ['permit', 'region', 'deny'];

const COLORS: Readonly<Record<Effect, string>> = { open: 'teal', part: 'yellow', closed: 'gray' };
const SIGNS: Readonly<Record<Effect, string>> = { open: '○', part: '△', closed: '×' };

const EffectBadge = ({ effect }: { readonly effect: Effect }): ReactNode => {
  const c = useConsentText();
  return (
    <Badge color={COLORS[effect]} variant="light" size="lg" autoContrast c="inherit">
      {SIGNS[effect]} {c(effect)}
    </Badge>
  );
};

const FacilityLine = ({
  facility,
  consents,
  region,
  busy,
  onChange,
}: {
  readonly facility: Facility;
  readonly consents: readonly Resource[];
  readonly region: ConsentDefault;
  readonly busy: boolean;
  readonly onChange: (change: Change) => void;
}): ReactNode => {
  const t = useText();
  const c = useConsentText();
  const { code, name } = facility;
  const effects = CLASSES.map((kind) => effectOf(consents, region, facility, kind, Date.now()));
  const whole = overall(effects);
  const isStopped = (dataClass: DataClass | undefined, at: string | undefined = code) =>
    consents.some((one) => one['status'] === 'active' && isTarget(one, 'deny', { facility: at, dataClass }));
  return (
    <li className={styles.line}>
      <div className={styles.what}>
        <Text fw={700}>{name}</Text>
        <EffectBadge effect={whole} />
        <details className={styles.facility}>
          <summary>{t('details')}</summary>
          <Stack gap="sm">
            {CLASSES.map((kind, at) => {
              const isBroader =
                effects[at] === 'closed' && !isStopped(kind) && (isStopped(undefined) || isStopped(kind, undefined));
              return (
                <Switch
                  key={kind}
                  size="lg"
                  label={c(kind)}
                  aria-label={t('showOf', { name, kind: c(kind) })}
                  description={isBroader ? t('broader') : c(`${kind}Text`)}
                  checked={effects[at] !== 'closed'}
                  disabled={busy || isBroader}
                  onChange={(event) =>
                    onChange({
                      facility: code,
                      dataClass: kind,
                      wanted: event.currentTarget.checked ? 'open' : 'closed',
                    })
                  }
                />
              );
            })}
          </Stack>
        </details>
      </div>
      <Switch
        size="xl"
        aria-label={t('show', { name })}
        checked={whole !== 'closed'}
        disabled={busy}
        onChange={(event) =>
          onChange({ facility: code, dataClass: undefined, wanted: event.currentTarget.checked ? 'open' : 'closed' })
        }
      />
    </li>
  );
};

const Kinds = ({
  consents,
  busy,
  onChange,
}: {
  readonly consents: readonly Resource[];
  readonly busy: boolean;
  readonly onChange: (change: Change) => void;
}): ReactNode => {
  const t = useText();
  const c = useConsentText();
  return (
    <Stack gap="sm" mt="xs">
      {CLASSES.map((kind) => {
        const target = { facility: undefined, dataClass: kind };
        const stopped = consents.some((one) => one['status'] === 'active' && isTarget(one, 'deny', target));
        return (
          <Switch
            key={kind}
            size="lg"
            label={c(kind)}
            aria-label={t('showAll', { kind: c(kind) })}
            description={c(`${kind}Text`)}
            checked={!stopped}
            disabled={busy}
            onChange={(event) => onChange({ ...target, wanted: event.currentTarget.checked ? 'open' : 'closed' })}
          />
        );
      })}
    </Stack>
  );
};

const EffectTable = ({
  facilities,
  consents,
  region,
}: {
  readonly facilities: readonly Facility[];
  readonly consents: readonly Resource[];
  readonly region: ConsentDefault;
}): ReactNode => {
  const t = useText();
  const c = useConsentText();
  const now = Date.now();
  return (
    <DataTable
      label={`${t('effect')} (${t('effectHint')})`}
      minWidth={720}
      rows={facilities}
      keyOf={({ code }) => code}
      columns={[
        { name: t('facility'), cell: ({ name }) => name },
        ...CLASSES.map((kind) => ({
          name: c(kind),
          cell: (facility: Facility) => {
            const effect = effectOf(consents, region, facility, kind, now);
            return (
              <span>
                <span aria-hidden="true">{SIGNS[effect]}</span> {c(effect)}
              </span>
            );
          },
        })),
      ]}
    />
  );
};

const History = ({
  consents,
  nameOf,
  busy,
  onStep,
}: {
  readonly consents: readonly Resource[];
  readonly nameOf: (code: string) => string;
  readonly busy: boolean;
  readonly onStep: (id: string, to: 'withdrawal' | 'resumption') => void;
}): ReactNode => {
  const t = useText();
  const c = useConsentText();
  const { language } = useLanguage();
  if (consents.length === 0) return <Empty>{t('none')}</Empty>;
  return (
    <ul className={styles.lines}>
      {consents.map((consent) => {
        const isActive = consent['status'] === 'active';
        const text = summaryOf(consent, c, language, nameOf);
        return (
          <li key={consent.id} className={styles.line}>
            <div className={styles.what}>
              <Text fw={600}>{text}</Text>
              <Text size="sm" c="dimmed">
                {dayText(language, String(consent['dateTime'] ?? ''))} · {t(isActive ? 'active' : 'inactive')}
                {!isActive && ` ${dayText(language, consent.meta?.lastUpdated)}`}
              </Text>
            </div>
            {(isActive || consent['status'] === 'inactive') && (
              <Group>
                <Button
                  variant="default"
                  disabled={busy}
                  aria-label={`${t(isActive ? 'stop' : 'resume')}: ${text}`}
                  onClick={() => onStep(consent.id ?? '', isActive ? 'withdrawal' : 'resumption')}
                >
                  {t(isActive ? 'stop' : 'resume')}
                </Button>
              </Group>
            )}
          </li>
        );
      })}
    </ul>
  );
};

export default Consents;
