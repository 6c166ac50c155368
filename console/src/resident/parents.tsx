// A minor who decides alone (docs/enrolment.md): what parents and others who act for her do not see. One tap keeps it, one tap shows it.
import { Alert, Stack, Switch, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { namesOf } from '../record/fhir.ts';
import { Failure, Loading } from '../ui/states.tsx';
import { useConsentText } from './consent-words.ts';
import { ResidentPage } from './page.tsx';
import { CLASSES, type ConsentDefault } from './policy.ts';
import { isKept, type Kept, LABELS } from './proxies-policy.ts';
import { useConsentChange, useConsents } from './use-consents.ts';
import { useEnrolment, useProxies } from './use-resident.ts';

const useText = words({
  ja: {
    title: '保護者に見せない内容',
    lead: 'この地域では、あなたの年齢から、保護者など代わりに見る人に見せる内容を自分で決められます。変えると、すぐに（数秒で）そのとおりになります。',
    own: '同意と、だれがあなたの記録を見たかは、保護者などには見えません。',
    staff: '病院や薬局など、あなたを診る施設が見るものは変わりません。',
    outside:
      '健康保険から届く医療費のお知らせや、紙の明細書など、この仕組みの外でわかることは止められません。心配なときは、受診した施設に話してください。',
    who: 'いま、あなたの代わりに見ている人: {names}',
    nobody: 'いま、あなたの代わりに見ている人はいません。',
    everything: 'すべての記録を見せない',
    everythingText: '保護者などには、あなたの記録が何も見えなくなります。',
    labels: '特に見せたくない内容',
    labelsText: '病名・検査・薬など、種類をまたいで、施設が付けた印や病名のコードで見分けます。',
    kinds: '種類ごと',
    kindsText: 'その種類の記録を、まるごと見せません。',
    keep: '{what}を保護者などに見せない',
    broader: '「すべての記録」で止めています。',
    SEXText: '避妊、妊娠、性感染症の相談など',
    PSYText: '心療内科、精神科など',
    SDVText: '家庭の中でのことも含みます',
    SUDText: 'お酒、薬物など',
    HIVText: '検査を受けたことも含みます',
    notYours: 'このページは、同意を自分で決められる年齢（この地域で15歳または16歳）から18歳になるまでの方のものです。',
  },
  en: {
    title: 'What parents do not see',
    lead: 'In this region you may decide at your age what your parents and others who act for you see. A change holds at once (within seconds).',
    own: 'They see neither your consents nor who has looked at your record.',
    staff: 'What hospitals, pharmacies and others who look after you see stays as it is.',
    outside:
      'What is learnt outside this network cannot be stopped here: letters of the health insurance about costs, receipts on paper. If that worries you, talk to the facility.',
    who: 'Who acts for you now: {names}',
    nobody: 'Nobody acts for you now.',
    everything: 'Show nothing at all',
    everythingText: 'Your parents and others who act for you see nothing of your record.',
    labels: 'Especially private',
    labelsText:
      'Across illnesses, results and medicines, told by what facilities have marked and by codes of illnesses.',
    kinds: 'By kind',
    kindsText: 'The whole of one kind is not shown.',
    keep: 'Keep from parents: {what}',
    broader: 'Kept already, with everything.',
    SEXText: 'Contraception, pregnancy, advice about infections',
    PSYText: 'Psychiatry, psychosomatic medicine',
    SDVText: 'What happens at home included',
    SUDText: 'Alcohol, drugs',
    HIVText: 'That there was a test included',
    notYours: 'This page is for those who may decide alone (in some regions from 15 or 16 on) until they are 18.',
  },
});

const Parents = (): ReactNode => {
  const t = useText();
  const { data, error, isPending, refetch } = useEnrolment();
  const patient = data?.patient ?? data?.patients[0];
  return (
    <ResidentPage title={t('title')} {...(data?.decidesAlone === true && { lead: t('lead') })}>
      {isPending && <Loading />}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {data && !data.decidesAlone && <Text>{t('notYours')}</Text>}
      {data?.decidesAlone && patient !== undefined && <Choices patient={patient} region={data.consentDefault} />}
    </ResidentPage>
  );
};

const Choices = ({ patient, region }: { readonly patient: string; readonly region: ConsentDefault }): ReactNode => {
  const t = useText();
  const c = useConsentText();
  const consents = useConsents(patient);
  const list = consents.data ?? [];
  const { keep } = useConsentChange({ patient, proxy: undefined, name: '' }, list, region);
  if (consents.isPending) return <Loading />;
  if (consents.error) return <Failure error={consents.error} retry={() => void consents.refetch()} />;
  const isAll = isKept(list, 'everything');
  const one = (kept: Kept, what: string, hint: string) => {
    const isBroader = isAll && kept !== 'everything' && !isKept(list, kept);
    return (
      <Switch
        key={kept}
        size="lg"
        label={what}
        aria-label={kept === 'everything' ? what : t('keep', { what })}
        description={isBroader ? t('broader') : hint}
        checked={isBroader || isKept(list, kept)}
        disabled={keep.isPending || isBroader}
        onChange={(event) => keep.mutate({ kept, wanted: event.currentTarget.checked })}
      />
    );
  };
  return (
    <Stack gap="lg">
      <Stack gap="xs">
        <Who />
        <Text size="sm">{t('own')}</Text>
        <Text size="sm">{t('staff')}</Text>
        <Text size="sm">{t('outside')}</Text>
      </Stack>
      {keep.error !== null && <Failure error={keep.error} />}
      {one('everything', t('everything'), t('everythingText'))}
      <Stack component="section" gap="sm" aria-labelledby="kept-labels">
        <Title order={2} size="h3" id="kept-labels">
          {t('labels')}
        </Title>
        <Text size="sm">{t('labelsText')}</Text>
        {LABELS.map((label) => one(label, c(label), t(`${label}Text`)))}
      </Stack>
      <Stack component="section" gap="sm" aria-labelledby="kept-kinds">
        <Title order={2} size="h3" id="kept-kinds">
          {t('kinds')}
        </Title>
        <Text size="sm">{t('kindsText')}</Text>
        {CLASSES.map((kind) => one(kind, c(kind), c(`${kind}Text`)))}
      </Stack>
    </Stack>
  );
};

const Who = (): ReactNode => {
  const t = useText();
  const { data, error, refetch } = useProxies();
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return null;
  const names = data.actForMe
    .filter(({ inForce }) => inForce)
    .map(({ name }) => namesOf({ resourceType: 'RelatedPerson', name: Array.isArray(name) ? name : [] }).kanji);
  return <Alert color="blue">{names.length > 0 ? t('who', { names: names.join('、') }) : t('nobody')}</Alert>;
};

export default Parents;
