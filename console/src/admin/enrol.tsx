// Somebody joins: the form, a look at who has joined already, the consent, the evidence, and the card.
import { Alert, Button, Checkbox, Group, Stack } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { CardPrint } from './card-print.tsx';
import { ConsentFields, type ConsentValue, consentBody, NO_CONSENT } from './consent-fields.tsx';
import { type Duplicate, type Joined, NOBODY, nameBody, type WhoValues, whoBody } from './desk.ts';
import { EvidenceFields, NO_EVIDENCE } from './evidence.tsx';
import { AdminPage, Section, To } from './page.tsx';
import { Duplicates, useDeskText } from './people.tsx';
import { useChoices } from './terms.ts';
import { WhoFields } from './who-fields.tsx';

const useText = words({
  ja: {
    title: '新しく登録する',
    who: '住民',
    check: 'すでに参加していないか確かめる',
    checkFirst: '登録の前に、同じ人がすでに参加していないかを確かめてください。',
    noDuplicate: '同じ人は見つかりませんでした。',
    duplicates: '同じ氏名・生年月日、または同じ保険者番号の人がいます',
    differs: '見つかった人を確かめました。別の人です。',
    sameInsurance: '同じ保険番号・枝番の人がすでに参加しています。同じ人なので、新しくは登録できません。',
    consent: '同意',
    evidence: '確認',
    route: '受付方法',
    join: '登録する',
    joined: '登録しました',
    open: '登録した人を開く',
    another: '次の人を登録する',
  },
  en: {
    title: 'Enrol somebody',
    who: 'Resident',
    check: 'Check whether this person has joined already',
    checkFirst: 'Before enrolling, please check whether this person has joined already.',
    noDuplicate: 'Nobody of this name, birth date or insurance number has joined.',
    duplicates: 'Somebody has joined under the same name and birth date, or insurance number',
    differs: 'I have looked at who was found: this is somebody else.',
    sameInsurance: 'A person with this insurance number and branch has joined already: it is the same person.',
    consent: 'Consent',
    evidence: 'Evidence',
    route: 'How it came',
    join: 'Enrol',
    joined: 'Enrolled',
    open: 'Open the person',
    another: 'Enrol the next',
  },
});

const Enrol = (): ReactNode => {
  const t = useText();
  const d = useDeskText();
  const [round, setRound] = useState(0);
  const [joined, setJoined] = useState<Joined>();
  return (
    <AdminPage title={t('title')} back={{ to: '/admin/people', label: d('title') }}>
      {joined ? (
        <Section title={t('joined')}>
          <CardPrint card={joined.card} />
          <Group>
            <To to={`/admin/people/${joined.person}`}>{t('open')}</To>
            <Button
              variant="default"
              onClick={() => {
                setJoined(undefined);
                setRound(round + 1);
              }}
            >
              {t('another')}
            </Button>
          </Group>
        </Section>
      ) : (
        <EnrolForm key={round} onJoined={setJoined} />
      )}
    </AdminPage>
  );
};

const EnrolForm = ({ onJoined }: { readonly onJoined: (joined: Joined) => void }): ReactNode => {
  const t = useText();
  const api = useApi();
  const form = useForm<WhoValues & { route: string }>({ ...NOBODY, route: 'counter' });
  const [consent, setConsent] = useState<ConsentValue>(NO_CONSENT);
  const [evidence, setEvidence] = useState(NO_EVIDENCE);
  /** The text of what was checked: a name that is changed afterwards is checked anew. */
  const [checked, setChecked] = useState<{ of: string; found: readonly Duplicate[] }>();
  const [differs, setDiffers] = useState(false);
  const routes = useChoices('route').filter(({ value }) => value === 'counter' || value === 'post');
  const of = JSON.stringify([nameBody(form.values).kana, form.values.birthDate, form.values.number]);

  const check = useSend(
    async () => {
      const { name, birthDate, insurance } = whoBody(form.values);
      const body = { name: { kana: name.kana }, birthDate, ...(insurance && { insurance }) };
      return (await api.ask<{ duplicates: Duplicate[] }>('/enrolment/check', { method: 'POST', body })).value;
    },
    {
      done: ({ duplicates }) => {
        setDiffers(false);
        setChecked({ of, found: duplicates });
      },
    },
  );
  const join = useSend(
    async (found: readonly Duplicate[]) => {
      const body = {
        ...whoBody(form.values),
        route: form.values.route,
        consent: consentBody(consent),
        evidence,
        ...(found.length > 0 && { differsFrom: found.map(({ person }) => person) }),
      };
      return (await api.ask<Joined>('/enrolment/people', { method: 'POST', body })).value;
    },
    { stale: ['progress'], done: onJoined },
  );
  const known = checked?.of === of ? checked.found : undefined;
  const isSame = known?.some(({ by }) => by === 'insurance') ?? false;
  const isReady = known !== undefined && !isSame && (known.length === 0 || differs);
  return (
    <Stack>
      <SendForm
        send={known ? join : check}
        onSend={() => (known ? isReady && join.mutate(known) : check.mutate())}
        label={known ? t('join') : t('check')}
        saved=""
      >
        <Stack>
          <Section title={t('who')}>
            <WhoFields form={form} error={join.error ?? check.error} required />
            <Field form={form} name="route" label={t('route')} choices={routes} error={join.error} />
          </Section>
          <Section title={t('consent')}>
            <ConsentFields value={consent} onChange={setConsent} error={join.error} />
          </Section>
          <Section title={t('evidence')}>
            <EvidenceFields value={evidence} onChange={setEvidence} error={join.error} />
          </Section>
          <div aria-live="polite">
            {!known && <Alert color="blue">{t('checkFirst')}</Alert>}
            {known?.length === 0 && <Alert color="green">{t('noDuplicate')}</Alert>}
            {known && known.length > 0 && (
              <Alert color="orange" title={t('duplicates')}>
                <Stack>
                  <Duplicates label={t('duplicates')} found={known} />
                  {isSame ? (
                    t('sameInsurance')
                  ) : (
                    <Checkbox
                      label={t('differs')}
                      checked={differs}
                      onChange={(event) => setDiffers(event.currentTarget.checked)}
                    />
                  )}
                </Stack>
              </Alert>
            )}
          </div>
        </Stack>
      </SendForm>
    </Stack>
  );
};

export default Enrol;
