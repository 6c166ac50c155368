// Who may look: one switch for each facility and kind of data, what it comes to, and everything that was ever agreed to.
import { Alert, Badge, Button, Group, Radio, Stack, Switch, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Resource } from '../api/client.ts';
import { dayText } from '../i18n/format.ts';
import { useLanguage } from '../i18n/i18n.ts';
import lineStyles from '../ui/lines.module.css';
import { DataTable } from '../ui/list.tsx';
import { Empty, Failure, Loading } from '../ui/states.tsx';
import { summaryOf, useChoicesText, useConsentText } from './consent-words.ts';
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

const Consents = (): ReactNode => {
  const t = useChoicesText();
  return (
    <SubjectPage title={t('title')} lead={t('lead')}>
      {(subject, enrolment) =>
        subject.proxy?.decidesAlone ? (
          <Alert color="blue">{t('alone')}</Alert>
        ) : (
          <Choices subject={subject} enrolment={enrolment} />
        )
      }
    </SubjectPage>
  );
};

const Choices = ({
  subject,
  enrolment: { status, consentDefault, decidesAlone },
}: {
  readonly subject: Subject;
  readonly enrolment: Enrolment;
}): ReactNode => {
  const t = useChoicesText();
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
        {decidesAlone && !subject.proxy && (
          <Button component={Link} to="/resident/parents" variant="light" size="md" w="fit-content">
            {t('parents')}
          </Button>
        )}
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
        <ul className={lineStyles.lines}>
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
  const t = useChoicesText();
  const c = useConsentText();
  const { code, name } = facility;
  const effects = CLASSES.map((kind) => effectOf(consents, region, facility, kind, Date.now()));
  const whole = overall(effects);
  const isStopped = (dataClass: DataClass | undefined, at: string | undefined = code) =>
    consents.some((one) => one['status'] === 'active' && isTarget(one, 'deny', { facility: at, dataClass }));
  return (
    <li className={lineStyles.line}>
      <div className={lineStyles.what}>
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
  const t = useChoicesText();
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
  const t = useChoicesText();
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
  const t = useChoicesText();
  const c = useConsentText();
  const { language } = useLanguage();
  if (consents.length === 0) return <Empty>{t('none')}</Empty>;
  return (
    <ul className={lineStyles.lines}>
      {consents.map((consent) => {
        const isActive = consent['status'] === 'active';
        const text = summaryOf(consent, c, language, nameOf);
        return (
          <li key={consent.id} className={lineStyles.line}>
            <div className={lineStyles.what}>
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
